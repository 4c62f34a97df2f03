//! The first items of a graph, by instant-distance: while there are few, all of them are near each other, and batches would
//! be too small to share among threads.

use instant_distance::{Builder, Hnsw};
use serde::{Serialize, Serializer};

use super::IndexError;
use super::rows::Rows;

/// For each of `ordinals` the up to 64 nearest of them, nearest first but for those that the walks of insertion missed.
///
/// On one thread, as insertions by several depend on who comes first.
pub(super) fn nearest(
    rows: &Rows,
    ordinals: &[u32],
    seed: u64,
    ef_construction: usize,
) -> Result<Vec<(u32, Vec<u32>)>, IndexError> {
    let points = ordinals.iter().map(|&ordinal| Point { ordinal, rows }).collect();
    // Without its heuristic a list is what is nearest; whose neighbours are chosen among these is decided here.
    let builder =
        Builder::default().seed(seed).ef_construction(ef_construction).ef_search(1).select_heuristic(None);
    let hnsw = on_one_thread(|| builder.build_hnsw::<Point<'_>>(points).0)?;
    bottom_layer(&hnsw)
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

fn bottom_layer(hnsw: &Hnsw<Point<'_>>) -> Result<Vec<(u32, Vec<u32>)>, IndexError> {
    let message = postcard::to_allocvec(hnsw)?;
    let ((_, ordinals, layer), _) = postcard::take_from_bytes::<Parts>(&message)?;
    let list = |(nearer, farther): &([u32; 32], [u32; 32])| {
        let points = nearer.iter().chain(farther).filter(|&&point| point != NONE);
        points.map(|&point| ordinals[point as usize]).collect()
    };
    Ok(ordinals.iter().copied().zip(layer.iter().map(list)).collect())
}

/// Blocks the thread that waits for it: a worker of another pool would begin with something else meanwhile, and more threads
/// would be at work than that pool has.
#[cfg(not(target_arch = "wasm32"))]
fn on_one_thread<T: Send>(build: impl FnOnce() -> T + Send) -> Result<T, IndexError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|error| IndexError::Content(format!("no thread to build it on: {error}")))?;
    let built = std::thread::scope(|scope| scope.spawn(|| pool.install(build)).join());
    built.map_err(|panic| std::panic::resume_unwind(panic))
}

/// In the browser there is but one thread.
#[cfg(target_arch = "wasm32")]
fn on_one_thread<T>(build: impl FnOnce() -> T) -> Result<T, IndexError> {
    Ok(build())
}
