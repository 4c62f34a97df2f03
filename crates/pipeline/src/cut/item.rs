//! An item as it is on its way into the catalog: small enough that millions fit into memory.

use clip_rs_catalog::{Crop, Digest, TileSquare};

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Which part of the imagery it is.
    pub what: What,
    /// What the store has its vector under.
    pub key: Digest,
    /// The hash of its look ([`super::look::Look::hash`]).
    pub hash: u64,
}

/// A part of the imagery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A tile or a window of tiles.
    Square(TileSquare),
    /// A picture or a square of one.
    Picture {
        /// Its number among those that are shown.
        picture: u32,
        /// The square; the whole picture if absent.
        crop: Option<Crop>,
    },
}
