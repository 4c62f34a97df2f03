//! The picture of an item: one file, or several put together, with a place kept for it while it comes or if it cannot.

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::pictures::{Pictures, Piece};
use super::session::{Lack, Session};
use crate::browser::page;
use crate::mosaic::WHOLE;

/// Edge of a card's picture, pixels of the page.
pub const CARD: f64 = 104.0;
/// The same where results take the whole page.
pub const WALL: f64 = 280.0;

/// What is there to be shown.
#[derive(Default)]
struct Shown {
    /// The imagery that it was taken from, or that was asked; none while it comes.
    from: Option<Rc<Pictures>>,
    pieces: Vec<Piece>,
    lacks: Vec<Lack>,
}

/// The picture of the item with this id, on a square with an edge of about `edge` pixels of the page. It is `of_then` where the
/// item is one of the date that is compared with.
#[component]
pub fn Picture(id: String, alt: String, edge: f64, #[prop(optional)] of_then: bool) -> impl IntoView {
    let session = expect_context::<Session>();
    let source = if of_then { session.then } else { session.pictures };
    let shown = RwSignal::new_local(Shown::default());
    Effect::new(move || {
        session.attempt.track();
        let Some(pictures) = source.get() else { return };
        let complete = shown.with_untracked(|shown| {
            let same = shown.from.as_ref().is_some_and(|from| Rc::ptr_eq(from, &pictures));
            same && shown.lacks.is_empty()
        });
        if complete {
            return;
        }
        let id = id.clone();
        spawn_local(async move {
            let mosaic = pictures.mosaic(&id, edge * page::pixel_ratio()).await;
            if !mosaic.pieces.is_empty() {
                session.heard();
            }
            let is_current = |shown: &Option<Rc<Pictures>>| {
                shown.as_ref().is_some_and(|shown| Rc::ptr_eq(shown, &pictures))
            };
            if !source.with_untracked(is_current) {
                // A newer catalog came, and was asked meanwhile.
                return;
            }
            let lacks = mosaic.troubles.into_iter().map(|trouble| session.lacks(trouble)).collect();
            // The card may be gone by now.
            shown.try_set(Shown { from: Some(pictures), pieces: mosaic.pieces, lacks });
        });
    });
    move || {
        shown.with(|shown| match shown.pieces.as_slice() {
            [] if shown.from.is_none() => {
                view! { <span class="picture coming" aria-hidden="true"></span> }.into_any()
            }
            [] => {
                view! { <span class="picture absent" role="img" aria-label="The picture could not be loaded"></span> }.into_any()
            }
            [Piece { url, place }] if *place == WHOLE => {
                view! { <img class="picture" data-testid="result-image" alt=alt.clone() src=url.as_str().to_owned()/> }.into_any()
            }
            pieces => {
                let pieces: Vec<_> = pieces.iter().map(piece).collect();
                view! { <span class="picture mosaic" role="img" aria-label=alt.clone() data-testid="result-mosaic">{pieces}</span> }.into_any()
            }
        })
    }
}

/// One file of several, or a part of one: what lies outside the square is cut off by it.
fn piece(Piece { url, place }: &Piece) -> impl IntoView + use<> {
    let percent = |value: f64| format!("{value}%");
    view! {
        <img class="piece" alt="" src=url.as_str().to_owned()
            style:left=percent(place.left) style:top=percent(place.top)
            style:width=percent(place.width) style:height=percent(place.height)/>
    }
}
