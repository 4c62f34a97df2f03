//! What of the catalog at hand is to be kept: all of it, or what the map shows, in which zooms; and how large that is.

use std::ops::RangeInclusive;

use leptos::prelude::*;

use super::{Doing, Offline};
use crate::format::{bytes, counted};
use crate::protocol::offline::Part;

#[component]
pub fn Choice() -> impl IntoView {
    let offline = expect_context::<Offline>();
    let is_open = RwSignal::new(false);
    let is_free = move || offline.doing.with(|doing| matches!(doing, Doing::Nothing | Doing::Measuring));
    let open = move |_| {
        is_open.set(true);
        offline.measure(Part::default());
    };
    view! {
        <Show when=is_free>
            <Show when=move || is_open.get() fallback=move || view! {
                <button type="button" class="plain" data-testid="offline-open" on:click=open>"Save for offline…"</button>
                <p class="soft">"Keeps the search and the imagery on this device, so that the page works without a network."</p>
            }>
                <Form is_open/>
            </Show>
        </Show>
    }
}

#[component]
fn Form(is_open: RwSignal<bool>) -> impl IntoView {
    let offline = expect_context::<Offline>();
    let session = offline.session;
    let zooms: Option<RangeInclusive<u8>> = session.manifest.with_untracked(|manifest| {
        manifest
            .as_ref()
            .and_then(|manifest| manifest.tiles.as_ref())
            .map(|tiles| tiles.minzoom..=tiles.maxzoom)
    });
    let has_map = session.has_map_untracked() && zooms.is_some();
    let is_view = RwSignal::new(false);
    let chosen = RwSignal::new(zooms.clone().map(RangeInclusive::into_inner));
    let all = zooms.clone().map(RangeInclusive::into_inner);
    let measure = move || {
        let area = if is_view.get_untracked() { session.in_view() } else { None };
        offline.measure(Part { area, zooms: chosen.get_untracked().filter(|zooms| Some(*zooms) != all) });
    };
    let whole = move |of_view: bool| {
        move |_| {
            is_view.set(of_view);
            measure();
        }
    };
    let size = move || match offline.size.get() {
        None => "Adding up…".to_owned(),
        Some(size) => {
            let whole = format!("{} in {}", bytes(size.bytes), counted(size.files as usize, "file"));
            match size.missing_bytes {
                0 => format!("{whole}, all here already"),
                missing if missing == size.bytes => whole,
                missing => format!("{whole}, {} of it still to fetch", bytes(missing)),
            }
        }
    };
    let short = move || {
        let (size, room) = (offline.size.get()?, offline.room.get()?);
        (size.missing_bytes > room)
            .then(|| format!("That is more than this browser lets this site keep ({} more).", bytes(room)))
    };
    let save = move |_| {
        is_open.set(false);
        offline.save(offline.part.get_untracked());
    };
    view! {
        <form class="offline-choice" data-testid="offline-choice" on:submit=|event| event.prevent_default()>
            <Show when=move || has_map>
                <fieldset>
                    <legend>"What to save"</legend>
                    <label><input type="radio" name="offline-area" checked=true data-testid="offline-all" on:change=whole(false)/>"The whole catalog"</label>
                    <label><input type="radio" name="offline-area" data-testid="offline-view" on:change=whole(true)/>"What the map shows now"</label>
                    <Zooms zooms=zooms.clone() chosen measure/>
                </fieldset>
            </Show>
            <p role="status" data-testid="offline-size">{size}</p>
            <p class="offline-failed" data-testid="offline-short">{short}</p>
            <div class="kept-tools">
                <button type="button" class="primary" data-testid="offline-save" disabled=move || offline.size.with(Option::is_none) on:click=save>"Save"</button>
                <button type="button" class="plain" data-testid="offline-cancel" on:click=move |_| is_open.set(false)>"Cancel"</button>
            </div>
        </form>
    }
}

/// From which zoom to which.
#[component]
fn Zooms(
    zooms: Option<RangeInclusive<u8>>,
    chosen: RwSignal<Option<(u8, u8)>>,
    measure: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let zooms = zooms?;
    let choose = move |change: fn((u8, u8), u8) -> (u8, u8)| {
        move |event| {
            if let Ok(zoom) = event_target_value(&event).parse() {
                chosen.update(|chosen| *chosen = chosen.map(|chosen| change(chosen, zoom)));
                measure();
            }
        }
    };
    let options = move |is_chosen: fn((u8, u8), u8) -> bool| {
        let option = move |zoom: u8| {
            let selected = move || chosen.get().is_some_and(|chosen| is_chosen(chosen, zoom));
            view! { <option value=zoom.to_string() selected=selected>{zoom.to_string()}</option> }
        };
        zooms.clone().map(option).collect_view()
    };
    Some(view! {
        <div class="offline-zooms">
            <label>"From zoom "<select data-testid="offline-from" on:change=choose(|(_, to), zoom| (zoom, to.max(zoom)))>{options(|(from, _), zoom| from == zoom)}</select></label>
            <label>"to "<select data-testid="offline-to" on:change=choose(|(from, _), zoom| (from.min(zoom), zoom))>{options(|(_, to), zoom| to == zoom)}</select></label>
            <small>"Deeper zooms show more and take more room."</small>
        </div>
    })
}
