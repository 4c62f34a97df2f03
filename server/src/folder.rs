//! Finds files in a folder, and only in it: symbolic links that lead out find nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::request_path::RequestPath;

/// A folder whose files may be served.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// A regular file inside the folder.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    root: PathBuf,
    asked_for: PathBuf,
    path: PathBuf,
}

impl Folder {
    /// The folder `root`, which need not stay the same one: each look-up follows it anew, so a symbolic link
    /// may be pointed to a new version while the server runs.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The path of the file that `name` would be in the folder.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The file that `path` names, if there is one. Blocks.
    pub(crate) fn find(&self, path: &RequestPath) -> Option<Found> {
        let root = self.root.canonicalize().ok()?;
        let asked_for = path.below(&self.root)?;
        let path = regular_file_within(&root, &asked_for)?;
        Some(Found { root, asked_for, path })
    }
}

impl Found {
    /// Where the file really is, without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The same by the name that was asked for, whose symbolic links may come to lead elsewhere.
    pub(crate) fn asked_for(&self) -> &Path {
        &self.asked_for
    }

    /// Length in bytes. Blocks.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        Ok(fs::metadata(&self.path)?.len())
    }

    /// The file of the same name and this `ending`, such as `.br`, if there is one beside it that is not older, so
    /// that it holds the same content packed. Blocks.
    pub(crate) fn sibling(&self, ending: &str) -> Option<PathBuf> {
        let mut sibling = self.path.clone().into_os_string();
        sibling.push(ending);
        let time_of = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        regular_file_within(&self.root, Path::new(&sibling))
            .filter(|sibling| time_of(sibling) >= time_of(&self.path))
    }
}

fn regular_file_within(root: &Path, path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let inside = path.starts_with(root) && fs::metadata(&path).ok()?.is_file();
    inside.then_some(path)
}
