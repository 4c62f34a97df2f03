//! The part of the panel about using the page without a network: what is kept on this device, and what can be done about it.

use leptos::prelude::*;

use super::choice::Choice;
use super::{Doing, Offline, ours};
use crate::browser::clock;
use crate::format::{bytes, counted, grouped};
use crate::protocol::FailureKind;
use crate::protocol::offline::{Edition, Kept, Part, Progress};

#[component]
pub fn OfflineSection() -> impl IntoView {
    let offline = expect_context::<Offline>();
    offline.look();
    let body = move || match Offline::hindrance() {
        Some(why) => view! { <p class="soft" data-testid="offline-hindrance">{why}</p> }.into_any(),
        None => view! { <Kepts/><Saving/><Ended/><Choice/> }.into_any(),
    };
    view! {
        <section class="saved without-network" aria-label="Without a network" data-testid="offline-section">
            <h2>"Without a network"</h2>
            {body}
        </section>
    }
}

/// What is kept, a row a catalog.
#[component]
fn Kepts() -> impl IntoView {
    let offline = expect_context::<Offline>();
    let rows = move || offline.kept.get().into_iter().map(|kept| view! { <Row kept/> }).collect_view();
    let promise = move || {
        let is_any = offline.kept.with(|kept| !kept.is_empty());
        let words = if offline.is_promised.get() {
            "This browser keeps it until you delete it."
        } else {
            "This browser may delete it by itself when the device runs short of room."
        };
        is_any.then(|| view! { <p class="soft" data-testid="offline-promise">{words}</p> })
    };
    view! { <ul class="kept">{rows}</ul>{promise} }
}

#[component]
fn Row(kept: Kept) -> impl IntoView {
    let offline = expect_context::<Offline>();
    let is_busy = move || offline.doing.get() != Doing::Nothing;
    let is_ours = ours(std::slice::from_ref(&kept)).is_some();
    let Kept { catalog, whole, begun } = kept;
    let edition = whole.as_ref().or(begun.as_ref());
    let title = edition.map_or_else(|| catalog.clone(), |edition| edition.title.clone());
    let said = edition.map(told);
    let is_half = begun.is_some();
    let digest = whole.as_ref().map(|whole| whole.digest.clone());
    let is_old = move || {
        let now = offline
            .session
            .manifest
            .with(|manifest| manifest.as_ref().map(|manifest| manifest.digest.clone()));
        is_ours && digest.is_some() && now != digest
    };
    let state = move || match (is_half && !matches!(offline.doing.get(), Doing::Saving(_)), is_old()) {
        (true, _) => Some("Not whole yet."),
        (false, true) => Some("The catalog has changed since."),
        (false, false) => None,
    };
    let part = begun.as_ref().or(whole.as_ref()).map(|edition| edition.part).unwrap_or_default();
    let has_whole = whole.is_some();
    let (checked, deleted) = (catalog.clone(), catalog);
    let label = format!("Delete what is saved of {title}");
    let again = if is_half { "Go on" } else { "Update" };
    view! {
        <li data-testid="kept">
            <div>
                <strong>{title}</strong>
                <p class="soft">{said}</p>
                <p data-testid="kept-state">{state}</p>
            </div>
            <div class="kept-tools">
                <Show when=move || is_ours>
                    <button type="button" class="plain" data-testid="offline-update" disabled=is_busy on:click=move |_| offline.save(part)>{again}</button>
                </Show>
                <Show when=move || has_whole>
                    <button type="button" class="plain" data-testid="offline-check" disabled=is_busy
                        on:click={ let catalog = checked.clone(); move |_| offline.check(catalog.clone()) }>"Check"</button>
                </Show>
                <button type="button" class="plain" data-testid="offline-delete" aria-label=label disabled=is_busy
                    on:click=move |_| offline.delete(deleted.clone())>"Delete"</button>
            </div>
        </li>
    }
}

/// What was saved, how large, when.
fn told(edition: &Edition) -> String {
    let Edition { part, date, files, bytes: count, .. } = edition;
    let what = if *part == Part::default() { "All of it" } else { "A part" };
    let date = clock::told(date);
    format!("{what}: {} in {}, {date}", bytes(*count), counted(*files as usize, "file"))
}

/// How far a saving is, and how to end it.
#[component]
fn Saving() -> impl IntoView {
    let offline = expect_context::<Offline>();
    let progress = move || match offline.doing.get() {
        Doing::Saving(progress) => Some(progress),
        _ => None,
    };
    let busy = move || match offline.doing.get() {
        Doing::Checking => Some("Checking every file…"),
        Doing::Deleting => Some("Deleting…"),
        Doing::Measuring | Doing::Nothing | Doing::Saving(_) => None,
    };
    let share = move || {
        progress()
            .filter(|progress| progress.of_bytes > 0)
            .map_or(0.0, |p| p.bytes as f64 / p.of_bytes as f64)
    };
    let words = move || match progress() {
        Some(Progress { of_bytes: 0, .. }) => "Asking what there is to save…".to_owned(),
        Some(Progress { files, of_files, bytes: here, of_bytes }) => {
            format!(
                "{} of {}, {} of {}",
                bytes(here),
                bytes(of_bytes),
                grouped(files as usize),
                counted(of_files as usize, "file")
            )
        }
        None => String::new(),
    };
    view! {
        <p role="status">{busy}</p>
        <Show when=move || progress().is_some()>
            <div class="saving" data-testid="offline-saving">
                <progress max="1" aria-label="Saved" value=move || format!("{:.4}", share())></progress>
                <p class="summary" data-testid="offline-progress">{words}</p>
                <button type="button" class="plain" data-testid="offline-pause" on:click=move |_| offline.pause()>"Pause"</button>
                <p class="soft">"You can go on searching. Close the page and it goes on next time with what is missing."</p>
            </div>
        </Show>
    }
}

/// How the last thing ended.
#[component]
fn Ended() -> impl IntoView {
    let offline = expect_context::<Offline>();
    let said = move || {
        offline.ended.get().map(|ended| match ended {
            Ok(words) => view! { <p data-testid="offline-said">{words}</p> }.into_any(),
            Err(failure) if failure.kind == FailureKind::Stopped => {
                view! { <p data-testid="offline-said">"Paused. What was saved stays: go on whenever you like."</p> }.into_any()
            }
            Err(failure) => {
                let lost = failure.kind == FailureKind::Network;
                let hope = lost.then_some(". What was saved stays; it goes on when the network is back.");
                view! { <p class="offline-failed" data-testid="offline-failed">{failure.message}{hope}</p> }.into_any()
            }
        })
    };
    view! { <div role="status" aria-live="polite">{said}</div> }
}
