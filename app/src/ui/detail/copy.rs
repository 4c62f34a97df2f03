//! A button that copies a text, and says whether that worked.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::browser::clipboard;
use crate::ui::icons;

/// How long "Copied" stands, milliseconds.
const SAID_MS: u32 = 2000;
const COPIED: &str = "Copied";

/// Copies `text`; `label` says what that is.
#[component]
pub fn Copy(#[prop(into)] text: Signal<String>, #[prop(into)] label: Signal<String>) -> impl IntoView {
    let said = RwSignal::new(None::<&'static str>);
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            let words = match clipboard::copy(&text).await {
                Ok(()) => COPIED,
                Err(reason) => {
                    leptos::logging::warn!("{text:?} was not copied: {reason}");
                    "Could not copy: select the text instead"
                }
            };
            // This may be gone by now: then there is nothing to set.
            said.try_set(Some(words));
            let unsay = move || {
                said.try_set(None);
            };
            Timeout::new(SAID_MS, unsay).forget();
        });
    };
    view! {
        <span class="detail-copy">
            <button type="button" class="plain" data-testid="detail-copy" aria-label=label title=label on:click=copy>
                {move || if said.get() == Some(COPIED) { icons::tick().into_any() } else { icons::copy().into_any() }}
                "Copy"
            </button>
            <span class="said" role="status">{said}</span>
        </span>
    }
}
