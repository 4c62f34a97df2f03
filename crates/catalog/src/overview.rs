//! Where on the ground the items of each cell lie: `overview.<hash>.bin`, version 1.
//!
//! How well every place of a large catalog fits a query cannot be told from its cells without fetching all of them. The overview says
//! for each square of the map which cells have items there. Each cell's centroid is known, so one file of a few megabytes gives an
//! estimate for the whole map: of the cells in a square the one that fits best.
//!
//! The file has the magic `CRSOVER1` and [columns](crate#files-of-columns), a row a square in which items lie, from the north to the
//! south and from the west to the east:
//!
//! | column | what |
//! |---|---|
//! | `grid` | two numbers: the zoom whose tiles the squares are, and how many cells that follow one another are named together, as a power of two |
//! | `y`, `x` | steps: row and column of the tile |
//! | `groups` | numbers: how many groups of cells have items in the square; at least 1 |
//! | `group` | 2 bytes each, in little-endian order: the number of a group's first cell, divided by the cells of a group; ascending in each square |
//!
//! An item lies in the squares whose middles its footprint covers, or where it covers none in the one that its own middle is in; of a
//! footprint of more than 64 squares on a side only the middle 64 are taken.

use std::ops::Range;

use crate::columns::{Columns, ColumnsWriter};
use crate::{Bounds, CatalogError, TileId};

const MAGIC: &[u8; 8] = b"CRSOVER1";
const KIND: &str = "overview";
/// Most squares on the longer side: more than a screen shows.
const MOST_SQUARES: f64 = 1024.0;
/// Squares on the longer side that are not given up for fewer bytes.
const LEAST_SQUARES: f64 = 256.0;
/// Squares on the longer side where no item has an extent.
const SQUARES_OF_POINTS: f64 = 512.0;
/// Most groups of all squares together.
const MOST_GROUPS: usize = 2 << 20;
/// Squares of one item on a side.
const MOST_OF_AN_ITEM: u32 = 64;

/// Which cells have items where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    zoom: u8,
    /// A group is `1 << shift` cells.
    shift: u8,
    /// Row and column of each square, ascending.
    squares: Vec<(u32, u32)>,
    /// Where in `groups` those of a square end.
    ends: Vec<u32>,
    groups: Vec<u16>,
}

impl Overview {
    /// The overview of items, each with its footprint and the number of its cell; none without items.
    pub fn of(items: &[(Bounds, u32)]) -> Option<Self> {
        Self::within(items, MOST_GROUPS)
    }

    /// One with at most so many groups, if there are not more squares.
    fn within(items: &[(Bounds, u32)], most: usize) -> Option<Self> {
        let (mut zoom, longest) = finest(items)?;
        let last = items.iter().map(|(_, cell)| *cell).max()?;
        let mut shift = (u32::BITS - last.leading_zeros()).saturating_sub(u16::BITS) as u8;
        loop {
            let overview = Self::at(items, zoom, shift);
            let has_room = zoom > 0 && (longest * side(zoom - 1)).round() >= LEAST_SQUARES;
            match overview.groups.len() {
                groups if groups <= most => return Some(overview),
                _ if has_room => zoom -= 1,
                groups if groups > overview.len() => shift += 1,
                _ => return Some(overview),
            }
        }
    }

    fn at(items: &[(Bounds, u32)], zoom: u8, shift: u8) -> Self {
        let mut named: Vec<(u32, u32, u16)> = Vec::with_capacity(items.len());
        for (bounds, cell) in items {
            let group = (cell >> shift) as u16;
            for part in bounds.parts() {
                let [columns, rows] = squares(&part, zoom);
                named.extend(rows.flat_map(|y| columns.clone().map(move |x| (y, x, group))));
            }
        }
        named.sort_unstable();
        named.dedup();
        let mut overview = Self {
            zoom,
            shift,
            squares: Vec::new(),
            ends: Vec::new(),
            groups: Vec::with_capacity(named.len()),
        };
        for here in named.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            overview.squares.extend(here.first().map(|(y, x, _)| (*y, *x)));
            overview.groups.extend(here.iter().map(|(_, _, group)| *group));
            overview.ends.push(overview.groups.len() as u32);
        }
        overview
    }

    /// The content of `overview.<hash>.bin`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let mut writer = ColumnsWriter::new(self.squares.len());
        writer.numbers("grid", [u32::from(self.zoom), u32::from(self.shift)]);
        writer.steps("y", self.squares.iter().map(|(y, _)| y.cast_signed()));
        writer.steps("x", self.squares.iter().map(|(_, x)| x.cast_signed()));
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        writer.numbers("groups", self.ends.iter().zip(starts).map(|(end, start)| end - start));
        writer.bytes("group", self.groups.iter().flat_map(|group| group.to_le_bytes()).collect());
        writer.finish(MAGIC)
    }

    /// Reads `overview.<hash>.bin`; any other bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let columns = Columns::read(KIND, MAGIC, bytes)?;
        let grid = columns.numbers_of("grid", 2)?;
        let zoom = u8::try_from(grid[0]).ok().filter(|zoom| *zoom <= TileId::MAX_ZOOM);
        let zoom = zoom.ok_or_else(|| wrong("its squares are of no zoom from 0 to 24"))?;
        let shift = u8::try_from(grid[1]).ok().filter(|shift| *shift <= 16);
        let shift = shift.ok_or_else(|| wrong("its groups are of more cells than there can be"))?;
        let of_steps = |name| Ok::<_, CatalogError>(columns.steps(name)?.into_iter().map(i32::cast_unsigned));
        let squares: Vec<(u32, u32)> = of_steps("y")?.zip(of_steps("x")?).collect();
        let is_on_the_map = |(y, x): &(u32, u32)| y >> zoom == 0 && x >> zoom == 0;
        if !squares.is_sorted_by(|a, b| a < b) || !squares.iter().all(is_on_the_map) {
            return Err(wrong("its squares are not in order, or beyond the map"));
        }
        let (groups, rest) = columns.all("group")?.as_chunks::<2>();
        let groups: Vec<u16> = groups.iter().map(|group| u16::from_le_bytes(*group)).collect();
        let mut ends = Vec::with_capacity(squares.len());
        let mut end = 0_usize;
        for count in columns.numbers("groups")? {
            let start = end;
            end += count as usize;
            let here = groups.get(start..end).unwrap_or_default();
            if here.is_empty() || !here.is_sorted_by(|a, b| a < b) {
                return Err(wrong("the groups of a square are none, not all there, or not in order"));
            }
            ends.push(end as u32);
        }
        if end != groups.len() || !rest.is_empty() {
            return Err(wrong("it has more groups than squares for them"));
        }
        Ok(Self { zoom, shift, squares, ends, groups })
    }

    /// Number of squares in which items lie.
    pub fn len(&self) -> usize {
        self.squares.len()
    }

    /// Whether there is no square.
    pub fn is_empty(&self) -> bool {
        self.squares.is_empty()
    }

    /// How many cells there are at least.
    pub fn cells(&self) -> usize {
        self.groups.iter().max().map_or(0, |last| (usize::from(*last) << self.shift) + 1)
    }

    /// Every square with what `louder` leaves of the values that the cells in it have, by their numbers; cells beyond `values` have
    /// none.
    pub fn pooled(
        &self,
        values: &[f32],
        louder: impl Fn(f32, f32) -> f32 + Copy,
    ) -> impl Iterator<Item = (Bounds, f32)> + Clone {
        let of_group = |values: &[f32]| values.iter().copied().reduce(louder);
        let of_groups: Vec<f32> = values.chunks(1 << self.shift).filter_map(of_group).collect();
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let squares = self.squares.iter().zip(self.ends.iter().zip(starts));
        squares.filter_map(move |((y, x), (end, start))| {
            let groups = self.groups.get(start as usize..*end as usize)?;
            let best = groups.iter().filter_map(|group| of_groups.get(usize::from(*group)).copied());
            Some((TileId::new(self.zoom, *x, *y).ok()?.bounds(), best.reduce(louder)?))
        })
    }
}

/// The zoom of squares about as large as half of the items are at least, and the longer side of what holds all items, as a share of
/// the map's; none without items.
fn finest(items: &[(Bounds, u32)]) -> Option<(u8, f64)> {
    let all = Bounds::around(items.iter().map(|(bounds, _)| *bounds))?;
    let longest = sides(&all).into_iter().fold(0.0, f64::max);
    let mut widths: Vec<f64> =
        items.iter().map(|(bounds, _)| sides(bounds)[0]).filter(|side| *side > 0.0).collect();
    let middle = widths.len() / 2;
    let width = match widths.is_empty() {
        true => longest / SQUARES_OF_POINTS,
        false => *widths.select_nth_unstable_by(middle, f64::total_cmp).1,
    };
    let zoom = (-width.max(f64::MIN_POSITIVE).log2()).round().clamp(0.0, f64::from(TileId::MAX_ZOOM)) as u8;
    let fits = |zoom: &u8| (longest * side(*zoom)).round() <= MOST_SQUARES;
    Some(((0..=zoom).rev().find(fits).unwrap_or(0), longest))
}

/// Tiles of a zoom on a side of the map.
fn side(zoom: u8) -> f64 {
    f64::from(1_u32 << zoom.min(TileId::MAX_ZOOM))
}

/// Width and height of a box as shares of the map's sides.
fn sides(bounds: &Bounds) -> [f64; 2] {
    let [north, south] = [bounds.north(), bounds.south()].map(TileId::down);
    [bounds.width() / 360.0, south - north]
}

/// Columns and rows of the squares that a box lies in, which does not cross the antimeridian.
fn squares(bounds: &Bounds, zoom: u8) -> [Range<u32>; 2] {
    let across = |lng: f64| (lng + 180.0) / 360.0;
    [
        covered(across(bounds.west()), across(bounds.east()), zoom),
        covered(TileId::down(bounds.north()), TileId::down(bounds.south()), zoom),
    ]
}

/// Of the tiles of a side of the map those whose middles lie between two places; else the one in which their middle lies.
fn covered(from: f64, to: f64, zoom: u8) -> Range<u32> {
    let count = side(zoom);
    let from_middle = |place: f64| (place * count - 0.5).ceil().clamp(0.0, count) as u32;
    let (first, last) = (from_middle(from), from_middle(to));
    let middle = ((from + to) / 2.0 * count).clamp(0.0, count - 1.0) as u32;
    if first >= last {
        return middle..middle + 1;
    }
    let half = MOST_OF_AN_ITEM / 2;
    first.max(middle.saturating_sub(half))..last.min(middle.saturating_add(half)).max(first + 1)
}

fn wrong(why: &str) -> CatalogError {
    CatalogError::content(KIND, why)
}

#[cfg(test)]
#[path = "overview_tests.rs"]
mod tests;
