//! Where windows lie: overlapping squares of tiles, each at least half covered by imagery.

use clip_rs_catalog::{TileId, TileSquare};

use super::pyramid::Pyramid;
use super::scale::Shape;

/// Share of a window that imagery must cover.
pub const LEAST_COVER: f64 = 0.5;

/// The squares of a shape over the searched tiles, sorted, without those that are a tile themselves.
pub fn squares(pyramid: &Pyramid<'_>, shape: Shape) -> Vec<TileSquare> {
    let zoom = pyramid.zoom() + shape.deeper;
    let mut corners = Vec::new();
    for tile in pyramid.of_zoom(pyramid.zoom()).iter().filter_map(|entry| entry.id.tile()) {
        corners.extend(corners_around(tile, shape));
        // Neighbours share most of their windows.
        if corners.len() > 1 << 20 {
            corners.sort_unstable();
            corners.dedup();
        }
    }
    corners.sort_unstable();
    corners.dedup();
    let square = |(x, y)| TileSquare::new(TileId::new(zoom, x, y).ok()?, shape.span).ok();
    let covered = |square: &TileSquare| {
        let cells = square.tiles().filter(|cell| pyramid.find(ancestor(*cell, pyramid.zoom())).is_some());
        cells.count() as f64 >= LEAST_COVER * f64::from(shape.span).powi(2)
    };
    let named =
        corners.into_iter().filter_map(square).filter(covered).map(|square| plain(square, pyramid.zoom()));
    let mut squares: Vec<TileSquare> =
        named.filter(|square| square.span() > 1 || pyramid.find(square.tile()).is_none()).collect();
    squares.sort_unstable_by_key(order);
    squares
}

/// What items of tiles are sorted by: the quadkey of the north-west corner, larger squares first.
pub fn order(square: &TileSquare) -> (u64, u8, u8) {
    let tile = square.tile();
    (tile.quadkey() << (2 * (TileId::MAX_ZOOM - tile.z())), tile.z(), square.span())
}

/// The tile of a shallower zoom that holds `tile`.
pub fn ancestor(tile: TileId, zoom: u8) -> TileId {
    let mut tile = tile;
    while let Some(parent) = tile.parent().filter(|_| tile.z() > zoom) {
        tile = parent;
    }
    tile
}

/// North-west corners, in tiles of the shape's zoom, of all windows that a searched tile has a part of.
fn corners_around(tile: TileId, shape: Shape) -> impl Iterator<Item = (u32, u32)> {
    let side = 1_i64 << (tile.z() + shape.deeper);
    let step = i64::from(shape.step());
    let span = i64::from(shape.span);
    let starts = move |at: u32| {
        let (first, end) = (i64::from(at) << shape.deeper, (i64::from(at) + 1) << shape.deeper);
        let first = (first - span + 1).div_euclid(step) + i64::from((first - span + 1).rem_euclid(step) != 0);
        (first..).map(move |number| number * step).take_while(move |start| *start < end)
    };
    starts(tile.y()).filter(move |y| *y >= 0 && y + span <= side).flat_map(move |y| {
        // Columns go on around the Earth.
        starts(tile.x()).map(move |x| (x.rem_euclid(side) as u32, y as u32))
    })
}

/// The same square in the shallowest tiles that it is made of, down to the searched zoom.
fn plain(square: TileSquare, searched: u8) -> TileSquare {
    let (tile, span) = (square.tile(), square.span());
    let even = tile.x().is_multiple_of(2) && tile.y().is_multiple_of(2) && span.is_multiple_of(2);
    let parent = tile.parent().filter(|_| even && tile.z() > searched);
    match parent.and_then(|parent| TileSquare::new(parent, span / 2).ok()) {
        Some(larger) => plain(larger, searched),
        None => square,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_rs_imagery::{Entry, EntryId};

    fn entries(zoom: u8, tiles: &[(u32, u32)]) -> Vec<Entry> {
        let entry = |(x, y): &(u32, u32)| Entry {
            id: EntryId::Tile(TileId::new(zoom, *x, *y).expect("a tile")),
            handle: 0,
            footprint: None,
            captured: None,
            bytes: None,
        };
        let mut entries: Vec<Entry> = tiles.iter().map(entry).collect();
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        entries
    }

    fn named(zoom: u8, tiles: &[(u32, u32)], deeper: u8, span: u8) -> Vec<String> {
        let entries = entries(zoom, tiles);
        let pyramid = Pyramid::new(&entries).expect("tiles");
        squares(&pyramid, Shape { deeper, span }).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn windows_overlap_by_half_and_those_at_the_edge_are_half_covered() {
        let tiles = [(4, 4), (5, 4), (4, 5), (5, 5)];
        let found = named(10, &tiles, 0, 2);
        // The middle, and the four that half of it is in; not the corners, of which a quarter is covered.
        assert_eq!(found.len(), 5, "{found:?}");
        for name in ["10/4/4+2", "10/3/4+2", "10/5/4+2", "10/4/3+2", "10/4/5+2"] {
            assert!(found.contains(&name.to_owned()), "{name} in {found:?}");
        }
    }

    #[test]
    fn windows_of_half_a_tile_begin_at_each_quarter_and_have_their_plainest_names() {
        let found = named(10, &[(4, 4)], 2, 2);
        assert!(found.contains(&"11/8/8".to_owned()) && found.contains(&"11/9/9".to_owned()), "{found:?}");
        assert!(found.contains(&"12/17/16+2".to_owned()), "{found:?}");
        // 3 x 3 inside the tile, and 3 a side that are half outside.
        assert_eq!(found.len(), 9 + 12, "{found:?}");
    }

    #[test]
    fn windows_as_large_as_a_tile_lie_between_the_tiles() {
        let found = named(10, &[(4, 4), (5, 4)], 1, 2);
        assert!(found.contains(&"11/9/8+2".to_owned()), "{found:?}");
        assert!(!found.iter().any(|name| name == "10/4/4"), "a tile is no window: {found:?}");
    }

    #[test]
    fn windows_go_on_across_the_antimeridian_and_end_at_the_poles() {
        let found = named(3, &[(7, 0), (0, 0)], 0, 2);
        assert_eq!(found, ["3/7/0+2"]);
        let found = named(3, &[(7, 7), (0, 7)], 0, 2);
        assert_eq!(found, ["3/7/6+2"]);
        assert_eq!(named(1, &[(0, 0), (1, 0), (0, 1), (1, 1)], 0, 2), ["1/0/0+2", "1/1/0+2"]);
    }
}
