//! PMTiles version 3: tiles in one file that is read by ranges. The crate `pmtiles` reads the directories.

mod ranges;
#[cfg(feature = "write-pmtiles")]
pub mod write;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clip_rs_catalog::TileId;
use futures::StreamExt as _;
use futures::executor::block_on;
use pmtiles::{AsyncPmTilesReader, HashMapCache, PmtError, TileCoord, TileType};
use serde::Deserialize;

use self::ranges::Ranges;
pub(crate) use self::ranges::ReadAt;
use crate::{About, Entry, EntryId, ImageryError, Inventory, Source, sampling};

/// The most tiles that are listed; a run in a crafted directory may claim thousands of millions.
const MOST_TILES: usize = 100_000_000;

/// An archive of tiles.
pub(crate) struct PmTiles {
    path: PathBuf,
    reader: Arc<AsyncPmTilesReader<Ranges, HashMapCache>>,
    inventory: Inventory,
}

impl PmTiles {
    /// Finds the tiles of the archive at `path`.
    pub fn open(path: &Path) -> Result<Self, ImageryError> {
        Self::of(path, Box::new(File::open(path).map_err(ImageryError::io("read", path))?))
    }

    /// Finds the tiles of an archive that is called `path`.
    pub fn of(path: &Path, archive: Box<dyn ReadAt>) -> Result<Self, ImageryError> {
        let refused = |error: PmtError| {
            ImageryError::source(path, format!("cannot be read as PMTiles version 3: {error}"))
        };
        let backend = Ranges::new(archive).map_err(|error| refused(PmtError::Reading(error)))?;
        let reader = block_on(AsyncPmTilesReader::try_from_cached_source(backend, HashMapCache::default()))
            .map_err(refused)?;
        let kind = match reader.get_header().tile_type {
            TileType::Mvt | TileType::Mlt => {
                let why = "vector tiles show nothing by themselves: render them to pictures first";
                return Err(ImageryError::source(path, why));
            }
            TileType::Jpeg => Some("jpg"),
            TileType::Png => Some("png"),
            TileType::Webp => Some("webp"),
            TileType::Avif => Some("avif"),
            TileType::Unknown => None,
        };
        let mut inventory = Inventory::default();
        about(&reader, &mut inventory);
        let reader = Arc::new(reader);
        list(&reader, path, &mut inventory)?;
        let mut source = Self { path: path.to_owned(), reader, inventory };
        let (seen, sizes) = sampling::look(&source);
        if let (Some(kind), Some(seen)) = (kind, seen)
            && kind != seen
        {
            source
                .inventory
                .notes
                .push(format!("the archive says that its tiles are {kind}, but they are {seen}"));
        }
        let count = source.inventory.entries.len();
        source.inventory.kinds.insert(format!(".{}", seen.or(kind).unwrap_or("unknown")), count);
        sampling::note_edge(&mut source.inventory, sizes.into_iter());
        Ok(source)
    }
}

/// Fills in the entries; those of a run have the same bytes.
fn list(
    reader: &Arc<AsyncPmTilesReader<Ranges, HashMapCache>>,
    path: &Path,
    inventory: &mut Inventory,
) -> Result<(), ImageryError> {
    let mut entries = Arc::clone(reader).entries();
    while let Some(entry) = block_on(entries.next()) {
        let entry = entry.map_err(|error| {
            ImageryError::source(path, format!("its directory is damaged or cut off: {error}"))
        })?;
        for id in entry.iter_coords() {
            let coord = TileCoord::from(id);
            match TileId::new(coord.z(), coord.x(), coord.y()) {
                Ok(tile) => inventory.entries.push(Entry::new(EntryId::Tile(tile), 0)),
                Err(error) => inventory.skip(format!("{}/{}/{}", coord.z(), coord.x(), coord.y()), error),
            }
            if inventory.entries.len() + inventory.skipped.len() > MOST_TILES {
                return Err(ImageryError::source(path, format!("has more than {MOST_TILES} tiles")));
            }
        }
    }
    inventory.sort();
    Ok(())
}

/// What the archive's metadata says of the imagery.
fn about(reader: &AsyncPmTilesReader<Ranges, HashMapCache>, inventory: &mut Inventory) {
    #[derive(Deserialize)]
    struct Keys {
        name: Option<String>,
        attribution: Option<String>,
        #[serde(alias = "license")]
        licence: Option<String>,
        // Ours is a text; others may mean something else by it.
        source: Option<serde_json::Value>,
    }
    let read = block_on(reader.get_metadata()).map_err(|error| error.to_string());
    match read.and_then(|text| serde_json::from_str::<Keys>(&text).map_err(|error| error.to_string())) {
        Ok(Keys { name, attribution, licence, source }) => {
            let service = source.and_then(|source| Some(source.as_str()?.to_owned()));
            inventory.about = About { title: name, attribution, licence, service, ..About::default() };
        }
        Err(error) => inventory.notes.push(format!("the archive's metadata cannot be read: {error}")),
    }
}

impl Source for PmTiles {
    fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let wrong = |why: &dyn std::fmt::Display| ImageryError::entry(&self.path, &entry.id, why);
        let tile = entry.id.tile().ok_or_else(|| wrong(&"it is no tile"))?;
        let coord = TileCoord::new(tile.z(), tile.x(), tile.y()).map_err(|error| wrong(&error))?;
        match block_on(self.reader.get_tile_decompressed(coord)) {
            Ok(Some(bytes)) => Ok(bytes.to_vec()),
            Ok(None) => Err(wrong(&"it is not in the archive")),
            Err(error) => Err(wrong(&error)),
        }
    }
}
