//! The hits as a list, best first, walked through with the arrow keys.

use gloo::timers::callback::Timeout;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::card::{Card, card_id};
use super::detail::Print;
use super::layer::LayerButton;
use super::save::Save;
use super::session::{By, Session};
use crate::browser::page;
use crate::format::percent;
use crate::order::{Order, without_copies};
use crate::protocol::Hit;

/// Cards that are made at once.
const FIRST_CARDS: usize = 10;
/// Cards that are made after these, at a time.
const PIECE: usize = 5;

#[component]
pub fn Results() -> impl IntoView {
    let session = expect_context::<Session>();
    // A selection made elsewhere is scrolled to.
    Effect::new(move || {
        let Some(selected) = session.selected.get() else { return };
        if selected.by != By::List
            && let Some(rank) = session.hits.with(|hits| hits.iter().position(|hit| hit.id == selected.id))
        {
            page::scroll_to(&card_id(rank));
        }
    });
    // More than a screen of cards is made in pieces, so that no piece holds up the page.
    let ready = RwSignal::new(FIRST_CARDS);
    let turn = StoredValue::new_local(None::<Timeout>);
    Effect::new(move || {
        let count = session.hits.with(|hits| hits.len());
        let made = ready.get();
        if made > count.max(FIRST_CARDS) {
            ready.set(FIRST_CARDS);
        } else if made < count {
            turn.set_value(Some(Timeout::new(0, move || ready.set((made + PIECE).min(count)))));
        }
    });
    // A card is made anew when anything on it changes, an address that came later too.
    let rows = move || {
        let (line, order) = (session.line(), session.order.get());
        let from = untrack(|| session.middle());
        session.hits.with(|hits| {
            let mut places = order.of(hits, from);
            if session.hides_copies.get() {
                places = without_copies(hits, places);
            }
            // In another order than that of marks there is no line to draw.
            let is_below = |at: &usize| line.is_some_and(|line| hits[*at].similarity < line);
            let below = places.iter().position(is_below).filter(|_| order == Order::Fit);
            let mut rows: Vec<Row> = places
                .iter()
                .take(ready.get())
                .map(|at| Row::Card(*at, Box::new(hits[*at].clone())))
                .collect();
            if let Some(below) = below {
                rows.insert(below.min(rows.len()), Row::Line);
            }
            rows
        })
    };
    let is_making = move || ready.get() < session.hits.with(|hits| hits.len());
    let keydown = move |event: KeyboardEvent| {
        if let Some(rank) = target(&event, session) {
            event.prevent_default();
            page::focus(&card_id(rank));
            let id = session.hits.with_untracked(|hits| hits.get(rank).map(|hit| hit.id.clone()));
            session.select(id.as_deref(), By::List);
        }
    };
    view! {
        <Tools/>
        <Cutoff/>
        <ol class="results" aria-label="Results, best first" aria-busy=move || is_making().to_string() on:keydown=keydown>
            <For each=rows key=Row::key children=|row| match row {
                Row::Card(rank, hit) => view! { <Card rank hit=*hit/> }.into_any(),
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
    let copies = move || session.hits.with(|hits| hits.iter().any(|hit| hit.duplicate_of.is_some()));
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
            <Show when=copies>
                <label class="copies"><input type="checkbox" data-testid="hide-copies" prop:checked=move || session.hides_copies.get()
                    on:change=move |event| session.hides_copies.set(event_target_checked(&event))/>"One of those that look the same"</label>
            </Show>
            <Print/>
        </div>
    }
}

/// A row of the list.
#[derive(Debug, Clone)]
enum Row {
    Card(usize, Box<Hit>),
    /// What comes below it is less likely than the cutoff.
    Line,
}

impl Row {
    /// What tells rows apart, and a card from the same with more on it.
    fn key(&self) -> String {
        match self {
            Self::Card(rank, hit) => format!("{rank} {hit:?}"),
            Self::Line => "line".to_owned(),
        }
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

/// Rank of the result that an arrow key leads to, from the one that has the focus.
fn target(event: &KeyboardEvent, session: Session) -> Option<usize> {
    let count = session.hits.with_untracked(|hits| hits.len());
    let current = page::focused_attribute("data-rank").and_then(|rank| rank.parse().ok());
    step(&event.key(), current, count)
}

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
