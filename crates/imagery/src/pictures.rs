//! A plain folder of pictures, with folders inside it if need be.

use std::collections::HashSet;
use std::path::Path;

use clip_rs_catalog::{Digest, ItemId};

use super::{Picture, picture_extension};
use clip_rs_stage::{StageError, files};

/// Lists the pictures of `folder`, sorted by path. Names that a catalog cannot hold are made fit; each
/// picture's path as it was is given beside it, for looking up its position.
pub fn read_pictures(folder: &Path) -> Result<Vec<(Picture, String)>, StageError> {
    let mut taken = HashSet::new();
    let mut pictures = Vec::new();
    for (path, source) in files::walk(folder)? {
        if picture_extension(&source).is_none() {
            continue;
        }
        let mut listed = fit(&path);
        if !taken.insert(listed.to_lowercase()) {
            listed = format!("{}-{listed}", Digest::of(path.as_bytes()).short());
            taken.insert(listed.to_lowercase());
        }
        let item = Some(ItemId::picture(listed.clone()));
        pictures.push((Picture { source, listed, item }, path));
    }
    if pictures.is_empty() {
        return Err(StageError::content(folder, "no pictures (jpg, png or webp)"));
    }
    Ok(pictures)
}

/// The path with `_` for everything that a catalog's names cannot hold, and long parts cut.
fn fit(path: &str) -> String {
    let part = |part: &str| {
        let plain = |c: char| if c.is_alphanumeric() || "-_.() +,".contains(c) { c } else { '_' };
        let (stem, extension) = part.rsplit_once('.').unwrap_or((part, ""));
        let stem: String = stem.chars().take(80).map(plain).collect();
        let extension: String = extension.chars().map(plain).collect();
        let whole = if extension.is_empty() { stem } else { format!("{stem}.{extension}") };
        let ends = whole.ends_with(['.', ' ']);
        if ends { format!("{whole}_") } else { whole }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_becomes_one_that_a_catalog_can_hold() -> Result<(), StageError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let names =
            ["a&b.jpg", "a#b.jpg", "A_b.JPG", "München (2).png", "sub/100 %.webp", "x .jpg", "notes.txt"];
        std::fs::create_dir(folder.path().join("sub")).expect("folder");
        let long = format!("{}.jpg", "n".repeat(200));
        for name in names.into_iter().chain([long.as_str()]) {
            std::fs::write(folder.path().join(name), b"").expect("write");
        }
        let pictures = read_pictures(folder.path())?;
        assert_eq!(pictures.len(), 7);
        let mut listing = HashSet::new();
        for (picture, original) in &pictures {
            listing.insert(picture.listed.as_str());
            assert!(folder.path().join(original).is_file());
        }
        assert_eq!(listing.len(), 7, "no two pictures share a name: {listing:?}");
        assert!(listing.contains("München (2).png") && listing.contains("sub/100 _.webp"));
        Ok(())
    }

    #[test]
    fn a_folder_without_pictures_is_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        assert!(read_pictures(folder.path()).expect_err("empty").to_string().contains("no pictures"));
    }
}
