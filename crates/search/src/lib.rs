//! The engine: bytes in, hits out. It asks for nothing: who fetches, stores or draws is decided outside.
//!
//! | module | what it does |
//! |---|---|
//! | [`model`] | CLIP's two towers: text and pictures to [`Embedding`]s |
//! | [`code`] | embeddings as int8 [`Code`]s, and the dot product that everything rests on |
//! | [`index`] | the nearest items of a shard: HNSW graph and exact scan over the same codes |
//! | [`cells`] | the items of a large catalog by what they look like, of which a query reads a part |
//! | [`query`] | what may be asked: weighted texts, vectors and items, in areas ([`Polygon`]) |
//! | [`engine`] | answers queries over the shards of a catalog |
//! | [`calibrate`] | cosines as chances that people can read |
//! | [`explore`] | all items at once: layers of scores, concepts taught by marks, clusters, windows of a picture |
//!
//! Everything here compiles for native targets and for wasm32 alike, with no feature flags; with the target
//! features `simd128` and `relaxed-simd` the dot products use them. Bytes from outside (models, indexes, pictures, texts) are
//! checked before use: they give errors, never panics.

#![deny(unsafe_code)]

pub mod calibrate;
pub mod cells;
pub mod code;
mod dice;
mod embedding;
pub mod engine;
pub mod explore;
pub mod index;
#[allow(unsafe_code, reason = "SIMD loads, where there is SIMD; every one says why it is sound")]
mod kernels;
pub mod model;
mod polygon;
pub mod query;

pub use code::Code;
pub use embedding::{Embedding, EmbeddingError};
pub use engine::{Direction, Engine, EngineError, Hit, NextShard, Shard};
pub use index::{Index, IndexError};
pub use kernels::compute_by;
pub use polygon::{Polygon, PolygonError};
pub use query::{ItemRef, Query, Subject, Term};

// Nothing here calls getrandom; these switch on the browser's source for the crates that do.
#[cfg(target_arch = "wasm32")]
use {getrandom_02 as _, getrandom_03 as _};
