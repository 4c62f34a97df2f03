//! What the panel beside the map is about: results, what there is at all, what was saved.

use leptos::prelude::*;

use super::groups::WhatIsHere;
use super::offline::OfflineSection;
use super::session::{Phase, Session};
use super::teach::SavedConcepts;
use crate::ask::Ask;
use crate::link::Side;
use crate::ui::icons;

const ALL: [(Side, &str, &str); 3] = [
    (Side::Results, "Results", "tab-results"),
    (Side::Here, "What is here", "tab-here"),
    (Side::Saved, "Saved", "tab-saved"),
];

/// The choice between them, once there is something to search in.
#[component]
pub fn Tabs() -> impl IntoView {
    let session = expect_context::<Session>();
    let is_loading = move || session.phase.with(|phase| matches!(phase, Phase::Loading));
    let tab = move |(which, name, testid): (Side, &'static str, &'static str)| {
        view! {
            <button type="button" data-testid=testid aria-pressed=move || (session.side() == which).to_string() disabled=is_loading
                on:click=move |_| session.turn_to(which)>{name}</button>
        }
    };
    // A new search is about its results.
    let asked = Memo::new(move |_| session.asking().with(|asking| asking.wanted()));
    Effect::new(move |before: Option<Ask>| {
        let now = asked.get();
        let places = |ask: &Ask| (ask.words.clone(), ask.parts.clone());
        if before.is_some_and(|before| places(&before) != places(&now)) && !now.has_no_terms() {
            session.turn_to(Side::Results);
        }
        now
    });
    view! { <nav class="tabs" aria-label="Panel">{ALL.map(tab).collect_view()}</nav> }
}

/// What was saved.
#[component]
pub fn Saved() -> impl IntoView {
    view! { <SavedConcepts/><OfflineSection/><LastSearches/> }
}

/// What stands in the panel instead of results.
#[component]
pub fn Other() -> impl IntoView {
    let session = expect_context::<Session>();
    move || match session.side() {
        Side::Results => ().into_any(),
        Side::Here => view! { <WhatIsHere/> }.into_any(),
        Side::Saved => view! { <Saved/> }.into_any(),
    }
}

#[component]
fn LastSearches() -> impl IntoView {
    let session = expect_context::<Session>();
    let searches = move || session.history().with(|history| history.searches().to_vec());
    let row = move |text: String| {
        let (asked, gone, label) = (text.clone(), text.clone(), format!("Forget {text}"));
        view! {
            <li data-testid="history">
                <button type="button" class="chip" on:click=move |_| session.search_anew(&asked)>{text}</button>
                <button type="button" class="quiet" aria-label=label title="Forget" on:click=move |_| session.forget(&gone)>{icons::close()}</button>
            </li>
        }
    };
    view! {
        <section class="saved" aria-label="Last searches">
            <h2>"Last searches"</h2>
            <ul><For each=searches key=|text| text.clone() children=row/></ul>
            <Show when=move || session.history().with(|history| !history.searches().is_empty())
                fallback=|| view! { <p class="soft">"None yet. They are kept in this browser only."</p> }>
                <button type="button" class="plain" data-testid="history-clear" on:click=move |_| session.forget_all()>"Forget all"</button>
            </Show>
        </section>
    }
}
