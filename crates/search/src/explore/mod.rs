//! All items of a catalog at once: what a person does who explores an area instead of asking for the best hits.
//!
//! | module | what it does |
//! |---|---|
//! | [`layer`] | the score of every item for a query, to be painted on a map |
//! | [`mod@changes`] | what is otherwise than at an earlier date |
//! | [`classifier`] | a concept taught by marks of yes and no |
//! | [`mod@held_out`] | how good such a concept is, on marks that it was not taught |
//! | [`mod@suggest`] | which items to mark next |
//! | [`mod@clusters`] | what kinds of items there are |
//! | [`naming`] | names for the kinds |
//! | [`window`] | where in a picture something is |
//!
//! Everything is deterministic: the same items, marks and seeds give the same answer.

pub mod changes;
#[cfg(test)]
mod changes_tests;
pub mod classifier;
#[cfg(test)]
mod classifier_tests;
pub mod clusters;
#[cfg(test)]
mod clusters_tests;
mod ground;
pub mod held_out;
mod kmeans;
pub mod layer;
mod logistic;
pub mod naming;
pub mod suggest;
#[cfg(test)]
mod suggest_tests;
#[cfg(test)]
mod testing;
pub mod window;

pub use changes::{Changes, Pair, changes};
pub use classifier::{Concept, LearnError, background};
pub use clusters::{Cluster, ClusterParams, clusters};
pub use held_out::{Quality, held_out, learning_curve};
pub use layer::scores;
pub use naming::{Naming, names};
pub use suggest::suggest;
pub use window::{Grid, Window, WindowError, Windows};

use crate::code::CodeRef;
use crate::{Code, EngineError, ItemRef, Shard, kernels};

/// Refuses vectors of `dim` components where the items have others; `what` holds the vectors.
fn expect_dim(shards: &[Shard], dim: usize, what: &str) -> Result<(), EngineError> {
    let other = shards.iter().find(|shard| !shard.index.is_empty() && shard.index.dim() != dim);
    other.map_or(Ok(()), |shard| {
        Err(EngineError::Dimension { what: what.to_owned(), expected: shard.index.dim(), found: dim })
    })
}

/// The items that are wanted, in the order of shards and ordinals.
fn chosen(shards: &[Shard], wanted: impl Fn(ItemRef) -> bool) -> Vec<ItemRef> {
    let all = shards
        .iter()
        .enumerate()
        .flat_map(|(shard, part)| (0..part.index.len()).map(move |ordinal| ItemRef { shard, ordinal }));
    all.filter(|item| wanted(*item)).collect()
}

/// Tells `found` the cosine of every query to every one of `items`, by the places of both. The items exist and are in the
/// order of shards.
fn cosines(shards: &[Shard], queries: &[Code], items: &[ItemRef], mut found: impl FnMut(usize, usize, f32)) {
    let mut before = 0;
    for run in items.chunk_by(|a, b| a.shard == b.shard) {
        let part = run.first().and_then(|item| shards.get(item.shard));
        if let Some(Shard { index, .. }) = part {
            let ordinals = run.iter().map(|item| item.ordinal);
            index.cosines(queries, ordinals, |query, at, cosine| found(query, before + at, cosine));
        }
        before += run.len();
    }
}

/// The code of an item.
fn code(shards: &[Shard], item: ItemRef) -> Option<CodeRef<'_>> {
    shards.get(item.shard)?.index.code(item.ordinal)
}

/// Cosine of the angle between two items, -1..=1.
fn cosine(a: CodeRef<'_>, b: CodeRef<'_>) -> f32 {
    kernels::dot(a.as_slice(), b.as_slice()) as f32 * (a.scale() * b.scale())
}

/// Sum of the products over the common length. Eight sums side by side are what a compiler makes vectors of.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// Adds `factor` times `x` to `sum`.
fn add_scaled(sum: &mut [f32], factor: f32, x: &[f32]) {
    sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += factor * x);
}
