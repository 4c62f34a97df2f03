//! What has changed between two dates of one area: each item of now is paired with the one of the same ground before, and what
//! their vectors say apart from each other is the change.
//!
//! Season, light and camera change every picture a little. So a change counts by how far it lies beyond the median of all pairs,
//! in robust standard deviations: the modified z-score (Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993), by
//! the median of the absolute deviations, which a few real changes do not move. What half of the area has in common, such as
//! snow, is no change by this.

use clip_rs_catalog::ItemId;

use super::ground::{Ground, places};
use super::{code, cosine, expect_dim};
use crate::{EngineError, ItemRef, Shard};

/// What the median of absolute deviations is multiplied by to estimate a standard deviation.
const MAD_TO_DEVIATION: f32 = 1.4826;
/// The least deviation that is told apart: between pictures of the same that were packed anew, cosines differ by about as much.
const LEAST_DEVIATION: f32 = 0.01;
/// From so many deviations on a change stands out (Iglewicz and Hoaglin), which is a mark of a half.
const OUTLIER: f32 = 3.5;

/// An item of now with the item of the same ground before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The item of now.
    pub now: ItemRef,
    /// The one before, among its own shards.
    pub before: ItemRef,
    /// 1 less the cosine of their vectors: 0 where they are the same, 2 where they are opposite.
    pub change: f32,
}

/// All pairs of two dates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// In the order of the items of now.
    pub pairs: Vec<Pair>,
    /// Items of now whose ground was not seen before, or whose place is not known.
    pub unpaired: usize,
    /// Median of the changes.
    median: f32,
    /// Robust standard deviation of the changes.
    deviation: f32,
}

/// Pairs the items of `now` that are wanted with those of `before` that are. Parts of pictures have no place of their own, and are
/// passed over on both sides.
pub fn changes(
    now: &[Shard],
    before: &[Shard],
    is_now: impl Fn(ItemRef) -> bool,
    is_before: impl Fn(ItemRef) -> bool,
) -> Result<Changes, EngineError> {
    if let Some(shard) = before.iter().find(|shard| !shard.index.is_empty()) {
        expect_dim(now, shard.index.dim(), "the other date")?;
        expect_dim(before, shard.index.dim(), "the other date")?;
    }
    let (now_items, before_items) = (wholes(now, is_now), wholes(before, is_before));
    let bounds = |shards: &[Shard], items: &[ItemRef]| -> Vec<_> {
        let footprint = |item: &ItemRef| shards.get(item.shard)?.items.footprint(item.ordinal);
        items.iter().map(footprint).collect()
    };
    let (now_places, before_places) = places(&bounds(now, &now_items), &bounds(before, &before_items));
    let ground = Ground::new(before_places);
    let pair = |(item, place): (&ItemRef, &Option<_>)| {
        let other = *before_items.get(ground.nearest(place.as_ref()?)?)?;
        let change = 1.0 - cosine(code(now, *item)?, code(before, other)?);
        Some(Pair { now: *item, before: other, change })
    };
    let pairs: Vec<Pair> = now_items.iter().zip(&now_places).filter_map(pair).collect();
    let median_change = median(pairs.iter().map(|pair| pair.change).collect());
    let mad = median(pairs.iter().map(|pair| (pair.change - median_change).abs()).collect());
    Ok(Changes {
        unpaired: now_items.len() - pairs.len(),
        pairs,
        median: median_change,
        deviation: (mad * MAD_TO_DEVIATION).max(LEAST_DEVIATION),
    })
}

impl Changes {
    /// From this mark on a change stands out.
    pub const STANDS_OUT: f32 = 0.5;

    /// How much a change stands out from all others, 0..=1: 0 for the median and what is below, a half from where it counts as an
    /// outlier.
    pub fn mark(&self, change: f32) -> f32 {
        ((change - self.median) / self.deviation.max(LEAST_DEVIATION) / OUTLIER * Self::STANDS_OUT)
            .clamp(0.0, 1.0)
    }
}

/// The wanted items that are no parts of pictures, in the order of shards and ordinals.
fn wholes(shards: &[Shard], wanted: impl Fn(ItemRef) -> bool) -> Vec<ItemRef> {
    super::chosen(shards, |item| {
        let is_part = shards.get(item.shard).is_some_and(|Shard { items, .. }| {
            items.has_crops() && matches!(items.id(item.ordinal), Some(ItemId::Picture { crop: Some(_), .. }))
        });
        !is_part && wanted(item)
    })
}

/// The median, of an even number the larger of the two in the middle; 0 of nothing.
fn median(mut values: Vec<f32>) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}
