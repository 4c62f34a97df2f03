//! The imagery of a catalog as one PMTiles archive.

use std::path::Path;

use clip_rs_catalog::ListedTile;
use clip_rs_imagery::pmtiles_archive::{self, Described, position};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;
use serde_json::json;

use super::Exported;
use crate::catalog::{Catalog, ListingPage};

/// Writes every tile of the map, each checked before.
pub(super) fn write(catalog: &Catalog, out: &Path) -> Result<Exported, StageError> {
    let manifest = &catalog.manifest;
    let set = manifest.tiles.as_ref().ok_or_else(|| {
        StageError::Request("this catalog has pictures and no tiles: take another format".to_owned())
    })?;
    let mut tiles: Vec<ListedTile> = Vec::with_capacity(set.count);
    for page in manifest.listing() {
        if let ListingPage::Tiles(page) = catalog.listing_page(&page.file)? {
            tiles.extend(page.iter().copied());
        }
    }
    tiles.sort_by_cached_key(|listed| position(listed.tile));
    let described = Described {
        kind: match set.kinds.as_slice() {
            [kind] => Some(kind.extension()),
            _ => None,
        },
        zooms: (set.minzoom, set.maxzoom),
        bounds: manifest.bounds,
        about: json!({
            "name": manifest.title,
            "attribution": manifest.attribution,
            "licence": manifest.licence,
            "type": "baselayer",
        }),
    };
    let progress = Progress::start("Writing tiles", tiles.len());
    pmtiles_archive::write(out, described, |archive| {
        tiles.iter().try_for_each(|listed| {
            archive.add(listed.tile, &read(catalog, listed)?)?;
            progress.advance(1);
            Ok::<_, StageError>(())
        })
    })?;
    progress.finish();
    Ok(Exported { count: tiles.len(), without_place: 0 })
}

fn read(catalog: &Catalog, listed: &ListedTile) -> Result<Vec<u8>, StageError> {
    let set = catalog.manifest.tiles.as_ref();
    let path = set.and_then(|set| set.path(listed.tile, listed.kind, &listed.file));
    let path = path.ok_or_else(|| StageError::Request(format!("tile {} lies in no folder", listed.tile)))?;
    let bytes = catalog.raw(&path).map_err(StageError::io("read", &path))?;
    listed.file.check(&path, &bytes)?;
    Ok(bytes)
}
