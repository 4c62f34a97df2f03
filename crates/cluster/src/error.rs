//! What can go wrong between processes.

use clip_rs_stage::StageError;
use datafusion::error::DataFusionError;

/// Why a run on a cluster failed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A stage in this process.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Object storage.
    #[error("{subject}: {source}")]
    Storage {
        /// The address.
        subject: String,
        /// What the storage says.
        source: object_store::Error,
    },
    /// The engine, or what it ran.
    #[error("{0}")]
    Engine(String),
    /// The request itself cannot be carried out.
    #[error("{0}")]
    Request(String),
}

impl ClusterError {
    /// Turns an error of object storage into one that names the address; for `map_err`.
    pub fn storage(subject: impl ToString) -> impl FnOnce(object_store::Error) -> Self {
        move |source| Self::Storage { subject: subject.to_string(), source }
    }
}

impl From<DataFusionError> for ClusterError {
    fn from(error: DataFusionError) -> Self {
        Self::Engine(error.strip_backtrace())
    }
}

impl From<ballista_core::error::BallistaError> for ClusterError {
    fn from(error: ballista_core::error::BallistaError) -> Self {
        Self::Engine(error.to_string())
    }
}
