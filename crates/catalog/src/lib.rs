//! The words of CLIP-RS and its catalog format, version 2. This text is the format's specification.
//!
//! A **catalog** is a folder of static files that any web server can hand out:
//!
//! | file | what it holds | written by |
//! |---|---|---|
//! | `catalog.json` | the [`Manifest`]: small, readable, the only file that is ever revalidated | [`Manifest::to_json`] |
//! | `catalog.<hash>.json` | a former `catalog.json`, kept as long as the files that only it names; readers pass over it | - |
//! | `model.<hash>.json`, `text.<hash>.gguf`, `image.<hash>.gguf`, `vocabulary.<hash>.txt` | the model package, as it was when the catalog was indexed | the model's author |
//! | `index.<hash>.bin` | the search index of one shard: int8 codes, and an HNSW graph over them | [`index`] |
//! | `centroids.<hash>.bin`, `cells.<hash>.bin` | in large catalogs, the items of all shards by what they look like | [`cells`] |
//! | `overview.<hash>.bin` | in large catalogs, which cells have items where on the ground | [`overview`] |
//! | `items.<hash>.bin` | names and footprints of one shard's items | [`Items::to_bytes`] |
//! | `details.<hash>.bin` | a page of what else is known of items: place, address, date, source | [`Details::to_bytes`] |
//! | `listing.<hash>.bin` | a page of the listing: kind, length and digest of tiles, or of pictures and their thumbnails | [`TileListing::to_bytes`], [`PictureListing::to_bytes`] |
//! | `tiles-<hash>/<z>/<x>/<y>.jpg` | the imagery's tiles (`jpg`, `png`, `webp` or `avif`), with the pyramid down to an overview | - |
//! | `pictures-<hash>/original/<name>`, `pictures-<hash>/<edge>/<name>.jpg` | pictures that are no tiles, as they were given, and their thumbnails (a catalog has tiles or pictures) | - |
//!
//! Beside a file there may be the same compressed, `<file>.br` and `<file>.gz`, for servers to hand out in its place. They are
//! not named in `catalog.json`, and a reader needs none of them.
//!
//! `<hash>` is the first 16 hexadecimal digits of a SHA-256: of the file itself (a reader checks that), or, for a folder,
//! of what was put into it when it was made. So every name but `catalog.json` says what is in it, a cache may keep
//! it for ever, and a catalog is updated by adding files and folders and then replacing `catalog.json`, which is always
//! written last. What an update did not change stays where it is: the listing says which folder each tile lies in.
//! Files that the former `catalog.json` named are kept for a while, for those who still read them.
//!
//! A page that shows catalogs may have a list of them beside itself, [`catalogs.json`](crate::Catalogs).
//!
//! A reader begins with `catalog.json`, as [`Manifest`] says: `format` first, then the digest, then the rest. It passes over
//! keys and [columns](crate#files-of-columns) that it does not know, and takes files' names from there, not from a habit.
//! What a reader cannot do without comes with another number: in `format`, or in the last character of a file's magic.
//!
//! # Trust
//!
//! `catalog.json` ends in its own digest ([`Manifest::from_json`] checks it) and names length and SHA-256
//! of every file beside it; the listing does the same for every tile and picture. Whoever reads a file checks it
//! with [`FileRef::check`] or [`ListedFile::check`] before use. The digests find damage, not malice: who can
//! replace `catalog.json` can replace everything.
//!
//! Names from outside never leave the catalog's folder. A path has at most 512 bytes; its parts, between `/`, are not
//! empty, do not begin with `.`, do not end in `.` or a space, and are made of letters and digits (of any script) and
//! `-_.{}() +,@` ([`check_path`]).
//!
//! # Items and shards
//!
//! An item is what a search finds: a square of map tiles ([`TileSquare`]), or a picture or a square of one ([`ItemId`]).
//! The items of a shard are numbered from 0 (the **ordinal**), and its index, items and pages of details all use that
//! order: what is known of the item with ordinal `n` is row `n % page_rows` of the shard's page `n / page_rows`. Each
//! shard counts anew. Neighbours on the ground are near each other in the order.
//!
//! # Files of columns
//!
//! Items, details and listings are files of columns:
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | a magic that names kind and version |
//! | then | number of rows, number of columns (at most 256) |
//! | for each column | length of its name, the name (ASCII), length of its content in bytes |
//! | to the end | the columns' contents, in the same order |
//!
//! Numbers are variable-length integers (LEB128: seven bits a byte, the lowest first, the eighth bit set in every byte but
//! the last) of at most 32 bits, in at most five bytes. No name is there twice, and nothing follows the last column. These
//! are the kinds of columns:
//!
//! - **numbers**: one for each row, where nothing else is said;
//! - **steps**: numbers that stand for signed ones of 32 bits. Each is the value less the one before (the first: less 0),
//!   modulo 2^32 as a signed number `d`, zigzag coded: `2 d` for `d` of 0 or more, else `-2 d - 1` (0, -1, 1, -2 become
//!   0, 1, 2, 3);
//! - **texts**: how many there are, then for each its length in bytes and its UTF-8. They are counted from 0;
//! - **bytes**: so many for each row, one row after the other.
//!
//! A column that is said to be possibly absent is left out where all its values are the usual one. Decoders accept any
//! bytes without panicking, allocate in proportion to what they are given, and refuse what does not hold together: columns
//! of unequal length, bytes left over, numbers out of range, names that leave the folder. The index alone has a layout of
//! its own ([`index`]), so that it can be used as it arrives.
//!
//! # Search
//!
//! An item's place in a search is decided by its **code**, the signed bytes that the [`index`] has of it. Every reader finds
//! the same cosines, to the bit, in this way ("single" and "double" are IEEE 754 numbers, rounded to nearest, ties to
//! even, after each operation):
//!
//! 1. A query is a sum of parts, each a vector of `embed_dim` singles: what the model's tower makes of a text or picture, or
//!    the integers of an item's code. A vector is brought to length 1 by summing its squares in double, in order, and
//!    dividing each component by the square root of the sum in double, rounded to single. Each part is brought to length
//!    1 (`clip-rs encode` prints those of texts so), multiplied by its weight and added to the sum of those before it, in
//!    single; the sum is brought to length 1 again, that of a single part as well.
//! 2. It is rounded to a code like those of items: with `m` the largest amount of a component, each component becomes
//!    `x / m * 127` (two operations in single), rounded to the nearest integer, halves away from 0. Vectors that are not
//!    finite, or shorter than 1e-12, are no query.
//! 3. A code `c` has the scale `1 / sqrt(c . c)`, in double, rounded to single. The cosine of query and item is the dot product
//!    of their integers, rounded to single, times the product of the two scales (two operations in single).
//! 4. Some items are close to every text. The score of an item is its cosine less its relevance offset
//!    ([`Items::offset`](crate::Items)) times the query's share of text: the sum of the weights of its texts (in single, in
//!    order, from 0), divided by the length of the sum of step 1 before that was brought to length 1 (the square root in
//!    double, rounded to single), in single. The offset is its number divided by 32768, the product and the difference are
//!    two operations in single.
//! 5. Hits are ordered by falling score; equal ones by the shard's place in `catalog.json`, then by ordinal. A search in an
//!    area has the items whose footprint's centre lies in it or on its edge, and none whose place is not known. A query
//!    that is one item begins with this item, whatever else has its code.
//!
//! Walking the graph finds nearly the same hits without looking at every item. So does a search in [`cells`], whose cosines are
//! estimates.
//!
//! # Places
//!
//! Coordinates are WGS 84 degrees, always longitude before latitude; [`Bounds`] are west, south, east, north, with west
//! greater than east where they cross the antimeridian, and south never greater than north. The centre is half way between
//! the edges in degrees; 360 is subtracted from a longitude beyond 180.
//!
//! Tiles are numbered as in XYZ schemes: Web Mercator, zoom `z` of 0 to 24 with `n = 2^z` columns `x` from the west and rows
//! `y` from the north. Column `x` begins at longitude `x / n * 360 - 180`, row `y` at latitude `atan(sinh(pi (1 - 2 y / n)))`.
//! Their order is that of the zoom, then of the quadkey: the bits of `y` and `x` in turn, those of the highest value and of
//! `y` first. A square of `s` x `s` tiles is named by its north-west tile; its columns go on at 0 beyond the antimeridian, its
//! rows end at `n`.

#![forbid(unsafe_code)]

mod catalogs;
pub mod cells;
mod columns;
mod date;
mod details;
mod digest;
mod error;
mod geo;
pub mod geometry;
mod id;
pub mod index;
mod items;
mod listing;
mod manifest;
mod origin;
pub mod overview;
mod path;
mod tile;

pub use catalogs::{CATALOGS_NAME, CatalogUrl, Catalogs, Holds, ListedCatalog, OWN_CATALOG};
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
pub use manifest::{
    CellsRef, FileRef, Files, MANIFEST_NAME, Manifest, ModelRef, Page, PictureSet, Shard, TileSet,
};
pub use origin::Origin;
pub use overview::Overview;
pub use path::check_path;
pub use tile::TileId;
