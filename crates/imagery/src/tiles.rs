//! A folder pyramid of map tiles: `{z}/{x}/{y}.jpg` in XYZ numbering.

use std::path::Path;

use clip_rs_catalog::{ItemId, TileId};

use super::{About, Picture, picture_extension};
use clip_rs_stage::{StageError, files};

/// All tiles of a folder.
#[derive(Debug, Clone)]
pub struct Pyramid {
    /// The tiles; those of the deepest zoom are items, in quadkey order and before the others.
    pub pictures: Vec<Picture>,
    /// Shallowest zoom with tiles.
    pub min_zoom: u8,
    /// Deepest zoom with tiles.
    pub max_zoom: u8,
    /// Extension that all tiles share, such as `jpg`.
    pub extension: String,
    /// What the folder says of itself, when it is a sample area.
    pub about: About,
    /// Files that are no tiles; they are left out.
    pub strangers: Vec<String>,
}

/// Lists the tiles of `folder`, which is a pyramid or a sample area with its pyramid in `tiles/`.
pub fn read_tiles(folder: &Path) -> Result<Pyramid, StageError> {
    let (about, pyramid) = match About::read(folder)? {
        Some(about) => (about, folder.join("tiles")),
        None => {
            // `canonicalize` gives `tiles` or `.` a parent to look into.
            let whole = folder.canonicalize().map_err(StageError::io("read the folder", folder))?;
            let beside = whole.parent().map(About::read).transpose()?.flatten();
            (beside.unwrap_or_default(), folder.to_owned())
        }
    };
    let mut tiles = Vec::new();
    let mut strangers = Vec::new();
    for (path, source) in files::walk(&pyramid)? {
        match tile_of(&path, &source) {
            Some((tile, extension)) => tiles.push((tile, extension, source)),
            None => strangers.push(path),
        }
    }
    let Some((_, extension, _)) = tiles.first().cloned() else {
        return Err(StageError::content(&pyramid, "no tiles named {z}/{x}/{y}.jpg (or png, webp)"));
    };
    if let Some((_, other, source)) = tiles.iter().find(|(_, other, _)| *other != extension) {
        let why =
            format!("the tiles must all be of one kind, and there are .{extension} ones beside .{other}");
        return Err(StageError::content(source, why));
    }
    let zooms = || tiles.iter().map(|(tile, _, _)| tile.z());
    let (min_zoom, max_zoom) = (zooms().min().unwrap_or(0), zooms().max().unwrap_or(0));
    tiles.sort_by_key(|(tile, _, _)| (std::cmp::Reverse(tile.z()), tile.quadkey()));
    let pictures = tiles.into_iter().map(|(tile, extension, source)| Picture {
        source,
        listed: format!("{tile}.{extension}"),
        item: (tile.z() == max_zoom).then(|| ItemId::from(tile)),
    });
    Ok(Pyramid { pictures: pictures.collect(), min_zoom, max_zoom, extension, about, strangers })
}

fn tile_of(path: &str, source: &Path) -> Option<(TileId, String)> {
    let extension = picture_extension(source)?;
    let (stem, _) = path.rsplit_once('.')?;
    let tile: TileId = stem.parse().ok()?;
    // `007` is no second name for tile 7.
    (tile.to_string() == stem).then_some((tile, extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pyramid(names: &[&str]) -> (tempfile::TempDir, Result<Pyramid, StageError>) {
        let folder = tempfile::tempdir().expect("temporary folder");
        for name in names {
            let path = folder.path().join("area/tiles").join(name);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            std::fs::write(path, b"").expect("write");
        }
        let read = read_tiles(&folder.path().join("area/tiles"));
        (folder, read)
    }

    #[test]
    fn the_deepest_tiles_are_items_in_quadkey_order_and_strangers_are_left_out() -> Result<(), StageError> {
        let names =
            ["3/0/0.JPG", "3/1/0.jpg", "3/0/1.jpg", "3/2/0.jpg", "2/0/0.jpg", "3/08/0.jpg", "index.html"];
        let (_folder, read) = pyramid(&names);
        let read = read?;
        let listed: Vec<&str> = read.pictures.iter().map(|picture| picture.listed.as_str()).collect();
        assert_eq!(listed, ["3/0/0.jpg", "3/1/0.jpg", "3/0/1.jpg", "3/2/0.jpg", "2/0/0.jpg"]);
        assert_eq!(read.pictures.iter().filter(|picture| picture.item.is_some()).count(), 4);
        assert_eq!((read.min_zoom, read.max_zoom), (2, 3));
        assert_eq!(read.strangers, ["3/08/0.jpg", "index.html"]);
        assert_eq!(read.about, About::default());
        Ok(())
    }

    #[test]
    fn a_sample_area_is_known_from_itself_and_from_its_tiles_folder() -> Result<(), StageError> {
        let (folder, _) = pyramid(&["3/0/0.jpg"]);
        let area = folder.path().join("area");
        let text = r#"{"title":"Oak County","synthetic":true,"seed":4,"attribution":"generated","zoom":17}"#;
        std::fs::write(area.join("sample.json"), text).expect("write");
        std::fs::write(area.join("addresses.csv"), "").expect("write");
        for given in [area.clone(), area.join("tiles")] {
            let about = read_tiles(&given)?.about;
            assert!(about.synthetic && about.addresses.is_some());
            assert_eq!(about.title.as_deref(), Some("Oak County"));
        }
        Ok(())
    }

    #[test]
    fn a_folder_without_tiles_or_with_mixed_ones_is_refused() {
        let (_folder, read) = pyramid(&["readme.txt"]);
        assert!(read.expect_err("no tiles").to_string().contains("no tiles named"));
        let (_folder, read) = pyramid(&["3/0/0.jpg", "3/0/1.png"]);
        assert!(read.expect_err("mixed").to_string().contains("one kind"));
        assert!(read_tiles(Path::new("/nowhere/at/all")).is_err());
    }
}
