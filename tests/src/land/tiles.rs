//! A land as folders of tiles, of any size, kind and numbering.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clip_rs_catalog::{ImageKind, TileId};
use image::RgbImage;

use super::Land;

/// From where rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// From the north, as in XYZ schemes.
    North,
    /// From the south, as in TMS.
    South,
}

/// How a land's tiles are written.
#[derive(Debug, Clone, Copy)]
pub struct Pyramid {
    /// What they show.
    pub land: Land,
    /// Edge of a tile in pixels.
    pub edge: u32,
    /// How rows are numbered.
    pub rows: Rows,
    /// What stands behind the number of a row, before the dot, such as `@2x`.
    pub suffix: &'static str,
}

impl Pyramid {
    /// Tiles of 256 pixels with rows from the north.
    pub fn of(land: Land) -> Self {
        Self { land, edge: 256, rows: Rows::North, suffix: "" }
    }

    /// The picture of a tile.
    pub fn draw(&self, tile: TileId) -> RgbImage {
        let n = f64::from(1_u32 << tile.z());
        let at =
            |tile: u32, pixel: u32| (f64::from(tile) + (f64::from(pixel) + 0.5) / f64::from(self.edge)) / n;
        RgbImage::from_fn(self.edge, self.edge, |x, y| self.land.pixel(at(tile.x(), x), at(tile.y(), y)))
    }

    /// Writes a tile below `folder`; returns where.
    pub fn write(&self, folder: &Path, tile: TileId, kind: ImageKind) -> Result<PathBuf> {
        let row = match self.rows {
            Rows::North => tile.y(),
            Rows::South => (1_u32 << tile.z()) - 1 - tile.y(),
        };
        let column = folder.join(format!("{}/{}", tile.z(), tile.x()));
        fs::create_dir_all(&column)?;
        let path = column.join(format!("{row}{}.{kind}", self.suffix));
        self.draw(tile).save(&path).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// Writes `width` x `height` tiles from `first` on, as JPEG; columns go on at 0 beyond the antimeridian.
    pub fn write_block(&self, folder: &Path, first: TileId, width: u32, height: u32) -> Result<()> {
        for (column, row) in (0..width).flat_map(|column| (0..height).map(move |row| (column, row))) {
            let tile = first.neighbour(column, row).context("a tile below the pyramid")?;
            self.write(folder, tile, ImageKind::Jpeg)?;
        }
        Ok(())
    }
}
