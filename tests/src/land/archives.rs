//! A land as an archive of tiles: MBTiles and PMTiles.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result};
use clip_rs_catalog::TileId;
use image::ImageFormat;
use pmtiles::{PmTilesWriter, TileCoord, TileType};
use rusqlite::{Connection, params};

use super::Pyramid;

/// The tables of MBTiles 1.3.
const TABLES: &str = "CREATE TABLE metadata (name TEXT, value TEXT);
    CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);
    CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);";

impl Pyramid {
    fn encode(&self, tile: TileId, format: ImageFormat) -> Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        self.draw(tile).write_to(&mut bytes, format)?;
        Ok(bytes.into_inner())
    }

    /// Writes tiles into an MBTiles database, as PNG, with rows from the south as its specification counts them.
    pub fn write_mbtiles(&self, path: &Path, tiles: &[TileId]) -> Result<()> {
        let mut database =
            Connection::open(path).with_context(|| format!("making the database {}", path.display()))?;
        let transaction = database.transaction()?;
        transaction.execute_batch(TABLES)?;
        for (name, value) in [("name", "A land"), ("format", "png")] {
            transaction.execute("INSERT INTO metadata VALUES (?1, ?2)", params![name, value])?;
        }
        for tile in tiles {
            let row = (1_u32 << tile.z()) - 1 - tile.y();
            let picture = self.encode(*tile, ImageFormat::Png)?;
            transaction.execute(
                "INSERT INTO tiles VALUES (?1, ?2, ?3, ?4)",
                params![tile.z(), tile.x(), row, picture],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Writes tiles into a PMTiles archive, as JPEG.
    pub fn write_pmtiles(&self, path: &Path, tiles: &[TileId]) -> Result<()> {
        let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
        let mut writer = PmTilesWriter::new(TileType::Jpeg)
            .metadata(r#"{"name": "A land", "attribution": "Nobody"}"#)
            .create(file)?;
        let mut placed: Vec<_> = tiles
            .iter()
            .map(|tile| Ok((pmtiles::TileId::from(TileCoord::new(tile.z(), tile.x(), tile.y())?), *tile)))
            .collect::<Result<_>>()?;
        // The order of an archive that is read by ranges.
        placed.sort_by_key(|(id, _)| *id);
        for (id, tile) in placed {
            writer.add_tile(TileCoord::from(id), &self.encode(tile, ImageFormat::Jpeg)?)?;
        }
        writer.finalize()?;
        Ok(())
    }
}
