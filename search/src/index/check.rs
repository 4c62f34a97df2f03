//! Walks the bytes of an index before instant-distance sees them, for that trusts whatever it reads.
//!
//! What a search relies on: every neighbour of a node is in the node's layer; every layer holds the first points
//! and is no larger than the layer below; the bottom layer holds all points. Nothing is allocated on the way but
//! one bit for each ordinal.

use clip_rs_catalog::index::IndexHeader;
use serde::Deserialize;

use super::IndexError;
use crate::Code;

/// Behind the last neighbour of a node.
const NONE: u32 = u32::MAX;
/// More candidates than any search needs.
const MAX_EF: u64 = 1 << 16;

/// Checks the message of an index file against its header; gives `ef_search`.
pub(super) fn message(header: &IndexHeader, message: &[u8]) -> Result<usize, IndexError> {
    let count = u64::from(header.count);
    let mut walk = Walk { rest: message };

    let ef_search: u64 = walk.next()?;
    expect(ef_search > 0 && ef_search <= MAX_EF, || format!("ef_search is {ef_search}"))?;

    let points: u64 = walk.next()?;
    expect(points == count, || format!("{points} points for {count} items"))?;
    for point in 0..count {
        let code: Code = walk.next()?;
        let (found, dim) = (code.dim(), header.dim);
        expect(found == dim as usize, || format!("point {point} has {found} components, not {dim}"))?;
    }

    let zero: u64 = walk.next()?;
    expect(zero == count, || format!("{zero} nodes in the bottom layer for {count} points"))?;
    for node in 0..zero {
        let (nearer, farther): ([u32; 32], [u32; 32]) = walk.next()?;
        neighbours(nearer.into_iter().chain(farther), zero).map_err(|fault| wrong(0, node, &fault))?;
    }

    let layers: u64 = walk.next()?;
    let mut below = zero;
    for layer in 0..layers {
        let nodes: u64 = walk.next()?;
        expect(nodes > 0 && nodes <= below, || {
            format!("{nodes} nodes in layer {} above {below}", layer + 1)
        })?;
        for node in 0..nodes {
            let nearest: [u32; 32] = walk.next()?;
            neighbours(nearest.into_iter(), nodes).map_err(|fault| wrong(layer + 1, node, &fault))?;
        }
        below = nodes;
    }

    let ordinals: u64 = walk.next()?;
    expect(ordinals == count, || format!("{ordinals} ordinals for {count} items"))?;
    let mut seen = vec![false; header.count as usize];
    for _ in 0..count {
        let ordinal: u32 = walk.next()?;
        let slot = seen.get_mut(ordinal as usize);
        let new = slot.is_some_and(|slot| !std::mem::replace(slot, true));
        expect(new, || format!("ordinal {ordinal} twice, or not below {count}"))?;
    }
    expect(walk.rest.is_empty(), || format!("{} bytes after its end", walk.rest.len()))?;
    Ok(ef_search as usize)
}

struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    fn next<T: Deserialize<'a>>(&mut self) -> Result<T, IndexError> {
        let (value, rest) = postcard::take_from_bytes(self.rest)?;
        self.rest = rest;
        Ok(value)
    }
}

/// Point numbers below `nodes`, then only [`NONE`].
fn neighbours(ids: impl Iterator<Item = u32>, nodes: u64) -> Result<(), String> {
    let mut ended = false;
    for id in ids {
        if id == NONE {
            ended = true;
        } else if ended || u64::from(id) >= nodes {
            return Err(format!("names neighbour {id} of {nodes}"));
        }
    }
    Ok(())
}

fn wrong(layer: u64, node: u64, fault: &str) -> IndexError {
    IndexError::Content(format!("node {node} of layer {layer} {fault}"))
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), IndexError> {
    if holds { Ok(()) } else { Err(IndexError::Content(otherwise())) }
}
