//! The service worker's life in the page: it is registered when the engine is ready, and a new version of the page that it
//! brings is offered, never forced.

use clip_rs_catalog::{MANIFEST_NAME, Manifest};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::session::{Phase, Session};
use crate::browser::service_worker::ServiceWorker;
use crate::browser::{clock, location, worker};
use crate::catalogs;

#[component]
pub fn Update() -> impl IntoView {
    let session = expect_context::<Session>();
    let (offered, worker) = (RwSignal::new(false), StoredValue::new_local(None::<ServiceWorker>));
    // A first visit has better use for the network before.
    Effect::new(move |registered: Option<bool>| {
        let registered = registered.unwrap_or(false);
        let is_ready = !session.phase.with(|phase| matches!(phase, Phase::Loading | Phase::Failed(_)));
        if is_ready && !registered {
            let loaded = move || {
                session
                    .manifest
                    .with_untracked(|manifest| manifest.as_deref().map(loaded))
                    .unwrap_or_default()
            };
            spawn_local(async move {
                worker.set_value(ServiceWorker::register(loaded, move || offered.set(true)).await);
            });
        }
        registered || is_ready
    });
    let reload = move |_| match worker.get_value() {
        Some(worker) => worker.take_over(),
        None => location::reload(),
    };
    let note = move || {
        offered.get().then(|| {
            view! {
                <div class="update" data-testid="update">
                    <p>"A new version of this page is ready."</p>
                    <button type="button" class="plain" data-testid="update-now" on:click=reload>"Reload"</button>
                    <button type="button" class="quiet" data-testid="update-later" on:click=move |_| offered.set(false)>"Later"</button>
                </div>
            }
        })
    };
    view! { <div class="live" role="status">{note}</div> }
}

/// Absolute URLs of what has been loaded: what a search needs, what the page has shown since, the list of catalogs, and an
/// engine that no service worker keeps unasked.
fn loaded(manifest: &Manifest) -> Vec<String> {
    let base = catalogs::folder();
    let model = [&manifest.model.config, &manifest.model.text, &manifest.model.tokenizer];
    // Of a catalog with cells no shard is loaded, and of the cells never the whole file.
    let cells = manifest.cells.as_ref();
    let shards = if cells.is_some() { &[][..] } else { &manifest.shards };
    let shards = shards.iter().flat_map(|shard| {
        [Some(&shard.index), Some(&shard.items), only(&shard.details)].into_iter().flatten()
    });
    let centroids = cells.map(|cells| &cells.centroids);
    let is_in_parts = |url: &String| cells.is_some_and(|cells| url.ends_with(&cells.cells));
    let listing = only(manifest.listing()).map(|page| &page.file);
    let files = model.into_iter().chain(shards).chain(centroids).chain(listing).map(String::as_str);
    let needed = [MANIFEST_NAME].into_iter().chain(files).map(|name| format!("{base}{name}"));
    let needed = needed.chain(catalogs::list_url()).chain(worker::general_files());
    let fetched = clock::fetched().into_iter().filter(|url| url.starts_with(&base) && !is_in_parts(url));
    needed.chain(fetched).collect()
}

/// What is loaded at once if it is small: the page of a list that has no other.
fn only<T>(pages: &[T]) -> Option<&T> {
    match pages {
        [only] => Some(only),
        _ => None,
    }
}
