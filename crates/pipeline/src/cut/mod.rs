//! What an item is.
pub mod look;
pub mod pyramid;
pub mod scale;
pub mod squares;
