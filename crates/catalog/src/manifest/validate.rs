//! Whether what `catalog.json` says holds together.

use super::{FileRef, Manifest, Page, PictureSet, Shard, TileSet, malformed};
use crate::path::check_path;
use crate::{CatalogError, MAX_PAGE_ROWS, PictureListing, TileId};

/// Digits of a hash in a name.
const HASH_DIGITS: usize = 16;

impl Manifest {
    /// Refuses what cannot be a catalog's [`id`](Manifest::id).
    pub fn check_id(id: &str) -> Result<(), CatalogError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
            return Err(malformed("the id is not 1 to 64 ASCII letters, digits, - or _"));
        }
        Ok(())
    }

    pub(super) fn validate(&self) -> Result<(), CatalogError> {
        Self::check_id(&self.id)?;
        match (&self.tiles, &self.pictures) {
            (Some(tiles), None) => tiles.validate()?,
            (None, Some(pictures)) => pictures.validate()?,
            _ => return Err(malformed("it must have either tiles or pictures")),
        }
        if !(1..=8192).contains(&self.model.embed_dim) {
            return Err(malformed("its embedding dimension is not 1 to 8192"));
        }
        if self.captured.is_some_and(|[first, last]| first > last) {
            return Err(malformed("its last day of capture is before its first"));
        }
        self.files.iter().try_for_each(FileRef::validate)?;
        self.shards.iter().try_for_each(|shard| shard.validate(self.model.embed_dim))?;
        let model = &self.model;
        let of_model = [&model.config, &model.text, &model.image, &model.tokenizer];
        let of_shards = self
            .shards
            .iter()
            .flat_map(|shard| [&shard.index, &shard.items].into_iter().chain(&shard.details));
        let of_cells = self
            .cells
            .iter()
            .flat_map(|cells| [&cells.centroids, &cells.cells].into_iter().chain(&cells.overview));
        let of_listing = self.listing().iter().map(|page| &page.file);
        if let Some(file) = self.files.twice() {
            return Err(malformed(&format!("it names the file {:?} twice", file.name)));
        }
        of_model
            .into_iter()
            .chain(of_shards)
            .chain(of_cells)
            .chain(of_listing)
            .try_for_each(|name| self.file(name).map(drop))
    }
}

impl TileSet {
    fn validate(&self) -> Result<(), CatalogError> {
        check_folders(&self.folders, "tiles")?;
        let in_order = self.minzoom <= self.zoom && self.zoom <= self.maxzoom;
        if !in_order || self.maxzoom > TileId::MAX_ZOOM {
            return Err(malformed("its zooms are not in order, or deeper than 24"));
        }
        if !Self::TILE_SIZES.contains(&self.tile_size) {
            return Err(malformed("its tile size is not 64 to 4096 pixels"));
        }
        if self.kinds.is_empty() {
            return Err(malformed("it says no kind of tiles"));
        }
        let first = |page: &Page| page.first.parse::<TileId>().map(TileId::order);
        let firsts = self.listing.iter().map(first).collect::<Result<Vec<_>, _>>()?;
        check_pages(firsts.is_sorted_by(|a, b| a < b), firsts.len())
    }
}

impl PictureSet {
    fn validate(&self) -> Result<(), CatalogError> {
        check_folders(&self.folders, "pictures")?;
        let sizes = &self.thumbnails;
        if sizes.len() > PictureListing::MAX_THUMBNAILS
            || !sizes.is_sorted_by(|a, b| a < b)
            || sizes.iter().any(|edge| !(16..=4096).contains(edge))
        {
            return Err(malformed("its thumbnails are not at most 4 ascending sizes of 16 to 4096 pixels"));
        }
        check_pages(self.listing.is_sorted_by(|a, b| a.first < b.first), self.listing.len())
    }
}

impl Shard {
    fn validate(&self, dim: usize) -> Result<(), CatalogError> {
        if self.centroid.len() != dim || self.centroid.iter().any(|v| !v.is_finite()) {
            return Err(malformed("a shard's centroid does not fit the model"));
        }
        let fits = (1..=MAX_PAGE_ROWS).contains(&self.page_rows)
            && self.count.div_ceil(self.page_rows) == self.details.len();
        fits.then_some(()).ok_or_else(|| malformed("a shard's pages of details do not hold its items"))
    }
}

impl FileRef {
    /// The name is plain, and the hash in it is the digest's.
    fn validate(&self) -> Result<(), CatalogError> {
        check_path(&self.name)?;
        let hash = self.name.split('.').nth(1).unwrap_or_default();
        if self.name.contains('/') || hash != self.sha256.short() {
            return Err(malformed(&format!(
                "the name {:?} does not carry the digest of its file",
                self.name
            )));
        }
        Ok(())
    }
}

/// Each folder is `<stem>-<hash>`, and there are as many as a listing can number.
fn check_folders(folders: &[String], stem: &str) -> Result<(), CatalogError> {
    let hash = |hash: &str| {
        hash.len() == HASH_DIGITS
            && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let plain =
        |name: &String| name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-')).is_some_and(hash);
    if folders.is_empty() || folders.len() > usize::from(u16::MAX) || !folders.iter().all(plain) {
        return Err(malformed(&format!("its folders are not called {stem}-<16 hexadecimal digits>")));
    }
    Ok(())
}

fn check_pages(in_order: bool, count: usize) -> Result<(), CatalogError> {
    if in_order && count > 0 {
        Ok(())
    } else {
        Err(malformed("the pages of its listing are not in order, or none"))
    }
}
