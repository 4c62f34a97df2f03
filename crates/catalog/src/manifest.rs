//! `catalog.json`: what is in a catalog and which bytes make it up.
//!
//! The file is JSON with one key a line. Its last key, `digest`, is the SHA-256 of the whole file with those
//! 64 digits replaced by zeros, so damage to any byte is noticed.

use serde::{Deserialize, Serialize};

use crate::{Bounds, CatalogError, Digest, Fault};

/// Name of the manifest in a catalog's folder.
pub const MANIFEST_NAME: &str = "catalog.json";

/// The only format version that this code reads and writes.
const FORMAT: u32 = 1;
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Everything that `catalog.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format version, 1.
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
    /// Box around all items; none when no picture has a position.
    pub bounds: Option<Bounds>,
    /// The map's tiles, when the imagery is tiled.
    pub tiles: Option<TileSet>,
    /// The folder of pictures, when the imagery is no tiles.
    pub pictures: Option<Pictures>,
    /// The model whose image tower made the embeddings.
    pub model: ModelRef,
    /// The parts that a catalog is loaded by; a small catalog has one.
    pub shards: Vec<Shard>,
    /// Length and digest of every file beside this one (pictures are in the listing).
    pub files: Vec<FileRef>,
    /// Example queries that suit this area; may be empty.
    pub examples: Vec<String>,
    /// SHA-256 of this file with these digits set to zero.
    pub digest: String,
}

/// The pyramid of map tiles, in the terms of TileJSON 3.0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileSet {
    /// Path of a tile relative to the catalog, with `{z}`, `{x}` and `{y}` (XYZ scheme).
    pub url: String,
    /// Shallowest zoom with tiles.
    pub minzoom: u8,
    /// Deepest zoom with tiles; the tiles of this zoom are the catalog's items.
    pub maxzoom: u8,
    /// Edge of a tile in pixels.
    pub tile_size: u32,
    /// Name of the listing file.
    pub listing: String,
}

/// Pictures that are no tiles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// Path of a picture relative to the catalog, with `{name}`.
    pub url: String,
    /// Name of the listing file.
    pub listing: String,
}

/// The model's files, by their names in the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Number of items.
    pub count: usize,
    /// Box around the shard's items; none when none has a position.
    pub bounds: Option<Bounds>,
    /// Mean of the shard's embeddings, `embed_dim` components: what the shard is about.
    pub centroid: Vec<f32>,
    /// Search index.
    pub index: String,
    /// Metadata of the items.
    pub items: String,
}

/// A file of the catalog: its name says nothing that is not checked here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// Name in the catalog's folder.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the content.
    pub sha256: Digest,
}

impl FileRef {
    /// The reference for `content`, named `stem.<hash>.extension`.
    pub fn of(content: &[u8], stem: &str, extension: &str) -> Self {
        let sha256 = Digest::of(content);
        Self { name: sha256.file_name(stem, extension), bytes: content.len() as u64, sha256 }
    }

    /// Checks length and digest of `content`; the error names this file.
    pub fn check(&self, content: &[u8]) -> Result<(), CatalogError> {
        self.check_length(content.len() as u64)?;
        self.check_digest(Digest::of(content))
    }

    /// Checks a length alone, in bytes; the error names this file.
    pub fn check_length(&self, found: u64) -> Result<(), CatalogError> {
        let fault = Fault::Length { expected: self.bytes, found };
        if found == self.bytes { Ok(()) } else { Err(CatalogError::File { name: self.name.clone(), fault }) }
    }

    /// Checks a digest alone, for content whose length was checked; the error names this file.
    pub fn check_digest(&self, found: Digest) -> Result<(), CatalogError> {
        let fault = Fault::Digest { expected: self.sha256, found };
        if found == self.sha256 { Ok(()) } else { Err(CatalogError::File { name: self.name.clone(), fault }) }
    }
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

    /// Reads `catalog.json`: checks its digest, the format version, and that it holds together.
    pub fn from_json(text: &[u8]) -> Result<Self, CatalogError> {
        if text.len() as u64 > Self::MAX_BYTES {
            return Err(malformed("larger than 16 MiB"));
        }
        let text = std::str::from_utf8(text).map_err(|_| malformed("not UTF-8 text"))?;
        let manifest: Self = serde_json::from_str(text).map_err(|error| malformed(&error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(malformed(&format!("format version {}, expected {FORMAT}", manifest.format)));
        }
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
        let found = self.files.iter().find(|file| file.name == name);
        found.ok_or_else(|| malformed(&format!("it names no file {name:?}")))
    }

    /// Number of items in all shards.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.count).sum()
    }

    /// Name of the listing of tiles or pictures.
    pub fn listing(&self) -> Option<&str> {
        let tiles = self.tiles.as_ref().map(|tiles| tiles.listing.as_str());
        tiles.or_else(|| self.pictures.as_ref().map(|pictures| pictures.listing.as_str()))
    }

    fn validate(&self) -> Result<(), CatalogError> {
        let plain_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.id.is_empty() || self.id.len() > 64 || !self.id.chars().all(plain_id) {
            return Err(malformed("the id is not 1 to 64 ASCII letters, digits, - or _"));
        }
        if self.tiles.is_some() == self.pictures.is_some() {
            return Err(malformed("it must have either tiles or pictures"));
        }
        if let Some(tiles) = &self.tiles {
            plain_path(&tiles.url)?;
            let holes = ["{z}", "{x}", "{y}"].iter().all(|hole| tiles.url.matches(hole).count() == 1);
            if !holes || tiles.minzoom > tiles.maxzoom || tiles.maxzoom > crate::TileId::MAX_ZOOM {
                return Err(malformed("its tiles need {z}, {x}, {y} and zooms in order"));
            }
            if !(64..=4096).contains(&tiles.tile_size) {
                return Err(malformed("its tile size is not 64 to 4096 pixels"));
            }
        }
        if let Some(pictures) = &self.pictures {
            plain_path(&pictures.url)?;
            if pictures.url.matches("{name}").count() != 1 {
                return Err(malformed("its picture url needs {name}"));
            }
        }
        if !(1..=8192).contains(&self.model.embed_dim) {
            return Err(malformed("its embedding dimension is not 1 to 8192"));
        }
        for file in &self.files {
            if file.name.contains('/') {
                return Err(malformed(&format!("file name {:?} has a folder", file.name)));
            }
            plain_path(&file.name)?;
        }
        for shard in &self.shards {
            if shard.centroid.len() != self.model.embed_dim || shard.centroid.iter().any(|v| !v.is_finite()) {
                return Err(malformed("a shard's centroid does not fit the model"));
            }
        }
        let model = &self.model;
        let of_model = [&model.config, &model.text, &model.image, &model.tokenizer];
        let of_shards = self.shards.iter().flat_map(|shard| [&shard.index, &shard.items]);
        for name in of_model.into_iter().chain(of_shards) {
            self.file(name)?;
        }
        self.listing().map_or(Ok(()), |name| self.file(name).map(|_| ()))
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

/// Refuses paths that could leave the catalog's folder or mean different things to different systems.
pub(crate) fn plain_path(path: &str) -> Result<(), CatalogError> {
    let plain = |c: char| c.is_alphanumeric() || "-_.{}() +,".contains(c);
    let part =
        |p: &str| !p.is_empty() && !p.starts_with('.') && !p.ends_with(['.', ' ']) && p.chars().all(plain);
    if path.len() > 512 || !path.split('/').all(part) {
        let found = path.chars().take(80).collect::<String>();
        return Err(CatalogError::value(
            "path",
            found,
            "a relative path of letters, digits and - _ . ( ) + ,",
        ));
    }
    Ok(())
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
