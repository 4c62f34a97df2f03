//! Where pictures come from: one trait, [`Source`], and one file a kind of source. [`open`] picks the kind by
//! what is there. Sources give encoded bytes with a place; they decode no pixels that are not asked for.

#![forbid(unsafe_code)]

mod about;
mod error;
mod exif_position;
mod format;
mod geotiff;
mod joined;
mod mbtiles;
mod open;
mod picture_folder;
mod pictures;
mod pmtiles;
mod projection;
mod sampling;
mod source;
mod stac;
mod tile_folder;
mod tile_json;
mod tile_metadata;
mod tile_template;
mod tiles;
mod walk;
mod wmts;
mod world_file;

use std::path::{Path, PathBuf};

use clip_rs_catalog::ItemId;

pub use about::About;
pub use error::ImageryError;
pub use format::{PICTURES, sniff};
pub use open::{Kind, Wanted, open};
pub use pictures::read_pictures;
pub use source::{Entry, EntryId, Inventory, Skipped, Source, Unread};
pub use tile_metadata::Scheme;
pub use tiles::{Pyramid, read_tiles};
pub use walk::is_catalog;

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
