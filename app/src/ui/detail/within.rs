//! The picture large, and where in it what is asked for shows: colours over it, from what fits least to what fits best.

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::ask::{About, Ask};
use crate::browser::canvas;
use crate::browser::pixels::Pixels;
use crate::protocol::explore::{Request, Response};
use crate::ui::icons;
use crate::ui::picture::Picture;
use crate::ui::session::Session;

/// Edge of the picture, pixels of the page.
const EDGE: f64 = 480.0;
/// Longest edge that is looked into, pixels.
const LONGEST: f64 = 512.0;
/// Colours from what fits least to what fits best, red, green and blue: their lightness grows too, for who tells few colours.
const RAMP: [[u8; 3]; 3] = [[28, 16, 84], [214, 64, 92], [255, 232, 104]];
/// How much of the overlay hides the picture, of 255.
const ALPHA: u8 = 140;

/// Where in a picture it fits.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    /// What was asked.
    ask: Ask,
    /// Of the pixels that were looked at.
    size: (u32, u32),
    /// How well each part fits, in colours; none if they are all alike.
    cells: Option<Pixels>,
    /// Where the best part lies, in words.
    best: &'static str,
}

/// The picture of the item called `id`.
#[component]
pub fn Within(id: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let alt = format!("Aerial picture {id}");
    let found = RwSignal::new(None::<Found>);
    let busy = RwSignal::new(false);
    let can_be_asked = Memo::new(move |_| has_looks(&session.wanted()));
    // Of another question it says nothing.
    let shown = Memo::new(move |_| {
        let wanted = session.wanted();
        found.get().filter(|found| found.ask == wanted)
    });
    let press = {
        let id = id.clone();
        move |_| {
            if busy.get_untracked() {
                return;
            }
            if shown.with_untracked(Option::is_some) {
                found.set(None);
                return;
            }
            let (id, ask) = (id.clone(), untrack(|| session.wanted()));
            busy.set(true);
            spawn_local(async move {
                let looked = look(session, &id, ask).await;
                // The details may be closed by now.
                found.try_set(looked);
                busy.try_set(false);
            });
        }
    };
    let label = move || match (busy.get(), shown.with(Option::is_some)) {
        (true, _) => "Looking into the picture …",
        (false, true) => "Without the colours",
        (false, false) => "Where in the picture?",
    };
    let cells = move || {
        let Found { size, cells, .. } = shown.get()?;
        cells.map(|cells| view! { <Overlay cells size/> })
    };
    let legend = move || {
        let Found { cells, best, .. } = shown.get()?;
        Some(match cells {
            None => view! { <p data-testid="where-flat">"It fits alike everywhere in this picture."</p> }
                .into_any(),
            Some(_) => view! {
                <p class="where-legend" data-testid="where-legend">
                    <span>"fits least"</span>
                    <span class="where-ramp" style:background=gradient() aria-hidden="true"></span>
                    <span>"fits best: "{best}</span>
                </p>
            }
            .into_any(),
        })
    };
    view! {
        <div class="detail-frame">
            <Picture id alt edge=EDGE/>
            {cells}
        </div>
        <div class="where">
            <Show when=move || can_be_asked.get()>
                <button type="button" class="plain" data-testid="where-button" aria-busy=move || busy.get().to_string()
                    on:click=press.clone()>{icons::place()}{label}</button>
            </Show>
            <div role="status">{legend}</div>
        </div>
    }
}

/// The colours over the picture.
#[component]
fn Overlay(cells: Pixels, size: (u32, u32)) -> impl IntoView {
    let session = expect_context::<Session>();
    let canvas = NodeRef::<Canvas>::new();
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        if let Err(why) = canvas::spread(&canvas, &cells, size) {
            session.could_not(format!("The colours could not be drawn. {why}"));
        }
    });
    view! { <canvas class="where-overlay" data-testid="where-overlay" aria-hidden="true" node_ref=canvas></canvas> }
}

/// Whether what is asked is something that shows in a part of a picture: words, a picture, a concept.
fn has_looks(ask: &Ask) -> bool {
    ask.words.is_some() || ask.parts.iter().any(|part| !matches!(part.about, About::Item(_)))
}

/// Asks the explorer. None if that failed, which is then said.
async fn look(session: Session, id: &str, ask: Ask) -> Option<Found> {
    let query = ask.query(None, 1)?;
    let pixels = match pixels(session, id).await {
        Ok(pixels) => pixels,
        Err(why) => {
            session.could_not(format!("The picture was not looked into. {why}"));
            return None;
        }
    };
    let size = (pixels.width, pixels.height);
    let request = Request::Where { query, width: size.0, height: size.1 };
    let (answer, shares) = session.explore("Looking into the picture", request, &pixels.rgba).await?;
    let Response::Where { columns, rows, is_flat } = answer else { return None };
    let best = region(columns, &shares);
    let cells = if is_flat { None } else { Some(coloured(columns, rows, &shares)?) };
    Some(Found { ask, size, cells, best })
}

/// The pixels of an item's picture.
async fn pixels(session: Session, id: &str) -> Result<Pixels, String> {
    let pictures = session.pictures.get_untracked().ok_or("The imagery is not known yet.")?;
    let mosaic = pictures.mosaic(id, LONGEST).await;
    if !mosaic.troubles.is_empty() {
        return Err("A part of it could not be loaded.".to_owned());
    }
    if mosaic.pieces.is_empty() {
        return Err("There is no picture of it.".to_owned());
    }
    let pieces: Vec<_> = mosaic.pieces.iter().map(|piece| (piece.url.as_str(), piece.place)).collect();
    canvas::assemble(&pieces, LONGEST).await
}

/// Shares of 255, row by row, as half-transparent pixels; none if they are not of a grid of this size.
fn coloured(columns: usize, rows: usize, shares: &[u8]) -> Option<Pixels> {
    if shares.is_empty() || columns.checked_mul(rows) != Some(shares.len()) {
        return None;
    }
    let rgba = shares.iter().flat_map(|share| {
        let [red, green, blue] = colour(*share);
        [red, green, blue, ALPHA]
    });
    Some(Pixels {
        width: u32::try_from(columns).ok()?,
        height: u32::try_from(rows).ok()?,
        rgba: rgba.collect(),
    })
}

/// The colour of a share of 255, between those of [`RAMP`].
fn colour(share: u8) -> [u8; 3] {
    let [least, middle, best] = RAMP;
    let (from, to, part) = match u32::from(share) * 2 {
        twice @ 0..=255 => (least, middle, twice),
        twice => (middle, best, twice - 255),
    };
    let mixed = |channel: usize| match (from.get(channel), to.get(channel)) {
        (Some(from), Some(to)) => ((u32::from(*from) * (255 - part) + u32::from(*to) * part) / 255) as u8,
        _ => 0,
    };
    [mixed(0), mixed(1), mixed(2)]
}

/// The same colours, for the legend.
fn gradient() -> String {
    let stops = RAMP.map(|[red, green, blue]| format!("rgb({red} {green} {blue})"));
    format!("linear-gradient(90deg, {})", stops.join(", "))
}

/// Which ninth of the picture has the largest share, in words.
fn region(columns: usize, shares: &[u8]) -> &'static str {
    let best = (0..).zip(shares).max_by_key(|(at, share)| (**share, std::cmp::Reverse(*at)));
    let (columns, at): (usize, usize) = (columns.max(1), best.map_or(0, |(at, _)| at));
    let third = |index: usize, count: usize| (index * 2 + 1) * 3 / (count.max(1) * 2);
    match (third(at / columns, shares.len() / columns), third(at % columns, columns)) {
        (0, 0) => "upper left",
        (0, 1) => "top",
        (0, _) => "upper right",
        (1, 0) => "left",
        (1, 1) => "middle",
        (1, _) => "right",
        (_, 0) => "lower left",
        (_, 1) => "bottom",
        _ => "lower right",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Part;

    #[test]
    fn shares_become_colours_from_least_to_best() {
        assert_eq!([colour(0), colour(255)], [RAMP[0], RAMP[2]]);
        let light = |share: u8| colour(share).map(u32::from).iter().sum::<u32>();
        for share in 0..255 {
            assert!(light(share) <= light(share + 1), "{share}: what fits better is lighter");
        }
        let cells = coloured(2, 1, &[0, 255]).expect("a grid");
        assert_eq!((cells.width, cells.height, cells.rgba.len()), (2, 1, 8));
        assert_eq!(cells.rgba[4..], [255, 232, 104, ALPHA]);
        for (columns, rows, count) in [(2, 2, 3), (0, 0, 0), (usize::MAX, 2, 4), (0, 4, 4)] {
            assert_eq!(coloured(columns, rows, &vec![9; count]), None, "{columns} x {rows}, {count} shares");
        }
    }

    #[test]
    fn the_best_part_is_said_in_words() {
        let words = [
            "upper left",
            "top",
            "upper right",
            "left",
            "middle",
            "right",
            "lower left",
            "bottom",
            "lower right",
        ];
        for (at, word) in words.into_iter().enumerate() {
            let mut shares = [10; 9];
            shares[at] = 200;
            assert_eq!(region(3, &shares), word);
            let mut fine = [10; 81];
            fine[(at / 3 * 3 + 1) * 9 + at % 3 * 3 + 1] = 200;
            assert_eq!(region(9, &fine), word);
        }
        assert_eq!(region(1, &[1]), "middle");
    }

    #[test]
    fn words_and_pictures_show_in_a_part_of_a_picture_and_whole_items_do_not() {
        assert!(has_looks(&Ask::words("pond")));
        assert!(!has_looks(&Ask::like("17/37500/50140")) && !has_looks(&Ask::default()));
        let mut ask = Ask::like("17/37500/50140");
        ask.add(Part::minus(About::Words("ships".into())));
        assert!(has_looks(&ask));
    }
}
