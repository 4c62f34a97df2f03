//! A graph that grows by batches: what becomes of it depends on the items and their order, not on the number of threads.
//!
//! The items of a batch look for their neighbours in the graph as it was before any of them came, all at the same time; then
//! those neighbours take them in, each by itself (Manohar et al. 2024, <https://arxiv.org/abs/2305.04359>, batch insertion).
//! Items of one batch do not find each other, so a batch is small beside what is there.

use rayon::prelude::*;

use super::graph::Graph;
use super::rank::Rank;
use super::rows::{PreparedQuery, Rows};
use super::select::select;
use super::walk;

/// Items that are there for each one of a batch.
const THERE_FOR_EACH: usize = 32;

/// Neighbours of the items that are there, in memory where lists change in place.
pub(super) struct GrowingGraph<'a> {
    rows: &'a Rows,
    /// Most neighbours of an item in the end.
    neighbours: usize,
    /// Most neighbours meanwhile: a quarter more, so that a list is shortened only now and then.
    room: usize,
    /// A list of `room` for each item.
    slots: Vec<u32>,
    lengths: Vec<u32>,
}

impl<'a> GrowingGraph<'a> {
    /// Without neighbours as yet; an item will have so many, at least 1.
    pub(super) fn new(rows: &'a Rows, neighbours: usize) -> Self {
        let room = neighbours + neighbours.div_ceil(4);
        Self { rows, neighbours, room, slots: vec![0; rows.len() * room], lengths: vec![0; rows.len()] }
    }

    /// Takes in the first items, each with others that are near it.
    pub(super) fn begin(&mut self, near: &[(u32, Vec<u32>)]) {
        let lists: Vec<_> =
            near.par_iter().map(|(ordinal, near)| (*ordinal, self.selected(*ordinal, near))).collect();
        self.set(&lists);
    }

    /// Takes in the items of `order` behind the first `there`, which are there already. An insertion keeps `ef` candidates.
    pub(super) fn grow(&mut self, order: &[u32], mut there: usize, ef: usize) {
        while there < order.len() {
            let end = order.len().min(there + (there / THERE_FOR_EACH).max(1));
            let entrances = entrances(&order[..there]);
            let lists: Vec<_> = order[there..end]
                .par_iter()
                .map(|&ordinal| (ordinal, self.nearest(ordinal, entrances, ef)))
                .collect();
            let links = lists.iter().flat_map(|(new, list)| list.iter().map(|&neighbour| (neighbour, *new)));
            let mut links: Vec<(u32, u32)> = links.collect();
            links.sort_unstable();
            let of_each: Vec<_> = links.chunk_by(|a, b| a.0 == b.0).collect();
            let longer: Vec<_> = of_each.par_iter().map(|links| self.lengthened(links)).collect();
            self.set(&lists);
            self.set(&longer);
            there = end;
        }
    }

    /// The graph, with entrances from the front of `order`, which is random.
    pub(super) fn finish(self, order: &[u32]) -> Graph {
        let list = |ordinal| {
            let list = self.list(ordinal);
            if list.len() > self.neighbours { self.selected(ordinal, list) } else { list.to_vec() }
        };
        let mut lists: Vec<Vec<u32>> = (0..self.rows.len() as u32).into_par_iter().map(list).collect();
        let mut named = vec![false; lists.len()];
        lists.iter().flatten().for_each(|&neighbour| named[neighbour as usize] = true);
        // An item that nobody names could not be found: the first of its own neighbours, the nearest, names it.
        for ordinal in (0..named.len()).filter(|&ordinal| !named[ordinal]) {
            if let Some(&nearest) = lists[ordinal].first() {
                lists[nearest as usize].push(ordinal as u32);
            }
        }
        lists.par_iter_mut().for_each(|list| list.sort_unstable());
        let mut entrances = entrances(order).to_vec();
        entrances.sort_unstable();
        Graph::new(entrances, &lists)
    }

    fn list(&self, ordinal: u32) -> &[u32] {
        let at = ordinal as usize;
        &self.slots[at * self.room..][..self.lengths[at] as usize]
    }

    fn set(&mut self, lists: &[(u32, Vec<u32>)]) {
        for (ordinal, list) in lists {
            let at = *ordinal as usize;
            self.slots[at * self.room..][..list.len()].copy_from_slice(list);
            self.lengths[at] = list.len() as u32;
        }
    }

    /// Neighbours for an item that is not there yet.
    fn nearest(&self, ordinal: u32, entrances: &[u32], ef: usize) -> Vec<u32> {
        let query = PreparedQuery::of_row(self.rows, ordinal);
        let near = walk::nearest(self.rows, entrances, |ordinal| self.list(ordinal), &query, ef);
        select(self.rows, &near, self.neighbours)
    }

    /// The list of an item with the new ones that chose it: pairs of the item and a new one, at least one.
    fn lengthened(&self, links: &[(u32, u32)]) -> (u32, Vec<u32>) {
        let ordinal = links[0].0;
        let new = links.iter().map(|&(_, new)| new);
        let list: Vec<u32> = self.list(ordinal).iter().copied().chain(new).collect();
        (ordinal, if list.len() > self.room { self.selected(ordinal, &list) } else { list })
    }

    /// The neighbours of an item among these.
    fn selected(&self, ordinal: u32, among: &[u32]) -> Vec<u32> {
        let query = PreparedQuery::of_row(self.rows, ordinal);
        let mut near = Vec::with_capacity(among.len());
        self.rows.cosines(&query, among, |ordinal, cosine| near.push(Rank::new(ordinal, cosine)));
        near.sort_unstable();
        select(self.rows, &near, self.neighbours)
    }
}

/// Where walks begin: as many of the items as the root of their number, rounded up.
fn entrances(order: &[u32]) -> &[u32] {
    &order[..(order.len() as f64).sqrt().ceil() as usize]
}
