//! The listing: path, length and digest of every tile or picture, so that each can be checked on its own.
//!
//! File: the magic `CRSLIST1`, then a postcard list of (path, bytes, digest), sorted by path. The digest is
//! the first 16 bytes of the SHA-256: enough against damage, and half the size where thousands are listed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::manifest::plain_path;
use crate::{CatalogError, Digest, Fault};

const MAGIC: &[u8; 8] = b"CRSLIST1";

/// Length and digest of one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    bytes: u32,
    digest: [u8; 16],
}

impl ListedFile {
    /// The entry for `content`; none if it is 4 GiB or longer.
    pub fn of(content: &[u8]) -> Option<Self> {
        Some(Self { bytes: u32::try_from(content.len()).ok()?, digest: short_digest(content) })
    }

    /// Length in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.bytes)
    }

    /// Checks length and digest of `content`, the picture at `path`, which the error names.
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

fn short_digest(content: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&Digest::of(content).as_bytes()[..16]);
    short
}

/// All pictures of a catalog by their path below the tiles' or pictures' folder (`17/37487/50141.jpg`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    files: BTreeMap<String, ListedFile>,
}

impl Listing {
    /// Adds or replaces a picture.
    pub fn insert(&mut self, path: &str, file: ListedFile) -> Result<(), CatalogError> {
        plain_path(path)?;
        self.files.insert(path.to_owned(), file);
        Ok(())
    }

    /// The picture at `path`.
    pub fn get(&self, path: &str) -> Option<&ListedFile> {
        self.files.get(path)
    }

    /// All pictures in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ListedFile)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Length of all pictures together, bytes.
    pub fn total_bytes(&self) -> u64 {
        self.files.values().map(ListedFile::bytes).sum()
    }

    /// The content of `listing.<hash>.bin`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let rows: Vec<(&str, &ListedFile)> = self.iter().collect();
        postcard::to_extend(&rows, MAGIC.to_vec()).map_err(|error| wrong(&error.to_string()))
    }

    /// Reads the content of a listing file; any other bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let body = bytes.strip_prefix(MAGIC).ok_or_else(|| CatalogError::File {
            name: "listing".into(),
            fault: Fault::Magic { expected: "listing" },
        })?;
        let (rows, rest): (Vec<(String, ListedFile)>, _) =
            postcard::take_from_bytes(body).map_err(|error| wrong(&error.to_string()))?;
        if !rest.is_empty() || !rows.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(wrong("its paths are not in order, or something follows them"));
        }
        let mut listing = Self::default();
        for (path, file) in rows {
            listing.insert(&path, file).map_err(|error| error.named("listing"))?;
        }
        Ok(listing)
    }
}

fn wrong(why: &str) -> CatalogError {
    CatalogError::content("listing", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Result<Listing, CatalogError> {
        let mut listing = Listing::default();
        for (path, content) in [("17/2/3.jpg", "c"), ("17/1/2.jpg", "bb"), ("overview of it (1).png", "")] {
            listing.insert(path, ListedFile::of(content.as_bytes()).expect("short"))?;
        }
        Ok(listing)
    }

    #[test]
    fn a_listing_survives_a_round_trip_and_checks_pictures() -> Result<(), CatalogError> {
        let read = Listing::from_bytes(&listing()?.to_bytes()?)?;
        assert_eq!(read, listing()?);
        assert_eq!((read.len(), read.total_bytes()), (3, 3));
        let tile = read.get("17/1/2.jpg").expect("listed");
        assert_eq!(tile.check("17/1/2.jpg", b"bb"), Ok(()));
        for damaged in [&b"bc"[..], b"b", b""] {
            let error = tile.check("17/1/2.jpg", damaged).expect_err("damaged");
            assert!(error.to_string().starts_with("17/1/2.jpg:"), "{error}");
        }
        Ok(())
    }

    #[test]
    fn paths_that_leave_the_folder_are_refused() {
        for path in ["../a.jpg", "/a.jpg", "a//b", "a/../b", ".", "", "a\\b", "a\0", "C:a", "a%2fb", "a/.b"] {
            let file = ListedFile::of(b"").expect("short");
            assert!(Listing::default().insert(path, file).is_err(), "{path:?}");
        }
    }

    #[test]
    fn damaged_listings_never_panic() -> Result<(), CatalogError> {
        let bytes = listing()?.to_bytes()?;
        for at in 0..bytes.len() {
            assert!(Listing::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
            for value in [0, 0x7f, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let _either = Listing::from_bytes(&damaged);
            }
        }
        Ok(())
    }
}
