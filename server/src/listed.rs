//! Which names a catalog's manifest lists: those of its files, of its tiles and of its pictures.
//!
//! Each of them holds a digest, by the format, so that other content has another name.

use std::collections::HashSet;

use clip_rs_catalog::{CatalogError, Manifest, PictureSet, TileId, TileSet};

/// A manifest, ready to be asked about names.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) manifest: Manifest,
    files: HashSet<String>,
}

impl Listed {
    /// Reads `catalog.json`.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, CatalogError> {
        let manifest = Manifest::from_json(json)?;
        let files = manifest.files.iter().map(|file| file.name.clone()).collect();
        Ok(Self { manifest, files })
    }

    /// Whether `name`, a path relative to the catalog, is one that the manifest lists.
    pub(crate) fn names(&self, name: &str) -> bool {
        let Some((folder, below)) = name.split_once('/') else { return self.files.contains(name) };
        let is_in = |folders: &[String]| folders.iter().any(|one| one == folder);
        let Manifest { tiles, pictures, .. } = &self.manifest;
        tiles.as_ref().is_some_and(|tiles| is_in(&tiles.folders) && is_tile(tiles, below))
            || pictures
                .as_ref()
                .is_some_and(|pictures| is_in(&pictures.folders) && is_picture(pictures, below))
    }
}

/// Whether `name` is one of a tile: `z/x/y.kind`.
fn is_tile(tiles: &TileSet, name: &str) -> bool {
    let Some((tile, kind)) = name.rsplit_once('.') else { return false };
    let is_deep = |tile: TileId| (tiles.minzoom..=tiles.maxzoom).contains(&tile.z());
    tile.parse().is_ok_and(is_deep) && tiles.kinds.iter().any(|one| one.extension() == kind)
}

/// Whether `name` is one of a picture, `original/name`, or of a thumbnail, `edge/name.jpg`.
fn is_picture(pictures: &PictureSet, name: &str) -> bool {
    let is_size = |size: &str| pictures.thumbnails.iter().any(|edge| edge.to_string() == size);
    match name.split_once('/') {
        Some(("original", _)) => true,
        Some((size, name)) => is_size(size) && name.ends_with(".jpg"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::ImageKind;

    use super::*;

    #[test]
    fn names_of_tiles_and_pictures_are_told_from_others() {
        let tiles = TileSet {
            folders: vec!["tiles-0123456789abcdef".into()],
            kinds: vec![ImageKind::Jpeg, ImageKind::Png],
            minzoom: 11,
            maxzoom: 17,
            zoom: 17,
            tile_size: 256,
            count: 1,
            listing: Vec::new(),
        };
        assert!(is_tile(&tiles, "17/1/2.jpg") && is_tile(&tiles, "11/1/2.png"));
        for other in
            ["17/1/2.webp", "17/1/2", "10/1/2.jpg", "17/1/notes.jpg", "17/1/3/2.jpg", "17/1/2.jpg.bak", ""]
        {
            assert!(!is_tile(&tiles, other), "{other}");
        }
        let pictures = PictureSet {
            folders: vec!["pictures-0123456789abcdef".into()],
            thumbnails: vec![160, 640],
            count: 1,
            listing: Vec::new(),
        };
        assert!(is_picture(&pictures, "original/a/é.tif") && is_picture(&pictures, "160/a/é.tif.jpg"));
        for other in ["notes.txt", "161/a.jpg", "160/a.png", ""] {
            assert!(!is_picture(&pictures, other), "{other}");
        }
    }
}
