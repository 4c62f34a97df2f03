//! The definition, in plain Rust, which compilers turn into what vectors the target is sure to have.

use crate::kernels::dot::dot_scalar;

/// The query as it is.
pub(super) struct Query(Box<[i8]>);

impl Query {
    pub(super) fn new(query: &[i8]) -> Self {
        Self(query.into())
    }

    /// For each row the sum of `row[i] * query[i]`.
    pub(super) fn dots<const N: usize>(&self, rows: [&[i8]; N]) -> [i32; N] {
        rows.map(|row| dot_scalar(row, &self.0))
    }
}
