//! A folder, a `.tar` or a `.tar.gz`, read alike. Archives are streamed, never unpacked to the disk.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use clip_rs_stage::{StageError, files};

/// More bytes than any picture or description has; a larger entry is refused.
const MAX_ENTRY: u64 = 1 << 30;

/// Files by their paths.
pub(super) struct Archive {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Folder,
    Tar,
    GzippedTar,
}

impl Archive {
    /// Tells by content, not by name, what `path` is.
    pub(super) fn open(path: &Path) -> Result<Self, StageError> {
        if path.is_dir() {
            return Ok(Self { path: path.to_owned(), kind: Kind::Folder });
        }
        let mut start = [0; 2];
        let mut file = File::open(path).map_err(StageError::io("open", path))?;
        let gzipped = file.read_exact(&mut start).is_ok() && start == [0x1f, 0x8b];
        Ok(Self { path: path.to_owned(), kind: if gzipped { Kind::GzippedTar } else { Kind::Tar } })
    }

    /// The folder or file itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Paths of all files, sorted.
    pub(super) fn names(&self) -> Result<Vec<String>, StageError> {
        let mut names = Vec::new();
        match self.kind {
            Kind::Folder => names.extend(files::walk(&self.path)?.into_iter().map(|(name, _)| name)),
            Kind::Tar | Kind::GzippedTar => self.each(|name, _| {
                names.push(name);
                Ok(())
            })?,
        }
        names.sort();
        Ok(names)
    }

    /// Contents of the wanted files that are there.
    pub(super) fn read(&self, wanted: &BTreeSet<String>) -> Result<HashMap<String, Vec<u8>>, StageError> {
        let mut contents = HashMap::new();
        match self.kind {
            Kind::Folder => {
                for name in wanted {
                    // A description must not name files outside its folder.
                    let path = self.path.join(name);
                    if !name.split('/').any(|part| part == "..") && path.is_file() {
                        contents.insert(name.clone(), files::read(&path)?);
                    }
                }
            }
            Kind::Tar | Kind::GzippedTar => self.each(|name, entry| {
                if wanted.contains(&name) {
                    let mut content = Vec::new();
                    entry.take(MAX_ENTRY + 1).read_to_end(&mut content)?;
                    if content.len() as u64 > MAX_ENTRY {
                        return Err(std::io::Error::other(format!("{name} is larger than 1 GiB")));
                    }
                    contents.insert(name, content);
                }
                Ok(())
            })?,
        }
        Ok(contents)
    }

    /// Calls `visit` with path and content of every file in a tar archive.
    fn each(
        &self,
        mut visit: impl FnMut(String, &mut dyn Read) -> std::io::Result<()>,
    ) -> Result<(), StageError> {
        let mut run = || -> std::io::Result<()> {
            let file = BufReader::new(File::open(&self.path)?);
            let reader: Box<dyn Read> = match self.kind {
                Kind::GzippedTar => Box::new(GzDecoder::new(file)),
                Kind::Folder | Kind::Tar => Box::new(file),
            };
            for entry in tar::Archive::new(reader).entries()? {
                let mut entry = entry?;
                if entry.header().entry_type().is_file() {
                    let name = entry.path()?.to_string_lossy().replace('\\', "/");
                    let name = name.trim_start_matches("./").to_owned();
                    let hidden = name.split('/').any(|part| part.starts_with('.'));
                    if !hidden {
                        visit(name, &mut entry)?;
                    }
                }
            }
            Ok(())
        };
        run().map_err(StageError::io("read the archive", &self.path))
    }
}
