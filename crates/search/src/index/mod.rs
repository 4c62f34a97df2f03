//! The nearest items of a shard: int8 codes in one block, a graph over them to walk, and exact scans of the same codes.
//!
//! The graph (Malkov and Yashunin 2016, <https://arxiv.org/abs/1603.09320>) is begun by instant-distance; the items of a large
//! shard come to it in batches, on all threads. It is walked here: items keep their ordinals, bytes from outside are checked
//! before they become a graph, and a search may ask for as many results as it likes.

mod build;
mod first;
mod graph;
mod grow;
mod rank;
mod rows;
mod scan;
mod select;
mod walk;

use clip_rs_catalog::CatalogError;
use clip_rs_catalog::index::IndexHeader;

use crate::code::{CodeError, CodeRef};
use crate::{Code, Embedding, EmbeddingError};
use graph::Graph;
pub(crate) use rank::Rank;
use rows::{PreparedQuery, Rows};

pub use build::IndexParams;

/// Most items that one index may hold.
const MAX_COUNT: usize = 1 << 26;
/// More candidates than any search needs.
const MAX_EF: usize = 1 << 16;
/// Results that a walk can give in an index of any size.
const ALWAYS: usize = 100;
/// Where more than one item in so many is wanted, a scan costs hardly more than a walk.
const WALK_BELOW: usize = 64;
/// Items that are compared with all queries while they are in the processor's cache.
const BATCH: usize = 64;

/// An index that cannot be built or read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file's header.
    #[error(transparent)]
    Header(#[from] CatalogError),
    /// Codes or graph do not hold together.
    #[error("index: {0}")]
    Content(String),
    /// The graph that was built cannot be taken over.
    #[error("index: {0}")]
    Postcard(#[from] postcard::Error),
    /// An embedding that cannot be coded, or integers that are no code.
    #[error("item {ordinal}: {error}")]
    Code {
        /// The item.
        ordinal: usize,
        /// What is wrong with it.
        error: CodeError,
    },
}

/// An item found: its ordinal in the shard, and the cosine of the angle to the query, -1..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Ordinal of the item.
    pub ordinal: usize,
    /// Cosine to the query.
    pub cosine: f32,
}

/// The search index of one shard.
pub struct Index {
    rows: Rows,
    graph: Graph,
    ef_search: usize,
}

impl Index {
    /// One of no items.
    pub fn empty() -> Self {
        Self { rows: Rows::default(), graph: Graph::default(), ef_search: 1 }
    }

    /// The content of an index file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = IndexHeader {
            dim: self.dim() as u32,
            count: self.len() as u32,
            ef_search: self.ef_search as u32,
            neighbours: self.graph.edges() as u32,
        };
        let mut bytes = header.to_bytes();
        bytes.extend_from_slice(self.rows.bytes());
        self.graph.encode(&mut bytes);
        bytes
    }

    /// Reads an index file, whose bytes become the index: codes are not copied. Any other bytes are an error, and no
    /// index that was read can panic later.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, IndexError> {
        let (header, end) = IndexHeader::read(&bytes)?;
        let (dim, count, ef_search) = (header.dim as usize, header.count as usize, header.ef_search as usize);
        if count > MAX_COUNT {
            return Err(IndexError::Content(format!("{count} items, at most {MAX_COUNT}")));
        }
        if !(1..=MAX_EF).contains(&ef_search) {
            return Err(IndexError::Content(format!(
                "a search keeps {ef_search} candidates, not 1 to {MAX_EF}"
            )));
        }
        let graph = Graph::decode(&bytes[end..], count, header.neighbours as usize)?;
        let rows = Rows::new(bytes, IndexHeader::LENGTH..end, dim, count)?;
        Ok(Self { rows, graph, ef_search })
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Components of an embedding; 0 in an empty index.
    pub fn dim(&self) -> usize {
        self.rows.dim()
    }

    /// The most results that [`Self::search`] gives; for more, [`Self::exact`] is the better way. At least 100.
    pub fn search_limit(&self) -> usize {
        ALWAYS.max(self.len() / WALK_BELOW)
    }

    /// The code of an item.
    pub fn code(&self, ordinal: usize) -> Option<CodeRef<'_>> {
        self.rows.get(ordinal)
    }

    /// The embedding of an item, as its code remembers it.
    pub fn embedding(&self, ordinal: usize) -> Option<Result<Embedding, EmbeddingError>> {
        self.code(ordinal).map(CodeRef::embedding)
    }

    /// About the `k` nearest items, nearest first; at most [`Self::search_limit`]. Walks the graph.
    pub fn search(&self, query: &Code, k: usize) -> Vec<Neighbour> {
        let k = k.min(self.search_limit());
        if query.dim() != self.dim() || k == 0 {
            return Vec::new();
        }
        // Half as many again: the last of the results are missed more easily than the first.
        let ef = self.ef_search.max(k + k / 2);
        let mut found = walk::nearest(
            &self.rows,
            self.graph.entrances(),
            |ordinal| self.graph.neighbours(ordinal),
            &PreparedQuery::new(query),
            ef,
        );
        found.truncate(k);
        found.into_iter().map(Rank::neighbour).collect()
    }

    /// Exactly the `k` nearest of the items that `keep` says yes to, nearest first. Looks at every item.
    pub fn exact(&self, query: &Code, k: usize, keep: impl Fn(usize) -> bool) -> Vec<Neighbour> {
        if query.dim() != self.dim() || k == 0 {
            return Vec::new();
        }
        let found = scan::nearest(&self.rows, &PreparedQuery::new(query), k, keep, |_| 0.0);
        found.into_iter().map(Rank::neighbour).collect()
    }

    /// Tells `found` the cosine of every query to every one of `ordinals`, by the places of both: for each query the items
    /// come in their order. Ends at an ordinal that is no item; there is nothing to tell of queries of another dimension.
    pub fn cosines(
        &self,
        queries: &[Code],
        ordinals: impl IntoIterator<Item = usize>,
        mut found: impl FnMut(usize, usize, f32),
    ) {
        if queries.iter().any(|query| query.dim() != self.dim()) {
            return;
        }
        let queries: Vec<_> = queries.iter().map(PreparedQuery::new).collect();
        let items = ordinals.into_iter().take_while(|&ordinal| ordinal < self.len());
        let mut items = items.map(|ordinal| ordinal as u32);
        let mut batch = Vec::with_capacity(BATCH);
        let mut before = 0;
        loop {
            batch.clear();
            batch.extend(items.by_ref().take(BATCH));
            if batch.is_empty() {
                return;
            }
            for (place, query) in queries.iter().enumerate() {
                let mut at = before;
                self.rows.cosines(query, &batch, |_, cosine| {
                    found(place, at, cosine);
                    at += 1;
                });
            }
            before += batch.len();
        }
    }

    /// Exactly the `k` items with the largest cosine less `offset`, of those that `keep` says yes to: their ordinals, best
    /// first. Looks at every item.
    pub fn exact_less(
        &self,
        query: &Code,
        k: usize,
        keep: impl Fn(usize) -> bool,
        offset: impl Fn(usize) -> f32,
    ) -> Vec<usize> {
        if query.dim() != self.dim() || k == 0 {
            return Vec::new();
        }
        let found = scan::nearest(&self.rows, &PreparedQuery::new(query), k, keep, offset);
        found.into_iter().map(|rank| rank.ordinal() as usize).collect()
    }
}

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod tests;
