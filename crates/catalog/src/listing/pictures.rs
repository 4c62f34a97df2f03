//! A page of the listing of pictures that are no tiles, with their thumbnails.

use super::{FileColumns, ListedFile, check_rows};
use crate::CatalogError;
use crate::columns::{Columns, ColumnsWriter};
use crate::path::check_path;

const MAGIC: &[u8; 8] = b"CRSPICT1";
const KIND: &str = "listing";
const ORIGINAL: FileColumns = FileColumns { bytes: "bytes", folder: "folder", digest: "digest" };
const THUMBNAILS: [FileColumns; 4] = [
    FileColumns { bytes: "thumbnail_0_bytes", folder: "thumbnail_0_folder", digest: "thumbnail_0_digest" },
    FileColumns { bytes: "thumbnail_1_bytes", folder: "thumbnail_1_folder", digest: "thumbnail_1_digest" },
    FileColumns { bytes: "thumbnail_2_bytes", folder: "thumbnail_2_folder", digest: "thumbnail_2_digest" },
    FileColumns { bytes: "thumbnail_3_bytes", folder: "thumbnail_3_folder", digest: "thumbnail_3_digest" },
];

/// A picture of the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPicture {
    /// File name below the pictures' folder, such as `2024/img 7.jpg`.
    pub name: String,
    /// Width of the upright picture, pixels.
    pub width: u32,
    /// Height of the upright picture, pixels.
    pub height: u32,
    /// The picture as it was given, unless the catalog was made without originals.
    pub original: Option<ListedFile>,
    /// The thumbnails in the order of the catalog's sizes; none where the picture is not larger than that.
    pub thumbnails: Vec<Option<ListedFile>>,
}

/// A page of pictures, by name.
///
/// The file `listing.<hash>.bin` of a catalog of pictures has the magic `CRSPICT1` and
/// [columns](crate#files-of-columns), a row a picture, at most [65,536 rows](crate::MAX_PAGE_ROWS), ordered by the bytes of
/// their names through all pages. No name is there twice.
///
/// | column | what |
/// |---|---|
/// | `names` | texts, as many as rows |
/// | `width`, `height` | numbers: pixels of the upright picture |
/// | `bytes`, `folder`, `digest` | as in a [listing of tiles](crate::TileListing); bytes 0: the catalog has no original of it. Without `bytes` it has none at all |
/// | `thumbnail_<n>_bytes`, `_folder`, `_digest` | the same for the thumbnail of the n-th of `thumbnails` in `catalog.json`, from 0 to at most 3; bytes 0: none, as the picture is not larger than that |
///
/// The picture is `<folder>/original/<name>`, a thumbnail `<folder>/<edge>/<name>.jpg`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PictureListing {
    pictures: Vec<ListedPicture>,
}

impl PictureListing {
    /// Most thumbnails of a picture.
    pub const MAX_THUMBNAILS: usize = THUMBNAILS.len();

    /// A page of these pictures, which are sorted here; no name may be there twice, and all have as many thumbnails.
    pub fn new(mut pictures: Vec<ListedPicture>) -> Result<Self, CatalogError> {
        check_rows(KIND, pictures.len())?;
        pictures.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        pictures.iter().try_for_each(|picture| check_path(&picture.name))?;
        if let Some(pair) = pictures.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(wrong(&format!("picture {} is there twice", pair[0].name)));
        }
        let sizes = pictures.first().map_or(0, |first| first.thumbnails.len());
        if sizes > Self::MAX_THUMBNAILS || pictures.iter().any(|picture| picture.thumbnails.len() != sizes) {
            return Err(wrong("pictures of different numbers of thumbnails, or of more than 4"));
        }
        Ok(Self { pictures })
    }

    /// The picture called `name`, if it is on this page.
    pub fn get(&self, name: &str) -> Option<&ListedPicture> {
        let found = self.pictures.binary_search_by(|picture| picture.name.as_str().cmp(name));
        self.pictures.get(found.ok()?)
    }

    /// All pictures in order.
    pub fn iter(&self) -> std::slice::Iter<'_, ListedPicture> {
        self.pictures.iter()
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// The content of `listing.<hash>.bin`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let mut writer = ColumnsWriter::new(self.pictures.len());
        writer.texts("names", self.pictures.iter().map(|picture| picture.name.as_str()))?;
        writer.numbers("width", self.pictures.iter().map(|picture| picture.width));
        writer.numbers("height", self.pictures.iter().map(|picture| picture.height));
        let originals: Vec<_> = self.pictures.iter().map(|picture| picture.original).collect();
        ORIGINAL.write(&mut writer, &originals);
        let sizes = self.pictures.first().map_or(0, |first| first.thumbnails.len());
        for (size, columns) in THUMBNAILS.iter().enumerate().take(sizes) {
            let files: Vec<_> =
                self.pictures.iter().map(|picture| picture.thumbnails.get(size).copied().flatten()).collect();
            columns.write(&mut writer, &files);
        }
        writer.finish(MAGIC)
    }

    /// Reads the content of a listing of pictures; any other bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let columns = Columns::read(KIND, MAGIC, bytes)?;
        check_rows(KIND, columns.rows())?;
        let names = columns.texts("names")?;
        if names.len() != columns.rows() {
            return Err(wrong("not as many names as rows"));
        }
        let (widths, heights) = (columns.numbers("width")?, columns.numbers("height")?);
        let originals = ORIGINAL.read(&columns)?;
        let mut sizes = Vec::new();
        for file in &THUMBNAILS {
            let files = file.read(&columns)?;
            if files.is_empty() {
                break;
            }
            sizes.push(files);
        }
        let picture = |(row, name): (usize, &str)| ListedPicture {
            name: name.to_owned(),
            width: widths[row],
            height: heights[row],
            original: originals.get(row).copied().flatten(),
            thumbnails: sizes.iter().map(|files| files[row]).collect(),
        };
        let pictures: Vec<ListedPicture> = names.iter().enumerate().map(picture).collect();
        if !pictures.is_sorted_by(|a, b| a.name < b.name) {
            return Err(wrong("its names are not in order"));
        }
        pictures
            .iter()
            .try_for_each(|picture| check_path(&picture.name))
            .map_err(|error| error.named(KIND))?;
        Ok(Self { pictures })
    }
}

fn wrong(why: &str) -> CatalogError {
    CatalogError::content(KIND, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Result<PictureListing, CatalogError> {
        let file = |text: &str| ListedFile::of(text.as_bytes(), 0);
        PictureListing::new(vec![
            ListedPicture {
                name: "b (1).jpg".into(),
                width: 4000,
                height: 3000,
                original: file("original"),
                thumbnails: vec![file("small"), file("large")],
            },
            ListedPicture {
                name: "a/été.png".into(),
                width: 100,
                height: 50,
                original: None,
                thumbnails: vec![file("tiny"), None],
            },
        ])
    }

    #[test]
    fn a_listing_of_pictures_survives_a_round_trip_and_finds_them() -> Result<(), CatalogError> {
        let read = PictureListing::from_bytes(&listing()?.to_bytes()?)?;
        assert_eq!(read, listing()?);
        assert_eq!(read.get("a/été.png").map(|picture| (picture.width, picture.original)), Some((100, None)));
        assert_eq!(read.get("c.jpg"), None);
        Ok(())
    }

    #[test]
    fn names_that_leave_the_folder_or_are_there_twice_are_refused() -> Result<(), CatalogError> {
        let first = listing()?.iter().next().cloned().expect("a picture");
        assert!(PictureListing::new(vec![first.clone(), first.clone()]).is_err());
        for name in ["../a.jpg", "/a.jpg", "a//b", "a/../b", ".", "", "a\\b", "a\0", "C:a", "a%2fb", "a/.b"] {
            let picture = ListedPicture { name: name.into(), ..first.clone() };
            assert!(PictureListing::new(vec![picture]).is_err(), "{name:?}");
        }
        Ok(())
    }

    #[test]
    fn damaged_listings_of_pictures_never_panic() -> Result<(), CatalogError> {
        let bytes = listing()?.to_bytes()?;
        for at in 0..bytes.len() {
            assert!(PictureListing::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
            for value in 0..=255 {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let _either = PictureListing::from_bytes(&damaged);
            }
        }
        Ok(())
    }
}
