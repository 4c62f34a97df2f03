//! Tiles of all zooms that the area fills, in one pass: four tiles are drawn, halved and joined to the one above them.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scene::Scene;
use crate::texture::Texture;
use crate::tile::{self, TILE};
use crate::{SampleError, labels::Labels};

/// Where the area lies in the world's grid of tiles.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// Zoom of the finest tiles.
    pub zoom: u8,
    pub min_zoom: u8,
    /// Column and row of the north-west tile at `zoom`.
    pub left: u32,
    pub top: u32,
    /// Tiles on a side at `zoom`.
    pub side: u32,
}

impl Grid {
    /// Whether a tile of any zoom touches the area.
    pub fn holds(&self, z: u8, x: u32, y: u32) -> bool {
        let k = self.zoom - z;
        let (last_x, last_y) = (self.left + self.side - 1, self.top + self.side - 1);
        (self.left >> k..=last_x >> k).contains(&x) && (self.top >> k..=last_y >> k).contains(&y)
    }

    /// Whether a tile of any zoom lies in the area as a whole.
    pub fn fills(&self, z: u8, x: u32, y: u32) -> bool {
        let k = self.zoom - z;
        let inside = |at: u32, first: u32| at << k >= first && (at + 1) << k <= first + self.side;
        inside(x, self.left) && inside(y, self.top)
    }

    /// The tiles of a zoom, row by row.
    pub fn tiles(&self, z: u8) -> Vec<(u32, u32)> {
        let k = self.zoom - z;
        let (x1, y1) = ((self.left + self.side - 1) >> k, (self.top + self.side - 1) >> k);
        (self.top >> k..=y1).flat_map(|y| (self.left >> k..=x1).map(move |x| (x, y))).collect()
    }
}

/// A finest tile's number and its ground truth.
pub type TileTruth = ((u32, u32), Labels);

/// Takes zoom, column, row and RGB pixels of a finished tile.
pub type Writer<'a> = dyn Fn(u8, u32, u32, &[u8]) -> Result<(), SampleError> + Sync + 'a;

/// Draws the area, and hands out every tile that it fills: what lies beyond it is for others to leave empty.
pub struct Pyramid<'a> {
    pub grid: Grid,
    pub scene: &'a Scene,
    pub texture: &'a Texture,
    pub write: &'a Writer<'a>,
    pub done: &'a AtomicUsize,
    /// Called with the number of finest tiles done.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

impl Pyramid<'_> {
    /// Draws a tile and all below it; returns its pixels, and the ground truth of its finest tiles.
    pub fn draw(&self, z: u8, x: u32, y: u32) -> Result<(Vec<u8>, Vec<TileTruth>), SampleError> {
        let (rgb, truths) = if z == self.grid.zoom {
            let (column, row) = ((x - self.grid.left) as usize, (y - self.grid.top) as usize);
            let drawn = tile::render(self.scene, self.texture, column, row)
                .ok_or_else(|| SampleError::Draw { tile: format!("{z}/{x}/{y}") })?;
            (self.progress)(self.done.fetch_add(1, Ordering::Relaxed) + 1);
            (drawn.rgb, vec![((x, y), drawn.labels)])
        } else {
            self.join(z, x, y)?
        };
        if self.grid.fills(z, x, y) {
            (self.write)(z, x, y, &rgb)?;
        }
        Ok((rgb, truths))
    }

    fn join(&self, z: u8, x: u32, y: u32) -> Result<(Vec<u8>, Vec<TileTruth>), SampleError> {
        let child = |dx: u32, dy: u32| {
            let (cx, cy) = (x * 2 + dx, y * 2 + dy);
            if self.grid.holds(z + 1, cx, cy) { self.draw(z + 1, cx, cy).map(Some) } else { Ok(None) }
        };
        let ((nw, ne), (sw, se)) = rayon::join(
            || rayon::join(|| child(0, 0), || child(1, 0)),
            || rayon::join(|| child(0, 1), || child(1, 1)),
        );
        let mut rgb = vec![0; TILE * TILE * 3];
        let mut truths = Vec::new();
        for (k, part) in [nw?, ne?, sw?, se?].into_iter().enumerate() {
            if let Some((pixels, below)) = part {
                halve(&pixels, &mut rgb, (k % 2) * TILE / 2, (k / 2) * TILE / 2);
                truths.extend(below);
            }
        }
        Ok((rgb, truths))
    }
}

/// Averages two by two pixels of a tile into the quarter of another that starts at (left, top).
fn halve(from: &[u8], to: &mut [u8], left: usize, top: usize) {
    let half = TILE / 2;
    for y in 0..half {
        for x in 0..half {
            for c in 0..3 {
                let at = |dx: usize, dy: usize| u32::from(from[((y * 2 + dy) * TILE + x * 2 + dx) * 3 + c]);
                let sum = at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1);
                to[((top + y) * TILE + left + x) * 3 + c] = ((sum + 2) / 4) as u8;
            }
        }
    }
}
