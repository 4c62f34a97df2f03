//! Exact search: every item is looked at.

use std::collections::BinaryHeap;

use super::rank::Rank;
use super::rows::{PreparedQuery, Rows};

/// Items that are chosen, then compared, at a time.
const BATCH: usize = 64;

/// The `k` items with the largest cosine less their offset, of those that `keep` says yes to, best first; `k` is above 0.
pub(super) fn nearest(
    rows: &Rows,
    query: &PreparedQuery,
    k: usize,
    keep: impl Fn(usize) -> bool,
    offset: impl Fn(usize) -> f32,
) -> Vec<Rank> {
    let count = rows.len();
    // The worst of the best k so far is on top.
    let mut best = BinaryHeap::with_capacity(k.min(count));
    let mut kept = Vec::with_capacity(BATCH);
    for from in (0..count).step_by(BATCH) {
        kept.clear();
        kept.extend(
            (from..count.min(from + BATCH)).filter(|&ordinal| keep(ordinal)).map(|ordinal| ordinal as u32),
        );
        rows.cosines(query, &kept, |ordinal, cosine| {
            offer(&mut best, k, Rank::new(ordinal, cosine - offset(ordinal as usize)));
        });
    }
    best.into_sorted_vec()
}

fn offer(best: &mut BinaryHeap<Rank>, k: usize, rank: Rank) {
    if best.len() < k {
        best.push(rank);
    } else if let Some(mut worst) = best.peek_mut()
        && rank < *worst
    {
        *worst = rank;
    }
}
