//! What is in the folder that a catalog is to be written into. Nothing of somebody else's is ever mixed up with it.

use std::io::ErrorKind;
use std::path::Path;

use clip_rs_catalog::{CatalogError, MANIFEST_NAME, Manifest};

use super::names::is_ours;
use clip_rs_stage::{StageError, files};

/// Words that every `catalog.json` of ours has had since format 1; a damaged one is known by them.
const OUR_FORM: [&str; 5] = ["\"format\"", "\"embed_dim\"", "\"centroid\"", "\"shards\"", "\"sha256\""];

/// What a folder holds already.
#[derive(Debug)]
pub enum Former {
    /// Nothing, or what an interrupted first run left.
    None,
    /// A catalog of this format.
    Catalog(Box<Manifest>),
    /// A catalog of ours that cannot be read: damaged, or of another format.
    Unreadable,
}

/// Tells what is in `out`, and refuses a folder with anything that is not a catalog's.
pub fn check_target(out: &Path) -> Result<Former, StageError> {
    if out.is_dir() {
        let manifest = out.join(MANIFEST_NAME);
        return match std::fs::read(&manifest) {
            Ok(content) => check_manifest(&manifest, &content),
            Err(error) if error.kind() == ErrorKind::NotFound => check_entries(out),
            Err(error) => Err(StageError::io("read", &manifest)(error)),
        };
    }
    // `exists` says no of a link to nothing, which is in the way all the same.
    if out.symlink_metadata().is_ok() {
        return Err(StageError::content(out, "not a folder; choose another one for the catalog"));
    }
    Ok(Former::None)
}

fn check_manifest(path: &Path, content: &[u8]) -> Result<Former, StageError> {
    match Manifest::from_json(content) {
        Ok(manifest) => Ok(Former::Catalog(Box::new(manifest))),
        Err(CatalogError::File { .. } | CatalogError::Value { .. }) if has_our_form(content) => {
            Ok(Former::Unreadable)
        }
        Err(_) => {
            let why = "not made by clip-rs, and left as it is; choose another folder for the catalog";
            Err(StageError::content(path, why))
        }
    }
}

fn has_our_form(content: &[u8]) -> bool {
    OUR_FORM.iter().all(|word| content.windows(word.len()).any(|window| window == word.as_bytes()))
}

fn check_entries(out: &Path) -> Result<Former, StageError> {
    match files::entries(out)?.iter().find(|(name, _)| !is_ours(name)) {
        Some((name, _)) => {
            let why = format!("not a catalog, and not empty: {name} is in it; choose another folder");
            Err(StageError::content(out, why))
        }
        None => Ok(Former::None),
    }
}
