//! What `catalog.json` says of the imagery: where its tiles or pictures lie, and which pages list them.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{ImageKind, ListedFile, TileId};

/// The pyramid of map tiles, in the terms of TileJSON 3.0. The file of a tile is `<folder>/<z>/<x>/<y>.<kind>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TileSet {
    /// The folders that tiles lie in, `tiles-<hash>`, oldest first; the listing has their numbers.
    pub folders: Vec<String>,
    /// Every kind of picture that occurs, the most frequent first.
    pub kinds: Vec<ImageKind>,
    /// Shallowest zoom with tiles.
    pub minzoom: u8,
    /// Deepest zoom with tiles.
    pub maxzoom: u8,
    /// The zoom whose tiles cover the area, and which items are cut from.
    pub zoom: u8,
    /// Edge of a tile in pixels, one of [`TileSet::TILE_SIZES`].
    pub tile_size: u32,
    /// Number of tiles of all zooms.
    pub count: usize,
    /// Pages of the listing; `first` is a tile, `z/x/y`.
    pub listing: Vec<Page>,
}

impl TileSet {
    /// Edges that tiles can have, pixels.
    pub const TILE_SIZES: RangeInclusive<u32> = 64..=4096;
}

/// Pictures that are no tiles. A picture's file is `<folder>/original/<name>`, its thumbnail
/// `<folder>/<edge>/<name>.jpg`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureSet {
    /// The folders that pictures lie in, `pictures-<hash>`, oldest first; the listing has their numbers.
    pub folders: Vec<String>,
    /// Longer edge of each size of thumbnail, pixels, ascending.
    pub thumbnails: Vec<u32>,
    /// Number of pictures.
    pub count: usize,
    /// Pages of the listing; `first` is a picture's name.
    pub listing: Vec<Page>,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// What the page begins with.
    pub first: String,
    /// Name of the file.
    pub file: String,
}

impl TileSet {
    /// The page on which `tile` is, if it is anywhere.
    pub fn page_of(&self, tile: TileId) -> Option<&Page> {
        let begins =
            |page: &Page| page.first.parse::<TileId>().is_ok_and(|first| first.order() <= tile.order());
        last_that(&self.listing, begins)
    }

    /// Path of the file of a tile, relative to `catalog.json`; none if there is no such folder.
    pub fn path(&self, tile: TileId, kind: ImageKind, file: &ListedFile) -> Option<String> {
        let folder = self.folders.get(usize::from(file.folder()))?;
        Some(format!("{folder}/{tile}.{kind}"))
    }
}

impl PictureSet {
    /// The page on which the picture called `name` is, if it is anywhere.
    pub fn page_of(&self, name: &str) -> Option<&Page> {
        last_that(&self.listing, |page| page.first.as_str() <= name)
    }

    /// Path of a picture as it was given, relative to `catalog.json`; none if there is no such folder.
    pub fn original_path(&self, name: &str, file: &ListedFile) -> Option<String> {
        let folder = self.folders.get(usize::from(file.folder()))?;
        Some(format!("{folder}/original/{name}"))
    }

    /// Path of a picture's thumbnail of the size with this number, relative to `catalog.json`; none if there is no
    /// such size or folder.
    pub fn thumbnail_path(&self, name: &str, size: usize, file: &ListedFile) -> Option<String> {
        let (folder, edge) = (self.folders.get(usize::from(file.folder()))?, self.thumbnails.get(size)?);
        Some(format!("{folder}/{edge}/{name}.jpg"))
    }
}

/// The last page for which `begins` holds; it holds for the first ones and no others.
fn last_that(pages: &[Page], begins: impl FnMut(&Page) -> bool) -> Option<&Page> {
    pages.get(pages.partition_point(begins).checked_sub(1)?)
}
