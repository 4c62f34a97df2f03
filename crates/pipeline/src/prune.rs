//! Removes what replaced catalogs have left in a catalog's folder, once it is old enough that nobody reads it any more, and
//! what interrupted runs left. Only names that publishing gives are removed, and below the folders of tiles and pictures only
//! what a catalog of ours listed.
//!
//! When a `catalog.json` is replaced, the former one stays as `catalog.<hash>.json`; when that file was written is since when
//! it is superseded. It goes last, so that an interrupted run is gone on with.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clip_rs_catalog::{ImageKind, MANIFEST_NAME, Manifest, TileId};

use crate::catalog::Catalog;
use crate::publish::{Named, Stem, folder_stem, is_ours, is_superseded, superseded_name};
use clip_rs_stage::{StageError, files};

/// How long replaced files stay if nobody says otherwise.
pub const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What was removed, and what was not.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Pruned {
    /// Number of files that were removed.
    pub files: usize,
    /// Their length together, bytes.
    pub bytes: u64,
    /// Replaced catalogs that are still kept.
    pub kept: usize,
    /// Entries of the folder that are nobody's of ours, and were left.
    pub strangers: Vec<String>,
}

/// Prunes the folder `catalog`: what was replaced longer than `keep` ago goes.
pub fn prune(catalog: &Path, keep: Duration) -> Result<Pruned, StageError> {
    let _lock = files::lock_folder(catalog)?;
    let current = files::read_at_most(&catalog.join(MANIFEST_NAME), Manifest::MAX_BYTES)?;
    // What a catalog that cannot be read still needs is not known, so nothing is removed then.
    let mut named = Named::default();
    named.add_catalog(&Catalog::of(catalog, Manifest::from_json(&current)?));
    let mut pruning = Pruning { folder: catalog, named, pruned: Pruned::default() };
    let mut expired = Vec::new();
    for (name, path) in files::entries(catalog)?.into_iter().filter(|(name, _)| is_superseded(name)) {
        // A copy of what is current again keeps nothing by itself.
        if name == superseded_name(&current) || is_older(&path, keep)? {
            expired.push(path);
        } else {
            pruning.named.add(catalog, &files::read(&path)?);
            pruning.pruned.kept += 1;
        }
    }
    for path in &expired {
        pruning.remove_listed(&files::read(path)?)?;
    }
    pruning.remove_entries(&expired)?;
    Ok(pruning.pruned)
}

/// Whether a file was written longer than `keep` ago. One from the future, by a clock that was wrong, was not.
fn is_older(path: &Path, keep: Duration) -> Result<bool, StageError> {
    let written = path.metadata().and_then(|metadata| metadata.modified());
    let written = written.map_err(StageError::io("read", path))?;
    Ok(keep.is_zero() || SystemTime::now().duration_since(written).is_ok_and(|age| age > keep))
}

struct Pruning<'a> {
    folder: &'a Path,
    /// What stays.
    named: Named,
    pruned: Pruned,
}

impl Pruning<'_> {
    /// Removes what this superseded `catalog.json` lists in folders that stay.
    fn remove_listed(&mut self, content: &[u8]) -> Result<(), StageError> {
        let Ok(manifest) = Manifest::from_json(content) else { return Ok(()) };
        let catalog = Catalog::of(self.folder, manifest);
        for page in catalog.manifest.listing() {
            // Pages go after all files that they list, so those of a page that is gone are gone too.
            let Ok(rows) = catalog.listing_page(&page.file) else { continue };
            for path in rows.paths(&catalog.manifest) {
                let folder = path.split('/').next().unwrap_or_default();
                let whole = self.folder.join(&path);
                if self.named.has_entry(folder) && !self.named.has_path(&path) && whole.is_file() {
                    self.remove(&whole)?;
                    remove_empty_parents(&whole, &self.folder.join(folder));
                }
            }
        }
        Ok(())
    }

    /// Removes entries of the catalog's folder that nothing names any more: folders, files, and at last the superseded
    /// `catalog.json` that tell of them.
    fn remove_entries(&mut self, expired: &[PathBuf]) -> Result<(), StageError> {
        let mut later = Vec::new();
        for (name, path) in files::entries(self.folder)? {
            if name == MANIFEST_NAME || self.named.has_entry(&name) || is_superseded(&name) {
                continue;
            }
            if !is_ours(&name) {
                self.pruned.strangers.push(name);
            } else if !path.is_dir() {
                later.push(path);
            } else if files::is_temporary(&name) {
                self.remove_folder(&path, "", &|_| true)?;
            } else if let Some(stem) = folder_stem(&name) {
                self.remove_folder(&path, "", &|path| is_ours_below(stem, path))?;
                self.pruned.strangers.extend(path.exists().then_some(name));
            }
        }
        for path in later.iter().chain(expired) {
            self.remove(path)?;
        }
        files::sync_folder(self.folder)
    }

    /// Removes the files of a folder that are ours, and the folders that are empty then.
    fn remove_folder(
        &mut self,
        folder: &Path,
        prefix: &str,
        is_ours: &dyn Fn(&str) -> bool,
    ) -> Result<(), StageError> {
        for (name, path) in files::entries(folder)? {
            let relative = format!("{prefix}{name}");
            // A link is removed as such: what it points to is somebody's.
            if path.is_dir() && !path.is_symlink() {
                self.remove_folder(&path, &format!("{relative}/"), is_ours)?;
            } else if is_ours(&relative) {
                self.remove(&path)?;
            }
        }
        match fs::remove_dir(folder) {
            // Somebody's files are in it.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            done => done.map_err(StageError::io("remove", folder)),
        }
    }

    fn remove(&mut self, path: &Path) -> Result<(), StageError> {
        let bytes = path.symlink_metadata().map_err(StageError::io("read", path))?.len();
        fs::remove_file(path).map_err(StageError::io("remove", path))?;
        self.pruned.files += 1;
        self.pruned.bytes += bytes;
        Ok(())
    }
}

/// Removes the folders above a file that are empty, up to and with `last`.
fn remove_empty_parents(path: &Path, last: &Path) {
    // A folder that is not empty cannot be removed, and that ends it.
    let above = path.ancestors().skip(1).take_while(|above| above.starts_with(last));
    above.map(fs::remove_dir).take_while(Result::is_ok).for_each(drop);
}

/// Whether a path below a folder of tiles or pictures is one that publishing gives.
fn is_ours_below(stem: Stem, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((stump, extension)) = path.rsplit_once('.') else { return files::is_temporary(name) };
    let is_picture = extension.parse::<ImageKind>().is_ok();
    let is_named = match stem {
        Stem::Tiles => stump.parse::<TileId>().is_ok(),
        Stem::Pictures => true,
    };
    (is_picture && is_named) || files::is_temporary(name)
}
