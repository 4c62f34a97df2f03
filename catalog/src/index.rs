//! The search index file of a shard, `index.<hash>.bin`.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | the magic `CRSINDX1` |
//! | 8..12 | components of an embedding, u32 little-endian |
//! | 12..16 | number of items, u32 little-endian |
//! | 16.. | a postcard message: the graph, then the ordinals |
//!
//! The graph is a hierarchical navigable small world (Malkov and Yashunin 2016), in this order:
//!
//! - `ef_search`, varint: candidates that a search keeps, which is also the most results it can give;
//! - the points, one an item: each the int8 codes of its embedding, a length-prefixed run of signed bytes. A
//!   code stands for the direction of its integers; nothing else of the embedding is stored;
//! - the bottom layer, as many nodes as points: each 64 varint point numbers, nearest first, with `u32::MAX`
//!   behind the last neighbour;
//! - the upper layers from the lowest to the highest: each a run of nodes of 32 point numbers. Layer `n` holds
//!   the first points only, never more than the layer below it, and its neighbours are in the layer.
//!
//! Points are numbered as the graph was built, point 0 being the entrance. The ordinals follow the graph: for
//! each point the ordinal of its item in the shard, every ordinal exactly once.

use crate::{CatalogError, Fault};

const MAGIC: &[u8; 8] = b"CRSINDX1";
const LENGTH: usize = 16;

/// What the first bytes of an index file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexHeader {
    /// Components of an embedding.
    pub dim: u32,
    /// Number of items.
    pub count: u32,
}

impl IndexHeader {
    /// The header's bytes, which the message is appended to.
    pub fn to_bytes(self) -> Vec<u8> {
        [&MAGIC[..], &self.dim.to_le_bytes(), &self.count.to_le_bytes()].concat()
    }

    /// Splits an index file into header and message; the message is not looked at.
    pub fn split(bytes: &[u8]) -> Result<(Self, &[u8]), CatalogError> {
        let wrong = || CatalogError::File { name: "index".into(), fault: Fault::Magic { expected: "index" } };
        let (header, message) = bytes.split_first_chunk::<LENGTH>().ok_or_else(wrong)?;
        let [magic @ .., d0, d1, d2, d3, c0, c1, c2, c3] = header;
        if magic != MAGIC {
            return Err(wrong());
        }
        let dim = u32::from_le_bytes([*d0, *d1, *d2, *d3]);
        let count = u32::from_le_bytes([*c0, *c1, *c2, *c3]);
        Ok((Self { dim, count }, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_a_round_trip_and_nothing_else_is_one() -> Result<(), CatalogError> {
        let header = IndexHeader { dim: 256, count: 70_000 };
        let mut bytes = header.to_bytes();
        assert_eq!(bytes.len(), LENGTH);
        bytes.extend(b"message");
        assert_eq!(IndexHeader::split(&bytes)?, (header, &b"message"[..]));
        assert!(IndexHeader::split(&bytes[..LENGTH - 1]).is_err(), "cut");
        bytes[7] = b'2';
        assert!(IndexHeader::split(&bytes).is_err(), "another version");
        Ok(())
    }
}
