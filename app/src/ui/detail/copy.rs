//! A button that copies a text, and says whether that worked.

use leptos::prelude::*;

use crate::ui::copying::{COPIED, copy};
use crate::ui::icons;

/// Copies `text`; `label` says what that is.
#[component]
pub fn Copy(#[prop(into)] text: Signal<String>, #[prop(into)] label: Signal<String>) -> impl IntoView {
    let said = RwSignal::new(None::<&'static str>);
    let copy = move |_| copy(text.get_untracked(), said, "Could not copy: select the text instead");
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
