//! What can go wrong between folders: every error names the file, row or tile it is about.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use clip_rs_catalog::CatalogError;

/// Why a stage could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
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
    /// A file is there, but not what it should be.
    #[error("{}: {why}", path.display())]
    Content {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// One row of a table cannot be used.
    #[error("{}, line {line}: {why}", path.display())]
    Row {
        /// The table's file.
        path: PathBuf,
        /// Line of the file, from 1.
        line: u64,
        /// What is wrong with the row.
        why: String,
    },
    /// A catalog, or something that should become part of one.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The engine refused a model, a picture or a query.
    #[error("{subject}: {source}")]
    Engine {
        /// The file or query it was about.
        subject: String,
        /// The engine's reason.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The request itself cannot be carried out.
    #[error("{0}")]
    Request(String),
}

impl StageError {
    /// Turns an I/O error into one that says what was tried on which path; for `map_err`.
    pub fn io(verb: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { verb, path, source }
    }

    /// A file that is not what it should be.
    pub fn content(path: impl AsRef<Path>, why: impl ToString) -> Self {
        Self::Content { path: path.as_ref().to_owned(), why: why.to_string() }
    }

    /// Names the file or query that the engine refused; for `map_err`.
    pub fn engine<E: Error + Send + Sync + 'static>(subject: impl ToString) -> impl FnOnce(E) -> Self {
        let subject = subject.to_string();
        move |source| Self::Engine { subject, source: source.into() }
    }
}
