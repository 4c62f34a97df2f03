//! Fetching a catalog's files: streamed with progress, checked by digest, gone on with where the network broke off, and fetched
//! once more if they are damaged.
//!
//! A file is digested piece by piece while it arrives, so that it can be used as soon as its last byte is here.

use std::ops::Range;

use clip_rs_catalog::{
    CATALOGS_NAME, CatalogError, Catalogs, Digester, Fault, FileRef, ListedFile, MANIFEST_NAME, Manifest,
};

use crate::browser::clock;
use crate::browser::fetch::{self, Caching, FetchError};
use crate::protocol::{Failure, FailureKind, FileProgress, Progress};

/// Why a file of the catalog could not be had. Every variant names the file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LoadError {
    /// The server answered, but not with the file.
    #[error("{name}: the server answered {status}")]
    Status {
        /// The file.
        name: String,
        /// HTTP status.
        status: u16,
    },
    /// No answer, or it broke off.
    #[error("{name}: {reason}")]
    Network {
        /// The file.
        name: String,
        /// The browser's words.
        reason: String,
    },
    /// There is no memory for it.
    #[error("{name}: this browser has no memory for its {bytes} bytes")]
    Memory {
        /// The file.
        name: String,
        /// Its length.
        bytes: u64,
    },
    /// All of it was sent where a part was asked for.
    #[error(
        "{name}: this host hands out no parts of files (HTTP ranges), which a catalog of this size needs; put it on one that does, \
         or make it by `clip-rs index --cells never`"
    )]
    NoRanges {
        /// The file.
        name: String,
    },
    /// It arrived with wrong content.
    #[error(transparent)]
    Damaged(#[from] CatalogError),
}

impl LoadError {
    fn of(name: &str, error: FetchError) -> Self {
        let name = name.to_owned();
        match error {
            FetchError::Status(status) => Self::Status { name, status },
            FetchError::Network(_) | FetchError::Silence => Self::Network { name, reason: error.to_string() },
        }
    }

    /// The file it is about.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Status { name, .. }
            | Self::Network { name, .. }
            | Self::Memory { name, .. }
            | Self::NoRanges { name } => Some(name),
            Self::Damaged(CatalogError::File { name, .. }) => Some(name),
            Self::Damaged(CatalogError::Value { .. }) => None,
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let kind = match &error {
            LoadError::Status { status: 404 | 410, .. } => FailureKind::Missing,
            LoadError::Status { .. } | LoadError::Network { .. } => FailureKind::Network,
            LoadError::Memory { .. } | LoadError::NoRanges { .. } => FailureKind::Worker,
            LoadError::Damaged(CatalogError::File { fault: Fault::Version { .. }, .. }) => {
                FailureKind::Version
            }
            LoadError::Damaged(_) => FailureKind::Damaged,
        };
        Self { kind, file: error.file().map(str::to_owned), message: error.to_string() }
    }
}

/// Pauses before the network is tried again, milliseconds. After something arrived they begin anew.
const PAUSES_MS: [u32; 3] = [200, 1_000, 3_000];

/// Fetches `catalog.json` from its absolute URL, past any cache, and checks it. Returns its text with its meaning.
pub async fn manifest(url: &str) -> Result<(String, Manifest), LoadError> {
    newest(url, MANIFEST_NAME, Manifest::MAX_BYTES, read).await
}

/// Fetches `catalogs.json` from its absolute URL, past any cache, and checks it.
pub async fn catalogs(url: &str) -> Result<Catalogs, LoadError> {
    newest(url, CATALOGS_NAME, Catalogs::MAX_BYTES, |bytes| Ok(Catalogs::from_json(&bytes)?)).await
}

/// Fetches a file that changes under its name, of at most so many bytes, past any cache, and reads it.
async fn newest<T>(
    url: &str,
    name: &str,
    most: u64,
    read: impl Fn(Vec<u8>) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    let mut tries = Tries::default();
    loop {
        let caching = if tries.is_first() { Caching::Revalidate } else { Caching::Reload };
        let mut bytes = Vec::new();
        let mut arrived = |_: &[u8], done| done <= most;
        let fetched = fetch::bytes(url, caching, None, &mut bytes, &mut arrived);
        let fetched = fetched.await.map_err(|error| LoadError::of(name, error));
        match fetched.and_then(|_| read(bytes)) {
            Ok(read) => return Ok(read),
            Err(error) => tries.failed(error, 0).await?,
        }
    }
}

fn read(bytes: Vec<u8>) -> Result<(String, Manifest), LoadError> {
    let manifest = Manifest::from_json(&bytes).map_err(|error| error.named(MANIFEST_NAME))?;
    let text =
        String::from_utf8(bytes).map_err(|_| CatalogError::content(MANIFEST_NAME, "not UTF-8 text"))?;
    Ok((text, manifest))
}

/// Fetches and checks a file beside `catalog.json`. `base` is the folder's absolute URL with its slash;
/// `arrived` is told the number of bytes so far, and 0 when the fetch starts anew.
pub async fn file(base: &str, file: &FileRef, arrived: &dyn Fn(u64)) -> Result<Vec<u8>, LoadError> {
    let url = format!("{base}{}", file.name);
    let (mut bytes, mut digester, mut tries) = (room_for(file)?, Digester::default(), Tries::default());
    loop {
        let here = bytes.len() as u64;
        // What is longer than it should be, or was all there and damaged, is of no use.
        let range = (0 < here && here < file.bytes).then_some((here, None));
        if range.is_none() {
            bytes.clear();
        }
        arrived(bytes.len() as u64);
        let mut digest = |piece: &[u8], done| {
            if done == piece.len() as u64 {
                digester = Digester::default();
            }
            digester.update(piece);
            arrived(done);
            done <= file.bytes
        };
        let fetched = fetch::bytes(&url, tries.caching(), range, &mut bytes, &mut digest);
        let came = fetched.await.map_err(|error| LoadError::of(&file.name, error));
        let whole = came.and_then(|_| {
            let found = std::mem::take(&mut digester).finish();
            let whole = file.check_length(bytes.len() as u64).and_then(|()| file.check_digest(found));
            whole.inspect_err(|_| bytes.clear()).map_err(LoadError::from)
        });
        match whole {
            Ok(()) => return Ok(bytes),
            Err(error) => tries.failed(error, bytes.len() as u64).await?,
        }
    }
}

/// Memory for the whole of `file`, so that it need not be moved as it grows.
fn room_for(file: &FileRef) -> Result<Vec<u8>, LoadError> {
    let mut room = Vec::new();
    let reserved = usize::try_from(file.bytes).is_ok_and(|bytes| room.try_reserve_exact(bytes).is_ok());
    let none = || LoadError::Memory { name: file.name.clone(), bytes: file.bytes };
    reserved.then_some(room).ok_or_else(none)
}

/// Fetches and checks a listed picture; `path` is its name in messages, `url` its absolute URL.
pub async fn picture(url: &str, path: &str, listed: &ListedFile) -> Result<Vec<u8>, LoadError> {
    let mut tries = Tries::default();
    loop {
        let mut bytes = Vec::new();
        let mut arrived = |_: &[u8], done| done <= listed.bytes();
        let fetched = fetch::bytes(url, tries.caching(), None, &mut bytes, &mut arrived);
        let came = fetched.await.map_err(|error| LoadError::of(path, error));
        match came.and_then(|_| Ok(listed.check(path, &bytes)?)) {
            Ok(()) => return Ok(bytes),
            Err(error) => tries.failed(error, 0).await?,
        }
    }
}

/// Fetches the bytes of a file of so many `bytes` from the first to the last of these places; all of it, if the server gives no
/// parts. Whether they are the part is said; what they are is not checked but for their number.
pub async fn part(
    url: &str,
    path: &str,
    bytes: u64,
    (first, last): (u64, u64),
) -> Result<(Vec<u8>, bool), LoadError> {
    let mut tries = Tries::default();
    loop {
        let (range, mut came) = (Some((first, Some(last))), Vec::new());
        let mut arrived = |_: &[u8], done| done <= bytes;
        let fetched = fetch::bytes(url, tries.caching(), range, &mut came, &mut arrived);
        let is_part = fetched.await.map_err(|error| LoadError::of(path, error)).and_then(|is_part| {
            let expected = if is_part { last.saturating_sub(first).saturating_add(1) } else { bytes };
            let found = came.len() as u64;
            let fault = Fault::Length { expected, found };
            let wrong = || CatalogError::File { name: path.to_owned(), fault };
            if found == expected { Ok(is_part) } else { Err(wrong().into()) }
        });
        match is_part {
            Ok(is_part) => return Ok((came, is_part)),
            Err(error) => tries.failed(error, 0).await?,
        }
    }
}

/// Fetches these bytes of `file`, whose absolute URL is `url`, and reads them; what `read` refuses is fetched once more.
pub async fn range<T>(
    url: &str,
    file: &FileRef,
    range: Range<u64>,
    read: &dyn Fn(&[u8]) -> Result<T, CatalogError>,
) -> Result<T, LoadError> {
    let expected = range.end.saturating_sub(range.start);
    let mut tries = Tries::default();
    loop {
        let mut came = Vec::new();
        // What is longer is not the part.
        let mut arrived = |_: &[u8], done| done <= expected;
        let part = Some((range.start, Some(range.end.saturating_sub(1))));
        let fetched = fetch::bytes(url, tries.caching(), part, &mut came, &mut arrived).await;
        let found = came.len() as u64;
        let whole = match fetched.map_err(|error| LoadError::of(&file.name, error)) {
            // A file of one cell may be sent as a whole.
            Ok(is_part) if !is_part && found != file.bytes.min(expected) => {
                return Err(LoadError::NoRanges { name: file.name.clone() });
            }
            Ok(_) if found != expected => {
                let fault = Fault::Length { expected, found };
                Err(CatalogError::File { name: file.name.clone(), fault }.into())
            }
            Ok(_) => read(&came).map_err(LoadError::from),
            Err(error) => Err(error),
        };
        match whole {
            Ok(read) => return Ok(read),
            Err(error) => tries.failed(error, 0).await?,
        }
    }
}

/// How often something was tried, and whether it is worth another try.
#[derive(Default)]
struct Tries {
    failures: usize,
    /// Pauses since something arrived.
    pauses: usize,
    /// Most bytes that were here.
    most: u64,
    /// Whether it was tried again because it may have been damaged.
    suspected: bool,
}

impl Tries {
    fn is_first(&self) -> bool {
        self.failures == 0
    }

    fn caching(&self) -> Caching {
        if self.is_first() { Caching::Default } else { Caching::Reload }
    }

    /// Gives `error` back when it is final. Else it is time for another try when this ends: at once and only once for what may
    /// have been damaged on its way or in a cache; after a pause for what the network did not give, for as long as more arrives,
    /// and a few times when nothing does. `here` is how many bytes are kept for the next try.
    async fn failed(&mut self, error: LoadError, here: u64) -> Result<(), LoadError> {
        self.failures += 1;
        match &error {
            LoadError::Network { .. } | LoadError::Status { status: 408 | 429 | 500.., .. } => {
                if here > self.most {
                    (self.most, self.pauses) = (here, 0);
                }
                let Some(pause) = PAUSES_MS.get(self.pauses) else { return Err(error) };
                self.pauses += 1;
                clock::pause(*pause).await;
            }
            // Another version is no damage.
            LoadError::Damaged(CatalogError::File { fault: Fault::Version { .. }, .. }) => return Err(error),
            LoadError::Damaged(_)
            | LoadError::Status { .. }
            | LoadError::Memory { .. }
            | LoadError::NoRanges { .. } => {
                if std::mem::replace(&mut self.suspected, true) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

impl Progress {
    /// Nothing of these files has arrived yet; each comes with what it is for.
    pub fn starting<'a>(files: impl IntoIterator<Item = (&'a str, &'a FileRef)>) -> Self {
        let start = |(role, file): (&str, &FileRef)| FileProgress {
            role: role.to_owned(),
            name: file.name.clone(),
            done: 0,
            total: file.bytes,
        };
        Self { files: files.into_iter().map(start).collect(), preparing: false }
    }

    /// Notes that `done` bytes of the file called `name` are here. More than its length counts as its length:
    /// a wrong file is found out by its digest.
    pub fn arrived(&mut self, name: &str, done: u64) {
        for file in self.files.iter_mut().filter(|file| file.name == name) {
            file.done = done.min(file.total);
        }
        self.preparing = self.files.iter().all(|file| file.done == file.total);
    }

    /// Bytes of all files that are here.
    pub fn done(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.done))
    }

    /// Bytes of all files.
    pub fn total(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.total))
    }

    /// Share of the bytes that are here, 0 to 1; 0 as long as no file is known.
    pub fn share(&self) -> f64 {
        let total = self.total();
        if total == 0 { 0.0 } else { self.done() as f64 / total as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        let (text, index) = (FileRef::of(&[1; 300], "text", "gguf"), FileRef::of(&[2; 100], "index", "bin"));
        Progress::starting([("Text model", &text), ("Search index", &index)])
    }

    #[test]
    fn progress_adds_up_and_never_passes_the_whole() {
        let mut progress = progress();
        assert_eq!((progress.done(), progress.total(), progress.share()), (0, 400, 0.0));
        let name = progress.files[0].name.clone();
        progress.arrived(&name, 100);
        assert_eq!((progress.done(), progress.share()), (100, 0.25));
        progress.arrived(&name, 10_000);
        assert_eq!(progress.done(), 300, "a file that is too long does not count more than its length");
        progress.arrived(&name, 0);
        assert_eq!(progress.done(), 0, "a second attempt starts anew");
        progress.arrived("unknown", 5);
        assert_eq!(progress.done(), 0);
        let other = progress.files[1].name.clone();
        progress.arrived(&other, 100);
        assert!(!progress.preparing, "one file is not all");
        progress.arrived(&name, 300);
        assert!(progress.preparing);
        progress.arrived(&name, 0);
        assert!(!progress.preparing, "it was damaged and comes again");
    }

    #[test]
    fn progress_of_nothing_is_no_division_by_zero() {
        assert_eq!(Progress::default().share(), 0.0);
        let huge = FileProgress { role: String::new(), name: String::new(), done: u64::MAX, total: u64::MAX };
        let progress = Progress { files: vec![huge.clone(), huge], preparing: false };
        assert_eq!(progress.share(), 1.0);
    }

    #[test]
    fn a_catalog_of_another_version_is_not_called_damaged() {
        for format in [1, 3] {
            let error = Manifest::from_json(format!("{{\"format\": {format}, \"new\": true}}").as_bytes());
            let failure = Failure::from(LoadError::from(error.expect_err("another version")));
            assert_eq!(failure.kind, FailureKind::Version);
            assert!(failure.message.contains(&format!("written in format {format}")), "{}", failure.message);
        }
    }

    #[test]
    fn failures_name_the_file_and_their_kind() {
        let missing = LoadError::Status { name: "catalog.json".into(), status: 404 };
        let failure = Failure::from(missing);
        assert_eq!((failure.kind, failure.file.as_deref()), (FailureKind::Missing, Some("catalog.json")));
        let file = FileRef::of(b"abc", "text", "gguf");
        let failure = Failure::from(LoadError::from(file.check(b"abd").expect_err("damaged")));
        assert_eq!(failure.kind, FailureKind::Damaged);
        assert_eq!(failure.file.as_deref(), Some(file.name.as_str()));
        assert!(failure.message.starts_with(&file.name), "{}", failure.message);
        let vast = FileRef { bytes: u64::MAX, ..file };
        let failure = Failure::from(room_for(&vast).expect_err("no such memory"));
        assert_eq!((failure.kind, failure.file), (FailureKind::Worker, Some(vast.name)));
        let broken = Failure::from(LoadError::Status { name: "x".into(), status: 503 });
        assert_eq!(broken.kind, FailureKind::Network);
    }
}
