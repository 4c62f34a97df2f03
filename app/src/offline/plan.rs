//! Which files of a catalog a part of it is made of.

use clip_rs_catalog::{
    CatalogError, Digest, FileRef, ListedFile, ListedTile, Manifest, PictureListing, TileListing,
};

use crate::protocol::offline::Part;

/// Most files that are kept of a catalog: browsers grow slow with more.
pub(super) const MAX_FILES: usize = 400_000;

/// A file to keep.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// Its path relative to `catalog.json`.
    pub path: String,
    /// What it must be.
    pub content: Content,
}

/// What a file must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// As `catalog.json` says.
    File(FileRef),
    /// As the listing says.
    Picture(ListedFile),
}

impl Wanted {
    /// A file beside `catalog.json`.
    pub fn of(file: &FileRef) -> Self {
        Self { path: file.name.clone(), content: Content::File(file.clone()) }
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        match &self.content {
            Content::File(file) => file.bytes,
            Content::Picture(listed) => listed.bytes(),
        }
    }

    /// Checks its content.
    pub fn check(&self, bytes: &[u8]) -> Result<(), CatalogError> {
        match &self.content {
            Content::File(file) => file.check(bytes),
            Content::Picture(listed) => listed.check(&self.path, bytes),
        }
    }

    /// Checks its content by its digest.
    pub fn check_digest(&self, bytes: u64, digest: Digest) -> Result<(), CatalogError> {
        match &self.content {
            Content::File(file) => file.check_length(bytes).and_then(|()| file.check_digest(digest)),
            Content::Picture(_) => Err(CatalogError::content(&self.path, "a picture too large to be one")),
        }
    }
}

/// The files beside `catalog.json`: all of them, as they are what is searched.
pub(super) fn files(manifest: &Manifest) -> Vec<Wanted> {
    manifest.files.iter().map(Wanted::of).collect()
}

/// The pictures of `part` that a page of the listing names. A photograph as it was taken is left out where the catalog has a
/// smaller one of it.
pub(super) fn pictures(manifest: &Manifest, page: &[u8], part: &Part) -> Result<Vec<Wanted>, CatalogError> {
    let wanted = |path: String, listed: &ListedFile| Wanted { path, content: Content::Picture(*listed) };
    let mut found = Vec::new();
    if let Some(tiles) = &manifest.tiles {
        for listed in TileListing::from_bytes(page)?.iter().filter(|listed| holds(part, listed)) {
            let path = tiles.path(listed.tile, listed.kind, &listed.file);
            found.extend(path.map(|path| wanted(path, &listed.file)));
        }
    } else if let Some(pictures) = &manifest.pictures {
        for listed in PictureListing::from_bytes(page)?.iter() {
            for (size, thumbnail) in listed.thumbnails.iter().enumerate() {
                let Some(file) = thumbnail else { continue };
                let path = pictures.thumbnail_path(&listed.name, size, file);
                found.extend(path.map(|path| wanted(path, file)));
            }
            let is_largest = listed.thumbnails.iter().any(Option::is_none) || listed.thumbnails.is_empty();
            if let Some(file) = listed.original.as_ref().filter(|_| is_largest) {
                let path = pictures.original_path(&listed.name, file);
                found.extend(path.map(|path| wanted(path, file)));
            }
        }
    }
    Ok(found)
}

fn holds(part: &Part, listed: &ListedTile) -> bool {
    let zoom = listed.tile.z();
    part.zooms.is_none_or(|(from, to)| (from..=to).contains(&zoom))
        && part.area.is_none_or(|area| area.intersects(&listed.tile.bounds()))
}
