//! Results on paper: a button, and what stands above the first result there and not on the screen.

use leptos::prelude::*;

use crate::browser::clock;
use crate::ui::session::Session;
use crate::ui::status::asked;

/// A button that prints what the panel shows: the list, or one result. How that looks is said in `detail.css`.
#[component]
pub fn Print(print: impl Fn() + 'static) -> impl IntoView {
    view! {
        <button type="button" class="plain" data-testid="print" title="Print this, or save it as PDF"
            on:click=move |_| print()>"Print"</button>
    }
}

/// Which area this is, what was asked, and when. On paper only.
#[component]
pub fn Head() -> impl IntoView {
    let session = expect_context::<Session>();
    let title = move || session.manifest.get().map(|manifest| manifest.title.clone());
    let synthetic = move || session.manifest.with(|manifest| manifest.as_ref().is_some_and(|m| m.synthetic));
    let searched = move || {
        // The day of the answer.
        session.hits.track();
        format!("Searched for {} on {}.", asked(&session.wanted()), clock::today())
    };
    view! {
        <div class="sheet-head">
            <p class="sheet-title">{title}</p>
            <p>{searched}</p>
            <Show when=synthetic><p>"Synthetic imagery: drawn by a program, it shows no real place."</p></Show>
        </div>
    }
}
