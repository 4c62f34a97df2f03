//! Writes a catalog into a folder so that whoever reads it meanwhile sees the former one or the new one, whole.
//!
//! Everything but `catalog.json` has its content's hash in its name, so new files never touch old ones. Once
//! all of them are on the disk, `catalog.json` is replaced in one step; only then are files that it no longer
//! names removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{FileRef, Listing, MANIFEST_NAME, Manifest};
use rayon::prelude::*;

use crate::squeeze::Squeeze;
use clip_rs_imagery::Picture;
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};

/// A catalog in memory, ready to be written.
pub struct Publication {
    /// What `catalog.json` will say.
    pub manifest: Manifest,
    /// The files that the manifest names, with their content.
    pub files: Vec<(FileRef, Vec<u8>)>,
    /// Folder of the pictures inside the catalog, such as `tiles-0123456789abcdef`.
    pub folder: String,
    /// The pictures to copy; each is in `listing`.
    pub pictures: Vec<Picture>,
    /// Length and digest of every picture.
    pub listing: Listing,
}

/// Stems of the files that a catalog is made of.
const STEMS: [&str; 7] = ["model", "text", "image", "vocabulary", "index", "items", "listing"];
const FOLDERS: [&str; 2] = ["tiles", "pictures"];

/// Refuses a folder with files that are not a catalog's, so that nothing of somebody's gets mixed up with it.
pub fn check_target(out: &Path) -> Result<(), StageError> {
    if !out.exists() || out.join(MANIFEST_NAME).exists() {
        return Ok(());
    }
    match files::entries(out)?.iter().find(|(name, _)| !is_ours(name)) {
        Some((name, _)) => {
            let why = format!("not a catalog, and not empty: {name} is in it; choose another folder");
            Err(StageError::content(out, why))
        }
        None => Ok(()),
    }
}

/// Writes `publication` into the folder `out`, which becomes or remains a catalog.
pub fn publish(out: &Path, publication: &Publication) -> Result<(), StageError> {
    check_target(out)?;
    let manifest = publication.manifest.to_json()?;
    files::make_folder(out)?;
    copy_pictures(&out.join(&publication.folder), publication)?;
    let mut names = BTreeSet::from([MANIFEST_NAME.to_owned(), publication.folder.clone()]);
    for (file, content) in &publication.files {
        names.insert(file.name.clone());
        write_unless_there(&out.join(&file.name), content)?;
        for way in Squeeze::ALL {
            let name = format!("{}{}", file.name, way.suffix());
            let squeezed = way.compress(content).map_err(StageError::io("compress", out.join(&name)))?;
            if let Some(squeezed) = squeezed {
                write_unless_there(&out.join(&name), &squeezed)?;
                names.insert(name);
            }
        }
    }
    files::write_durably(&out.join(MANIFEST_NAME), manifest.as_bytes())?;
    sweep(out, &names, publication)
}

/// Leaves a file alone that already has the right content: somebody may be reading it.
fn write_unless_there(path: &Path, content: &[u8]) -> Result<(), StageError> {
    if fs::read(path).is_ok_and(|former| former == content) {
        return files::sync(path);
    }
    files::write_durably(path, content)
}

fn copy_pictures(folder: &Path, publication: &Publication) -> Result<(), StageError> {
    let targets: Vec<(PathBuf, &Picture)> =
        publication.pictures.iter().map(|picture| (folder.join(&picture.listed), picture)).collect();
    // With the folders above them, up to the catalog's own.
    let folders: BTreeSet<&Path> = targets
        .iter()
        .flat_map(|(path, _)| path.ancestors().skip(1).take_while(|above| above.starts_with(folder)))
        .collect();
    for folder in &folders {
        files::make_folder(folder)?;
    }
    let progress = Progress::start("Writing pictures", targets.len());
    targets.par_iter().try_for_each(|(path, picture)| {
        let listed = publication.listing.get(&picture.listed).ok_or_else(|| {
            StageError::Request(format!("{} is not in the listing", picture.source.display()))
        })?;
        let there = fs::read(path).is_ok_and(|content| listed.check(&picture.listed, &content).is_ok());
        if !there {
            let content = files::read(&picture.source)?;
            listed.check(&picture.listed, &content).map_err(|_| {
                StageError::content(&picture.source, "it has changed since it was embedded; run again")
            })?;
            files::write_quickly(path, &content)?;
        }
        progress.advance(1);
        Ok::<(), StageError>(())
    })?;
    targets.par_iter().try_for_each(|(path, _)| files::sync(path))?;
    for folder in &folders {
        files::sync_folder(folder)?;
    }
    progress.finish();
    Ok(())
}

/// Whether a name is one that publishing gives: `stem.<16 digits>.extension`, `tiles-<16 digits>`, unfinished.
pub(crate) fn is_ours(name: &str) -> bool {
    let hash = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut parts = name.split('.');
    let file = parts.next().is_some_and(|stem| STEMS.contains(&stem)) && parts.next().is_some_and(hash);
    let folder = name.rsplit_once('-').is_some_and(|(stem, digits)| FOLDERS.contains(&stem) && hash(digits));
    file || folder || files::is_temporary(name)
}

/// Removes what former catalogs and interrupted runs left in `out`; files of other makes stay.
fn sweep(out: &Path, named: &BTreeSet<String>, publication: &Publication) -> Result<(), StageError> {
    for (name, path) in files::entries(out)? {
        if !named.contains(&name) && is_ours(&name) {
            remove(&path)?;
        }
    }
    let folder = out.join(&publication.folder);
    sweep_pictures(&folder, "", &publication.listing)
}

fn sweep_pictures(folder: &Path, prefix: &str, listing: &Listing) -> Result<(), StageError> {
    for (name, path) in files::entries(folder)? {
        let relative = format!("{prefix}{name}");
        if path.is_dir() {
            sweep_pictures(&path, &format!("{relative}/"), listing)?;
        } else if listing.get(&relative).is_none() {
            remove(&path)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), StageError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(StageError::io("remove", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_publishing_gives_are_ever_removed() {
        for name in [
            "index.0123456789abcdef.bin",
            "vocabulary.0123456789abcdef.txt.br",
            "tiles-0123456789abcdef",
            ".unfinished-12-catalog.json",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "catalog.json",
            "index.html",
            "index.0123.bin",
            "notes.0123456789abcdef.bin",
            "tiles-mine",
            "tiles",
            ".git",
            "readme-0123456789abcdef",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
