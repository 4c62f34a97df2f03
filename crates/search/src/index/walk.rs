//! Approximate search: from the nearest entrance along the graph to ever nearer items.

use super::rank::Rank;
use super::rows::{PreparedQuery, Rows};

/// At most `ef` items near the query, nearest first. The larger `ef`, above 0, the fewer of the nearest are missed.
///
/// Algorithm 2 of Malkov and Yashunin with one list in place of its two heaps: the best `ef` items so far, of which
/// the nearest whose neighbours are not known yet is next. It ends when there is none.
pub(super) fn nearest<'a>(
    rows: &Rows,
    entrances: &[u32],
    neighbours: impl Fn(u32) -> &'a [u32],
    query: &PreparedQuery,
    ef: usize,
) -> Vec<Rank> {
    let mut seen = Seen::new(rows.len());
    let mut best = Best { ranks: Vec::with_capacity(ef.min(rows.len()) + 1), ef };
    let Some(entrance) = nearest_entrance(rows, entrances, query) else { return best.ranks };
    seen.insert(entrance.ordinal());
    best.offer(entrance);

    let mut unseen = Vec::new();
    let mut next = 0;
    while let Some(rank) = best.ranks.get_mut(next) {
        if !rank.mark() {
            next += 1;
            continue;
        }
        let neighbours = neighbours(rank.ordinal());
        unseen.clear();
        unseen.extend(neighbours.iter().filter(|&&ordinal| seen.insert(ordinal)));
        rows.cosines(query, &unseen, |ordinal, cosine| {
            if let Some(place) = best.offer(Rank::new(ordinal, cosine)) {
                next = next.min(place);
            }
        });
    }
    best.ranks
}

fn nearest_entrance(rows: &Rows, entrances: &[u32], query: &PreparedQuery) -> Option<Rank> {
    let mut nearest: Option<Rank> = None;
    rows.cosines(query, entrances, |ordinal, cosine| {
        let rank = Rank::new(ordinal, cosine);
        nearest = Some(nearest.map_or(rank, |nearest| nearest.min(rank)));
    });
    nearest
}

/// The best items so far, nearest first; no more than `ef`.
struct Best {
    ranks: Vec<Rank>,
    ef: usize,
}

impl Best {
    /// Takes an item in if it is near enough; gives its place.
    fn offer(&mut self, rank: Rank) -> Option<usize> {
        if self.ranks.len() == self.ef {
            self.ranks.pop_if(|worst| rank < *worst)?;
        }
        let place = self.ranks.partition_point(|other| *other < rank);
        self.ranks.insert(place, rank);
        Some(place)
    }
}

/// A bit for each item.
struct Seen(Vec<u64>);

impl Seen {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    /// Whether the item was not there before.
    fn insert(&mut self, ordinal: u32) -> bool {
        let (word, bit) = (&mut self.0[ordinal as usize / 64], 1 << (ordinal % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}
