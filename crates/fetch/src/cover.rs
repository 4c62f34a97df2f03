//! Which tiles an area touches: for each row of tiles, the stretches of columns.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use clip_rs_catalog::{Bounds, TileId};

use crate::area::Outline;
use crate::{Area, FetchError};

/// Latitude where the map ends, degrees (EPSG:3857).
const END_LAT: f64 = 85.051_128_779_806_6;
/// The most tiles of one request; a state at zoom 18 has some ten million.
const MOST_TILES: u64 = 100_000_000;

/// The most stretches of rows that the edges of an area may pass, which is what covering takes memory for: some hundred megabytes.
const MOST_STRETCHES: u64 = 4_000_000;

/// A stretch of a row of tiles, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    z: u8,
    y: u32,
    first: u32,
    last: u32,
}

/// The tiles that an area touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover(Vec<Span>);

impl Cover {
    /// The tiles of these zooms that have ground in common with the area.
    pub fn of(area: &Area, zooms: RangeInclusive<u8>) -> Result<Self, FetchError> {
        if zooms.is_empty() || *zooms.end() > TileId::MAX_ZOOM {
            let why = format!("zooms go from 0 to {}, the first before the last", TileId::MAX_ZOOM);
            return Err(FetchError::area(area.name(), why));
        }
        let mut spans = Vec::new();
        let mut count = 0_u64;
        for z in zooms {
            let mut rows = BTreeMap::new();
            let mut stretches = 0;
            let too_many = || {
                let why = format!("more than {MOST_TILES} tiles at zoom {z}: ask for less at once");
                FetchError::area(area.name(), why)
            };
            for outline in area.outlines() {
                let rings = outline.iter().map(|ring| ring.iter().map(|corner| at(*corner, z)).collect());
                let rings: Outline = rings.collect();
                if least(&rings) > MOST_TILES as f64 {
                    return Err(too_many());
                }
                stretches += passed(&rings, z);
                if stretches > MOST_STRETCHES {
                    let why =
                        format!("its outline is too long for zoom {z}: simplify it, or ask for less at once");
                    return Err(FetchError::area(area.name(), why));
                }
                touch(&rings, &mut rows, z, &mut count).ok_or_else(too_many)?;
            }
            spans.extend(rows.into_iter().flat_map(|(y, columns)| merged(z, y, columns)));
        }
        Ok(Self(spans))
    }

    /// Those that have ground in common with a box.
    pub(crate) fn within(&self, bounds: Bounds) -> Self {
        let pieces = |span: &Span| {
            let span = *span;
            let mut pieces: Vec<Span> = bounds
                .parts()
                .filter_map(|part| {
                    let [west, north] = at([part.west(), part.north()], span.z);
                    let [east, south] = at([part.east(), part.south()], span.z);
                    let rows = cell(north, span.z)..=last_cell(south, span.z);
                    let first = cell(west, span.z).max(span.first);
                    let last = last_cell(east, span.z).min(span.last);
                    (rows.contains(&span.y) && first <= last).then_some(Span { first, last, ..span })
                })
                .collect();
            pieces.sort_unstable_by_key(|piece| piece.first);
            pieces
        };
        Self(self.0.iter().flat_map(pieces).collect())
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|span| u64::from(span.last - span.first) + 1).sum()
    }

    /// All of them: zoom by zoom, row by row from the north.
    pub fn tiles(&self) -> impl Iterator<Item = TileId> + '_ {
        let tiles = |span: &Span| {
            let Span { z, y, first, last } = *span;
            (first..=last).filter_map(move |x| TileId::new(z, x, y).ok())
        };
        self.0.iter().flat_map(tiles)
    }

    /// Whether a tile is one of them.
    pub fn contains(&self, tile: TileId) -> bool {
        let (z, x, y) = (tile.z(), tile.x(), tile.y());
        let before = self.0.partition_point(|span| (span.z, span.y, span.last) < (z, y, x));
        self.0.get(before).is_some_and(|span| (span.z, span.y) == (z, y) && span.first <= x)
    }
}

/// A position in tiles of a zoom, from the map's north-western corner.
fn at([lng, lat]: [f64; 2], z: u8) -> [f64; 2] {
    let size = f64::from(1_u32 << z);
    let lat = lat.clamp(-END_LAT, END_LAT).to_radians();
    let place = [(lng + 180.0) / 360.0 * size, (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * size];
    // A border that was computed lies beside the border by the last digits: a millionth of a tile is none of its ground.
    place.map(|number| if (number - number.round()).abs() < 1e-6 { number.round() } else { number })
}

/// The column or row of tiles in which a number of them lies.
fn cell(number: f64, z: u8) -> u32 {
    (number.max(0.0) as u32).min((1_u32 << z) - 1)
}

/// The same for an end: what only ends at the border of a tile has no ground in it.
fn last_cell(number: f64, z: u8) -> u32 {
    cell(if number.fract() == 0.0 { number - 1.0 } else { number }, z)
}

/// The ground of an outline is no less than this, in tiles: that of its largest ring, without all others.
fn least(rings: &Outline) -> f64 {
    let ground = |ring: &Vec<[f64; 2]>| {
        let next = ring.iter().cycle().skip(1);
        let twice: f64 = ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
        twice.abs() / 2.0
    };
    let grounds: Vec<f64> = rings.iter().map(ground).collect();
    2.0 * grounds.iter().copied().fold(0.0, f64::max) - grounds.iter().sum::<f64>()
}

/// How many rows of tiles the edges of an outline pass, each counted by itself.
fn passed(rings: &Outline, z: u8) -> u64 {
    let of_edge = |(a, b): (&[f64; 2], &[f64; 2])| u64::from(cell(a[1], z).abs_diff(cell(b[1], z))) + 1;
    rings.iter().map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)).map(of_edge).sum::<u64>()).sum()
}

/// Columns of a row, as stretches in no order.
type Rows = BTreeMap<u32, Vec<(u32, u32)>>;

/// Notes the tiles that the edges of `rings` pass through, and those within: a tile that no edge touches is inside as a whole,
/// so the middle of its row tells. None where there are too many.
fn touch(rings: &Outline, rows: &mut Rows, z: u8, count: &mut u64) -> Option<()> {
    let (cell, last_cell) = (|number| cell(number, z), |number| last_cell(number, z));
    let mut add = |rows: &mut Rows, y: u32, from: f64, to: f64| {
        let first = cell(from);
        let last = last_cell(to).max(first);
        rows.entry(y).or_default().push((first, last));
        *count += u64::from(last - first) + 1;
        (*count <= 2 * MOST_TILES).then_some(())
    };
    let mut crossings: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for ring in rings {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let ([x0, y0], [x1, y1]) = if a[1] <= b[1] { (*a, *b) } else { (*b, *a) };
            let x_at = |y: f64| if y1 > y0 { x0 + (y - y0) / (y1 - y0) * (x1 - x0) } else { x0 };
            for y in cell(y0)..=last_cell(y1).max(cell(y0)) {
                let (top, foot) = (f64::from(y).max(y0), (f64::from(y) + 1.0).min(y1));
                let (from, to) = if y1 > y0 { (x_at(top), x_at(foot)) } else { (x0, x1) };
                let (from, to) = (from.min(to), from.max(to));
                let runs_along_border = from == to && from.fract() == 0.0 || y0 == y1 && y0.fract() == 0.0;
                if !runs_along_border {
                    add(rows, y, from, to)?;
                }
                let middle = f64::from(y) + 0.5;
                if y0 <= middle && middle < y1 {
                    crossings.entry(y).or_default().push(x_at(middle));
                }
            }
        }
    }
    for (y, mut columns) in crossings {
        columns.sort_by(f64::total_cmp);
        for pair in columns.chunks_exact(2) {
            add(rows, y, pair[0], pair[1])?;
        }
    }
    Some(())
}

/// The stretches in order, each tile once.
fn merged(z: u8, y: u32, mut columns: Vec<(u32, u32)>) -> Vec<Span> {
    columns.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    for (first, last) in columns {
        match spans.last_mut() {
            Some(span) if first <= span.last.saturating_add(1) => span.last = span.last.max(last),
            _ => spans.push(Span { z, y, first, last }),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_rs_catalog::LngLat;

    fn cover(text: &str, zooms: RangeInclusive<u8>) -> Cover {
        Cover::of(&Area::parse(text, 5.0).expect("an area"), zooms).expect("a cover")
    }

    #[test]
    fn the_world_is_all_tiles_and_a_tile_is_itself() {
        assert_eq!(cover("-180,-90,180,90", 0..=3).count(), 1 + 4 + 16 + 64);
        let tile = TileId::new(17, 37_305, 50_193).expect("a tile");
        let one = Cover::of(&Area::of_box(tile.bounds()), 17..=17).expect("a cover");
        assert_eq!(one.tiles().collect::<Vec<_>>(), [tile], "its neighbours share a border and no ground");
        let children = Cover::of(&Area::of_box(tile.bounds()), 18..=18).expect("a cover");
        assert_eq!(children.count(), 4);
    }

    #[test]
    fn over_the_antimeridian_both_sides_are_covered() {
        let cover = cover("179.9,-0.1,-179.9,0.1", 8..=8);
        let tiles: Vec<(u32, u32)> = cover.tiles().map(|tile| (tile.x(), tile.y())).collect();
        assert_eq!(tiles, [(0, 127), (255, 127), (0, 128), (255, 128)]);
    }

    #[test]
    fn a_polygon_with_a_hole_covers_what_brute_force_finds() {
        let ring = |corners: &[(f64, f64)]| corners.iter().map(|(lng, lat)| [*lng, *lat]).collect::<Vec<_>>();
        let outer = ring(&[(-77.9, 38.5), (-77.1, 38.55), (-77.3, 39.2), (-77.6, 38.9), (-77.85, 39.1)]);
        let hole = ring(&[(-77.6, 38.65), (-77.4, 38.65), (-77.45, 38.85), (-77.62, 38.8)]);
        let rings = [outer.clone(), hole.clone()];
        let inside = |lng: f64, lat: f64| {
            let crossed = |ring: &Vec<[f64; 2]>| {
                let next = ring.iter().cycle().skip(1);
                ring.iter()
                    .zip(next)
                    .filter(|([x0, y0], [x1, y1])| {
                        (*y0 <= lat) != (*y1 <= lat) && lng < x0 + (lat - y0) / (y1 - y0) * (x1 - x0)
                    })
                    .count()
            };
            rings.iter().map(crossed).sum::<usize>() % 2 == 1
        };
        let text = serde_json::json!({ "type": "Polygon", "coordinates": [outer, hole] }).to_string();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("area.geojson");
        std::fs::write(&path, text).expect("a file");
        let cover = cover(path.to_str().expect("a path"), 13..=13);
        // Many points in each tile around: one inside makes it a tile of the cover, and none nowhere near makes it none.
        let corner =
            |lng, lat| TileId::from_lng_lat(LngLat::new(lng, lat).expect("a position"), 13).expect("a tile");
        let (first, last) = (corner(-78.0, 39.3), corner(-77.0, 38.4));
        let mut by_points = 0;
        for (x, y) in (first.x()..=last.x()).flat_map(|x| (first.y()..=last.y()).map(move |y| (x, y))) {
            let tile = TileId::new(13, x, y).expect("a tile");
            let bounds = tile.bounds();
            let any = (0..400).any(|point| {
                let (across, up) = (f64::from(point % 20) + 0.5, f64::from(point / 20) + 0.5);
                let lat = bounds.south() + (bounds.north() - bounds.south()) * up / 20.0;
                inside(bounds.west() + bounds.width() * across / 20.0, lat)
            });
            assert!(!any || cover.contains(tile), "{tile} has ground of the area");
            by_points += u64::from(any);
        }
        // Corners that cut less than a twentieth off a tile are seen by the cover alone.
        assert!(
            (by_points..by_points + by_points / 20 + 2).contains(&cover.count()),
            "{by_points} {}",
            cover.count()
        );
        assert!(cover.tiles().all(|tile| cover.contains(tile)));
        assert!(!cover.contains(corner(-77.5, 38.75)), "the hole's middle");
    }

    #[test]
    fn a_long_outline_at_a_deep_zoom_is_refused_before_it_takes_memory() {
        // A star of so many rays that its edges pass some billion rows at zoom 24.
        let corner = |at: u32| {
            let (turn, reach) = (f64::from(at) / 50_000.0, if at.is_multiple_of(2) { 1.0 } else { 0.01 });
            let (sine, cosine) = (turn * std::f64::consts::PI).sin_cos();
            [reach * sine, reach * cosine]
        };
        let star: Vec<[f64; 2]> = (0..100_000).map(corner).collect();
        let text = serde_json::json!({ "type": "Polygon", "coordinates": [star] }).to_string();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("star.geojson");
        std::fs::write(&path, text).expect("a file");
        let area = Area::parse(path.to_str().expect("a path"), 5.0).expect("an area");
        let said = Cover::of(&area, 24..=24).expect_err("too long").to_string();
        assert!(said.contains("simplify it"), "{said}");
        assert!(Cover::of(&area, 8..=8).is_ok());
        let wide = Area::parse("-10,-10,10,10", 5.0).expect("an area");
        let said = Cover::of(&wide, 24..=24).expect_err("too much").to_string();
        assert!(said.contains("ask for less"), "{said}");
    }

    #[test]
    fn what_lies_within_a_box_is_what_both_have() {
        let area = cover("-77.6,38.6,-77.2,39.0", 12..=14);
        for text in
            ["-77.5,38.7,-77.4,38.8", "-78,38,-77.5,38.8", "-77.6,38.6,-77.2,39.0", "170,38.7,-77.5,38.8"]
        {
            let bounds: Vec<f64> = text.split(',').map(|number| number.parse().expect("a number")).collect();
            let bounds = Bounds::new(bounds[0], bounds[1], bounds[2], bounds[3]).expect("a box");
            let (part, all) = (area.within(bounds), cover(text, 12..=14));
            let expected: Vec<TileId> = area.tiles().filter(|tile| all.contains(*tile)).collect();
            assert_eq!(part.tiles().collect::<Vec<_>>(), expected, "{text}");
            assert!(expected.iter().all(|tile| part.contains(*tile)) && !expected.is_empty(), "{text}");
        }
        assert_eq!(area.within(Bounds::new(0.0, 0.0, 1.0, 1.0).expect("a box")).count(), 0);
    }

    #[test]
    fn more_than_can_be_fetched_is_an_error_before_anything_is_made() {
        let world = Area::parse("-180,-90,180,90", 5.0).expect("an area");
        assert!(Cover::of(&world, 22..=22).is_err());
        assert!(Cover::of(&world, RangeInclusive::new(3, 2)).is_err());
    }
}
