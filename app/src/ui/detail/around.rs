//! What lies around a result: a square three times as wide, of the tiles that the catalog has there.

use clip_rs_catalog::{ItemId, TileId, TileSquare};
use leptos::prelude::*;

use crate::ui::picture::Picture;
use crate::ui::session::Session;

/// How many times as wide as the item what is shown around it is.
const TIMES: u32 = 3;
/// Edge of the picture, pixels of the page.
const EDGE: f64 = 480.0;

/// The surroundings of the item called `id`; nothing where it is no square of tiles.
#[component]
pub fn Around(id: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let has_tiles = Memo::new(move |_| {
        session.manifest.with(|manifest| manifest.as_ref().is_some_and(|manifest| manifest.tiles.is_some()))
    });
    let surroundings = match id.parse() {
        Ok(ItemId::Tiles(square)) => surroundings(square),
        _ => None,
    };
    move || {
        let (square, [left, top]) = surroundings.filter(|_| has_tiles.get())?;
        let percent = |thirds: f64| format!("{:.3}%", thirds * 100.0 / f64::from(TIMES));
        Some(view! {
            <h3>"What lies around it"</h3>
            <div class="detail-frame detail-around" data-testid="detail-around">
                <Picture id=square.to_string() alt="Aerial picture of the surroundings".to_owned() edge=EDGE/>
                <span class="around-here" style:left=percent(left) style:top=percent(top)
                    style:width=percent(1.0) style:height=percent(1.0)></span>
            </div>
        })
    }
}

/// A square [`TIMES`] as wide with `square` in its middle, or near it at the edges of the pyramid; and where that lies in it,
/// left and top in edges of `square`. None where the Earth is not that wide.
fn surroundings(square: TileSquare) -> Option<(TileSquare, [f64; 2])> {
    let (tile, span) = (square.tile(), u32::from(square.span()));
    let (side, wide) = (1_u32 << tile.z(), span * TIMES);
    let room = side.checked_sub(wide)?;
    let (x, y) = ((tile.x() + side - span) % side, tile.y().saturating_sub(span).min(room));
    let around = TileSquare::new(TileId::new(tile.z(), x, y).ok()?, u8::try_from(wide).ok()?).ok()?;
    Some((around, [1.0, f64::from(tile.y() - y) / f64::from(span)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str) -> Option<(String, [f64; 2])> {
        let square = text.parse().expect("a square of tiles");
        surroundings(square).map(|(square, place)| (square.to_string(), place))
    }

    #[test]
    fn surroundings_are_three_times_as_wide_with_the_item_in_the_middle() {
        assert_eq!(around("17/37500/50140"), Some(("17/37499/50139+3".into(), [1.0, 1.0])));
        assert_eq!(around("17/37500/50140+2"), Some(("17/37498/50138+6".into(), [1.0, 1.0])));
    }

    #[test]
    fn surroundings_go_on_across_the_antimeridian_and_stop_at_the_last_row() {
        assert_eq!(around("3/0/2"), Some(("3/7/1+3".into(), [1.0, 1.0])));
        assert_eq!(around("3/4/0"), Some(("3/3/0+3".into(), [1.0, 0.0])));
        assert_eq!(around("3/4/7"), Some(("3/3/5+3".into(), [1.0, 2.0])));
        assert_eq!(around("1/0/0"), None, "the Earth is two tiles wide");
        assert_eq!(around("9/10/10+100"), None, "more than a square can span");
    }
}
