//! What is said of a catalog's file that arrived as it should and is of no use all the same.

use crate::protocol::{Failure, FailureKind};

/// `file` does not hold what it should, by `error`.
pub(crate) fn unusable(file: &str, error: &dyn std::error::Error) -> Failure {
    let error = error.to_string();
    let message = if error.starts_with(file) { error } else { format!("{file}: {error}") };
    Failure { kind: FailureKind::Damaged, file: Some(file.to_owned()), message }
}
