//! From what a person names to a source: which kind it is, is told by what is there.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::joined::Joined;
use crate::picture_folder::PictureFolder;
use crate::tile_folder::TileFolder;
use crate::tile_metadata::Scheme;
use crate::walk::canonical;
use crate::{ImageryError, Source};

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
    let metadata = path.metadata().map_err(ImageryError::io("read", path))?;
    if metadata.is_dir() {
        return Ok(match wanted.kind {
            Kind::Tiles => Box::new(TileFolder::open(path, wanted.scheme, exclude)?),
            Kind::Pictures => Box::new(PictureFolder::open(path, exclude)?),
        });
    }
    open_file(path, wanted)
}

fn open_file(path: &Path, wanted: &Wanted) -> Result<Box<dyn Source>, ImageryError> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(ImageryError::io("read", path))?;
    let _ = wanted;
    Err(ImageryError::source(path, "not a kind of imagery that is known"))
}
