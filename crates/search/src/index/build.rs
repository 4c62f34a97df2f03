//! Builds the graph, always the same one for the same items and seed.

use super::grow::GrowingGraph;
use super::rows::Rows;
use super::{Index, IndexError, MAX_COUNT, MAX_EF, first};
use crate::code::CodeRef;
use crate::dice::Dice;
use crate::{Code, Embedding};

/// Items that a graph begins with: all of a small shard. Of 2,048 vectors of 512 components, instant-distance makes a graph in
/// about half a second.
const FIRST: usize = 2048;
/// The most neighbours that instant-distance knows of an item.
const MAX_NEIGHBOURS: usize = 64;

/// How a graph is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexParams {
    /// Decides the order of insertion.
    pub seed: u64,
    /// Neighbours that an item keeps, 1..=64: each takes about two bytes of the file.
    pub neighbours: usize,
    /// Candidates that a search keeps unless it is asked for more, 1..=65,536.
    pub ef_search: usize,
    /// Candidates that an insertion keeps.
    pub ef_construction: usize,
}

impl Default for IndexParams {
    /// Recall is at least 0.98 on the vectors of the oracle test, those without any groups included, which need most.
    fn default() -> Self {
        Self { seed: 1, neighbours: 48, ef_search: 96, ef_construction: 128 }
    }
}

impl Index {
    /// Builds an index; the ordinal of an item is its place in `embeddings`, which are of one dimension.
    ///
    /// The same input gives the same bytes, on any number of threads: those of the pool of rayon that it is called in.
    pub fn build(embeddings: &[Embedding], params: IndexParams) -> Result<Self, IndexError> {
        let rows = code(embeddings)?;
        let order = random_order(rows.len(), params.seed);
        let there = order.len().min(FIRST);
        let ef_construction = params.ef_construction.max(1);
        let mut graph = GrowingGraph::new(&rows, params.neighbours.clamp(1, MAX_NEIGHBOURS));
        graph.begin(&first::nearest(&rows, &order[..there], params.seed, ef_construction)?);
        graph.grow(&order, there, ef_construction);
        let graph = graph.finish(&order);
        Ok(Self { rows, graph, ef_search: params.ef_search.clamp(1, MAX_EF) })
    }
}

fn code(embeddings: &[Embedding]) -> Result<Rows, IndexError> {
    let (dim, count) = (embeddings.first().map_or(0, Embedding::dim), embeddings.len());
    if count > MAX_COUNT {
        return Err(IndexError::Content(format!("{count} items, at most {MAX_COUNT}")));
    }
    let mut bytes = Vec::with_capacity(dim * count);
    for (ordinal, embedding) in embeddings.iter().enumerate() {
        if embedding.dim() != dim {
            let found = embedding.dim();
            return Err(IndexError::Content(format!("item {ordinal} has {found} components, not {dim}")));
        }
        let code = Code::new(embedding).map_err(|error| IndexError::Code { ordinal, error })?;
        bytes.extend_from_slice(bytemuck::cast_slice(CodeRef::from(&code).as_slice()));
    }
    let place = 0..bytes.len();
    Rows::new(bytes, place, dim, count)
}

/// All ordinals, in the order of numbers that look random.
fn random_order(count: usize, seed: u64) -> Vec<u32> {
    // Each ordinal has the number that follows as many others.
    let number = |ordinal: u32| Dice::after(seed, u64::from(ordinal)).next();
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by_cached_key(|&ordinal| number(ordinal));
    order
}
