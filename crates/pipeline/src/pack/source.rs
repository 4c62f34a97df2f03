//! A file on its way into a pack: read once, piece by piece, and compared with what its catalog says of it.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use clip_rs_catalog::{CatalogError, Digester, Fault, FileRef, ListedFile};
use clip_rs_stage::StageError;

/// What a file should be.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'a> {
    /// Whatever it is: nobody says anything of it.
    Anything,
    /// What `catalog.json` says.
    Named(&'a FileRef),
    /// What the listing says.
    Listed(&'a ListedFile),
}

/// A file that is being read. Not more of it than its length at the beginning.
#[derive(Debug)]
pub struct Source<'a> {
    /// Its name for people: its path in the catalog or on the disk.
    name: String,
    path: PathBuf,
    file: io::Take<File>,
    bytes: u64,
    taken: u64,
    digester: Digester,
    expected: Expected<'a>,
}

impl<'a> Source<'a> {
    /// Opens the file at `path`, called `name` in errors. Fails if it is missing or not as long as it should be.
    pub fn open(path: PathBuf, name: &str, expected: Expected<'a>) -> Result<Self, StageError> {
        let opened = File::open(&path).and_then(|file| {
            let about = file.metadata()?;
            Ok((file, about))
        });
        let (file, about) = match opened {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(fault(name, "missing")),
            opened => opened.map_err(StageError::io("read", &path))?,
        };
        if !about.is_file() {
            return Err(fault(name, "not a file"));
        }
        let bytes = about.len();
        let file = file.take(bytes);
        let source = Self {
            name: name.to_owned(),
            path,
            file,
            bytes,
            taken: 0,
            digester: Digester::default(),
            expected,
        };
        source.check_length(bytes)?;
        Ok(source)
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.bytes
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what was read is all of it, and what it should be; the error names the file.
    pub fn check(self) -> Result<(), StageError> {
        if self.taken != self.bytes {
            return Err(fault(&self.name, "it changed while it was packed"));
        }
        let found = self.digester.finish();
        match self.expected {
            Expected::Anything => Ok(()),
            Expected::Named(file) => file.check_digest(found).map_err(|error| told(&self.name, error)),
            Expected::Listed(file) if found.as_bytes().starts_with(file.digest()) => Ok(()),
            Expected::Listed(_) => Err(fault(&self.name, "content does not match its digest in the listing")),
        }
    }

    fn check_length(&self, found: u64) -> Result<(), StageError> {
        match self.expected {
            Expected::Anything => Ok(()),
            Expected::Named(file) => file.check_length(found).map_err(|error| told(&self.name, error)),
            Expected::Listed(file) if file.bytes() == found => Ok(()),
            Expected::Listed(file) => Err(fault(&self.name, Fault::Length { expected: file.bytes(), found })),
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.digester.update(buffer.get(..length).unwrap_or_default());
        self.taken += length as u64;
        Ok(length)
    }
}

fn told(name: &str, error: CatalogError) -> StageError {
    match error {
        CatalogError::File { fault: found, .. } => fault(name, found),
        other => fault(name, other),
    }
}

fn fault(name: &str, why: impl ToString) -> StageError {
    let why = why.to_string();
    StageError::content(
        name,
        format!("{why}. Nothing was packed; `clip-rs verify` names all that is damaged"),
    )
}
