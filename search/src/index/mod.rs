//! The nearest items of a shard: an HNSW graph whose points are int8 codes, and exact scans of the same codes.
//!
//! The graph is instant-distance's (Malkov and Yashunin 2016, <https://arxiv.org/abs/1603.09320>). It renumbers what
//! it is given and fixes `ef` when it is built; here items keep their ordinals, and bytes are checked before they
//! become a graph, which instant-distance does not do.

mod build;
mod check;

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use clip_rs_catalog::CatalogError;
use clip_rs_catalog::index::IndexHeader;
use instant_distance::{Hnsw, PointId, Search};

use crate::code::CodeError;
use crate::{Code, Embedding, EmbeddingError};

pub use build::IndexParams;

/// An index that cannot be built or read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file's header.
    #[error(transparent)]
    Header(#[from] CatalogError),
    /// The graph or the ordinals do not hold together.
    #[error("index: {0}")]
    Content(String),
    /// The bytes do not decode.
    #[error("index: {0}")]
    Postcard(#[from] postcard::Error),
    /// An embedding that cannot be coded.
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
    hnsw: Hnsw<Code>,
    dim: usize,
    ef_search: usize,
    /// Ordinal of each point of the graph.
    ordinals: Vec<u32>,
    /// Point of each ordinal.
    points: Vec<PointId>,
}

impl Index {
    fn assemble(hnsw: Hnsw<Code>, dim: usize, ef_search: usize, ordinals: Vec<u32>) -> Self {
        let mut points: Vec<_> =
            hnsw.iter().zip(&ordinals).map(|((point, _), ordinal)| (*ordinal, point)).collect();
        points.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        let points = points.into_iter().map(|(_, point)| point).collect();
        Self { hnsw, dim, ef_search, ordinals, points }
    }

    /// The content of an index file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, IndexError> {
        let header = IndexHeader { dim: self.dim as u32, count: self.ordinals.len() as u32 };
        Ok(postcard::to_extend(&(&self.hnsw, &self.ordinals), header.to_bytes())?)
    }

    /// Reads an index file. Any other bytes are an error, and no index that was read can panic later.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let (header, message) = IndexHeader::split(bytes)?;
        let ef_search = check::message(&header, message)?;
        let (hnsw, ordinals) = postcard::from_bytes(message)?;
        Ok(Self::assemble(hnsw, header.dim as usize, ef_search, ordinals))
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.ordinals.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.ordinals.is_empty()
    }

    /// Components of an embedding; 0 in an empty index.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The most results that [`Self::search`] can give.
    pub fn search_limit(&self) -> usize {
        self.ef_search
    }

    /// The code of an item.
    pub fn code(&self, ordinal: usize) -> Option<&Code> {
        self.points.get(ordinal).map(|point| &self.hnsw[*point])
    }

    /// The embedding of an item, as its code remembers it.
    pub fn embedding(&self, ordinal: usize) -> Option<Result<Embedding, EmbeddingError>> {
        self.code(ordinal).map(Code::embedding)
    }

    /// About the `k` nearest items, nearest first; at most [`Self::search_limit`]. Walks the graph.
    pub fn search(&self, query: &Code, k: usize) -> Vec<Neighbour> {
        if query.dim() != self.dim {
            return Vec::new();
        }
        let mut search = Search::default();
        let found = self.hnsw.search(query, &mut search).map(|item| Neighbour {
            ordinal: self.ordinals[item.pid.into_inner() as usize] as usize,
            cosine: query.cosine(item.point),
        });
        let mut found: Vec<_> = found.collect();
        found.sort_unstable_by(nearest_first);
        found.truncate(k);
        found
    }

    /// Exactly the `k` nearest of the items that `keep` says yes to, nearest first. Looks at every item.
    pub fn exact(&self, query: &Code, k: usize, keep: impl Fn(usize) -> bool) -> Vec<Neighbour> {
        if query.dim() != self.dim || k == 0 {
            return Vec::new();
        }
        // The worst of the best k so far is on top.
        let mut best = BinaryHeap::with_capacity(k.min(self.len()) + 1);
        for ((_, code), &ordinal) in self.hnsw.iter().zip(&self.ordinals) {
            let ordinal = ordinal as usize;
            if !keep(ordinal) {
                continue;
            }
            best.push(Worst(Neighbour { ordinal, cosine: query.cosine(code) }));
            if best.len() > k {
                best.pop();
            }
        }
        best.into_sorted_vec().into_iter().map(|Worst(neighbour)| neighbour).collect()
    }
}

/// Larger cosines first, then smaller ordinals: a total order, so that results never depend on luck.
pub(crate) fn nearest_first(a: &Neighbour, b: &Neighbour) -> Ordering {
    b.cosine.total_cmp(&a.cosine).then(a.ordinal.cmp(&b.ordinal))
}

/// Ordered so that the greatest is the one to drop.
struct Worst(Neighbour);

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        nearest_first(&self.0, &other.0)
    }
}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Worst {}

#[cfg(test)]
mod tests;
