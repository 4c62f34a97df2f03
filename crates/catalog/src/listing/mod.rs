//! Listings: which tiles and pictures a catalog has, with length and digest of each file, so that each can be checked on
//! its own. They come in pages; `catalog.json` says what each page begins with.

mod pictures;
mod tiles;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::columns::{Columns, ColumnsWriter};
use crate::{CatalogError, Digest, Fault};

pub use pictures::{ListedPicture, PictureListing};
pub use tiles::{ListedTile, TileListing};

/// Most rows of a page of a listing or of details; a reader refuses more.
pub const MAX_PAGE_ROWS: usize = 65_536;
/// Bytes of a digest in a listing: enough against damage, and half the size where thousands are listed.
const DIGEST_BYTES: usize = 16;

/// How a picture is encoded, and so the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ImageKind {
    /// JPEG, `.jpg`.
    Jpeg,
    /// PNG, `.png`.
    Png,
    /// WebP, `.webp`.
    Webp,
    /// AVIF, `.avif`.
    Avif,
}

impl ImageKind {
    /// Every kind, in the order of the numbers that listings use.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::Webp, Self::Avif];

    /// The ending of file names, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Avif => "avif",
        }
    }

    /// The media type (IANA).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
        }
    }
}

impl fmt::Display for ImageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

impl FromStr for ImageKind {
    type Err = CatalogError;

    /// Reads an ending in any case; `jpeg` is `jpg`.
    fn from_str(text: &str) -> Result<Self, CatalogError> {
        let lower = text.to_ascii_lowercase();
        let ending = if lower == "jpeg" { "jpg" } else { lower.as_str() };
        Self::ALL.into_iter().find(|kind| kind.extension() == ending).ok_or_else(|| {
            CatalogError::value(
                "kind of picture",
                text.chars().take(80).collect::<String>(),
                "jpg, png, webp or avif",
            )
        })
    }
}

impl TryFrom<String> for ImageKind {
    type Error = CatalogError;

    fn try_from(text: String) -> Result<Self, CatalogError> {
        text.parse()
    }
}

impl From<ImageKind> for String {
    fn from(kind: ImageKind) -> Self {
        kind.extension().to_owned()
    }
}

/// Folder, length and digest of one file of a tile or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListedFile {
    folder: u16,
    bytes: u32,
    digest: [u8; DIGEST_BYTES],
}

impl ListedFile {
    /// The entry for `content` in the folder with this number (see [`crate::TileSet::folders`]); none if it is empty, or
    /// 4 GiB or longer.
    pub fn of(content: &[u8], folder: u16) -> Option<Self> {
        let bytes = u32::try_from(content.len()).ok().filter(|bytes| *bytes > 0)?;
        Some(Self { folder, bytes, digest: short_digest(content) })
    }

    /// Number of the folder that it lies in.
    pub fn folder(&self) -> u16 {
        self.folder
    }

    /// The same file in another folder.
    #[must_use]
    pub fn in_folder(self, folder: u16) -> Self {
        Self { folder, ..self }
    }

    /// Length in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.bytes)
    }

    /// The first 16 bytes of the content's SHA-256.
    pub fn digest(&self) -> &[u8; DIGEST_BYTES] {
        &self.digest
    }

    /// Checks length and digest of `content`, the file at `path`, which the error names.
    pub fn check(&self, path: &str, content: &[u8]) -> Result<(), CatalogError> {
        if content.len() as u64 != self.bytes() {
            let fault = Fault::Length { expected: self.bytes(), found: content.len() as u64 };
            return Err(CatalogError::File { name: path.to_owned(), fault });
        }
        if short_digest(content) != self.digest {
            return Err(CatalogError::content(path, "content does not match its digest in the listing"));
        }
        Ok(())
    }
}

fn short_digest(content: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut short = [0; DIGEST_BYTES];
    short.copy_from_slice(&Digest::of(content).as_bytes()[..DIGEST_BYTES]);
    short
}

/// Names of the three columns of one file of each row.
struct FileColumns {
    bytes: &'static str,
    folder: &'static str,
    digest: &'static str,
}

impl FileColumns {
    /// Writes them; an absent file has a length of 0.
    fn write(&self, writer: &mut ColumnsWriter, files: &[Option<ListedFile>]) {
        writer.numbers(self.bytes, files.iter().map(|file| file.map_or(0, |file| file.bytes)));
        let folders: Vec<u32> =
            files.iter().map(|file| file.map_or(0, |file| u32::from(file.folder))).collect();
        writer.numbers_unless(self.folder, 0, &folders);
        let digests = files.iter().flat_map(|file| file.map_or([0; DIGEST_BYTES], |file| file.digest));
        writer.bytes(self.digest, digests.collect());
    }

    /// Reads them; empty if there are no such columns.
    fn read(&self, columns: &Columns<'_>) -> Result<Vec<Option<ListedFile>>, CatalogError> {
        let lengths = columns.numbers_or_none(self.bytes)?;
        if lengths.is_empty() {
            return Ok(Vec::new());
        }
        let folders = columns.numbers_or_none(self.folder)?;
        let digests = columns.bytes::<DIGEST_BYTES>(self.digest)?;
        let file = |(row, bytes): (usize, u32)| {
            let folder = u16::try_from(folders.get(row).copied().unwrap_or(0));
            let folder =
                folder.map_err(|_| CatalogError::content("listing", "a folder's number is too large"))?;
            Ok((bytes > 0).then_some(ListedFile { folder, bytes, digest: digests[row] }))
        };
        lengths.into_iter().enumerate().map(file).collect()
    }
}

/// Refuses pages of more rows than a page may have.
fn check_rows(kind: &str, rows: usize) -> Result<(), CatalogError> {
    if rows > MAX_PAGE_ROWS {
        return Err(CatalogError::content(
            kind,
            format!("{rows} rows, at most {MAX_PAGE_ROWS} are possible"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_file_checks_its_content_and_names_it() {
        let file = ListedFile::of(b"bb", 3).expect("short");
        assert_eq!((file.folder(), file.bytes(), file.check("17/1/2.jpg", b"bb")), (3, 2, Ok(())));
        for damaged in [&b"bc"[..], b"b", b""] {
            let error = file.check("17/1/2.jpg", damaged).expect_err("damaged");
            assert!(error.to_string().starts_with("17/1/2.jpg:"), "{error}");
        }
        assert_eq!(ListedFile::of(b"", 0), None);
    }

    #[test]
    fn kinds_of_pictures_are_known_by_their_endings() {
        for (text, kind) in
            [("JPEG", "jpg"), ("jpg", "jpg"), ("Png", "png"), ("webp", "webp"), ("avif", "avif")]
        {
            assert_eq!(text.parse::<ImageKind>().map(|kind| kind.to_string()), Ok(kind.to_owned()));
        }
        assert!("tif".parse::<ImageKind>().is_err());
    }
}
