//! The files that a manifest names: length and digest of each, found by its name.
//!
//! A catalog of ten million items has 20,000 of them, and nearly everything that is read asks for one.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::{CatalogError, Digest, Fault};

/// The files in the order in which the manifest names them, with a table of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<FileRef>", into = "Vec<FileRef>")]
pub struct Files {
    list: Vec<FileRef>,
    /// Places in `list`, by ascending name.
    by_name: Vec<usize>,
}

impl Files {
    /// The file of this name.
    pub fn get(&self, name: &str) -> Option<&FileRef> {
        let named = |&at: &usize| self.list[at].name.as_str();
        let found = self.by_name.binary_search_by(|at| named(at).cmp(name)).ok()?;
        Some(&self.list[self.by_name[found]])
    }

    /// A file that has another's name; none where all names differ.
    pub(super) fn twice(&self) -> Option<&FileRef> {
        let mut files = self.by_name.iter().map(|&at| &self.list[at]);
        let mut former = files.next()?;
        files.find(|file| std::mem::replace(&mut former, file).name == file.name)
    }
}

impl From<Vec<FileRef>> for Files {
    fn from(list: Vec<FileRef>) -> Self {
        let mut by_name: Vec<usize> = (0..list.len()).collect();
        by_name.sort_by(|&a, &b| list[a].name.cmp(&list[b].name));
        Self { list, by_name }
    }
}

impl From<Files> for Vec<FileRef> {
    fn from(files: Files) -> Self {
        files.list
    }
}

impl Deref for Files {
    type Target = [FileRef];

    fn deref(&self) -> &[FileRef] {
        &self.list
    }
}

impl<'a> IntoIterator for &'a Files {
    type Item = &'a FileRef;
    type IntoIter = std::slice::Iter<'a, FileRef>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// A file of the catalog: its name says nothing that is not checked here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Name in the catalog's folder, `stem.<hash>.extension`.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the content.
    pub sha256: Digest,
}

impl FileRef {
    /// The reference for `content`, named `stem.<hash>.extension`.
    pub fn of(content: &[u8], stem: &str, extension: &str) -> Self {
        let sha256 = Digest::of(content);
        Self { name: sha256.file_name(stem, extension), bytes: content.len() as u64, sha256 }
    }

    /// Checks length and digest of `content`; the error names this file.
    pub fn check(&self, content: &[u8]) -> Result<(), CatalogError> {
        self.check_length(content.len() as u64)?;
        self.check_digest(Digest::of(content))
    }

    /// Checks a length alone, in bytes; the error names this file.
    pub fn check_length(&self, found: u64) -> Result<(), CatalogError> {
        let fault = Fault::Length { expected: self.bytes, found };
        if found == self.bytes { Ok(()) } else { Err(CatalogError::File { name: self.name.clone(), fault }) }
    }

    /// Checks a digest alone, for content whose length was checked; the error names this file.
    pub fn check_digest(&self, found: Digest) -> Result<(), CatalogError> {
        let fault = Fault::Digest { expected: self.sha256, found };
        if found == self.sha256 { Ok(()) } else { Err(CatalogError::File { name: self.name.clone(), fault }) }
    }
}
