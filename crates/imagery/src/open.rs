//! From what a person names to a source: which kind it is, is told by what is there.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clip_rs_stage::files;

use crate::format::{extension, is_companion, kind, picture_extension};
use crate::geotiff::GeoTiffs;
use crate::joined::Joined;
use crate::mbtiles::MbTiles;
#[cfg(feature = "object-storage")]
use crate::object_storage;
use crate::picture_folder::PictureFolder;
use crate::pmtiles::PmTiles;
use crate::tile_folder::{TileFolder, has_tiles};
use crate::tile_metadata::Scheme;
use crate::walk::{canonical, walk};
use crate::{ImageryError, Inventory, Source, stac, tile_json, wmts};

/// The largest document that is read, bytes.
const MOST_TEXT: u64 = 256 << 20;
/// What is said of a file that is none of the known kinds.
const KNOWN: &str = "not a kind of imagery that is known: give a folder, PMTiles, MBTiles, GeoTIFF, TileJSON, WMTS \
                     capabilities, a STAC document or a picture";

/// Whether map tiles or pictures that are no tiles are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tiles of the Web Mercator pyramid, or imagery that they can be made of.
    Tiles,
    /// Pictures, each an item of its own.
    Pictures,
}

/// What a person asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Files and folders; several make one source.
    pub paths: Vec<PathBuf>,
    /// Tiles or pictures.
    pub kind: Kind,
    /// How the rows of tiles are counted, where the person says it.
    pub scheme: Option<Scheme>,
    /// Folders that are never read: the catalog to be written and what is made on the way.
    pub exclude: Vec<PathBuf>,
}

/// Opens all that is wanted as one source. That nothing at all can be read is an error; that some of it cannot
/// is said in the inventory.
pub fn open(wanted: &Wanted) -> Result<Box<dyn Source>, ImageryError> {
    let exclude = canonical(&wanted.exclude);
    let mut sources = Vec::new();
    for path in &wanted.paths {
        sources.push((path.clone(), open_one(path, wanted, &exclude)?));
    }
    let source: Box<dyn Source> = match sources.len() {
        0 => return Err(ImageryError::Request("name a folder or file of imagery".to_owned())),
        1 => sources.swap_remove(0).1,
        _ => Box::new(Joined::new(sources)),
    };
    if source.inventory().entries.is_empty() {
        return Err(nothing(wanted, source.as_ref()));
    }
    Ok(source)
}

/// Why a source without entries is no use, with what was found instead.
fn nothing(wanted: &Wanted, source: &dyn Source) -> ImageryError {
    let inventory = source.inventory();
    let what = match wanted.kind {
        Kind::Tiles => "no tiles",
        Kind::Pictures => "no pictures (jpg, png, webp or avif)",
    };
    let mut why = what.to_owned();
    for (kind, unread) in &inventory.unread {
        why.push_str(&format!("; {} files {kind} that are not read", unread.count));
    }
    if let Some(skipped) = inventory.skipped.first() {
        let (count, subject) = (inventory.skipped.len(), &skipped.subject);
        why.push_str(&format!("; {count} skipped, such as {subject}: {}", skipped.why));
    }
    ImageryError::source(&wanted.paths[0], why)
}

fn open_one(
    path: &Path,
    wanted: &Wanted,
    exclude: &HashSet<PathBuf>,
) -> Result<Box<dyn Source>, ImageryError> {
    if let Some(address) = path.to_str().filter(|p| p.starts_with("http://") || p.starts_with("https://")) {
        let why = format!("{address} is an address: download the imagery first and name the file or folder");
        return Err(ImageryError::Request(why));
    }
    if let Some(source) = open_object_storage(path, wanted)? {
        return Ok(source);
    }
    let metadata = path.metadata().map_err(ImageryError::io("read", path))?;
    if metadata.is_dir() {
        return Ok(match wanted.kind {
            Kind::Tiles => match rasters_of(path, exclude)? {
                Some(rasters) => Box::new(rasters),
                None => Box::new(TileFolder::open(path, wanted.scheme, exclude)?),
            },
            Kind::Pictures => Box::new(PictureFolder::open(path, exclude)?),
        });
    }
    open_file(path, metadata.len(), wanted, exclude)
}

/// What lies in object storage; none if the path is no address of it.
#[cfg(feature = "object-storage")]
fn open_object_storage(path: &Path, wanted: &Wanted) -> Result<Option<Box<dyn Source>>, ImageryError> {
    match wanted.kind {
        _ if !object_storage::is_address(path) => Ok(None),
        Kind::Tiles => object_storage::open(path, wanted.scheme).map(Some),
        Kind::Pictures => {
            let why = "pictures that are no tiles are not read from object storage: download them first";
            Err(ImageryError::source(path, why))
        }
    }
}

/// This build reads none.
#[cfg(not(feature = "object-storage"))]
fn open_object_storage(path: &Path, _: &Wanted) -> Result<Option<Box<dyn Source>>, ImageryError> {
    match path.to_str() {
        Some(address) if address.starts_with("s3://") => Err(ImageryError::Request(format!(
            "{address} is in object storage, which `clip-rs-cluster index` reads"
        ))),
        _ => Ok(None),
    }
}

fn open_file(
    path: &Path,
    length: u64,
    wanted: &Wanted,
    exclude: &HashSet<PathBuf>,
) -> Result<Box<dyn Source>, ImageryError> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(ImageryError::io("read", path))?;
    let only_tiles = |kind: &str| {
        (wanted.kind == Kind::Tiles).then_some(()).ok_or_else(|| {
            ImageryError::source(path, format!("{kind} holds tiles: use --tiles instead of --images"))
        })
    };
    if head.starts_with(b"PMTiles") {
        only_tiles("a PMTiles archive")?;
        return Ok(Box::new(PmTiles::open(path)?));
    }
    if head.starts_with(b"SQLite format 3\0") {
        only_tiles("an MBTiles database")?;
        return Ok(Box::new(MbTiles::open(path, wanted.scheme)?));
    }
    if is_tiff(&head) {
        only_tiles("a GeoTIFF")?;
        return Ok(Box::new(GeoTiffs::open(&[(path.to_owned(), None)], Inventory::default())?));
    }
    if wanted.kind == Kind::Pictures && picture_extension(path).is_some() {
        return Ok(Box::new(PictureFolder::open_picture(path, length)?));
    }
    match extension(path).as_str() {
        "json" | "geojson" => open_json(path, wanted, exclude),
        "xml" => {
            only_tiles("a map service")?;
            Ok(Box::new(wmts::open(path, &text_of(path)?, exclude)?))
        }
        _ => Err(ImageryError::source(path, KNOWN)),
    }
}

/// TileJSON or STAC: which of them is told by the keys.
fn open_json(
    path: &Path,
    wanted: &Wanted,
    exclude: &HashSet<PathBuf>,
) -> Result<Box<dyn Source>, ImageryError> {
    let value: serde_json::Value =
        serde_json::from_str(&text_of(path)?).map_err(|error| ImageryError::source(path, error))?;
    if stac::is_stac(&value) {
        return stac::open(path, wanted.kind);
    }
    if value.get("tiles").is_some() && wanted.kind == Kind::Tiles {
        return Ok(Box::new(tile_json::open(path, value, wanted.scheme, exclude)?));
    }
    Err(ImageryError::source(path, KNOWN))
}

fn text_of(path: &Path) -> Result<String, ImageryError> {
    let bytes =
        files::read_at_most(path, MOST_TEXT).map_err(|error| ImageryError::Request(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| ImageryError::source(path, "not UTF-8 text"))?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// The GeoTIFF files of a folder that is no pyramid of tiles; none when there are no such files.
fn rasters_of(folder: &Path, exclude: &HashSet<PathBuf>) -> Result<Option<GeoTiffs>, ImageryError> {
    if has_tiles(folder)? {
        return Ok(None);
    }
    let mut inventory = Inventory::default();
    let mut files = Vec::new();
    walk(folder, exclude, &mut inventory, |file, inventory| {
        if ["tif", "tiff"].contains(&extension(&file.path).as_str()) {
            files.push((file.path, None));
        } else if !is_companion(&file.path) {
            inventory.leave(&kind(&file.path), &file.name);
        }
    })?;
    if files.is_empty() { Ok(None) } else { GeoTiffs::open(&files, inventory).map(Some) }
}

/// Whether a file begins like TIFF or BigTIFF, of either byte order.
fn is_tiff(head: &[u8]) -> bool {
    [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| head.starts_with(*magic))
}
