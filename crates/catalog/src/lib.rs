//! The words of CLIP-RS and its catalog format, version 2. This text is the format's specification.
//!
//! A **catalog** is a folder of static files that any web server can hand out:
//!
//! | file | what it holds | written by |
//! |---|---|---|
//! | `catalog.json` | the [`Manifest`]: small, readable, the only file that is ever revalidated | [`Manifest::to_json`] |
//! | `model.<hash>.json`, `text.<hash>.gguf`, `image.<hash>.gguf`, `vocabulary.<hash>.txt` | the model package, as it was when the catalog was indexed | the model's author |
//! | `index.<hash>.bin` | the search index of one shard: int8 codes, and an HNSW graph over them | [`index`] |
//! | `items.<hash>.bin` | names and footprints of one shard's items | [`Items::to_bytes`] |
//! | `details.<hash>.bin` | a page of what else is known of items: place, address, date, source | [`Details::to_bytes`] |
//! | `listing.<hash>.bin` | a page of the listing: kind, length and digest of tiles, or of pictures and their thumbnails | [`TileListing::to_bytes`], [`PictureListing::to_bytes`] |
//! | `tiles-<hash>/<z>/<x>/<y>.jpg` | the imagery's tiles (`jpg`, `png`, `webp` or `avif`), with the pyramid down to an overview | - |
//! | `pictures-<hash>/original/<name>`, `pictures-<hash>/<edge>/<name>.jpg` | pictures that are no tiles, as they were given, and their thumbnails (a catalog has tiles or pictures) | - |
//!
//! `<hash>` is the first 16 hexadecimal digits of a SHA-256: of the file itself (a reader checks that), or, for a folder,
//! of what was put into it when it was made. So every name but `catalog.json` says what is in it, a cache may keep
//! it for ever, and a catalog is updated by adding files and folders and then replacing `catalog.json`, which is always
//! written last. What an update did not change stays where it is: the listing says which folder each tile lies in.
//! Files that the former `catalog.json` named are kept for a while, for those who still read them.
//!
//! # Trust
//!
//! `catalog.json` ends in its own digest ([`Manifest::from_json`] checks it) and names length and SHA-256
//! of every file beside it; the listing does the same for every tile and picture. Whoever reads a file checks it
//! with [`FileRef::check`] or [`ListedFile::check`] before use. The digests find damage, not malice: who can
//! replace `catalog.json` can replace everything.
//!
//! # Items and shards
//!
//! An item is what a search finds: a square of map tiles ([`TileSquare`]), or a picture or a square of one ([`ItemId`]).
//! The items of a shard are numbered from 0 (the **ordinal**), and its index, items and pages of details all use that
//! order. Neighbours on the ground are near each other in it.
//!
//! # Files of columns
//!
//! Items, details and listings are files of columns:
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | a magic that names kind and version |
//! | then | number of rows, number of columns |
//! | for each column | length of its name, the name (ASCII), length of its content in bytes |
//! | to the end | the columns' contents, in the same order |
//!
//! Numbers are variable-length integers (LEB128: seven bits a byte, the lowest first, the eighth bit set in every byte but
//! the last) of at most 32 bits. A column of **numbers** has one for each row. **Steps** are numbers that stand
//! for signed ones: each value less the one before (the first less 0) modulo 2^32, zigzag coded (0, -1, 1, -2
//! become 0, 1, 2, 3). **Texts** begin with how many there are; each is its length in bytes and then UTF-8. A reader takes
//! the columns that it knows and passes over the others. Decoders accept any bytes without panicking, allocate in proportion
//! to what they are given, and refuse what does not hold together: columns of unequal length, numbers out of range,
//! names that leave the folder. The index alone has a layout of its own ([`index`]), so that it can be used as it arrives.
//!
//! Coordinates are WGS 84 degrees, always longitude before latitude; bounds are west, south, east, north, with west
//! greater than east where they cross the antimeridian. Tiles are numbered as in XYZ schemes (Web Mercator, y from
//! the north).

#![forbid(unsafe_code)]

mod columns;
mod date;
mod details;
mod digest;
mod error;
mod geo;
mod id;
pub mod index;
mod items;
mod listing;
mod manifest;
mod path;
mod tile;

pub use date::Date;
pub use details::{Detail, Details};
pub use digest::{Digest, Digester};
pub use error::{CatalogError, Fault};
pub use geo::{Bounds, LngLat};
pub use id::{Crop, ItemId, TileSquare};
pub use items::{Items, ItemsBuilder};
pub use listing::{
    ImageKind, ListedFile, ListedPicture, ListedTile, MAX_PAGE_ROWS, PictureListing, TileListing,
};
pub use manifest::{FileRef, MANIFEST_NAME, Manifest, ModelRef, Page, PictureSet, Shard, TileSet};
pub use path::check_path;
pub use tile::TileId;
