//! Where a catalog's pictures lie: from an item or a tile to its path in the catalog and its key in the listing.

use clip_rs_catalog::{Manifest, TileId};

/// How paths of pictures are made in one catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct PicturePaths {
    /// Folder of the pictures, relative to `catalog.json`, with its slash.
    folder: String,
    /// What follows the folder, with `{z}`, `{x}`, `{y}` or `{name}` in it.
    pattern: String,
}

impl PicturePaths {
    /// The paths of this catalog's tiles or pictures.
    pub fn of(manifest: &Manifest) -> Option<Self> {
        let tiles = manifest.tiles.as_ref().map(|tiles| &tiles.url);
        let url = tiles.or_else(|| manifest.pictures.as_ref().map(|pictures| &pictures.url))?;
        // The folder is named by its listing's hash and holds no slash; what follows is what the listing lists.
        let (folder, pattern) = url.split_once('/')?;
        Some(Self { folder: format!("{folder}/"), pattern: pattern.to_owned() })
    }

    /// The listing's key of an item: its id is `z/x/y` in a catalog of tiles, else a picture's name.
    pub fn key_of_item(&self, id: &str) -> Option<String> {
        if self.pattern.contains("{name}") {
            return Some(self.pattern.replace("{name}", id));
        }
        id.parse().ok().map(|tile| self.key_of_tile(tile))
    }

    /// The listing's key of a map tile.
    pub fn key_of_tile(&self, tile: TileId) -> String {
        let filled = self.pattern.replace("{z}", &tile.z().to_string());
        filled.replace("{x}", &tile.x().to_string()).replace("{y}", &tile.y().to_string())
    }

    /// Path relative to `catalog.json`, as people read it in messages.
    pub fn path(&self, key: &str) -> String {
        format!("{}{key}", self.folder)
    }

    /// The same as part of a URL: a picture's name may hold characters that mean something there.
    pub fn url_path(&self, key: &str) -> String {
        let encode = |part: &str| percent_encoding::utf8_percent_encode(part, UNSAFE).to_string();
        self.path(key).split('/').map(encode).collect::<Vec<_>>().join("/")
    }
}

const UNSAFE: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(url: &str) -> PicturePaths {
        let (folder, pattern) = url.split_once('/').expect("a folder");
        PicturePaths { folder: format!("{folder}/"), pattern: pattern.to_owned() }
    }

    #[test]
    fn a_tile_is_found_by_its_numbers() {
        let paths = paths("tiles-0f/{z}/{x}/{y}.jpg");
        assert_eq!(paths.key_of_item("17/37500/50140").as_deref(), Some("17/37500/50140.jpg"));
        assert_eq!(paths.path("17/37500/50140.jpg"), "tiles-0f/17/37500/50140.jpg");
        assert_eq!(paths.key_of_item("17/../../etc"), None, "an id from a link is no path");
        assert_eq!(paths.key_of_item("no tile"), None);
    }

    #[test]
    fn a_picture_is_found_by_its_name_whatever_is_in_it() {
        let paths = paths("pictures-0f/{name}");
        assert_eq!(paths.key_of_item("a (1), b+c.png").as_deref(), Some("a (1), b+c.png"));
        assert_eq!(paths.url_path("a (1), b+c.png"), "pictures-0f/a%20%281%29%2C%20b%2Bc.png");
        assert_eq!(paths.url_path("sub/ä.png"), "pictures-0f/sub/%C3%A4.png");
    }
}
