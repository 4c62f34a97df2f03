//! Models and how good they are: each module a function from files to files.
//!
//! | module | what it does |
//! |---|---|
//! | [`model`] | model packages: reading, importing checkpoints, fetching published ones |
//! | [`evaluate`] | how good a model is, by the published protocols |
//! | [`train`] | runs the recipe of the embedded model |
//! | [`fine_tune`] | teaches a model other pictures, from captions or class folders |

#![forbid(unsafe_code)]

pub mod evaluate;
pub mod fine_tune;
pub mod model;
mod readable;
pub mod train;

pub use readable::LeftOut;
