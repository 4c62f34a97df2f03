//! Writes a catalog into a folder so that whoever reads it meanwhile sees the former one or the new one, whole.
//!
//! Everything but `catalog.json` has its content's hash in its name, so new files never touch old ones. Tiles and
//! pictures that are new or changed are gathered in a folder without a name of its own, which gets its name once all of them
//! are on the disk; those that the former catalog has stay where they are. `catalog.json` is replaced in one step at the
//! end. What only the former one named stays for a while (see [`crate::prune`]).

mod gathering;
mod named;
mod names;
mod target;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{Digester, FileRef, ListedFile, MANIFEST_NAME, Manifest};

use crate::catalog::Catalog;
use crate::squeeze::{Effort, Squeeze};
use clip_rs_stage::{StageError, files};

use gathering::Gathering;

pub use named::Named;
pub use names::{Stem, folder_stem, is_ours, is_superseded, superseded_name};
pub use target::{Former, check_target};

/// Folders that a catalog's tiles lie in at most; when there would be more, all are written into one again.
const MAX_FOLDERS: usize = 256;

/// A catalog that is being written; its readers see the former one until it is finished.
pub struct Edition {
    out: PathBuf,
    stem: Stem,
    former: Former,
    /// The folders that the former catalog's tiles or pictures lie in.
    folders: Vec<String>,
    /// Where the former catalog has each tile or picture, by its path below the folder.
    known: HashMap<String, ListedFile>,
    gathering: Gathering,
    files: Vec<FileRef>,
    /// Held until the edition is finished or given up.
    _lock: Option<files::Lock>,
}

impl Edition {
    /// Begins to write into the folder `out`, which becomes or remains a catalog. Nothing is changed where it holds anything
    /// that is not a catalog's.
    pub fn begin(out: &Path, stem: Stem) -> Result<Self, StageError> {
        let former = check_target(out)?;
        files::make_folder(out)?;
        let lock = files::lock_folder(out)?;
        let (mut folders, mut known) = (Vec::new(), HashMap::new());
        if let Former::Catalog(manifest) = &former {
            let catalog = Catalog::of(out, manifest.as_ref().clone());
            // If its listing is damaged nothing is known of its tiles, and all are put anew.
            if stem.is_of(manifest)
                && manifest.folders().len() < MAX_FOLDERS
                && let Ok(listed) = catalog.listed_files()
            {
                folders = manifest.folders().to_vec();
                known = listed;
            }
        }
        let gathering = Gathering::begin(out, stem)?;
        Ok(Self {
            out: out.to_owned(),
            stem,
            former,
            folders,
            known,
            gathering,
            files: Vec::new(),
            _lock: lock,
        })
    }

    /// Whether the former catalog has this file under `path`.
    pub fn lists(&self, path: &str, file: ListedFile) -> bool {
        self.listed(path, file).is_some()
    }

    /// What the former catalog says of a file under `path`, if it is this one.
    fn listed(&self, path: &str, file: ListedFile) -> Option<&ListedFile> {
        self.known.get(path).filter(|former| former.in_folder(file.folder()) == file)
    }

    /// Puts a tile's or picture's content into the catalog under `path` below its folder, unless the former catalog has it.
    /// None if it is empty, or 4 GiB or longer. Its folder's number is not final before [`Edition::settle`].
    pub fn put(&self, path: &str, content: &[u8]) -> Result<Option<ListedFile>, StageError> {
        let Some(file) = ListedFile::of(content, self.gathered()) else { return Ok(None) };
        if let Some(former) = self.listed(path, file)
            && let Some(folder) = self.folders.get(usize::from(former.folder()))
        {
            let there = self.out.join(folder).join(path);
            if !fs::read(&there).is_ok_and(|found| former.check(path, &found).is_ok()) {
                // What the former catalog promises is damaged or gone, and here it is again.
                if let Some(parent) = there.parent() {
                    files::make_folder(parent)?;
                }
                files::write_durably(&there, content)?;
            }
            return Ok(Some(*former));
        }
        // An earlier catalog may have had it, and its file is kept for a while.
        let holds =
            |folder: &String| fs::read(self.out.join(folder).join(path)).is_ok_and(|there| there == content);
        if let Some(number) = self.folders.iter().position(holds) {
            return Ok(Some(file.in_folder(number as u16)));
        }
        self.gathering.put(path, content)?;
        Ok(Some(file))
    }

    /// Number of the folder that new tiles and pictures are gathered in, until it is settled.
    fn gathered(&self) -> u16 {
        self.folders.len() as u16
    }

    /// Gives all files that were put their final folders, and the names of these by their number. `listed` are all files that
    /// the catalog will list, with their paths, in the listing's order.
    pub fn settle(&mut self, mut listed: Vec<(String, &mut ListedFile)>) -> Result<Vec<String>, StageError> {
        let gathered = self.gathered();
        let mut digester = Digester::default();
        let (mut new, mut used) = (Vec::new(), vec![false; self.folders.len() + 1]);
        for (path, file) in &listed {
            used[usize::from(file.folder())] = true;
            if file.folder() == gathered {
                digester.update(path.as_bytes());
                digester.update(&[0]);
                digester.update(file.digest());
                new.push(path.as_str());
            }
        }
        let mut folders = std::mem::take(&mut self.folders);
        if !new.is_empty() {
            folders.push(format!("{}-{}", self.stem, digester.finish().short()));
        }
        self.gathering.settle(&new, folders.last().filter(|_| !new.is_empty()).map(String::as_str))?;
        let mut numbers = vec![0; used.len()];
        let mut left = Vec::new();
        for (number, folder) in folders.into_iter().enumerate().filter(|(number, _)| used[*number]) {
            // A folder that comes back (imagery that is again what it was) is in the list once.
            let place = left.iter().position(|other| *other == folder).unwrap_or_else(|| {
                left.push(folder);
                left.len() - 1
            });
            numbers[number] = place as u16;
        }
        for (_, file) in &mut listed {
            **file = file.in_folder(numbers[usize::from(file.folder())]);
        }
        Ok(left)
    }

    /// Writes a file beside `catalog.json`, with its compressed siblings, and gives its name; content that is there already
    /// is left alone, for somebody may be reading it.
    pub fn add(&mut self, content: &[u8], stem: &str, extension: &str) -> Result<String, StageError> {
        self.add_with(content, stem, extension, Effort::Best)
    }

    /// The same with this effort for the siblings.
    pub fn add_with(
        &mut self,
        content: &[u8],
        stem: &str,
        extension: &str,
        effort: Effort,
    ) -> Result<String, StageError> {
        let name = self.add_for_ranges(content, stem, extension)?;
        for way in Squeeze::ALL {
            let path = self.out.join(format!("{name}{}", way.suffix()));
            // To look whether a sibling is right is much sooner done than to make it again.
            if fs::read(&path).is_ok_and(|former| way.check(&former, content).is_ok()) {
                files::sync(&path)?;
            } else if let Some(squeezed) =
                way.compress(content, effort).map_err(StageError::io("compress", &path))?
            {
                files::write_durably(&path, &squeezed)?;
            }
        }
        Ok(name)
    }

    /// The same without compressed siblings: a range of one of them is of no use.
    pub fn add_for_ranges(
        &mut self,
        content: &[u8],
        stem: &str,
        extension: &str,
    ) -> Result<String, StageError> {
        let file = FileRef::of(content, stem, extension);
        let name = file.name.clone();
        // Parts with the same content share a file; it is written and named once.
        if !self.files.iter().any(|other| other.name == name) {
            write_unless_there(&self.out.join(&name), content)?;
            self.files.push(file);
        }
        Ok(name)
    }

    /// The files that were added, for the manifest to name.
    pub fn files(&self) -> Vec<FileRef> {
        self.files.clone()
    }

    /// Replaces `catalog.json`: from here on readers see the new catalog. Tells whether another one was there.
    pub fn finish(self, manifest: &Manifest) -> Result<bool, StageError> {
        let text = manifest.to_json()?;
        let path = self.out.join(MANIFEST_NAME);
        let former = match &self.former {
            Former::None => None,
            _ => Some(files::read(&path)?),
        };
        if former.as_deref() == Some(text.as_bytes()) {
            return Ok(false);
        }
        if let Some(former) = &former {
            files::write_durably(&self.out.join(superseded_name(former)), former)?;
        }
        files::write_durably(&path, text.as_bytes())?;
        Ok(former.is_some())
    }
}

fn write_unless_there(path: &Path, content: &[u8]) -> Result<(), StageError> {
    if fs::read(path).is_ok_and(|former| former == content) {
        return files::sync(path);
    }
    files::write_durably(path, content)
}
