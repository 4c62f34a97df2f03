//! The stages of the command `clip-rs`, each a function from folder to folder.
//!
//! | module | what it does |
//! |---|---|
//! | [`sample`] | draws a synthetic county: tiles, ground truth, captions, addresses |
//! | [`model`] | model packages: reading, importing checkpoints, fetching published ones |
//! | [`index`] | imagery to catalog: embed, locate, index, publish |
//! | [`query`] | search in a catalog |
//! | [`verify`] | whether every byte of a catalog is what it should be |
//! | [`evaluate`] | how good a model is, by the published protocols |
//! | [`train`] | runs the recipe of the embedded model |
//! | [`fine_tune`] | teaches a model other pictures, from captions or class folders |
//!
//! and what they are made of:
//!
//! | module | what it does |
//! |---|---|
//! | [`imagery`] | lists what there is to index: a pyramid of tiles or a folder of pictures |
//! | [`embed`], [`embeddings`] | pictures to vectors, kept between runs |
//! | [`locate`] | positions, place names and street addresses, offline |
//! | [`publish`], [`squeeze`] | writes a catalog that is whole at every moment |
//! | [`catalog`] | reads one, each file checked before use |
//! | [`progress`] | how far a long step is |

#![forbid(unsafe_code)]

pub mod catalog;
pub mod embed;
pub mod embeddings;
mod error;
pub mod evaluate;
mod files;
pub mod fine_tune;
pub mod imagery;
pub mod index;
pub mod locate;
pub mod model;
pub mod progress;
pub mod publish;
pub mod query;
pub mod sample;
pub mod squeeze;
pub mod train;
pub mod verify;

pub use error::PipelineError;
