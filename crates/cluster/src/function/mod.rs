//! The functions of our queries, which every process of a cluster knows by their names.
//!
//! | function | takes | gives |
//! |---|---|---|
//! | `embed` | a job, the number of its first part, how many | what is to be kept of them, a list |
//! | `nearest` | centroids, a vector | the number of the nearest centroid |
//! | `add_up` | vectors | how many, and their sum in integers |

mod add_up;
mod embed;
mod nearest;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

pub use add_up::{add_up, read_sum};
pub use embed::embed;
pub use nearest::nearest;

/// Those of a row.
pub fn scalar() -> [Arc<ScalarUDF>; 2] {
    [embed(), nearest()]
}

/// Those of many rows.
pub fn aggregate() -> [Arc<AggregateUDF>; 1] {
    [add_up()]
}

/// The floats of a vector in a column, little-endian; none if bytes are left over.
fn floats(bytes: &[u8]) -> Option<Vec<f32>> {
    let (fours, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| fours.iter().map(|four| f32::from_le_bytes(*four)).collect())
}
