//! What there is to index: a pyramid of map tiles, or a folder of pictures.

#![forbid(unsafe_code)]

mod about;
pub mod decode;
mod pictures;
mod tiles;

use std::path::{Path, PathBuf};

use clip_rs_catalog::ItemId;

pub use about::About;
pub use pictures::read_pictures;
pub use tiles::{Pyramid, read_tiles};

/// A picture file before it is in a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Where it lies now.
    pub source: PathBuf,
    /// Its path below the catalog's folder of tiles or pictures, such as `17/37487/50141.jpg`.
    pub listed: String,
    /// What it is called as an item; none for the tiles of shallower zooms, which are only shown.
    pub item: Option<ItemId>,
}

/// The extension in lower case, if it is one of a picture that can be read.
fn picture_extension(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    ["jpg", "jpeg", "png", "webp"].contains(&extension.as_str()).then_some(extension)
}
