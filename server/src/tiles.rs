//! One address for every tile of a catalog, whichever folder it lies in and whatever kind of picture it is.
//!
//! The app reads the listing itself. Map programs know one address with `{z}`, `{x}` and `{y}` only: where tiles have
//! no such address, it is `tiles/{z}/{x}/{y}`, and the listing says here which file is meant.

use std::{fs, sync::Arc};

use clip_rs_catalog::{CatalogError, Manifest, TileId, TileListing, TileSet};
use quick_cache::{Weighter, sync::Cache};

use crate::folder::Folder;

/// Where every tile has its address, relative to the catalog.
const FOLDER: &str = "tiles/";

/// Bytes of all pages of listings that are kept, at most.
const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// Bytes that a tile takes in a page, at most.
const TILE_BYTES: u64 = 64;
/// How many pages there may be; only to begin with the right size.
const TYPICAL_NUMBER: usize = 16;

/// Pages of listings, by their names. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct TileFinder {
    pages: Arc<Cache<String, Arc<TileListing>, Weight>>,
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<String, Arc<TileListing>> for Weight {
    fn weight(&self, _: &String, page: &Arc<TileListing>) -> u64 {
        page.len() as u64 * TILE_BYTES
    }
}

/// Why a tile that has an address has no file.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{name} cannot be read: {error}")]
    Read { name: String, error: std::io::Error },
    #[error(transparent)]
    Content(#[from] CatalogError),
}

/// The address of all tiles relative to the catalog: that of their files if they lie in one folder and are of one
/// kind, so that any host can hand them out.
pub(crate) fn template(tiles: &TileSet) -> String {
    match (tiles.folders.as_slice(), tiles.kinds.as_slice()) {
        ([folder], [kind]) => format!("{folder}/{{z}}/{{x}}/{{y}}.{kind}"),
        _ => format!("{FOLDER}{{z}}/{{x}}/{{y}}"),
    }
}

/// The tile that has the address `name`, a path relative to the catalog.
pub(crate) fn addressed(name: &str) -> Option<TileId> {
    name.strip_prefix(FOLDER)?.parse().ok()
}

impl TileFinder {
    /// No page yet.
    pub(crate) fn new() -> Self {
        Self { pages: Arc::new(Cache::with_weighter(TYPICAL_NUMBER, MAX_BYTES, Weight)) }
    }

    /// The path of the file of `tile`, relative to the catalog in `folder` that `manifest` describes; none, with a line
    /// in the log, when the listing cannot be read. Blocks.
    pub(crate) fn path_of(&self, tile: TileId, folder: &Folder, manifest: &Manifest) -> Option<String> {
        let tiles = manifest.tiles.as_ref()?;
        let name = &tiles.page_of(tile)?.file;
        let page = self.pages.get_or_insert_with(name, || read(name, folder, manifest).map(Arc::new));
        let page = page.inspect_err(|error| tracing::error!(%error, "no usable listing")).ok()?;
        let listed = page.get(tile)?;
        tiles.path(listed.tile, listed.kind, &listed.file)
    }
}

fn read(name: &str, folder: &Folder, manifest: &Manifest) -> Result<TileListing, Unusable> {
    let unreadable = |error| Unusable::Read { name: name.to_owned(), error };
    let bytes = fs::read(folder.path_of(name)).map_err(unreadable)?;
    manifest.file(name)?.check(&bytes)?;
    Ok(TileListing::from_bytes(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_tile() {
        assert_eq!(addressed("tiles/17/1/2").map(|tile| tile.to_string()).as_deref(), Some("17/1/2"));
        for other in
            ["tiles/17/1/2.jpg", "tiles/17/1", "tiles-0123456789abcdef/17/1/2", "tiles/x/1/2", "tiles/"]
        {
            assert_eq!(addressed(other), None, "{other}");
        }
    }
}
