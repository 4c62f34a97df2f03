//! What the stages of the command `clip-rs` share, whichever crate they live in: one error that names its
//! subject, files that are whole or not there, progress for people and logs, and seeded dice.

#![forbid(unsafe_code)]

pub mod dice;
mod error;
pub mod files;
pub mod progress;

pub use error::StageError;
