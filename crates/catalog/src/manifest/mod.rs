//! `catalog.json`: what is in a catalog and which bytes make it up.

mod files;
mod imagery;
mod validate;

use serde::{Deserialize, Serialize};

use crate::{Bounds, CatalogError, Date, Digest, Fault};

pub use files::{FileRef, Files};
pub use imagery::{Page, PictureSet, TileSet};

/// Name of the manifest in a catalog's folder.
pub const MANIFEST_NAME: &str = "catalog.json";

/// The only format version that this code reads and writes.
const FORMAT: u32 = 2;
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Everything that `catalog.json` says.
///
/// The file is a JSON object (RFC 8259, UTF-8) of at most 16 MiB. Its keys are the names of the fields below, and so in what
/// it holds: a list is an array, a field that may have nothing is `null` or left out, [`Bounds`] are an array of west,
/// south, east and north, a [`Digest`] is 64 lower-case hexadecimal digits, a kind of picture its file's ending.
///
/// A reader looks at `format` before anything else, so that another version is called another version and not damage.
///
/// `digest` is the last key. The text ends with `"digest": "`, 64 digits, `"`, a line feed, `}` and possibly white space. The
/// digits are the SHA-256 of the whole text with `0` in place of each of them, so that damage to any byte is noticed.
///
/// A reader refuses what does not hold together:
///
/// - there are `tiles` or `pictures`, not both, with at least one folder, `tiles-<hash>` or `pictures-<hash>`, at least one
///   page of the listing, and the pages' `first` in ascending [order of tiles](crate#places) or of the names' bytes;
/// - every file that is named anywhere is in `files`, once; what stands between the first and second dot of its name is
///   the beginning of its digest;
/// - a shard has as many pages of details as its items fill, of `page_rows` items (1 to 65,536), the last with what is
///   left;
/// - a centroid has `embed_dim` (1 to 8,192) finite components; `minzoom <= zoom <= maxzoom <= 24`; a tile's edge is 64 to
///   4,096 pixels; thumbnails have at most four sizes, ascending, of 16 to 4,096 pixels; the first day of `captured`, an array
///   of two texts `YYYY-MM-DD`, is not after the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format version, 2.
    pub format: u32,
    /// Short name for links and folders: ASCII letters, digits, `-` and `_`.
    pub id: String,
    /// The area's name as people read it.
    pub title: String,
    /// Who made the imagery; shown on the map.
    pub attribution: String,
    /// The imagery's licence.
    pub licence: String,
    /// Whether the imagery was generated and shows no real place. Shown wherever the imagery is.
    pub synthetic: bool,
    /// Box around all items; none when no picture has a position. West is greater than east across the antimeridian.
    pub bounds: Option<Bounds>,
    /// First and last day on which items were captured, as far as it is known; left out where it is known of none. Readers
    /// that do not know this key lose nothing: the [pages of details](crate::Details) have the day of each item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<[Date; 2]>,
    /// The map's tiles, when the imagery is tiled.
    pub tiles: Option<TileSet>,
    /// The pictures, when the imagery is no tiles.
    pub pictures: Option<PictureSet>,
    /// The model whose image tower made the embeddings.
    pub model: ModelRef,
    /// The parts that a catalog is loaded by; a small catalog has one.
    pub shards: Vec<Shard>,
    /// The same items by what they look like, in a catalog that is too large to be loaded as a whole; left out in others. Readers that
    /// do not know this key search the shards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<CellsRef>,
    /// Length and digest of every file beside this one (tiles and pictures are in the listing).
    pub files: Files,
    /// Example queries that suit this area; may be empty.
    pub examples: Vec<String>,
    /// SHA-256 of this file with these digits set to zero.
    pub digest: String,
}

/// The model's files, by their names in the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRef {
    /// The model's name, such as `rs-small`.
    pub name: String,
    /// Number of components of an embedding.
    pub embed_dim: usize,
    /// The model's `model.json`.
    pub config: String,
    /// Text tower (GGUF).
    pub text: String,
    /// Image tower (GGUF).
    pub image: String,
    /// Byte-pair vocabulary of the tokenizer.
    pub tokenizer: String,
}

/// A part of a catalog that is loaded as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// Number of items.
    pub count: usize,
    /// Box around the shard's items; none when none has a position.
    pub bounds: Option<Bounds>,
    /// Mean of the shard's embeddings, `embed_dim` components: what the shard is about.
    pub centroid: Vec<f32>,
    /// Search index.
    pub index: String,
    /// Names and footprints of the items.
    pub items: String,
    /// Pages of what else is known of the items, in their order.
    pub details: Vec<String>,
    /// Items of a page of details; the last may have fewer.
    pub page_rows: usize,
}

impl Shard {
    /// The page of details of the item with this ordinal, and its place there; none beyond the shard.
    pub fn page_of(&self, ordinal: usize) -> Option<(&str, usize)> {
        let page = ordinal.checked_div(self.page_rows)?;
        let name = self.details.get(page).filter(|_| ordinal < self.count)?;
        Some((name, ordinal % self.page_rows))
    }
}

/// The files of a catalog's [cells](crate::cells).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellsRef {
    /// What the cells are about, and where they lie.
    pub centroids: String,
    /// The cells, to be read in ranges.
    pub cells: String,
    /// Where on the ground the items of each cell lie; left out where no item has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overview: Option<String>,
}

/// What is read before anything else.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl Manifest {
    /// More bytes than any manifest needs; a larger one is refused before it is parsed.
    pub const MAX_BYTES: u64 = 16 << 20;

    /// The text of `catalog.json`, sealed with its digest. The `format` and `digest` fields of `self` are
    /// not used: the current format and the true digest are written.
    pub fn to_json(&self) -> Result<String, CatalogError> {
        let open = Self { format: FORMAT, digest: NO_DIGEST.to_owned(), ..self.clone() };
        open.validate()?;
        let mut text = serde_json::to_string_pretty(&open)
            .map_err(|error| CatalogError::content(MANIFEST_NAME, error.to_string()))?;
        text.push('\n');
        let at = digest_position(&text).ok_or_else(|| malformed("it does not end in its digest"))?;
        let digest = Digest::of(text.as_bytes()).to_string();
        text.replace_range(at..at + NO_DIGEST.len(), &digest);
        Ok(text)
    }

    /// Reads `catalog.json`: checks the format version, its digest, and that it holds together.
    pub fn from_json(text: &[u8]) -> Result<Self, CatalogError> {
        if text.len() as u64 > Self::MAX_BYTES {
            return Err(malformed("larger than 16 MiB"));
        }
        let text = std::str::from_utf8(text).map_err(|_| malformed("not UTF-8 text"))?;
        if !text.trim_start().starts_with('{') {
            let found = if text.trim_start().starts_with('<') { "a web page" } else { "no JSON object" };
            let fault = Fault::Foreign { found };
            return Err(CatalogError::File { name: MANIFEST_NAME.to_owned(), fault });
        }
        let Head { format } = serde_json::from_str(text).map_err(|error| malformed(&error.to_string()))?;
        if format != FORMAT {
            let fault = Fault::Version { found: format, expected: FORMAT };
            return Err(CatalogError::File { name: MANIFEST_NAME.to_owned(), fault });
        }
        let manifest: Self = serde_json::from_str(text).map_err(|error| malformed(&error.to_string()))?;
        let at = digest_position(text).ok_or_else(|| malformed("it does not end in its digest"))?;
        let expected: Digest = manifest.digest.parse().map_err(|e: CatalogError| e.named(MANIFEST_NAME))?;
        let mut open = text.to_owned();
        open.replace_range(at..at + NO_DIGEST.len(), NO_DIGEST);
        let found = Digest::of(open.as_bytes());
        if found != expected {
            let fault = Fault::Digest { expected, found };
            return Err(CatalogError::File { name: MANIFEST_NAME.to_owned(), fault });
        }
        manifest.validate()?;
        Ok(manifest)
    }

    /// The reference of the file called `name`.
    pub fn file(&self, name: &str) -> Result<&FileRef, CatalogError> {
        self.files.get(name).ok_or_else(|| malformed(&format!("it names no file {name:?}")))
    }

    /// Number of items in all shards.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.count).sum()
    }

    /// The pages of the listing of tiles or pictures, in order.
    pub fn listing(&self) -> &[Page] {
        let tiles = self.tiles.as_ref().map(|tiles| tiles.listing.as_slice());
        tiles
            .or_else(|| self.pictures.as_ref().map(|pictures| pictures.listing.as_slice()))
            .unwrap_or_default()
    }

    /// The folders of tiles or pictures, by their number in the listing.
    pub fn folders(&self) -> &[String] {
        let tiles = self.tiles.as_ref().map(|tiles| tiles.folders.as_slice());
        tiles
            .or_else(|| self.pictures.as_ref().map(|pictures| pictures.folders.as_slice()))
            .unwrap_or_default()
    }
}

/// Where the 64 digits of the last `"digest"` key stand.
fn digest_position(text: &str) -> Option<usize> {
    const KEY: &str = "\"digest\": \"";
    let at = text.rfind(KEY)? + KEY.len();
    (text.get(at + NO_DIGEST.len()..)?.trim_end() == "\"\n}").then_some(at)
}

fn malformed(why: &str) -> CatalogError {
    CatalogError::content(MANIFEST_NAME, why)
}

#[cfg(test)]
mod tests;
