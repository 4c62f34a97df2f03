//! The imagery of a catalog as one PMTiles archive.

use std::io;
use std::path::Path;

use clip_rs_catalog::{ImageKind, ListedTile};
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};
use pmtiles::{PmTilesWriter, PmtError, TileCoord, TileId, TileType};
use serde_json::json;

use super::Exported;
use crate::catalog::{Catalog, ListingPage};

/// Writes every tile of the map, each checked before.
pub(super) fn write(catalog: &Catalog, out: &Path) -> Result<Exported, StageError> {
    let manifest = &catalog.manifest;
    let set = manifest.tiles.as_ref().ok_or_else(|| {
        StageError::Request("this catalog has pictures and no tiles: take another format".to_owned())
    })?;
    let mut tiles: Vec<(u64, ListedTile)> = Vec::with_capacity(set.count);
    for page in manifest.listing() {
        if let ListingPage::Tiles(page) = catalog.listing_page(&page.file)? {
            for listed in page.iter() {
                let coord = TileCoord::new(listed.tile.z(), listed.tile.x(), listed.tile.y());
                tiles
                    .push((TileId::from(coord.map_err(StageError::engine(out.display()))?).value(), *listed));
            }
        }
    }
    tiles.sort_by_key(|(position, _)| *position);
    let kind = match set.kinds.as_slice() {
        [ImageKind::Jpeg] => TileType::Jpeg,
        [ImageKind::Png] => TileType::Png,
        [ImageKind::Webp] => TileType::Webp,
        [ImageKind::Avif] => TileType::Avif,
        _ => TileType::Unknown,
    };
    let about = json!({
        "name": manifest.title,
        "attribution": manifest.attribution,
        "licence": manifest.licence,
        "type": "baselayer",
    });
    let mut writer =
        PmTilesWriter::new(kind).min_zoom(set.minzoom).max_zoom(set.maxzoom).metadata(about.to_string());
    if let Some(bounds) = manifest.bounds {
        let centre = bounds.centre();
        writer = writer
            .bounds(bounds.west(), bounds.south(), bounds.east(), bounds.north())
            .center(centre.lng(), centre.lat())
            .center_zoom(set.minzoom);
    }
    let progress = Progress::start("Writing tiles", tiles.len());
    let mut failed = None;
    let written = files::write_durably_with(out, |file| {
        let mut writer = writer.create(&mut *file).map_err(of_pmtiles)?;
        for (_, listed) in &tiles {
            let bytes = read(catalog, listed).map_err(|error| {
                failed = Some(error);
                io::Error::other("a tile could not be read")
            })?;
            let coord =
                TileCoord::new(listed.tile.z(), listed.tile.x(), listed.tile.y()).map_err(of_pmtiles)?;
            writer.add_tile(coord, &bytes).map_err(of_pmtiles)?;
            progress.advance(1);
        }
        writer.finalize().map_err(of_pmtiles)
    });
    progress.finish();
    match failed {
        Some(error) => Err(error),
        None => written.map(|_| Exported { count: tiles.len(), without_place: 0 }),
    }
}

fn read(catalog: &Catalog, listed: &ListedTile) -> Result<Vec<u8>, StageError> {
    let set = catalog.manifest.tiles.as_ref();
    let path = set.and_then(|set| set.path(listed.tile, listed.kind, &listed.file));
    let path = path.ok_or_else(|| StageError::Request(format!("tile {} lies in no folder", listed.tile)))?;
    let bytes = catalog.raw(&path).map_err(StageError::io("read", &path))?;
    listed.file.check(&path, &bytes)?;
    Ok(bytes)
}

fn of_pmtiles(error: PmtError) -> io::Error {
    io::Error::other(error)
}
