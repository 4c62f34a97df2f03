//! Which part of a long list is on the page: what is seen and some around it. Of the rest only the room is kept, whose height is
//! known once it was seen, and estimated before.
//!
//! Items come and go by chunks of whole rows, so that a grid stays aligned.

use std::ops::Range;

/// Least items of a chunk: making more at once would hold up the page.
const LEAST: usize = 5;
/// Chunks that are kept before and behind those that are seen.
const AROUND: usize = 4;
/// Height of a row that was never seen, pixels.
const ROW: f64 = 178.0;

/// The layout of a list of `count` items, `columns` of them in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualList {
    count: usize,
    columns: usize,
    /// Heights of the chunks that were seen, pixels.
    heights: Vec<Option<f64>>,
}

impl VirtualList {
    /// A list that nobody has seen.
    pub fn new(count: usize, columns: usize) -> Self {
        let mut list = Self { count: 0, columns: columns.max(1), heights: Vec::new() };
        list.resize(count);
        list
    }

    /// Items in a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All chunks.
    pub fn chunks(&self) -> usize {
        self.heights.len()
    }

    /// The same list with more items, or fewer.
    pub fn resize(&mut self, count: usize) {
        // The last chunk may have been incomplete.
        if let Some(last) = self.heights.last_mut() {
            *last = last.filter(|_| count == self.count);
        }
        self.count = count;
        self.heights.resize(count.div_ceil(self.size()), None);
    }

    /// Notes how high a chunk is, pixels, with the gap behind it.
    pub fn measured(&mut self, chunk: usize, height: f64) {
        if let Some(known) = self.heights.get_mut(chunk).filter(|_| height > 0.0) {
            *known = Some(height);
        }
    }

    /// The items of these chunks.
    pub fn items(&self, chunks: &Range<usize>) -> Range<usize> {
        let item = |chunk: usize| (chunk * self.size()).min(self.count);
        item(chunks.start)..item(chunks.end)
    }

    /// The chunk that an item is in.
    pub fn chunk_of(&self, item: usize) -> usize {
        item / self.size()
    }

    /// Height of all chunks before this one, pixels.
    pub fn above(&self, chunk: usize) -> f64 {
        self.height(0..chunk)
    }

    /// Height of all chunks from this one on, pixels.
    pub fn below(&self, chunk: usize) -> f64 {
        self.height(chunk..self.chunks())
    }

    /// The chunks that have a part between these heights, pixels from the list's top.
    pub fn seen(&self, top: f64, bottom: f64) -> Range<usize> {
        let mut edge = 0.0;
        let (mut first, mut end) = (0, 0);
        for chunk in 0..self.chunks() {
            if edge <= top {
                first = chunk;
            }
            if edge < bottom {
                end = chunk + 1;
            }
            edge += self.height(chunk..chunk + 1);
        }
        first..end.max(first + 1).min(self.chunks())
    }

    /// These chunks with those around them.
    pub fn around(&self, chunks: &Range<usize>) -> Range<usize> {
        chunks.start.saturating_sub(AROUND)..(chunks.end + AROUND).min(self.chunks())
    }

    /// Items of a chunk.
    fn size(&self) -> usize {
        self.columns * LEAST.div_ceil(self.columns)
    }

    fn height(&self, chunks: Range<usize>) -> f64 {
        let seen = || self.heights.iter().flatten();
        let estimate = match seen().count() {
            0 => ROW * (self.size() / self.columns) as f64,
            count => seen().sum::<f64>() / count as f64,
        };
        let heights = self.heights.get(chunks).unwrap_or_default();
        heights.iter().map(|height| height.unwrap_or(estimate)).sum()
    }
}

/// What of `wanted` is on the page after `made`: what is no longer wanted is gone, and one chunk is new, below if there is one to
/// come, else above. What is wanted elsewhere begins at `first`.
pub fn step(made: &Range<usize>, wanted: &Range<usize>, first: usize) -> Range<usize> {
    let kept = made.start.max(wanted.start)..made.end.min(wanted.end);
    if kept.is_empty() {
        let first = first.clamp(wanted.start, wanted.end.saturating_sub(1).max(wanted.start));
        return first..(first + 1).min(wanted.end);
    }
    if kept.end < wanted.end {
        kept.start..kept.end + 1
    } else {
        kept.start.saturating_sub(1).max(wanted.start)..kept.end
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn what_is_seen_is_made_and_little_else() {
        let seed = 7;
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        for _ in 0..200 {
            let count = rng.random_range(1..3000);
            let mut list = VirtualList::new(count, rng.random_range(1..6));
            for chunk in 0..list.chunks() {
                if rng.random_bool(0.5) {
                    list.measured(chunk, rng.random_range(100.0..1500.0));
                }
            }
            let all = list.below(0);
            let top = rng.random_range(0.0..all);
            let bottom = top + rng.random_range(1.0..2000.0);
            let seen = list.seen(top, bottom);
            for chunk in 0..list.chunks() {
                let (start, end) = (list.above(chunk), list.above(chunk + 1));
                let meets = start < bottom && end > top;
                assert!(
                    !meets || seen.contains(&chunk),
                    "{chunk} from {start} to {end} of {top} to {bottom}"
                );
            }
            let around = list.around(&seen);
            assert!(around.len() <= seen.len() + 2 * AROUND && list.items(&around).end <= count);
            assert!((list.above(seen.start) + list.below(seen.start) - all).abs() < 1e-6);
        }
    }

    #[test]
    fn chunks_are_whole_rows_and_together_the_whole_list() {
        for columns in 1..7 {
            let list = VirtualList::new(103, columns);
            let items: Vec<usize> =
                (0..list.chunks()).flat_map(|chunk| list.items(&(chunk..chunk + 1))).collect();
            assert_eq!(items, (0..103).collect::<Vec<_>>());
            assert!(
                (1..list.chunks()).all(|chunk| list.items(&(chunk..chunk + 1)).start.is_multiple_of(columns))
            );
            assert!(
                items
                    .iter()
                    .all(|item| list.items(&(list.chunk_of(*item)..list.chunk_of(*item) + 1)).contains(item))
            );
        }
        assert_eq!(VirtualList::new(0, 3).seen(0.0, 100.0), 0..0);
    }

    #[test]
    fn a_list_that_grows_keeps_what_it_knows() {
        let mut list = VirtualList::new(12, 1);
        (0..3).for_each(|chunk| list.measured(chunk, 100.0));
        list.resize(40);
        assert_eq!((list.chunks(), list.above(2)), (8, 200.0));
        list.measured(2, 700.0);
        assert_eq!(list.above(3), 900.0, "the last chunk had been incomplete");
    }

    #[test]
    fn a_chunk_at_a_time_comes_until_all_that_is_wanted_is_there() {
        assert_eq!(step(&(0..0), &(0..6), 0), 0..1);
        assert_eq!(step(&(0..2), &(0..6), 0), 0..3);
        assert_eq!(step(&(0..6), &(4..12), 8), 4..7, "what is far away goes");
        assert_eq!(step(&(0..6), &(40..50), 44), 44..45, "elsewhere it begins with what is seen");
        assert_eq!(step(&(44..50), &(40..50), 44), 43..50);
        assert_eq!(step(&(40..50), &(40..50), 44), 40..50);
        assert_eq!(step(&(3..5), &(0..0), 0), 0..0);
    }
}
