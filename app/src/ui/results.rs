//! The hits as a list, best first, walked through with the arrow keys.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::card::{Card, card_id};
use super::detail::Print;
use super::session::{By, Session};
use crate::browser::{download, page};
use crate::export::Format;
use crate::format::percent;
use crate::protocol::Hit;

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
    // A card is made anew when anything on it changes, an address that came later too.
    let rows = move || {
        let line = session.line();
        session.hits.with(|hits| {
            let below = line.map(|line| hits.partition_point(|hit| hit.similarity >= line));
            let below = below.filter(|below| *below < hits.len());
            let mut rows: Vec<Row> =
                hits.iter().cloned().enumerate().map(|(rank, hit)| Row::Card(rank, Box::new(hit))).collect();
            if let Some(below) = below {
                rows.insert(below, Row::Line);
            }
            rows
        })
    };
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
        <ol class="results" aria-label="Results, best first" on:keydown=keydown>
            <For each=rows key=|row| format!("{row:?}") children=|row| match row {
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

/// What can be done with all results: to search only what the map shows, and to take them away.
#[component]
fn Tools() -> impl IntoView {
    let session = expect_context::<Session>();
    let within = move || session.asking().with(|asking| asking.confirmed().area.is_some());
    let told = RwSignal::new(None::<String>);
    let save = move |format: Format| {
        let content = session.hits.with_untracked(|hits| format.write(hits));
        let name = format!("clip-rs-results.{}", format.extension());
        told.set(download::save(&name, format.media_type(), &content).err());
    };
    view! {
        <div class="tools">
            <Show when=move || session.has_map()>
                <button type="button" class="plain" data-testid="in-view" aria-pressed=move || within().to_string()
                    on:click=move |_| session.toggle_within()>
                    {move || if within() { "Only in the marked area ✓" } else { "Only in this view" }}
                </button>
            </Show>
            <button type="button" class="plain" data-testid="save-geojson" title="Save these results as GeoJSON"
                aria-label="Save these results as GeoJSON" on:click=move |_| save(Format::GeoJson)>"GeoJSON"</button>
            <button type="button" class="plain" data-testid="save-csv" title="Save these results as CSV"
                aria-label="Save these results as CSV" on:click=move |_| save(Format::Csv)>"CSV"</button>
            <Print/>
            <span class="said" role="status">{told}</span>
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
