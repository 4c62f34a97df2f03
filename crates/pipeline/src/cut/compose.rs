//! Windows are put together from the tiles that they lie on; the source is not touched.

use std::sync::Arc;

use clip_rs_catalog::{Digest, Digester, TileId, TileSquare};
use clip_rs_imagery::decode::Picture;
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, Rgb, RgbImage};

use super::squares::{LEAST_COVER, ancestor};
use super::tiles::{Tile, Tiles};

/// Longer windows are put together at a fraction of their size, pixels: no encoder looks closer.
const MOST_PIXELS: u32 = 1024;

/// A window with the tiles that it lies on.
pub struct Window {
    square: TileSquare,
    /// Zooms from the searched tiles to those that the square is made of.
    deeper: u8,
    /// Row by row; none where there is no tile.
    cells: Vec<Option<Cell>>,
}

/// One tile of a square, or the part of a searched tile that it is.
struct Cell {
    tile: Arc<Tile>,
    /// Column and row in the searched tile, in 2^deeper parts of its side.
    part: (u32, u32),
}

impl Window {
    /// The window `square`; tiles that cannot be read are as if they were not there.
    pub fn new(square: TileSquare, tiles: &Tiles<'_>, round: u64) -> Self {
        let zoom = tiles.pyramid().zoom();
        let deeper = square.tile().z().saturating_sub(zoom);
        let cell = |id: TileId| {
            let parts = (1_u32 << deeper) - 1;
            let tile = tiles.get(ancestor(id, zoom), round)?.ok()?;
            Some(Cell { tile, part: (id.x() & parts, id.y() & parts) })
        };
        Self { square, deeper, cells: square.tiles().map(cell).collect() }
    }

    /// What the window is kept under: its tiles' digests, and how they are put together.
    pub fn key(&self) -> Digest {
        let mut key = Digester::default();
        key.update(b"window 1");
        key.update(&[self.square.span(), self.deeper]);
        for cell in &self.cells {
            match cell {
                Some(Cell { tile, part: (x, y) }) => {
                    key.update(tile.digest.as_bytes());
                    key.update(&[*x as u8, *y as u8]);
                }
                None => key.update(&[0; 34]),
            }
        }
        key.finish()
    }

    /// The pixels, from tiles of `edge` pixels; none if less than half of it is covered by what tiles show.
    pub fn picture(&self, tiles: &Tiles<'_>, edge: u32) -> Option<Picture> {
        let span = u32::from(self.square.span());
        let whole = (edge >> self.deeper).max(1);
        let cell_edge = (whole / (span * whole).div_ceil(MOST_PIXELS)).max(1);
        let side = span * cell_edge;
        let mut canvas = Canvas { rgb: RgbImage::new(side, side), shown: GrayImage::new(side, side) };
        for (at, cell) in (0..).zip(&self.cells) {
            let Some(Cell { tile, part }) = cell else { continue };
            let Ok(picture) = tile.picture(tiles.decoder) else { continue };
            canvas.paint(
                (at % span * cell_edge, at / span * cell_edge),
                cell_edge,
                &picture,
                *part,
                self.deeper,
            );
        }
        canvas.finish()
    }
}

/// A window as far as it is painted.
struct Canvas {
    rgb: RgbImage,
    shown: GrayImage,
}

impl Canvas {
    /// Paints a part of `picture`, one of 2^deeper a side, as a square of `edge` pixels at `to`.
    fn paint(&mut self, to: (u32, u32), edge: u32, picture: &Picture, part: (u32, u32), deeper: u8) {
        let (width, height) = (picture.rgb.width(), picture.rgb.height());
        let cut = |at: u32, length: u32| ((u64::from(at) * u64::from(length)) >> deeper) as u32;
        let (left, top) = (cut(part.0, width), cut(part.1, height));
        let across = (cut(part.0 + 1, width) - left).max(1).min(width - left.min(width));
        let down = (cut(part.1 + 1, height) - top).max(1).min(height - top.min(height));
        if across == 0 || down == 0 {
            return;
        }
        let scaled = (across, down) != (edge, edge);
        let rgb = imageops::crop_imm(&picture.rgb, left, top, across, down);
        let at = (i64::from(to.0), i64::from(to.1));
        if scaled {
            let rgb = imageops::resize(&*rgb, edge, edge, FilterType::Triangle);
            imageops::replace(&mut self.rgb, &rgb, at.0, at.1);
        } else {
            imageops::replace(&mut self.rgb, &*rgb, at.0, at.1);
        }
        let shown = match &picture.shown {
            None => GrayImage::from_pixel(edge, edge, Luma([255])),
            Some(shown) => {
                let shown = imageops::crop_imm(shown, left, top, across, down);
                imageops::resize(&*shown, edge, edge, FilterType::Nearest)
            }
        };
        imageops::replace(&mut self.shown, &shown, at.0, at.1);
    }

    /// The picture, with the mean colour of what is shown where nothing is.
    fn finish(mut self) -> Option<Picture> {
        let (mut count, mut sums) = (0_u64, [0_u64; 3]);
        for (Rgb(levels), _) in self.rgb.pixels().zip(self.shown.iter()).filter(|(_, shown)| **shown != 0) {
            count += 1;
            levels.iter().zip(&mut sums).for_each(|(level, sum)| *sum += u64::from(*level));
        }
        let all = self.shown.len() as u64;
        if count == 0 || (count as f64) < LEAST_COVER * all as f64 {
            return None;
        }
        let mean = Rgb(sums.map(|sum| ((sum + count / 2) / count) as u8));
        for (pixel, _) in self.rgb.pixels_mut().zip(self.shown.iter()).filter(|(_, shown)| **shown == 0) {
            *pixel = mean;
        }
        let shown = (count < all).then_some(self.shown);
        Some(Picture { rgb: self.rgb, shown, reduced_by: 1, notes: Vec::new() })
    }
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
