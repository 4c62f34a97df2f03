//! What is said of a request that cannot be answered, and of a catalog's file that arrived as it should and is of no use all the
//! same.

use clip_rs_search::EngineError;

use crate::protocol::{Failure, FailureKind};

/// `file` does not hold what it should, by `error`.
pub(crate) fn unusable(file: &str, error: &dyn std::error::Error) -> Failure {
    let error = error.to_string();
    let message = if error.starts_with(file) { error } else { format!("{file}: {error}") };
    Failure { kind: FailureKind::Damaged, file: Some(file.to_owned()), message }
}

/// A request that cannot be answered, by this sentence.
pub(crate) fn refused(why: &str) -> Failure {
    Failure::new(FailureKind::Request, why)
}

/// What the engine says of a query that it cannot answer.
pub(crate) fn not_answered(error: EngineError) -> Failure {
    refused(&format!("The engine cannot answer: {error}."))
}
