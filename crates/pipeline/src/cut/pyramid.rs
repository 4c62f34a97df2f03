//! The tiles of a source by zoom and place: which zoom is searched, and which tiles are items.

use std::ops::Range;

use clip_rs_catalog::{Bounds, TileId};
use clip_rs_imagery::{Entry, EntryId};
use clip_rs_stage::progress::counted;

/// Share of what a shallower zoom covers that the searched zoom must cover as well.
const COVERING: f64 = 0.95;

/// The tiles among a source's entries.
#[derive(Debug, Clone, Copy)]
pub struct Pyramid<'a> {
    /// Deepest zoom first, in quadkey order.
    entries: &'a [Entry],
    zoom: u8,
}

impl<'a> Pyramid<'a> {
    /// The tiles of `entries`, which are in an inventory's order; none where there is no tile.
    pub fn new(entries: &'a [Entry]) -> Option<Self> {
        let entries = &entries[..entries.partition_point(|entry| entry.id.tile().is_some())];
        let mut pyramid = Self { entries, zoom: 0 };
        pyramid.zoom = pyramid.covering_zoom()?;
        Some(pyramid)
    }

    /// The searched zoom: the deepest that covers the area.
    pub fn zoom(&self) -> u8 {
        self.zoom
    }

    /// All entries that are tiles.
    pub fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// Where among the entries a tile is.
    pub fn find(&self, tile: TileId) -> Option<usize> {
        self.entries.binary_search_by(|entry| entry.id.cmp(&EntryId::Tile(tile))).ok()
    }

    /// The entries of one zoom.
    pub fn of_zoom(&self, zoom: u8) -> &'a [Entry] {
        &self.entries[self.range(zoom)]
    }

    fn range(&self, zoom: u8) -> Range<usize> {
        let z = |entry: &Entry| entry.id.tile().map_or(0, TileId::z);
        let start = self.entries.partition_point(|entry| z(entry) > zoom);
        start..start + self.entries[start..].partition_point(|entry| z(entry) == zoom)
    }

    /// The zooms with tiles, deepest first.
    pub fn zooms(&self) -> Vec<u8> {
        let mut zooms = Vec::new();
        let mut at = 0;
        while let Some(tile) = self.entries.get(at).and_then(|entry| entry.id.tile()) {
            zooms.push(tile.z());
            at = self.range(tile.z()).end;
        }
        zooms
    }

    /// Whether there are tiles of the zoom `zoom` inside `tile`, which is not deeper.
    pub fn has_below(&self, tile: TileId, zoom: u8) -> bool {
        let shift = 2 * (zoom - tile.z());
        let of = |entry: &Entry| entry.id.tile().map_or(0, |deeper| deeper.quadkey() >> shift);
        let entries = self.of_zoom(zoom);
        let at = entries.partition_point(|entry| of(entry) < tile.quadkey());
        entries.get(at).is_some_and(|entry| of(entry) == tile.quadkey())
    }

    /// The deepest zoom that covers nearly all that every shallower zoom covers. Areas are counted in the
    /// shallower zoom's own tiles: whether a tile at the edge is filled by its children cannot be told from names.
    fn covering_zoom(&self) -> Option<u8> {
        let zooms = self.zooms();
        let covers = |zoom: u8, shallower: u8| {
            let all = self.of_zoom(shallower);
            let covered = all.iter().filter_map(|entry| entry.id.tile());
            let covered = covered.filter(|tile| self.has_below(*tile, zoom)).count();
            covered as f64 >= COVERING * all.len() as f64
        };
        let at = |at: usize| zooms[at + 1..].iter().all(|shallower| covers(zooms[at], *shallower));
        (0..zooms.len()).find(|zoom| at(*zoom)).map(|found| zooms[found])
    }

    /// Whether a tile is an item: it is of the searched zoom or deeper, and its four children are not all there.
    pub fn is_item(&self, tile: TileId) -> bool {
        let below = || {
            let children = tile.children();
            children.is_some_and(|children| children.iter().all(|child| self.find(*child).is_some()))
        };
        tile.z() >= self.zoom && !below()
    }

    /// The tiles that are items.
    pub fn items(&self) -> impl Iterator<Item = TileId> {
        let end = self.range(self.zoom).end;
        let tiles = self.entries[..end].iter().filter_map(|entry| entry.id.tile());
        tiles.filter(|tile| self.is_item(*tile))
    }

    /// Metres that a pixel of a tile of `edge` pixels stands for in the middle of the searched tiles.
    pub fn metres_per_pixel(&self, edge: u32) -> f64 {
        let centre = Bounds::around(self.of_zoom(self.zoom).iter().filter_map(Entry::bounds));
        let latitude = centre.map_or(0.0, |bounds| bounds.centre().lat());
        ground_side(self.zoom, latitude) / f64::from(edge.max(1))
    }

    /// What is searched, as a sentence.
    pub fn told(&self, edge: u32) -> String {
        let searched = self.of_zoom(self.zoom).len();
        let metres = self.metres_per_pixel(edge);
        let searched = counted(searched, "tile", "tiles");
        let mut told = format!("Searching zoom {} ({searched}, {metres:.2} m a pixel)", self.zoom);
        let deeper: Vec<String> = self
            .zooms()
            .into_iter()
            .filter(|zoom| *zoom > self.zoom)
            .map(|zoom| {
                let tiles = counted(self.of_zoom(zoom).len(), "deeper tile", "deeper tiles");
                format!("{tiles} of zoom {zoom}")
            })
            .collect();
        if !deeper.is_empty() {
            told.push_str(&format!(" and {}", deeper.join(" and ")));
        }
        told
    }
}

/// The side of a tile on the ground, metres, on a sphere of the equator's circumference (EPSG 3857's).
pub fn ground_side(zoom: u8, latitude: f64) -> f64 {
    const EQUATOR: f64 = 40_075_016.686;
    EQUATOR * latitude.to_radians().cos() / f64::from(1_u32 << zoom.min(TileId::MAX_ZOOM))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(tiles: impl IntoIterator<Item = (u8, u32, u32)>) -> Vec<Entry> {
        let entry = |(z, x, y)| Entry {
            id: EntryId::Tile(TileId::new(z, x, y).expect("a tile")),
            handle: 0,
            footprint: None,
            captured: None,
            bytes: None,
        };
        let mut entries: Vec<Entry> = tiles.into_iter().map(entry).collect();
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        entries
    }

    /// A square of `side` tiles of `zoom` with all its parents down to `shallowest`.
    fn square(zoom: u8, side: u32, shallowest: u8) -> Vec<(u8, u32, u32)> {
        let up = |z: u8| {
            let span = side.div_ceil(1 << (zoom - z));
            (0..span * span).map(move |at| (z, at % span, at / span))
        };
        (shallowest..=zoom).flat_map(up).collect()
    }

    fn zoom_of(tiles: Vec<(u8, u32, u32)>) -> Option<u8> {
        Pyramid::new(&entries(tiles)).map(|pyramid| pyramid.zoom())
    }

    #[test]
    fn the_deepest_zoom_that_covers_the_area_is_searched() {
        assert_eq!(zoom_of(square(10, 13, 5)), Some(10));
        assert_eq!(zoom_of(square(10, 9, 10)), Some(10), "one zoom alone");
        assert_eq!(zoom_of(square(3, 8, 0)), Some(3), "the whole world");
        assert_eq!(zoom_of(vec![(0, 0, 0)]), Some(0));
        assert_eq!(zoom_of(Vec::new()), None);
        let holey = square(10, 12, 6).into_iter().filter(|(_, x, y)| (x * 7 + y * 3) % 10 != 9);
        assert_eq!(zoom_of(holey.collect()), Some(10));
    }

    #[test]
    fn a_deeper_patch_does_not_become_the_searched_zoom_but_its_tiles_are_items() {
        let mut tiles = square(10, 12, 8);
        tiles.extend((0..5).map(|at| (11, at % 2, at / 2)));
        let entries = entries(tiles);
        let pyramid = Pyramid::new(&entries).expect("tiles");
        assert_eq!(pyramid.zoom(), 10);
        let items: Vec<String> = pyramid.items().map(|tile| tile.to_string()).collect();
        assert_eq!(items.len(), 5 + 143);
        assert!(!items.contains(&"10/0/0".to_owned()), "all its children are there");
        assert!(items.contains(&"10/0/1".to_owned()), "one of its children is there");
        let told = pyramid.told(256);
        assert!(told.starts_with("Searching zoom 10 (144 tiles, "), "{told}");
        assert!(told.ends_with(" and 5 deeper tiles of zoom 11"), "{told}");
    }

    #[test]
    fn metres_are_those_of_the_latitude() {
        // The known 1.194 m of zoom 17 at the equator for 256 pixels.
        assert!((ground_side(17, 0.0) / 256.0 - 1.1943).abs() < 1e-3);
        assert!((ground_side(17, 60.0) / 256.0 - 0.5972).abs() < 1e-3);
    }
}
