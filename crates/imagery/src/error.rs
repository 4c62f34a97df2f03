//! What can go wrong with a source of imagery: the whole of it, or one of its entries.

use std::io;
use std::path::{Path, PathBuf};

use clip_rs_stage::StageError;

/// Why imagery could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageryError {
    /// The operating system refused something.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `read`.
        verb: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The source as a whole is not what it should be.
    #[error("{}: {why}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// One entry cannot be read; the others are not concerned.
    #[error("{}, {entry}: {why}", path.display())]
    Entry {
        /// The source's file or folder.
        path: PathBuf,
        /// The tile or picture.
        entry: String,
        /// What is wrong with it.
        why: String,
    },
    /// The request itself cannot be carried out.
    #[error("{0}")]
    Request(String),
}

impl ImageryError {
    /// Turns an I/O error into one that says what was tried on which path; for `map_err`.
    pub fn io(verb: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { verb, path, source }
    }

    /// A source that is not what it should be.
    pub fn source(path: impl AsRef<Path>, why: impl ToString) -> Self {
        Self::Source { path: path.as_ref().to_owned(), why: why.to_string() }
    }

    /// An entry that cannot be read.
    pub fn entry(path: impl AsRef<Path>, entry: impl ToString, why: impl ToString) -> Self {
        Self::Entry { path: path.as_ref().to_owned(), entry: entry.to_string(), why: why.to_string() }
    }
}

impl From<ImageryError> for StageError {
    fn from(error: ImageryError) -> Self {
        match error {
            ImageryError::Io { verb, path, source } => Self::Io { verb, path, source },
            ImageryError::Source { path, why } => Self::Content { path, why },
            ImageryError::Entry { path, entry, why } => {
                Self::Content { path, why: format!("{entry}: {why}") }
            }
            ImageryError::Request(why) => Self::Request(why),
        }
    }
}
