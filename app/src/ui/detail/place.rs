//! The content of the details: everything that is known of a result, and searches that begin from it.

use leptos::prelude::*;

use super::HEADING;
use super::around::Around;
use super::position::Position;
use super::then::Then;
use super::within::Within;
use crate::ask::{About, Ask, Part};
use crate::format::{address, item, mark, mark_explained};
use crate::protocol::Hit;
use crate::ui::card::{Original, alike};
use crate::ui::icons;
use crate::ui::session::Session;

/// The hit of this rank (from 0).
#[component]
pub fn Place(rank: usize, hit: Hit) -> impl IntoView {
    let session = expect_context::<Session>();
    let then = view! { <Then rank/> };
    let alike = alike(&hit);
    let Hit { id, similarity, footprint, place, captured, source, .. } = hit;
    let address = hit.address.map(|text| address(&text, hit.address_m));
    let heading = place.clone().or_else(|| address.clone()).unwrap_or_else(|| item(&id));
    let rank = move || format!("Result {} of {}", rank + 1, session.hits.with(|hits| hits.len()));
    let fact = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
    };
    view! {
        <h2 id=HEADING>{heading}</h2>
        <Within id=id.clone()/>
        {then}
        <div class="detail-mark">
            <p>
                <span class="detail-rank">{rank}</span>
                <strong data-testid="detail-mark">{move || mark(similarity, session.scale())}</strong>
            </p>
            <p class="soft">{move || mark_explained(similarity, session.scale())}</p>
        </div>
        <Actions id=id.clone()/>
        <h3>"What is known of it"</h3>
        <dl class="detail-facts" data-testid="detail-facts">
            {fact("Place", place)}
            {fact("Address", address)}
            {fact("Taken", captured)}
            {fact("Source", source)}
            {fact("Alike", alike)}
            {fact("Name", Some(item(&id)))}
        </dl>
        {match footprint {
            Some(footprint) => view! { <Position footprint/> }.into_any(),
            None => view! { <p class="soft">"Where it is, is not known."</p> }.into_any(),
        }}
        <Around id/>
    }
}

/// Searches that begin from an item.
#[component]
fn Actions(id: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let like = {
        let ask = Ask::like(id.clone());
        move |_| session.search(ask.clone())
    };
    let add = |part: Part| move |_| session.add(part.clone());
    view! {
        <div class="detail-actions" role="group" aria-label="Search from here">
            <button type="button" class="plain" data-testid="detail-like" on:click=like>{icons::alike()}"More like this"</button>
            <button type="button" class="plain" data-testid="detail-add" title="What was asked, and like this"
                on:click=add(Part::plus(About::Item(id.clone())))>{icons::plus()}"Add to the search"</button>
            <button type="button" class="plain" data-testid="detail-less" title="What was asked, but not like this"
                on:click=add(Part::minus(About::Item(id.clone())))>{icons::minus()}"Less like this"</button>
            <Original id/>
        </div>
    }
}
