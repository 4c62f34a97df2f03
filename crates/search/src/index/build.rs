//! Builds the graph, always the same one for the same items and seed.

use instant_distance::{Builder, Hnsw};
use serde::{Serialize, Serializer};

use super::graph::Graph;
use super::rows::Rows;
use super::{Index, IndexError, MAX_COUNT, MAX_EF};
use crate::code::CodeRef;
use crate::{Code, Embedding};

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
    /// Recall@10 is above 0.98 on the clustered vectors of the oracle test.
    fn default() -> Self {
        Self { seed: 1, neighbours: 48, ef_search: 128, ef_construction: 200 }
    }
}

impl Index {
    /// Builds an index; the ordinal of an item is its place in `embeddings`, which are of one dimension.
    ///
    /// The same input gives the same bytes, which is why it runs on one thread (insertions by several threads
    /// depend on who comes first).
    pub fn build(embeddings: &[Embedding], params: IndexParams) -> Result<Self, IndexError> {
        let rows = code(embeddings)?;
        let points = (0..rows.len() as u32).map(|ordinal| Point { ordinal, rows: &rows }).collect();
        let builder =
            Builder::default().seed(params.seed).ef_construction(params.ef_construction.max(1)).ef_search(1);
        let hnsw = on_one_thread(|| builder.build_hnsw::<Point<'_>>(points).0)?;
        let graph = take_over(&hnsw, params.neighbours.max(1))?;
        drop(hnsw);
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

/// An item as instant-distance sees it.
#[derive(Clone, Copy)]
struct Point<'a> {
    ordinal: u32,
    rows: &'a Rows,
}

impl instant_distance::Point for Point<'_> {
    /// 1 - cosine: 0 for the same direction, 2 for the opposite one.
    fn distance(&self, other: &Self) -> f32 {
        1.0 - self.rows.cosine(self.ordinal, other.ordinal)
    }
}

impl Serialize for Point<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.ordinal)
    }
}

/// What instant-distance serializes first: `ef_search`, the points, and for each its neighbours in the bottom layer.
type Parts = (usize, Vec<u32>, Vec<([u32; 32], [u32; 32])>);

/// Behind the last neighbour of a point.
const NONE: u32 = u32::MAX;

/// The bottom layer, numbered by ordinals, with at most `max_neighbours` neighbours an item.
///
/// The crate lists first the neighbours that lie in different directions, then the others, nearest first in both. So
/// the first ones are those that it would have chosen had it kept fewer.
fn take_over(hnsw: &Hnsw<Point<'_>>, max_neighbours: usize) -> Result<Graph, IndexError> {
    let message = postcard::to_allocvec(hnsw)?;
    let ((_, ordinals, layer), _) = postcard::take_from_bytes::<Parts>(&message)?;
    let mut lists = vec![Vec::new(); ordinals.len()];
    let mut named = vec![false; ordinals.len()];
    for (ordinal, (nearer, farther)) in ordinals.iter().zip(&layer) {
        let points = nearer.iter().chain(farther).filter(|&&point| point != NONE);
        let list: Vec<u32> = points.take(max_neighbours).map(|&point| ordinals[point as usize]).collect();
        list.iter().for_each(|&neighbour| named[neighbour as usize] = true);
        lists[*ordinal as usize] = list;
    }
    // An item that nobody names could not be found: its nearest names it.
    for ordinal in (0..named.len()).filter(|&ordinal| !named[ordinal]) {
        if let Some(&nearest) = lists[ordinal].first() {
            lists[nearest as usize].push(ordinal as u32);
        }
    }
    for list in &mut lists {
        list.sort_unstable();
        list.dedup();
    }
    // Points are in random order.
    let mut entrances = ordinals[..(ordinals.len() as f64).sqrt().ceil() as usize].to_vec();
    entrances.sort_unstable();
    Ok(Graph::new(entrances, &lists))
}

#[cfg(not(target_arch = "wasm32"))]
fn on_one_thread<T: Send>(build: impl FnOnce() -> T + Send) -> Result<T, IndexError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|error| IndexError::Content(format!("no thread to build it on: {error}")))?;
    Ok(pool.install(build))
}

/// In the browser there is but one thread.
#[cfg(target_arch = "wasm32")]
fn on_one_thread<T>(build: impl FnOnce() -> T) -> Result<T, IndexError> {
    Ok(build())
}
