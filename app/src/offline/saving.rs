//! Fetching what is missing of a catalog and keeping it, a few files at a time. Large files come and are kept in parts.

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;

use clip_rs_catalog::{CatalogError, Digester, MANIFEST_NAME, Manifest};
use futures::stream::{self, TryStreamExt as _};

use super::plan::{self, MAX_FILES, Wanted};
use super::record::{RECORD, Record};
use super::store::{Store, StoreError};
use crate::load::LoadError;
use crate::protocol::offline::{Edition, MAX_NAMED, Part, Progress, Size};

/// Files that are fetched at a time.
const AT_A_TIME: usize = 6;
/// Length of the parts of a large file, bytes: what is lost at most when a saving ends in the middle of it.
pub(super) const PART_BYTES: u64 = 4 << 20;

/// Why a saving ended before everything was kept.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum SaveError {
    /// A file could not be had.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are too many files.
    #[error("more than {MAX_FILES} files")]
    TooMany,
}

impl From<CatalogError> for SaveError {
    fn from(error: CatalogError) -> Self {
        Self::Load(error.into())
    }
}

/// What came of asking for a part of a file.
pub(super) enum Got {
    /// The part.
    Part(Vec<u8>),
    /// All of it, from a server that gives no parts.
    Whole(Vec<u8>),
}

/// Where files come from.
pub(super) trait Network {
    /// A whole file, checked.
    async fn file(&self, wanted: &Wanted) -> Result<Vec<u8>, LoadError>;
    /// The bytes of a file from the first to the last of these places, unchecked.
    async fn part(&self, wanted: &Wanted, first: u64, last: u64) -> Result<Got, LoadError>;
}

/// A saving: what it is of, and how far it is. It may be dropped at any moment, and go on by another one.
pub(super) struct Saving<S, N> {
    pub store: S,
    pub network: N,
    /// How far it is.
    pub progress: Rc<Cell<Progress>>,
}

impl<S: Store, N: Network> Saving<S, N> {
    /// How large a part of a catalog is.
    pub async fn size(&self, manifest: &Manifest, part: &Part) -> Result<Size, SaveError> {
        let (wanted, known) = (self.wanted(manifest, part).await?, self.store.names().await?);
        Ok(size(&wanted, &known))
    }

    /// Keeps a part of the catalog that `text` is the manifest of.
    pub async fn save(
        &self,
        text: &str,
        manifest: &Manifest,
        part: &Part,
        now: &str,
    ) -> Result<(), SaveError> {
        let wanted = self.wanted(manifest, part).await?;
        let known = self.store.names().await?;
        let Size { files, bytes, missing_files, missing_bytes } = size(&wanted, &known);
        let begun = (files.saturating_sub(missing_files), bytes.saturating_sub(missing_bytes));
        self.progress.set(Progress { files: begun.0, of_files: files, bytes: begun.1, of_bytes: bytes });
        let edition = Edition {
            digest: manifest.digest.clone(),
            title: manifest.title.clone(),
            part: *part,
            date: now.to_owned(),
            files,
            bytes,
        };
        let before = Record::read(&self.store).await?;
        let record = Record { begun: Some(edition.clone()), ..before };
        record.write(&self.store).await?;
        let missing = wanted.iter().filter(|wanted| !known.contains(&wanted.path));
        let all = stream::iter(missing.map(|wanted| Ok::<_, SaveError>(self.keep(wanted, &known))));
        all.try_buffer_unordered(AT_A_TIME).try_for_each(async |()| Ok(())).await?;
        // From here on what was kept before is replaced: first what leads to it, then what nothing leads to.
        self.store.write(MANIFEST_NAME, text.as_bytes()).await?;
        Record { whole: Some(edition), begun: None }.write(&self.store).await?;
        let named: HashSet<&str> = wanted.iter().map(|wanted| wanted.path.as_str()).collect();
        let is_left =
            |name: &&String| !named.contains(name.as_str()) && *name != MANIFEST_NAME && *name != RECORD;
        for name in known.iter().filter(is_left) {
            self.store.remove(name).await?;
        }
        Ok(())
    }

    /// Paths of the files of what is whole that are not there or not as they should be; these are taken away. With the
    /// number of those that are.
    pub async fn check(
        &self,
        manifest: &Manifest,
        part: &Part,
    ) -> Result<(u64, Vec<String>, u64), SaveError> {
        let (mut whole, mut lacking, mut count) = (0, Vec::new(), 0);
        for wanted in self.wanted(manifest, part).await? {
            let bytes = self.store.read(&wanted.path).await?;
            if bytes.as_ref().is_some_and(|bytes| wanted.check(bytes).is_ok()) {
                whole += 1;
                continue;
            }
            if bytes.is_some() {
                self.store.remove(&wanted.path).await?;
            }
            count += 1;
            if lacking.len() < MAX_NAMED {
                lacking.push(wanted.path);
            }
        }
        Ok((whole, lacking, count))
    }

    /// The files of a part. Pages of the listing are read from what is kept, or fetched.
    async fn wanted(&self, manifest: &Manifest, part: &Part) -> Result<Vec<Wanted>, SaveError> {
        let mut wanted = plan::files(manifest);
        for page in manifest.listing() {
            let file = Wanted::of(manifest.file(&page.file)?);
            let kept = self.store.read(&file.path).await?.filter(|bytes| file.check(bytes).is_ok());
            let bytes = match kept {
                Some(bytes) => bytes,
                None => self.network.file(&file).await?,
            };
            wanted.extend(plan::pictures(manifest, &bytes, part)?);
            if wanted.len() > MAX_FILES {
                return Err(SaveError::TooMany);
            }
        }
        Ok(wanted)
    }

    /// Fetches a file and keeps it.
    async fn keep(&self, wanted: &Wanted, known: &HashSet<String>) -> Result<(), SaveError> {
        if wanted.bytes() > PART_BYTES {
            self.keep_in_parts(wanted, known).await?;
        } else {
            let bytes = self.network.file(wanted).await?;
            self.store.write(&wanted.path, &bytes).await?;
            self.came(0, wanted.bytes());
        }
        self.came(1, 0);
        Ok(())
    }

    async fn keep_in_parts(&self, wanted: &Wanted, known: &HashSet<String>) -> Result<(), SaveError> {
        let parts: Vec<(u64, u64)> = parts(wanted.bytes()).collect();
        let names: Vec<String> = parts.iter().map(|(first, _)| part_name(&wanted.path, *first)).collect();
        let mut missing: u64 = 0;
        let lacking = || parts.iter().zip(&names).filter(|(_, name)| !known.contains(*name));
        lacking().for_each(|((first, last), _)| missing += last - first + 1);
        for ((first, last), name) in lacking() {
            match self.network.part(wanted, *first, *last).await? {
                Got::Part(bytes) => self.store.write(name, &bytes).await?,
                Got::Whole(bytes) => {
                    wanted.check(&bytes)?;
                    self.store.write(&wanted.path, &bytes).await?;
                    self.came(0, missing);
                    return self.remove_all(&names).await;
                }
            }
            self.came(0, last - first + 1);
            missing -= last - first + 1;
        }
        let (mut digester, mut bytes) = (Digester::default(), 0);
        for name in &names {
            let part = self.store.read(name).await?.unwrap_or_default();
            bytes += part.len() as u64;
            digester.update(&part);
        }
        let whole = wanted.check_digest(bytes, digester.finish());
        if whole.is_ok() {
            self.store.join(&names, &wanted.path).await?;
        }
        self.remove_all(&names).await?;
        Ok(whole?)
    }

    async fn remove_all(&self, names: &[String]) -> Result<(), SaveError> {
        for name in names {
            self.store.remove(name).await?;
        }
        Ok(())
    }

    fn came(&self, files: u64, bytes: u64) {
        let before = self.progress.get();
        self.progress.set(Progress { files: before.files + files, bytes: before.bytes + bytes, ..before });
    }
}

/// How large `wanted` is, of which `known` is there.
fn size(wanted: &[Wanted], known: &HashSet<String>) -> Size {
    let mut size = Size::default();
    for wanted in wanted {
        size.files += 1;
        size.bytes += wanted.bytes();
        if !known.contains(&wanted.path) {
            size.missing_files += 1;
            size.missing_bytes += wanted.bytes();
            if wanted.bytes() > PART_BYTES {
                let there = parts(wanted.bytes())
                    .filter(|(first, _)| known.contains(&part_name(&wanted.path, *first)));
                size.missing_bytes -= there.map(|(first, last)| last - first + 1).sum::<u64>();
            }
        }
    }
    size
}

/// First and last place of each part of a file of so many bytes.
fn parts(bytes: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..bytes.div_ceil(PART_BYTES)).map(move |part| {
        let first = part * PART_BYTES;
        (first, (first + PART_BYTES).min(bytes) - 1)
    })
}

/// What a part of a file is called until all are there.
fn part_name(path: &str, first: u64) -> String {
    format!("{path}?from={first}")
}

#[cfg(test)]
#[path = "saving_tests.rs"]
mod tests;
