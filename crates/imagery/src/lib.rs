//! Where pictures come from: one trait, [`Source`], and one file a kind of source. [`open`] picks the kind by
//! what is there. Sources give encoded bytes with a place; they decode no pixels that are not asked for.

#![forbid(unsafe_code)]

mod about;
pub mod decode;
mod error;
mod exif_position;
mod format;
mod geotiff;
mod joined;
mod mbtiles;
#[cfg(feature = "object-storage")]
pub mod object_storage;
mod open;
mod picture_folder;
mod pmtiles;
mod projection;
mod sampling;
mod source;
mod stac;
mod tile_folder;
mod tile_json;
mod tile_metadata;
mod tile_template;
mod walk;
mod wmts;
mod world_file;

pub use about::About;
pub use error::ImageryError;
pub use format::{PICTURES, sniff};
pub use open::{Kind, Wanted, open};
#[cfg(feature = "write-pmtiles")]
pub use pmtiles::write as pmtiles_archive;
pub use source::{Entry, EntryId, Inventory, Skipped, Source, Unread};
pub use tile_metadata::Scheme;
pub use walk::is_catalog;
pub use wmts::{WmtsLayer, wmts_layers};
