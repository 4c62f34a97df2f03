//! Which zoom of the tiles is shown at which zoom of the map.
//!
//! The map counts zooms as if tiles had 256 pixels: one of 512 pixels has the detail of the map's next zoom.

use clip_rs_catalog::{TileId, TileSet};

/// The map's deepest zoom where there are no tiles to say so.
const WITHOUT_TILES: i32 = 18;
/// How much further than the deepest tiles the map may be zoomed.
const OVERZOOM: i32 = 2;
/// No map is zoomed further.
const DEEPEST: i32 = 28;
/// Zooms out from the shallowest tiles at which they are still shown, made smaller: there are four times as many each time.
const SMALLER: i32 = 2;
/// Pixels of the screen for one of the page's from which deeper tiles are shown: below, most of what they add is not seen.
const DENSE: f64 = 1.5;
/// So few tiles may all be shown at once.
const FEW: usize = 256;

/// The zooms of one catalog's map. What is called a map zoom counts as Leaflet does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zooms {
    /// Map zoom less tile zoom.
    offset: i32,
    /// Map zooms of the shallowest and the deepest tiles.
    pub native: (i32, i32),
    /// Least map zoom at which tiles are shown.
    pub shown_from: i32,
}

impl Zooms {
    /// The zooms at which `tiles` are shown, each at about as many pixels as it has.
    pub fn of(tiles: &TileSet) -> Self {
        let offset = (f64::from(tiles.tile_size) / 256.0).log2().round() as i32;
        let native = (i32::from(tiles.minzoom) + offset, i32::from(tiles.maxzoom) + offset);
        let few = tiles.count <= FEW
            || 1_usize.checked_shl(2 * u32::from(tiles.minzoom)).is_some_and(|all| all <= FEW);
        let shown_from = if few { 0 } else { native.0 - SMALLER };
        Self { offset, native, shown_from: shown_from.max(0) }
    }

    /// The zooms at which the same tiles are shown on a screen of so many pixels for one of the page's: on a dense one each
    /// is shown at half its size, one zoom earlier.
    #[must_use]
    pub fn on_screen(self, pixel_ratio: f64) -> Self {
        let earlier = if pixel_ratio >= DENSE { 1 } else { 0 };
        Self {
            offset: self.offset - earlier,
            native: (self.native.0 - earlier, self.native.1 - earlier),
            shown_from: self.shown_from,
        }
    }

    /// Edge of a tile on the map at its own zoom, pixels.
    pub fn edge(self) -> f64 {
        256.0 * f64::from(self.offset).exp2()
    }

    /// The tile that Leaflet asks for at a map zoom: its column may be counted on beyond the antimeridian. None if there can
    /// be no such tile.
    pub fn tile(self, column: f64, row: f64, map_zoom: f64) -> Option<TileId> {
        let zoom = map_zoom - f64::from(self.offset);
        if !(0.0..=f64::from(TileId::MAX_ZOOM)).contains(&zoom) || row < 0.0 {
            return None;
        }
        TileId::new(zoom as u8, column.rem_euclid(zoom.exp2()) as u32, row as u32).ok()
    }
}

/// The map zoom that shows the catalog's finest detail.
pub fn finest(zooms: Option<Zooms>) -> f64 {
    f64::from(zooms.map_or(WITHOUT_TILES, |zooms| zooms.native.1.min(DEEPEST)))
}

/// The deepest map zoom.
pub fn deepest(zooms: Option<Zooms>) -> f64 {
    (finest(zooms) + f64::from(OVERZOOM)).min(f64::from(DEEPEST))
}

/// The shallowest map zoom: there the whole area is seen on the smallest screen, and the shallowest tiles.
/// `whole` is the zoom at which the area fits there.
pub fn shallowest(zooms: Option<Zooms>, whole: f64) -> f64 {
    let tiles = zooms.map_or(f64::from(WITHOUT_TILES), |zooms| f64::from(zooms.native.0));
    whole.floor().min(tiles).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_rs_catalog::ImageKind;

    fn tiles(tile_size: u32, minzoom: u8, maxzoom: u8, count: usize) -> TileSet {
        TileSet {
            folders: vec!["tiles-0123456789abcdef".into()],
            kinds: vec![ImageKind::Jpeg],
            minzoom,
            maxzoom,
            zoom: maxzoom,
            tile_size,
            count,
            listing: Vec::new(),
        }
    }

    #[test]
    fn a_larger_tile_is_shown_one_zoom_deeper_at_its_own_size() {
        for (size, edge, map_zoom) in
            [(128, 128.0, 16), (256, 256.0, 17), (512, 512.0, 18), (1024, 1024.0, 19)]
        {
            let zooms = Zooms::of(&tiles(size, 10, 17, 9999));
            assert_eq!((zooms.edge(), zooms.native.1), (edge, map_zoom), "{size}");
            let tile = zooms.tile(37_500.0, 50_140.0, f64::from(map_zoom)).map(|tile| tile.to_string());
            assert_eq!(tile.as_deref(), Some("17/37500/50140"), "{size}");
        }
        assert_eq!(
            Zooms::of(&tiles(300, 10, 17, 9999)).edge(),
            256.0,
            "an odd size is shown at the nearest even one"
        );
    }

    #[test]
    fn dense_screens_show_tiles_one_zoom_earlier_at_half_their_size() {
        let zooms = Zooms::of(&tiles(256, 10, 17, 9999));
        assert_eq!(zooms.on_screen(1.0), zooms);
        assert_eq!(zooms.on_screen(1.25), zooms);
        for ratio in [1.5, 2.0, 3.0] {
            let dense = zooms.on_screen(ratio);
            assert_eq!((dense.edge(), dense.native), (128.0, (9, 16)), "{ratio}");
            let tile = dense.tile(37_500.0, 50_140.0, 16.0).map(|tile| tile.to_string());
            assert_eq!(tile.as_deref(), Some("17/37500/50140"), "{ratio}");
        }
    }

    #[test]
    fn there_are_no_tiles_beyond_the_pyramid() {
        let tile = |size, at: [f64; 3]| Zooms::of(&tiles(size, 0, 24, 20)).tile(at[0], at[1], at[2]);
        assert_eq!(tile(512, [0.0, 0.0, 0.0]), None);
        assert_eq!(tile(128, [1.0, 1.0, 0.0]).map(TileId::z), Some(1));
        assert_eq!(tile(128, [1.0, 1.0, 24.0]), None);
        assert_eq!(tile(256, [1.0, 4.0, 2.0]), None, "south of the last row");
        assert_eq!(tile(256, [1.0, -1.0, 2.0]), None, "north of the first");
    }

    #[test]
    fn columns_begin_anew_at_the_antimeridian() {
        let zooms = Zooms::of(&tiles(256, 10, 10, 4));
        let column = |x| zooms.tile(x, 561.0, 10.0).map(TileId::x);
        assert_eq!([1023.0, 1024.0, 1025.0, -1.0].map(column), [1023, 0, 1, 1023].map(Some));
    }

    #[test]
    fn tiles_of_one_zoom_are_made_smaller_further_out_as_long_as_they_are_not_too_many() {
        assert_eq!(Zooms::of(&tiles(256, 17, 17, 9999)).shown_from, 15);
        assert_eq!(Zooms::of(&tiles(256, 17, 17, 200)).shown_from, 0, "few tiles are shown at any zoom");
        assert_eq!(Zooms::of(&tiles(256, 3, 17, 9999)).shown_from, 0, "64 tiles cover the Earth");
    }

    #[test]
    fn the_map_zooms_out_until_the_area_is_seen_whole() {
        let one_zoom = Zooms::of(&tiles(256, 17, 17, 9999));
        assert_eq!(shallowest(Some(one_zoom), 11.4), 11.0);
        let shallow = Zooms::of(&tiles(256, 5, 17, 9999));
        assert_eq!(shallowest(Some(shallow), 11.4), 5.0);
        assert_eq!(shallowest(None, f64::INFINITY), 18.0, "a mere position");
        assert_eq!((finest(Some(one_zoom)), deepest(Some(one_zoom))), (17.0, 19.0));
    }
}
