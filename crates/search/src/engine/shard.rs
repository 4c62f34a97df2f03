//! A part of a catalog, and the best of its items.

use clip_rs_catalog::Items;

use crate::query::Query;
use crate::{Code, Index, Polygon};

/// Shards of fewer items are scanned: that takes less than a millisecond and misses nothing.
const SCAN_BELOW: usize = 1024;
/// The same where offsets count, which the graph knows nothing of.
const SCAN_WITH_OFFSETS_BELOW: usize = 20_000;
/// Items that the graph is asked for where offsets count, for each that is wanted, and besides.
const OFFSET_CANDIDATES: (usize, usize) = (8, 100);

/// A part of a catalog: the index and the metadata of the same items.
pub struct Shard {
    /// Codes and graph.
    pub index: Index,
    /// Names and places.
    pub items: Items,
}

/// An item of a shard that answers a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Best {
    pub(super) ordinal: usize,
    pub(super) cosine: f32,
    /// The cosine less the item's relevance offset, as often as that counts.
    pub(super) score: f32,
}

impl Shard {
    /// One without items.
    pub fn empty() -> Self {
        Self { index: Index::empty(), items: Items::default() }
    }

    /// The best items for a query whose offsets count `share` times, in no order, and perhaps others; among those that are
    /// `wanted`, if it is said which.
    pub(super) fn nearest(
        &self,
        code: &Code,
        query: &Query,
        share: f32,
        wanted: Option<&dyn Fn(usize) -> bool>,
    ) -> Vec<Best> {
        let offset = |ordinal: usize| self.items.offset(ordinal) * share;
        let (candidates, scan_below) = if share == 0.0 || !self.items.has_offsets() {
            (query.limit, SCAN_BELOW)
        } else {
            let (times, besides) = OFFSET_CANDIDATES;
            (query.limit.saturating_mul(times).saturating_add(besides), SCAN_WITH_OFFSETS_BELOW)
        };
        let keep =
            |ordinal: usize| wanted.is_none_or(|wanted| wanted(ordinal)) && self.is_wanted(ordinal, query);
        let ordinals = if wanted.is_none() && self.can_walk(query, candidates, scan_below) {
            self.index.search(code, candidates).into_iter().map(|found| found.ordinal).collect()
        } else {
            self.index.exact_less(code, query.limit, keep, offset)
        };
        let best = |ordinal: usize| {
            let cosine = code.cosine(self.index.code(ordinal)?);
            Some(Best { ordinal, cosine, score: cosine - offset(ordinal) })
        };
        ordinals.into_iter().filter_map(best).collect()
    }

    fn can_walk(&self, query: &Query, candidates: usize, scan_below: usize) -> bool {
        !query.exact
            && query.areas.is_empty()
            && self.index.len() >= scan_below
            && candidates <= self.index.search_limit()
    }

    /// Whether an item lies where a query asks for.
    pub(super) fn is_wanted(&self, ordinal: usize, query: &Query) -> bool {
        self.lies_in(ordinal, &query.areas)
    }

    /// Whether the middle of an item lies in every one of `areas`.
    pub(super) fn lies_in(&self, ordinal: usize, areas: &[Polygon]) -> bool {
        let middle = || self.items.centre(ordinal);
        areas.is_empty() || middle().is_some_and(|centre| areas.iter().all(|area| area.contains(centre)))
    }
}
