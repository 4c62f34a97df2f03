//! What kinds of items there are, for whoever wants to see an area before asking for anything.

use super::kmeans::{Mean, k_means, nearest};
use super::{chosen, code, expect_dim};
use crate::code::{CodeError, CodeRef};
use crate::dice::Dice;
use crate::{Code, Embedding, EngineError, ItemRef, Shard};

/// Most clusters that are looked for.
pub const MAX_CLUSTERS: usize = 64;
/// Centroids are nearly the same where the distance (1 less the cosine) between them is below this share of the spreads
/// around them.
const MERGE_BELOW: f32 = 0.02;
/// Or below this: codes are not more precise.
const PRECISION: f32 = 1e-4;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterParams {
    /// Most clusters, 1 to [`MAX_CLUSTERS`]; any other number is taken for the nearest of these.
    pub count: usize,
    /// Most examples of each.
    pub examples: usize,
    /// Decides where the search begins.
    pub seed: u64,
}

impl Default for ClusterParams {
    fn default() -> Self {
        Self { count: 12, examples: 6, seed: 1 }
    }
}

/// Items that are alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The direction of the sum of the items' vectors.
    pub centroid: Embedding,
    /// Number of items; above 0.
    pub size: usize,
    /// The items nearest to the centroid, nearest first, without duplicates of other wanted items.
    pub examples: Vec<ItemRef>,
    /// Mean of 1 less the cosine of an item to the centroid, 0..=1.
    pub spread: f32,
}

/// The clusters of the items that are `wanted`, largest first. There may be fewer than asked for: those without items are
/// dropped, and those that are nearly the same become one.
pub fn clusters(
    shards: &[Shard],
    wanted: impl Fn(ItemRef) -> bool,
    params: ClusterParams,
) -> Result<Vec<Cluster>, EngineError> {
    let items = chosen(shards, &wanted);
    let Some(dim) = items.first().and_then(|item| code(shards, *item)).map(CodeRef::dim) else {
        return Ok(Vec::new());
    };
    expect_dim(shards, dim, "the first shard with items")?;
    let count = params.count.clamp(1, MAX_CLUSTERS);
    let centroids = k_means(shards, &items, count, &mut Dice::new(params.seed))?;
    let mut labels = nearest(shards, &items, &centroids)?;
    let mut means = Mean::of(shards, &items, &labels, &centroids);
    let merged_into = merge(&mut means);
    for label in &mut labels {
        *label = merged_into.get(*label as usize).copied().unwrap_or(*label);
    }

    let mut typical = Typical::new(&means, params.examples)?;
    for (item, label) in items.iter().zip(&labels) {
        if !is_copy(shards, *item, &wanted) {
            typical.offer(shards, *item, *label as usize);
        }
    }
    let found = means.into_iter().zip(typical.0).filter(|(mean, _)| mean.size > 0);
    let mut found: Vec<Cluster> = found
        .map(|(mean, (_, examples))| Cluster {
            size: mean.size,
            examples: examples.into_iter().map(|(_, item)| item).collect(),
            spread: mean.spread(),
            centroid: mean.centroid,
        })
        .collect();
    found.sort_by_key(|cluster| std::cmp::Reverse(cluster.size));
    Ok(found)
}

/// Makes one of those that are nearly the same; tells for each which one it is now.
fn merge(means: &mut [Mean]) -> Vec<u32> {
    let mut merged_into = Vec::with_capacity(means.len());
    for at in 0..means.len() {
        let (before, rest) = means.split_at_mut(at);
        let Some(mean) = rest.first_mut() else { break };
        let same = before.iter_mut().enumerate().find(|(_, other)| {
            let distance = 1.0 - other.centroid.cosine(&mean.centroid);
            other.size > 0 && distance < PRECISION.max(MERGE_BELOW * (other.spread() + mean.spread()))
        });
        merged_into.push(same.as_ref().map_or(at, |(place, _)| *place) as u32);
        if let Some((_, other)) = same {
            other.absorb(mean);
        }
    }
    merged_into
}

/// Whether an item is a duplicate of another one that is wanted too.
fn is_copy(shards: &[Shard], item: ItemRef, wanted: impl Fn(ItemRef) -> bool) -> bool {
    let earlier = shards.get(item.shard).and_then(|shard| shard.items.duplicate_of(item.ordinal));
    earlier.is_some_and(|ordinal| wanted(ItemRef { ordinal, ..item }))
}

/// For each cluster its centroid and the items nearest to it so far, nearest first.
struct Typical(Vec<(Code, Vec<(f32, ItemRef)>)>, usize);

impl Typical {
    fn new(means: &[Mean], count: usize) -> Result<Self, CodeError> {
        let lists = means.iter().map(|mean| Ok((Code::new(&mean.centroid)?, Vec::new())));
        Ok(Self(lists.collect::<Result<_, CodeError>>()?, count))
    }

    /// Takes an item into the list of its cluster if it is nearer than the last one.
    fn offer(&mut self, shards: &[Shard], item: ItemRef, cluster: usize) {
        let (Some(code), Some((centroid, list))) = (code(shards, item), self.0.get_mut(cluster)) else {
            return;
        };
        let cosine = centroid.cosine(code);
        let place = list.partition_point(|(other, _)| *other >= cosine);
        if place < self.1 {
            list.truncate(self.1 - 1);
            list.insert(place, (cosine, item));
        }
    }
}
