//! What can go wrong between a tile service and an archive. Addresses in here are without keys.

use std::path::PathBuf;

use clip_rs_stage::StageError;

/// Why tiles could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The ground that is wanted cannot be understood.
    #[error("the area {area}: {why}")]
    Area {
        /// As it was given.
        area: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The service, or its description, is not what it should be, or refuses.
    #[error("{service}: {why}")]
    Service {
        /// Its name, or its address without a key.
        service: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// What was fetched before does not fit what is asked now, or cannot be kept.
    #[error("{}: {why}", path.display())]
    Journal {
        /// The file that remembers.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Some tiles could not be had; the others are kept for the next run.
    #[error(
        "{count} of {all} tiles could not be had, the first of them {first}. What came is kept: run the same command again, or with \
         --without-missing for an archive without them"
    )]
    Missing {
        /// How many.
        count: u64,
        /// Of how many.
        all: u64,
        /// The first one with the reason.
        first: String,
    },
    /// A file or folder.
    #[error(transparent)]
    Stage(#[from] StageError),
}

impl FetchError {
    /// A service that is not what it should be, or refuses.
    pub(crate) fn service(service: impl ToString, why: impl ToString) -> Self {
        Self::Service { service: service.to_string(), why: why.to_string() }
    }

    /// An area that cannot be understood.
    pub(crate) fn area(area: impl ToString, why: impl ToString) -> Self {
        Self::Area { area: area.to_string(), why: why.to_string() }
    }
}
