//! A pack as a folder.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clip_rs_stage::{StageError, files};
use rayon::prelude::*;

use super::Sink;

/// A folder that files are put into.
pub struct Folder {
    root: PathBuf,
    /// Folders that were made, so that each is made once.
    made: HashSet<PathBuf>,
}

impl Folder {
    /// The folder `root`, which is there and empty.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), made: HashSet::new() }
    }
}

impl Sink for Folder {
    fn put(&mut self, path: &str, _: u64, content: &mut dyn Read) -> io::Result<()> {
        let path = self.root.join(path);
        if let Some(parent) = path.parent()
            && !self.made.contains(parent)
        {
            fs::create_dir_all(parent)?;
            let above = parent.ancestors().take_while(|above| above.starts_with(&self.root));
            self.made.extend(above.map(Path::to_owned));
        }
        io::copy(content, &mut File::create_new(path)?).map(drop)
    }

    fn finish(self: Box<Self>) -> Result<(), StageError> {
        // After all writing, which is much sooner done than a wait after each file.
        self.made.par_iter().try_for_each(|folder| {
            for (_, path) in files::entries(folder)?.into_iter().filter(|(_, path)| path.is_file()) {
                files::sync(&path)?;
            }
            files::sync_folder(folder)
        })
    }
}
