//! A layer as it is painted: its cells, and what they are of.

use crate::protocol::explore::{Compared, Layer};
use crate::unwrapped::{Extent, latitude, mercator, world_pixels};

/// Cells that are smaller on the screen than so many pixels are hard to see.
const LEAST_PIXELS: f64 = 3.0;

/// Cells with what they are of.
#[derive(Debug, Clone, PartialEq)]
pub struct Painted {
    /// The grid.
    pub grid: Layer,
    /// A byte a cell.
    pub cells: Vec<u8>,
    /// Whether it is a difference of two queries.
    pub is_difference: bool,
    /// What is known of two dates, where it is what has changed between them.
    pub change: Option<Change>,
}

/// What is known of two dates besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// [`Compared::unpaired`].
    pub unpaired: usize,
    /// [`Compared::stand_out`].
    pub stand_out: usize,
    /// [`Compared::before`].
    pub before: Vec<String>,
}

/// A layer as a picture: fewer cells where the map has no room to show each.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    /// Cells in a row.
    pub columns: usize,
    /// Where it lies.
    pub extent: Extent,
    /// A byte a cell.
    pub cells: Vec<u8>,
}

impl Painted {
    /// What has changed between two dates; its hits are somewhere else.
    pub fn of(compared: Compared, cells: Vec<u8>) -> Self {
        let Compared { layer: grid, unpaired, stand_out, before, .. } = compared;
        Self { grid, cells, is_difference: false, change: Some(Change { unpaired, stand_out, before }) }
    }

    /// How many cells on a side are to be shown as one on a map of this zoom, a power of two: what fits in few places would be lost
    /// between pixels.
    pub fn pooling(&self, zoom: f64) -> usize {
        let [west, _, east, _] = self.grid.edges;
        let cell = (east - west) / 360.0 * world_pixels(zoom) / self.grid.columns.max(1) as f64;
        let most = self.grid.columns.max(self.grid.rows).next_power_of_two();
        let enough = |side: &usize| cell * *side as f64 >= LEAST_PIXELS;
        std::iter::successors(Some(1), |side| Some(side * 2))
            .take_while(|side| *side <= most)
            .find(enough)
            .unwrap_or(1)
    }

    /// The cells, `side` by `side` of them as one, which shows what says most.
    pub fn pooled(&self, side: usize) -> Raster {
        let side = side.max(1);
        let Layer { columns, rows, edges: [west, south, east, north], .. } = self.grid;
        let (across, down) = (columns.div_ceil(side), rows.div_ceil(side));
        let mut cells = vec![0; across * down];
        for (y, row) in self.cells.chunks(columns.max(1)).enumerate() {
            for (x, cell) in row.iter().enumerate() {
                if let Some(pool) = cells.get_mut(y / side * across + x / side) {
                    *pool = louder(*pool, *cell, self.is_difference);
                }
            }
        }
        // The last column and row may be of fewer cells than there would be room for: the picture ends beyond them.
        let beyond = |pools: usize, all: usize| (pools * side) as f64 / all.max(1) as f64;
        let (top, bottom) = (mercator(north), mercator(south));
        let extent = Extent {
            west,
            south: latitude(top + (bottom - top) * beyond(down, rows)),
            east: west + (east - west) * beyond(across, columns),
            north,
        };
        Raster { columns: across, extent, cells }
    }
}

/// Of two cells the one that says more: the larger mark, or what is further from the middle.
pub fn louder(a: u8, b: u8, signed: bool) -> u8 {
    let loud = |cell: u8| if signed && cell > 0 { cell.abs_diff(128) + 1 } else { cell };
    if loud(b) > loud(a) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(columns: usize, rows: usize, cells: Vec<u8>, is_difference: bool) -> Painted {
        let (top, side) = (mercator(40.0), 10.0 / 360.0 / columns as f64);
        let edges = [-80.0, latitude(top - side * rows as f64), -70.0, 40.0];
        let grid = Layer {
            columns,
            rows,
            edges,
            likely_from: None,
            items: cells.len(),
            is_estimate: false,
            millis: 0.0,
        };
        Painted { grid, cells, is_difference, change: None }
    }

    #[test]
    fn what_fits_in_one_place_of_many_is_seen_on_a_map_of_the_whole() {
        let mut cells = vec![1; 1000 * 1000];
        cells[501 * 1000 + 7] = 255;
        let whole = painted(1000, 1000, cells, false);
        // Ten degrees are 1,820 pixels at zoom 8: each cell has room at zoom 9, two by two at zoom 8, sixteen at zoom 5.
        assert_eq!([10.0, 9.0, 8.0, 5.0].map(|zoom| whole.pooling(zoom)), [1, 1, 2, 16]);
        let Raster { columns, cells, extent } = whole.pooled(16);
        assert_eq!((columns, cells.len()), (63, 63 * 63));
        assert_eq!(cells.iter().filter(|cell| **cell == 255).count(), 1);
        assert_eq!(cells[31 * 63], 255);
        assert!((extent.east - (-80.0 + 10.0 * 1.008)).abs() < 1e-9, "{extent:?}");
        assert_eq!((extent.west, extent.north), (-80.0, 40.0));
    }

    #[test]
    fn cells_that_have_room_stay_as_they_are() {
        let few = painted(3, 2, vec![0, 1, 2, 3, 4, 5], false);
        let Raster { columns, cells, extent } = few.pooled(few.pooling(9.0));
        assert_eq!((columns, &cells), (3, &few.cells));
        let [west, south, east, north] = few.grid.edges;
        let expected = Extent { west, south, east, north };
        assert!((extent.south - expected.south).abs() < 1e-9 && extent.east == expected.east, "{extent:?}");
        assert_eq!(few.pooling(-100.0), 1, "a map of nothing");
    }

    #[test]
    fn of_differences_the_furthest_from_none_is_seen_and_no_place_hides_one() {
        let four = painted(2, 2, vec![0, 128, 60, 140], true);
        assert_eq!(four.pooled(2).cells, [60]);
        assert_eq!(painted(2, 2, vec![0, 0, 0, 1], false).pooled(4).cells, [1]);
    }
}
