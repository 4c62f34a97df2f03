//! The words of CLIP-RS and its catalog format, version 1. This text is the format's specification.
//!
//! A **catalog** is a folder of static files that any web server can hand out:
//!
//! | file | what it holds | written by |
//! |---|---|---|
//! | `catalog.json` | the [`Manifest`]: small, readable, the only file that is ever revalidated | [`Manifest::to_json`] |
//! | `model.<hash>.json`, `text.<hash>.gguf`, `image.<hash>.gguf`, `vocabulary.<hash>.txt` | the model package, as it was when the catalog was indexed | the model's author |
//! | `index.<hash>.bin` | the search index of one shard: int8 codes, and an HNSW graph over them | [`index`] |
//! | `items.<hash>.bin` | the metadata of one shard's items, column by column | [`Items::to_bytes`] |
//! | `listing.<hash>.bin` | path, length and digest of every picture | [`Listing::to_bytes`] |
//! | `tiles-<hash>/{z}/{x}/{y}.jpg` | the imagery's tiles, with the pyramid down to an overview | - |
//! | `pictures-<hash>/<name>` | pictures that are no tiles (a catalog has tiles or pictures) | - |
//!
//! `<hash>` is the first 16 hexadecimal digits of a SHA-256: of the file itself, or, for a folder of
//! pictures, of the listing that names its pictures. So every name but `catalog.json` says what is in it,
//! a cache may keep it for ever, and a catalog is updated by adding files and then replacing
//! `catalog.json`, which is always written last.
//!
//! # Trust
//!
//! `catalog.json` ends in its own digest ([`Manifest::from_json`] checks it) and names length and SHA-256
//! of every file beside it; the listing does the same for every picture. Whoever reads a file checks it
//! with [`FileRef::check`] or [`ListedFile::check`] before use. The digests find damage, not malice: who can
//! replace `catalog.json` can replace everything.
//!
//! # Items and shards
//!
//! The items of a shard are numbered from 0 (the **ordinal**), and all of its files use that order. A shard
//! of tiles is in quadkey order, so neighbours on the ground are neighbours in the file.
//!
//! # Encoding
//!
//! Binary files start with eight bytes that name kind and version, followed by a [postcard] message
//! (little-endian, variable-length integers); the index alone has a layout of its own ([`index`]), so that it can be
//! used as it arrives. Decoders accept any bytes without panicking and refuse what
//! does not hold together: columns of unequal length, numbers out of range, names that leave the folder.
//!
//! Coordinates are WGS 84 degrees, always longitude before latitude; bounds are west, south, east, north.
//! Tiles are numbered as in XYZ schemes (Web Mercator, y from the north).
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format

#![forbid(unsafe_code)]

mod digest;
mod error;
mod geo;
pub mod index;
mod items;
mod listing;
mod manifest;
mod tile;

pub use digest::{Digest, Digester};
pub use error::{CatalogError, Fault};
pub use geo::{Bounds, LngLat};
pub use items::{Date, Item, ItemId, Items, ItemsBuilder};
pub use listing::{ListedFile, Listing};
pub use manifest::{FileRef, MANIFEST_NAME, Manifest, ModelRef, Pictures, Shard, TileSet};
pub use tile::TileId;
