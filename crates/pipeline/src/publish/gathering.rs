//! The folder that new tiles and pictures are gathered in before it has a name. What an interrupted run gathered is used by
//! the next one as far as it is the same.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::names::Stem;
use clip_rs_catalog::Digest;
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};

/// Files that are gathered, and the folder they are in.
pub struct Gathering {
    out: PathBuf,
    folder: PathBuf,
    /// Folders that were made, so that each is made once.
    made: Mutex<HashSet<PathBuf>>,
    /// The first files of some contents. What is the same at many places, such as open sea, is one file with many names.
    first: Mutex<HashMap<Digest, PathBuf>>,
}

/// Contents that are remembered: their digests and paths take some ten megabytes.
const REMEMBERED: usize = 1 << 16;

impl Gathering {
    /// Gathers in the catalog's folder `out`.
    pub fn begin(out: &Path, stem: Stem) -> Result<Self, StageError> {
        let folder = files::unfinished(out, stem.as_str());
        // Made at once: whether anything can be written is known before the work begins.
        files::make_folder(&folder)?;
        Ok(Self { out: out.to_owned(), folder, made: Mutex::default(), first: Mutex::default() })
    }

    /// Writes a file below the folder, unless it is there already.
    pub fn put(&self, path: &str, content: &[u8]) -> Result<(), StageError> {
        let path = self.folder.join(path);
        if let Some(parent) = path.parent() {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            if made.insert(parent.to_owned()) {
                files::make_folder(parent)?;
            }
        }
        if fs::read(&path).is_ok_and(|there| there == content) {
            return Ok(());
        }
        // What another run left may be one name of several: the file itself is not written to.
        if path.exists() {
            fs::remove_file(&path).map_err(StageError::io("remove", &path))?;
        }
        let digest = Digest::of(content);
        let known = self.first.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
        // It may have been given another content since. Some file systems have no links, and all have a most of them.
        let is_it = |first: &PathBuf| fs::read(first).is_ok_and(|there| there == content);
        if known.filter(is_it).is_some_and(|first| fs::hard_link(first, &path).is_ok()) {
            return Ok(());
        }
        fs::write(&path, content).map_err(StageError::io("write", &path))?;
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.len() < REMEMBERED || first.contains_key(&digest) {
            first.insert(digest, path);
        }
        Ok(())
    }

    /// Gives the folder with these files, and no others, its name once all of it is on the disk.
    pub fn settle(&self, paths: &[&str], name: Option<&str>) -> Result<(), StageError> {
        let Some(name) = name else { return self.discard() };
        self.remove_others(paths)?;
        let progress = Progress::start("Writing pictures", paths.len());
        paths.par_iter().try_for_each(|path| {
            progress.advance(1);
            files::sync(&self.folder.join(path))
        })?;
        for folder in folders_of(&self.folder, paths) {
            files::sync_folder(&folder)?;
        }
        progress.finish();
        let target = self.out.join(name);
        if target.exists() {
            self.move_into(&target, paths)?;
        } else {
            fs::rename(&self.folder, &target).map_err(StageError::io("rename", &self.folder))?;
        }
        files::sync_folder(&self.out)
    }

    /// Files that an interrupted run left and this one does not have.
    fn remove_others(&self, paths: &[&str]) -> Result<(), StageError> {
        let wanted: HashSet<PathBuf> = paths.iter().map(|path| self.folder.join(path)).collect();
        remove_unless(&self.folder, &wanted).map(drop)
    }

    /// Moves the files into a folder that has the name already; what it has in order stays.
    fn move_into(&self, target: &Path, paths: &[&str]) -> Result<(), StageError> {
        for folder in folders_of(target, paths) {
            files::make_folder(&folder)?;
        }
        for path in paths {
            let (from, to) = (self.folder.join(path), target.join(path));
            let content = files::read(&from)?;
            if !fs::read(&to).is_ok_and(|there| there == content) {
                fs::rename(&from, &to).map_err(StageError::io("rename", &from))?;
            }
        }
        for folder in folders_of(target, paths) {
            files::sync_folder(&folder)?;
        }
        self.discard()
    }

    fn discard(&self) -> Result<(), StageError> {
        if !self.folder.exists() {
            return Ok(());
        }
        fs::remove_dir_all(&self.folder).map_err(StageError::io("remove", &self.folder))
    }
}

/// The folders of these paths, with those above them up to `folder`.
fn folders_of(folder: &Path, paths: &[&str]) -> BTreeSet<PathBuf> {
    let above = |path: &&str| {
        let whole = folder.join(path);
        let above: Vec<PathBuf> = whole.ancestors().skip(1).map(Path::to_owned).collect();
        above.into_iter().take_while(|above| above.starts_with(folder))
    };
    paths.iter().flat_map(above).collect()
}

/// Removes all files below `folder` but `wanted`, and folders that are empty then; tells whether it is.
fn remove_unless(folder: &Path, wanted: &HashSet<PathBuf>) -> Result<bool, StageError> {
    let mut empty = true;
    for (_, path) in files::entries(folder)? {
        if wanted.contains(&path) {
            empty = false;
        } else if path.is_dir() {
            if remove_unless(&path, wanted)? {
                fs::remove_dir(&path).map_err(StageError::io("remove", &path))?;
            } else {
                empty = false;
            }
        } else {
            fs::remove_file(&path).map_err(StageError::io("remove", &path))?;
        }
    }
    Ok(empty)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn file(folder: &Gathering, path: &str) -> (u64, Vec<u8>) {
        let path = folder.folder.join(path);
        (fs::metadata(&path).unwrap().ino(), fs::read(&path).unwrap())
    }

    #[test]
    fn equal_pictures_are_one_file_and_another_content_is_never_written_through_its_names() {
        let root = tempfile::tempdir().unwrap();
        let begin = || Gathering::begin(root.path(), Stem::Tiles).unwrap();
        let first = begin();
        for (path, content) in
            [("1/a.jpg", b"sea"), ("1/b.jpg", b"sea"), ("2/c.jpg", b"sea"), ("2/d.jpg", b"ice")]
        {
            first.put(path, content).unwrap();
        }
        let inodes = ["1/a.jpg", "1/b.jpg", "2/c.jpg", "2/d.jpg"].map(|path| file(&first, path).0);
        assert!(inodes[0] == inodes[1] && inodes[0] == inodes[2] && inodes[0] != inodes[3], "{inodes:?}");
        // A name that gets another content is no longer where the former one is.
        first.put("1/a.jpg", b"ice").unwrap();
        first.put("3/e.jpg", b"sea").unwrap();
        assert_eq!(
            ["1/a.jpg", "1/b.jpg", "3/e.jpg"].map(|path| file(&first, path).1),
            [b"ice", b"sea", b"sea"]
        );
        // The next run, after this one was interrupted, has something else at one of the names.
        let next = begin();
        next.put("1/b.jpg", b"ice").unwrap();
        next.put("1/a.jpg", b"sea").unwrap();
        assert_eq!(
            ["1/a.jpg", "1/b.jpg", "2/c.jpg"].map(|path| file(&next, path).1),
            [b"sea", b"ice", b"sea"]
        );
    }
}
