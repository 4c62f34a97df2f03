//! Which items to mark next: those that a concept is least sure of, and no two that say the same.
//!
//! Uncertainty sampling (Lewis and Gale, *A Sequential Algorithm for Training Text Classifiers*, 1994,
//! <https://arxiv.org/abs/cmp-lg/9407020>), then farthest-first traversal among the most uncertain (Gonzalez 1985,
//! <https://doi.org/10.1016/0304-3975(85)90224-5>), which begins with what is marked already.

use std::collections::HashSet;

use super::classifier::Concept;
use super::{chosen, code, cosine, cosines, expect_dim};
use crate::{Code, EngineError, ItemRef, Shard};

/// Uncertain items that are compared for each that is suggested.
const CANDIDATES: usize = 8;
/// Most items that are suggested at once.
const MOST: usize = 100;
/// Items at this cosine look the same.
const SAME: f32 = 0.995;

/// At most `count` (and 100) of the `wanted` items that are worth marking. Of the most uncertain ones the first is the one
/// that is least like what is marked (without marks the most uncertain one), then comes whichever is least like what was
/// marked or suggested before. None is marked already, a duplicate of an earlier item, or nearly the same as another one or
/// as a marked one.
pub fn suggest(
    concept: &Concept,
    shards: &[Shard],
    wanted: impl Fn(ItemRef) -> bool,
    marked: &[ItemRef],
    count: usize,
) -> Result<Vec<ItemRef>, EngineError> {
    expect_dim(shards, concept.direction.dim(), "the concept")?;
    let known: HashSet<ItemRef> = marked.iter().copied().collect();
    let items = chosen(shards, |item| {
        let copy =
            shards.get(item.shard).is_some_and(|shard| shard.items.duplicate_of(item.ordinal).is_some());
        !copy && !known.contains(&item) && wanted(item)
    });
    let count = count.min(MOST);
    let pool = most_uncertain(concept, shards, &items, count * CANDIDATES)?;

    // For each of the pool the largest cosine to what is marked or suggested.
    let mut nearest = vec![f32::NEG_INFINITY; pool.len()];
    for item in &known {
        approach(shards, *item, &pool, &mut nearest);
    }
    let mut suggested = Vec::new();
    while suggested.len() < count {
        // Of equal ones the first, which is the more uncertain one.
        let farthest = nearest.iter().zip(&pool).min_by(|(a, _), (b, _)| a.total_cmp(b));
        let Some((_, item)) = farthest.filter(|(cosine, _)| **cosine < SAME) else { break };
        suggested.push(*item);
        approach(shards, *item, &pool, &mut nearest);
    }
    Ok(suggested)
}

/// The `count` items whose logits are nearest to 0, nearest first.
fn most_uncertain(
    concept: &Concept,
    shards: &[Shard],
    items: &[ItemRef],
    count: usize,
) -> Result<Vec<ItemRef>, EngineError> {
    let direction = [Code::new(&concept.direction)?];
    let mut doubts: Vec<(f32, ItemRef)> = Vec::with_capacity(items.len());
    let mut rest = items.iter();
    cosines(shards, &direction, items, |_, _, cosine| {
        doubts.extend(rest.next().map(|item| (concept.logit(cosine).abs(), *item)));
    });
    let order = |a: &(f32, ItemRef), b: &(f32, ItemRef)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if count < doubts.len() {
        doubts.select_nth_unstable_by(count, order);
        doubts.truncate(count);
    }
    doubts.sort_unstable_by(order);
    Ok(doubts.into_iter().map(|(_, item)| item).collect())
}

/// Raises `nearest` to the cosines of the pool to `item`.
fn approach(shards: &[Shard], item: ItemRef, pool: &[ItemRef], nearest: &mut [f32]) {
    let Some(own) = code(shards, item) else { return };
    for (nearest, other) in nearest.iter_mut().zip(pool) {
        if let Some(other) = code(shards, *other) {
            *nearest = nearest.max(cosine(own, other));
        }
    }
}
