//! One result in the place of the list: its picture large, what its mark means, where it is, what can be done with it.
//!
//! The list stays where it is, out of sight, and comes back scrolled as it was.

mod around;
mod copy;
mod place;
mod position;
mod sheet;
mod then;
mod within;

use leptos::ev::KeyboardEvent;
use leptos::html::{Div, Section};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::RESULTS;
use super::icons;
use super::listing::Listing;
use super::session::Session;
use crate::browser::page;
use crate::protocol::Hit;
use place::Place;
use position::Choices;
pub use sheet::Print;

/// Id of the details.
const DETAIL: &str = "detail";
/// Id of their heading.
const HEADING: &str = "detail-heading";

/// The list, or the details of one of its hits.
#[component]
pub fn ListOrDetail(children: Children) -> impl IntoView {
    let session = expect_context::<Session>();
    provide_context(Choices::remembered());
    provide_context(Listing::new(session));
    Effect::new(move || session.keep_details_of_selection());
    let shown = Memo::new(move |_| session.detailed());
    let is_open = Memo::new(move |_| shown.with(Option::is_some));
    let list = NodeRef::<Div>::new();
    view! {
        <sheet::Head/>
        <div class="list" node_ref=list>{children()}</div>
        <Show when=move || is_open.get()>
            <Detail shown list/>
        </Show>
    }
}

/// The details, for as long as they are open.
#[component]
fn Detail(shown: Memo<Option<(usize, Hit)>>, list: NodeRef<Div>) -> impl IntoView {
    let (session, listing) = (expect_context::<Session>(), expect_context::<Listing>());
    let section = NodeRef::<Section>::new();
    let scrolled = StoredValue::new(0);
    Effect::new(move || {
        let (Some(_), Some(list)) = (section.get(), list.get_untracked()) else { return };
        scrolled.set_value(page::scrolled(RESULTS));
        list.set_hidden(true);
        page::set_scrolled(RESULTS, 0);
        page::focus(DETAIL);
    });
    on_cleanup(move || {
        let Some(list) = list.try_get_untracked().flatten() else { return };
        let (had_focus, scrolled) = (page::has_focus(DETAIL), scrolled.try_get_value().unwrap_or_default());
        // Later: these details are still on the page while they are let go.
        spawn_local(async move {
            list.set_hidden(false);
            let rank = untrack(|| session.rank_of_selected());
            page::set_scrolled(RESULTS, if rank.is_some() { scrolled } else { 0 });
            // Another may have been selected on the map meanwhile.
            if !rank.is_some_and(|rank| listing.reveal(rank, had_focus)) && had_focus {
                page::focus(RESULTS);
            }
        });
    });
    let keydown = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            session.close_details();
        }
    };
    view! {
        <section class="detail" id=DETAIL tabindex="-1" aria-labelledby=HEADING data-testid="detail" node_ref=section
            on:keydown=keydown>
            <div class="detail-top">
                <button type="button" class="plain" data-testid="detail-back" on:click=move |_| session.close_details()>
                    {icons::back()}"Back to the results"
                </button>
                <Print print=page::print/>
            </div>
            {move || shown.get().map(|(rank, hit)| view! { <Place rank hit/> })}
        </section>
    }
}
