//! Whether a result is still up to date: a stamp beside it holds the digest of all that it was made from.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths;

/// Digests of inputs, to be compared with those a result was made from.
pub struct Inputs {
    digest: Sha256,
}

/// The digest of the inputs of a result, and the file that keeps it.
pub struct Stamp {
    file: PathBuf,
    text: String,
}

impl Stamp {
    /// Begins with `what`: a name and everything that is not a file, such as options.
    pub fn of(what: &str) -> Inputs {
        let mut digest = Sha256::new();
        digest.update(what.as_bytes());
        Inputs { digest }
    }

    /// Whether the result was made from the same inputs.
    pub fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.text)
    }

    /// Forgets the stamp, so that what a broken run leaves is not taken for a result. Call it first.
    pub fn clear(&self) -> Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", self.file.display()))
            }
            _ => Ok(()),
        }
    }

    /// Notes that the result is made from these inputs. Call it last.
    pub fn write(&self) -> Result<()> {
        fs::write(&self.file, &self.text).with_context(|| format!("writing {}", self.file.display()))
    }

    /// The digest, for a result that is made from this one.
    pub fn digest(&self) -> &str {
        &self.text
    }
}

impl Inputs {
    /// Adds a file of the repository.
    pub fn file(mut self, name: &str) -> Result<Self> {
        self.add(&paths::repository().join(name))?;
        Ok(self)
    }

    /// Adds files and whole folders of the repository, absent ones as such.
    pub fn sources(mut self, names: &[&str]) -> Result<Self> {
        for name in names {
            self.add_tree(&paths::repository().join(name))?;
        }
        Ok(self)
    }

    /// The stamp, kept in `file`.
    pub fn kept_in(self, file: PathBuf) -> Stamp {
        let text = self.digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Stamp { file, text }
    }

    fn add_tree(&mut self, path: &Path) -> Result<()> {
        if path.is_dir() {
            let entries = fs::read_dir(path).with_context(|| format!("reading {}", path.display()))?;
            let mut entries: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
            entries.sort();
            return entries.iter().try_for_each(|entry| self.add_tree(entry));
        }
        if path.is_file() { self.add(path) } else { Ok(()) }
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let name = path.strip_prefix(paths::repository()).unwrap_or(path).to_string_lossy();
        // Lengths, so that no two lists of files run into the same bytes.
        self.digest.update((name.len() as u64).to_le_bytes());
        self.digest.update(name.as_bytes());
        self.digest.update((bytes.len() as u64).to_le_bytes());
        self.digest.update(&bytes);
        Ok(())
    }
}
