//! Writes a PMTiles archive, whole or not there: where it is asked for, as the reader needs none of it.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use clip_rs_catalog::{Bounds, TileId};
use clip_rs_stage::{StageError, files};
use pmtiles::{PmTilesStreamWriter, PmTilesWriter, PmtError, TileCoord, TileId as Position, TileType};

/// A tile's place in an archive: along Hilbert's curve, one zoom after the other.
pub fn position(tile: TileId) -> u64 {
    // Every tile of ours has one.
    TileCoord::new(tile.z(), tile.x(), tile.y()).map_or(u64::MAX, |coord| Position::from(coord).value())
}

/// The tile at a place; none where there is no such place, or no such zoom of ours.
pub fn tile_at(position: u64) -> Option<TileId> {
    let coord = TileCoord::from(Position::new(position).ok()?);
    TileId::new(coord.z(), coord.x(), coord.y()).ok()
}

/// What an archive says of its tiles.
pub struct Described {
    /// Extension of all or most pictures, such as `jpg`; none where that is not known, or differs.
    pub kind: Option<&'static str>,
    /// Shallowest and deepest zoom.
    pub zooms: (u8, u8),
    /// Ground that they cover.
    pub bounds: Option<Bounds>,
    /// TileJSON's words: name, attribution and the like.
    pub about: serde_json::Value,
}

/// An archive that is being written.
pub struct Tiles<'a> {
    writer: PmTilesStreamWriter<&'a mut BufWriter<File>>,
    out: &'a Path,
}

impl Tiles<'_> {
    /// Adds a tile. In the order of [`position`] the archive is read fastest.
    pub fn add(&mut self, tile: TileId, bytes: &[u8]) -> Result<(), StageError> {
        let coord = TileCoord::new(tile.z(), tile.x(), tile.y());
        let added = coord.and_then(|coord| self.writer.add_tile(coord, bytes));
        added.map_err(|error| StageError::io("write", self.out)(refused(error)))
    }
}

/// Writes the archive `out` with the tiles that `fill` adds; where it fails there is none, and its error is returned.
pub fn write<T, E: From<StageError>>(
    out: &Path,
    described: Described,
    fill: impl FnOnce(&mut Tiles<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let kind = match described.kind {
        Some("jpg") => TileType::Jpeg,
        Some("png") => TileType::Png,
        Some("webp") => TileType::Webp,
        Some("avif") => TileType::Avif,
        _ => TileType::Unknown,
    };
    let (least, most) = described.zooms;
    let mut writer =
        PmTilesWriter::new(kind).min_zoom(least).max_zoom(most).metadata(described.about.to_string());
    if let Some(bounds) = described.bounds {
        let centre = bounds.centre();
        writer = writer
            .bounds(bounds.west(), bounds.south(), bounds.east(), bounds.north())
            .center(centre.lng(), centre.lat())
            .center_zoom(least);
    }
    let mut filled = None;
    let written = files::write_durably_with(out, |file| {
        let mut tiles = Tiles { writer: writer.create(file).map_err(refused)?, out };
        if filled.insert(fill(&mut tiles)).is_err() {
            return Err(io::Error::other("it was not filled"));
        }
        tiles.writer.finalize().map_err(refused)
    });
    match (filled, written) {
        (Some(Err(error)), _) => Err(error),
        (Some(Ok(filled)), Ok(_)) => Ok(filled),
        (_, Err(error)) => Err(error.into()),
        // The file was written, so it was filled.
        (None, Ok(_)) => Err(StageError::content(out, "nothing was written").into()),
    }
}

fn refused(error: PmtError) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tile_has_a_place_of_its_own_and_is_found_there() {
        for tile in [(0, 0, 0), (1, 1, 0), (17, 37_305, 50_193), (TileId::MAX_ZOOM, 1, 2)] {
            let tile = TileId::new(tile.0, tile.1, tile.2).expect("a tile");
            assert_eq!(tile_at(position(tile)), Some(tile));
        }
        assert_eq!(tile_at(u64::MAX), None);
    }

    #[test]
    fn an_archive_that_cannot_be_filled_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("a.pmtiles");
        let described =
            || Described { kind: Some("jpg"), zooms: (0, 1), bounds: None, about: serde_json::json!({}) };
        let failed = write(&out, described(), |_| Err::<(), _>(StageError::Request("no more".into())));
        assert_eq!(failed.expect_err("not filled").to_string(), "no more");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        let tile = TileId::new(0, 0, 0).expect("a tile");
        write(&out, described(), |tiles| tiles.add(tile, b"a picture")).expect("an archive");
        assert!(out.exists());
    }
}
