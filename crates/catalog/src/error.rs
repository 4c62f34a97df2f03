//! What can be wrong with a catalog: every error names the file or the value it is about.

use crate::Digest;

/// A file or a value of a catalog that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CatalogError {
    /// Bytes that do not match what `catalog.json` or the listing says of them.
    #[error("{name}: {fault}")]
    File {
        /// Path of the file relative to the catalog folder.
        name: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A value outside its range.
    #[error("{what} is {found}, expected {expected}")]
    Value {
        /// What was looked at, such as `tile zoom`.
        what: &'static str,
        /// The value as it was found.
        found: String,
        /// The range or form it should have.
        expected: &'static str,
    },
}

/// What is wrong with one file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Not as long as promised (bytes).
    #[error("{found} bytes long, expected {expected}")]
    Length {
        /// Bytes promised.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// Not the content promised.
    #[error("content does not match its SHA-256 (expected {expected}, found {found})")]
    Digest {
        /// Digest promised.
        expected: Digest,
        /// Digest of what was found.
        found: Digest,
    },
    /// The first eight bytes name another kind or version of file.
    #[error("no {expected} file of this version")]
    Magic {
        /// The kind of file that was expected.
        expected: &'static str,
    },
    /// No file of a catalog at all: some hosts answer with a page for whatever they do not have.
    #[error("there is {found} in its place")]
    Foreign {
        /// What it looks like.
        found: &'static str,
    },
    /// The right kind of file, but as another version of CLIP-RS wrote it.
    #[error(
        "written in format {found}, but this version reads format {expected}; make the catalog anew with \
         `clip-rs index`"
    )]
    Version {
        /// The format's version as found in the file.
        found: u32,
        /// The version that can be read.
        expected: u32,
    },
    /// The bytes do not decode, or decode to something that does not hold together.
    #[error("{0}")]
    Content(String),
}

impl CatalogError {
    /// A fault of the content of the file called `name`.
    pub fn content(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::File { name: name.into(), fault: Fault::Content(why.into()) }
    }

    pub(crate) fn value(what: &'static str, found: impl ToString, expected: &'static str) -> Self {
        Self::Value { what, found: found.to_string(), expected }
    }

    /// Gives the error a better file name, once the caller knows it.
    #[must_use]
    pub fn named(self, file: &str) -> Self {
        match self {
            Self::File { fault, .. } => Self::File { name: file.to_owned(), fault },
            other => Self::content(file, other.to_string()),
        }
    }
}
