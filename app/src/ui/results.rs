//! The hits as a list, best first, walked through with the arrow keys.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::card::Card;
use super::detail::Print;
use super::layer::LayerButton;
use super::listing::{LIST, Listing, Row};
use super::save::Save;
use super::session::{By, Session};
use crate::format::percent;
use crate::grouping::Grouping;
use crate::order::Order;

#[component]
pub fn Results() -> impl IntoView {
    let (session, listing) = (expect_context::<Session>(), expect_context::<Listing>());
    let keydown = move |event: KeyboardEvent| {
        let count = untrack(|| listing.count());
        if let Some(position) = step(&event.key(), listing.focused(), count) {
            event.prevent_default();
            let rank = listing.show(position, true);
            let id = session
                .hits
                .with_untracked(|hits| rank.and_then(|rank| hits.get(rank)).map(|hit| hit.id.clone()));
            session.select(id.as_deref(), By::List);
        }
    };
    let label = move || format!("Results, {}", session.order.get().name().to_lowercase());
    let above = move || format!("{}px", listing.room().0);
    let below = move || format!("{}px", listing.room().1);
    view! {
        <Tools/>
        <Cutoff/>
        <ol class="results" id=LIST tabindex="-1" aria-label=label aria-busy=move || listing.is_making().to_string()
            style:padding-top=above style:padding-bottom=below on:keydown=keydown>
            <For each=move || listing.rows() key=Row::key children=move |row| match row {
                Row::Card { position, rank, others, hit } => view! { <Card position rank others hit=*hit/> }.into_any(),
                Row::Line => view! { <li class="line" data-testid="cutoff-line">"Less likely than the line"</li> }.into_any(),
            }/>
        </ol>
        <Show when=move || session.has_more()>
            <button type="button" class="plain more" data-testid="show-more" on:click=move |_| session.show_more()>
                "Show more"
            </button>
        </Show>
    }
}

/// What can be done with all results: to search only what the map shows, to see how well every place fits, to take them
/// away, and to put them in another order.
#[component]
fn Tools() -> impl IntoView {
    let session = expect_context::<Session>();
    let within = move || session.asking().with(|asking| asking.confirmed().area.is_some());
    let order = move |event| {
        let name = event_target_value(&event);
        let chosen = Order::ALL.into_iter().find(|order| order.name() == name);
        session.order.set(chosen.unwrap_or_default());
    };
    let has_days = move || session.days.with(Option::is_some);
    let orders = move || {
        let known = Order::ALL.into_iter().filter(|order| match order {
            Order::Near => session.has_map(),
            Order::Newest => has_days(),
            _ => true,
        });
        known.collect::<Vec<_>>()
    };
    let listing = expect_context::<Listing>();
    let group = move |event| {
        let name = event_target_value(&event);
        let chosen = Grouping::ALL.into_iter().find(|grouping| grouping.name() == name);
        session.grouping.set(chosen.unwrap_or_default());
    };
    view! {
        <div class="tools">
            <Show when=move || session.has_map()>
                <button type="button" class="plain" data-testid="in-view" aria-pressed=move || within().to_string()
                    on:click=move |_| session.toggle_within()>
                    {move || if within() { "Only in the marked area ✓" } else { "Only in this view" }}
                </button>
            </Show>
            <LayerButton/>
            <Save/>
            <label class="order"><span class="out-of-sight">"Order of the results"</span>
                <select data-testid="order" on:change=order prop:value=move || session.order.get().name()>
                    <For each=orders key=|order| order.name() children=|order| view! { <option value=order.name()>{order.name()}</option> }/>
                </select>
            </label>
            <label class="order"><span class="out-of-sight">"What is listed"</span>
                <select data-testid="grouping" on:change=group prop:value=move || session.grouping.get().name()>
                    {Grouping::ALL.map(|grouping| view! { <option value=grouping.name()>{grouping.name()}</option> })}
                </select>
            </label>
            <Print print=move || listing.print()/>
        </div>
    }
}

/// Where the line between likely and less likely results is drawn.
#[component]
fn Cutoff() -> impl IntoView {
    let session = expect_context::<Session>();
    let moved = move |event| {
        let share = event_target_value(&event).parse::<f32>().ok().map(|percent| percent / 100.0);
        session.cutoff.set(share.filter(|share| Some(*share) != session.likely_from.get_untracked()));
    };
    move || {
        session.likely_from.get()?;
        Some(view! {
            <label class="cutoff">
                <span>"Likely from "{move || session.line().map(percent)}</span>
                <input type="range" min="5" max="95" step="5" data-testid="cutoff"
                    prop:value=move || session.line().map_or(0.0, |line| (line * 100.0).round()) on:input=moved/>
            </label>
        })
    }
}

/// The position that a key leads to, from the one that has the focus.
fn step(key: &str, current: Option<usize>, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    match key {
        "ArrowDown" => Some(current.map_or(0, |at| (at + 1).min(last))),
        "ArrowUp" => Some(current.map_or(last, |at| at.saturating_sub(1))),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn arrow_keys_walk_the_results_and_stop_at_the_ends() {
        assert_eq!(step("ArrowDown", None, 3), Some(0));
        assert_eq!(step("ArrowDown", Some(0), 3), Some(1));
        assert_eq!(step("ArrowDown", Some(2), 3), Some(2));
        assert_eq!(step("ArrowUp", Some(0), 3), Some(0));
        assert_eq!(step("ArrowUp", None, 3), Some(2));
        assert_eq!(step("End", None, 3), Some(2));
        assert_eq!(step("Home", Some(2), 3), Some(0));
        assert_eq!(step("ArrowDown", None, 0), None);
        assert_eq!(step("a", Some(1), 3), None);
    }
}
