//! One result: its picture, how well it fits, where it is, what else is known of it, and what can be done with it.

use clip_rs_catalog::LngLat;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::copying::{COPIED, copy};
use super::icons;
use super::listing::{Listing, card_id};
use super::picture::{CARD, Picture, WALL};
use super::session::{By, Session};
use super::teach::YesNo;
use crate::ask::Ask;
use crate::format::{address, coordinates, item, mark};
use crate::grouping::Grouping;
use crate::protocol::Hit;

/// The card of the hit of a rank, at a position of the list, both from 0; `others` hits beside it are not listed.
#[component]
pub fn Card(position: usize, rank: usize, others: usize, hit: Hit) -> impl IntoView {
    let (session, listing) = (expect_context::<Session>(), expect_context::<Listing>());
    let alike = alike(&hit);
    let is_beside = move || others > 0 && session.grouping.get() == Grouping::Neighbours;
    let Hit { id, similarity, footprint, place, captured, source, .. } = hit;
    let selected = {
        let id = id.clone();
        Memo::new(move |_| session.selected.with(|selected| selected.as_ref().is_some_and(|s| s.id == id)))
    };
    let select = {
        let id = id.clone();
        move |_| session.select(Some(&id), By::List)
    };
    let details = {
        let id = id.clone();
        move |_| session.open_details(&id)
    };
    // Enter on what is selected already goes one step further.
    let keydown = {
        let id = id.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Enter" && !event.repeat() && selected.get_untracked() {
                event.prevent_default();
                session.open_details(&id);
            }
        }
    };
    let like = {
        let ask = Ask::like(id.clone());
        move |_| session.search(ask.clone())
    };
    let address = hit.address.map(|text| address(&text, hit.address_m));
    let heading = place.clone().or_else(|| address.clone()).unwrap_or_else(|| item(&id));
    let second = place.and(address);
    let edge = if untrack(|| session.has_map()) { CARD } else { WALL };
    let centre = footprint.map(|footprint| footprint.centre());
    let alt = format!("Aerial picture {id}");
    let mark = mark(similarity, untrack(|| session.scale()));
    let unlikely = move || session.is_unlikely(similarity);
    view! {
        <li class="card" class:selected=selected class:unlikely=unlikely data-testid="result" data-id=id.clone() data-rank=rank data-position=position
            aria-posinset=position + 1 aria-setsize=move || listing.count()>
            <button type="button" class="card-main" id=card_id(rank) on:click=select on:keydown=keydown
                aria-current=move || selected.get().then_some("true")>
                <span class="thumb">
                    <Picture id=id.clone() alt=alt edge=edge/>
                    <span class="rank" aria-hidden="true">{rank + 1}</span>
                </span>
                <span class="facts">
                    <span class="place" data-testid="place">{heading}</span>
                    {second.map(|address| view! { <span class="address" data-testid="address">{address}</span> })}
                    <span class="similarity">
                        <meter min="0" max="1" value=similarity aria-hidden="true"></meter>
                        <span data-testid="similarity">{mark}</span>
                    </span>
                    {captured.map(|date| view! { <span class="known" data-testid="captured">"Taken "{date}</span> })}
                    {source.map(|source| view! { <span class="known" data-testid="source">"From "{source}</span> })}
                    {alike.map(|words| view! { <span class="known" data-testid="duplicates">{words}</span> })}
                    <Show when=is_beside><span class="known" data-testid="beside">{others}" more side by side with it"</span></Show>
                </span>
            </button>
            <div class="card-more">
                {centre.map(|at| view! { <Position at/> })}
                <YesNo id=id.clone() of=format!("result {}", rank + 1)/>
                <Original id=id.clone()/>
                <button type="button" class="plain" data-testid="details-button" on:click=details
                    aria-label=format!("Details of result {}", rank + 1)>"Details"</button>
                <button type="button" class="plain" data-testid="like-button" on:click=like
                    aria-label=format!("More like this: result {}", rank + 1)>
                    {icons::alike()}"More like this"
                </button>
            </div>
        </li>
    }
}

/// What to say of items that look the same.
pub fn alike(hit: &Hit) -> Option<String> {
    match (&hit.duplicate_of, hit.duplicates) {
        (Some(earlier), _) => Some(format!("Looks the same as {}", item(earlier))),
        (None, 0) => None,
        (None, 1) => Some("1 more looks the same".to_owned()),
        (None, count) => Some(format!("{count} more look the same")),
    }
}

/// A way to the whole picture as it was given, if the catalog has it.
#[component]
pub fn Original(id: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let address = RwSignal::new(None::<String>);
    let has_pictures = session
        .manifest
        .with_untracked(|manifest| manifest.as_ref().is_some_and(|manifest| manifest.pictures.is_some()));
    Effect::new(move || {
        if !has_pictures {
            return;
        }
        let Some(pictures) = session.pictures.get() else { return };
        let id = id.clone();
        spawn_local(async move {
            let original = pictures.original(&id).await;
            // The card may be gone by now.
            address.try_set(original);
        });
    });
    move || {
        let address = address.get()?;
        Some(view! {
            <a class="plain" data-testid="open-original" href=address target="_blank" rel="noopener"
                title="Open the whole picture" aria-label="Open the whole picture">"Open"</a>
        })
    }
}

/// Longitude and latitude with a button that copies them.
#[component]
fn Position(at: LngLat) -> impl IntoView {
    let text = coordinates(at);
    let said = RwSignal::new(None::<&'static str>);
    let copy = {
        let text = text.clone();
        move |_| copy(text.clone(), said, "Could not copy: select the numbers instead")
    };
    view! {
        <span class="position">
            <span class="numbers" data-testid="coordinates" title="Longitude, latitude in degrees">{text}</span>
            <button type="button" class="plain" data-testid="copy-button" on:click=copy
                aria-label="Copy longitude and latitude" title="Copy longitude, latitude">
                {move || if said.get() == Some(COPIED) { icons::tick().into_any() } else { icons::copy().into_any() }}
            </button>
            <span class="said" role="status">{move || said.get()}</span>
        </span>
    }
}
