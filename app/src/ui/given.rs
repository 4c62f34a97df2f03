//! A picture that a person gave.

use crate::browser::pixels::Picture;

/// A picture with the name that it came with.
#[derive(Debug, Clone)]
pub struct Given {
    /// The picture.
    pub picture: Picture,
    /// Name of its file.
    pub name: String,
}
