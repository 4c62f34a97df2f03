//! Marks of items, painted on a grid that lies on the map: a byte a cell, 0 where no item lies.

use clip_rs_catalog::Bounds;

use crate::painted::louder;
use crate::unwrapped::{Extent, Frame, mercator};

/// Most cells on a side: more than a screen has room for.
const MOST_CELLS: f64 = 1024.0;
/// Cells on the longer side where items have no extent.
const CELLS_OF_POINTS: f64 = 96.0;

/// A grid over an area, whose rows are evenly spaced on a Web Mercator map.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Cells in a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// Where it lies.
    pub extent: Extent,
    /// Row by row from the north-west.
    pub cells: Vec<u8>,
}

impl Grid {
    /// Paints items: their footprints with what is known of each, -1..=1 where `signed`, else 0..=1. Of items that overlap, the
    /// one that says most is seen. None if nothing has a place.
    ///
    /// They are gone through twice and not kept, as there may be a million.
    pub fn paint(
        items: impl Iterator<Item = (Bounds, f32)> + Clone,
        area: &Bounds,
        signed: bool,
    ) -> Option<Self> {
        let frame = Frame::of(Some(area));
        let mut whole: Option<Extent> = None;
        let mut cell = f64::INFINITY;
        for (bounds, _) in items.clone() {
            let extent = frame.extent(&bounds);
            whole = Some(whole.map_or(extent, |whole| whole.union(extent)));
            let (width, height) = size(extent);
            if width > 0.0 && height > 0.0 {
                cell = cell.min(width).min(height);
            }
        }
        let extent = whole?;
        let (width, height) = size(extent);
        let longest = width.max(height);
        let cell = if cell.is_finite() { cell } else { longest / CELLS_OF_POINTS };
        let cell = cell.max(longest / MOST_CELLS).max(f64::MIN_POSITIVE);
        let count = |length: f64| (length / cell).round().clamp(1.0, MOST_CELLS) as usize;
        let mut grid = Self { columns: count(width), rows: count(height), extent, cells: Vec::new() };
        grid.cells = vec![0; grid.columns * grid.rows];
        for (bounds, value) in items {
            grid.fill(frame.extent(&bounds), byte(value, signed), signed);
        }
        Some(grid)
    }

    fn fill(&mut self, item: Extent, value: u8, signed: bool) {
        let across = |lng: f64| {
            (lng - self.extent.west) / (self.extent.east - self.extent.west).max(f64::MIN_POSITIVE)
        };
        let north = mercator(self.extent.north);
        let down =
            |lat: f64| (north - mercator(lat)) / (north - mercator(self.extent.south)).max(f64::MIN_POSITIVE);
        let columns = cells(across(item.west), across(item.east), self.columns);
        let rows = cells(down(item.north), down(item.south), self.rows);
        for row in rows {
            for column in columns.clone() {
                if let Some(cell) = self.cells.get_mut(row * self.columns + column) {
                    *cell = louder(*cell, value, signed);
                }
            }
        }
    }
}

/// The cells whose middles lie between two shares of a side; the one that holds the first where there is none.
fn cells(from: f64, to: f64, count: usize) -> std::ops::Range<usize> {
    let at = |share: f64| (share * count as f64 - 0.5).ceil().clamp(0.0, count as f64) as usize;
    let (first, last) = (at(from), at(to));
    if first < last {
        first..last
    } else {
        let one = ((from * count as f64) as usize).min(count - 1);
        one..one + 1
    }
}

fn size(extent: Extent) -> (f64, f64) {
    ((extent.east - extent.west) / 360.0, mercator(extent.north) - mercator(extent.south))
}

fn byte(value: f32, signed: bool) -> u8 {
    let share = if signed { (value + 1.0) / 2.0 } else { value };
    1 + (share.clamp(0.0, 1.0) * 254.0).round() as u8
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::TileId;

    use super::*;

    fn tile(x: u32, y: u32) -> Bounds {
        TileId::new(14, x, y).expect("a tile").bounds()
    }

    #[test]
    fn tiles_of_one_zoom_have_a_cell_each_where_they_lie() {
        let items: Vec<(Bounds, f32)> =
            (0..12).map(|at| (tile(4700 + at % 4, 6200 + at / 4), at as f32 / 11.0)).collect();
        let area = Bounds::around(items.iter().map(|(bounds, _)| *bounds)).expect("an area");
        let grid = Grid::paint(items.into_iter(), &area, false).expect("a grid");
        assert_eq!((grid.columns, grid.rows), (4, 3));
        let expected: Vec<u8> = (0..12).map(|at| byte(at as f32 / 11.0, false)).collect();
        assert_eq!(grid.cells, expected);
        assert_eq!((expected[0], expected[11]), (1, 255));
    }

    #[test]
    fn where_nothing_lies_a_cell_is_0_and_overlaps_show_the_larger_mark() {
        let items = [(tile(10, 10), 0.25), (tile(12, 10), 1.0), (tile(10, 10), 0.75)];
        let area = Bounds::around(items.iter().map(|(bounds, _)| *bounds)).expect("an area");
        let grid = Grid::paint(items.into_iter(), &area, false).expect("a grid");
        assert_eq!(grid.cells, [byte(0.75, false), 0, 255]);
    }

    #[test]
    fn a_difference_shows_what_is_furthest_from_none() {
        let items = [(tile(10, 10), -0.5), (tile(10, 10), 0.25), (tile(11, 10), 0.0)];
        let area = Bounds::around(items.iter().map(|(bounds, _)| *bounds)).expect("an area");
        let grid = Grid::paint(items.into_iter(), &area, true).expect("a grid");
        assert_eq!(grid.cells, [byte(-0.5, true), 128]);
    }

    #[test]
    fn an_area_across_the_antimeridian_is_painted_in_one_piece() {
        let items = [(tile(16383, 8000), 1.0), (tile(0, 8000), 0.0)];
        let area = Bounds::around(items.iter().map(|(bounds, _)| *bounds)).expect("an area");
        let grid = Grid::paint(items.into_iter(), &area, false).expect("a grid");
        assert_eq!((grid.columns, grid.rows, grid.cells.as_slice()), (2, 1, &[255, 1][..]));
        assert!(grid.extent.east > 180.0);
    }

    #[test]
    fn mere_positions_are_painted_and_one_alone_is_a_cell() {
        let point = |lng: f64, lat: f64| Bounds::new(lng, lat, lng, lat).expect("a position");
        let items = [(point(7.0, 50.0), 1.0), (point(8.0, 51.0), 0.5)];
        let area = Bounds::new(7.0, 50.0, 8.0, 51.0).expect("an area");
        let grid = Grid::paint(items.into_iter(), &area, false).expect("a grid");
        assert_eq!(grid.cells.iter().filter(|cell| **cell > 0).count(), 2);
        let grid = Grid::paint(items.into_iter().take(1), &area, false).expect("a grid");
        assert_eq!(grid.cells, [255]);
        assert_eq!(Grid::paint(std::iter::empty(), &area, false), None);
    }
}
