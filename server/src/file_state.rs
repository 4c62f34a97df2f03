//! The state of a file in the file system, by which one version of it is told from the next without reading it.

use std::{
    fs::{self, Metadata},
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

/// Two changes that follow each other faster than this may leave the same times; coarse clocks tick in 2 s.
const TICK: Duration = Duration::from_secs(2);

/// What changes when a file is written to or replaced.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FileState {
    bytes: u64,
    modified: SystemTime,
    number: FileNumber,
}

impl FileState {
    /// The state of the file at `path`, which is found by following symbolic links. Blocks.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Self::from_metadata(&fs::metadata(path)?)
    }

    /// The state in what the file system says about a file.
    pub(crate) fn from_metadata(about: &Metadata) -> io::Result<Self> {
        Ok(Self { bytes: about.len(), modified: about.modified()?, number: FileNumber::of(about) })
    }

    /// Length in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the next change will show in the state: the last one is so long ago that clocks have moved on.
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        let last = self.number.changed().map_or(self.modified, |changed| changed.max(self.modified));
        now.duration_since(last).is_ok_and(|age| age > TICK)
    }

    /// Adds the state to `hash`.
    pub(crate) fn hash_into(&self, hash: &mut Sha256) {
        let since_epoch = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_nanos().to_le_bytes(),
            Err(before) => before.duration().as_nanos().wrapping_neg().to_le_bytes(),
        };
        hash.update(self.bytes.to_le_bytes());
        hash.update(since_epoch(self.modified));
        hash.update(self.number.changed().map_or([0; 16], since_epoch));
        self.number.hash_into(hash);
    }
}

/// Device, number and last change (seconds, nanoseconds) of a file's entry.
#[cfg(unix)]
#[derive(Debug, Clone, PartialEq)]
struct FileNumber {
    device: u64,
    inode: u64,
    changed: (i64, i64),
}

#[cfg(unix)]
impl FileNumber {
    fn of(about: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device: about.dev(), inode: about.ino(), changed: (about.ctime(), about.ctime_nsec()) }
    }

    fn changed(&self) -> Option<SystemTime> {
        let (seconds, nanoseconds) = self.changed;
        let since_epoch = Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since_epoch)
    }

    fn hash_into(&self, hash: &mut Sha256) {
        hash.update(self.device.to_le_bytes());
        hash.update(self.inode.to_le_bytes());
    }
}

/// When a file was made, where there are no numbers.
#[cfg(not(unix))]
#[derive(Debug, Clone, PartialEq)]
struct FileNumber {
    created: Option<SystemTime>,
}

#[cfg(not(unix))]
impl FileNumber {
    fn of(about: &Metadata) -> Self {
        Self { created: about.created().ok() }
    }

    fn changed(&self) -> Option<SystemTime> {
        self.created
    }

    fn hash_into(&self, _: &mut Sha256) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_just_written_is_not_settled() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let state = FileState::of(file.path()).expect("a state");
        assert!(!state.is_settled(SystemTime::now()));
        assert!(state.is_settled(SystemTime::now() + Duration::from_secs(10)));
    }

    #[test]
    fn a_replaced_file_of_the_same_length_and_time_is_in_another_state() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        let write = |content: &[u8]| {
            let fresh = folder.path().join("b");
            fs::write(&fresh, content).expect("written");
            let file = fs::File::options().write(true).open(&fresh).expect("opened");
            file.set_modified(SystemTime::UNIX_EPOCH).expect("set");
            fs::rename(fresh, &path).expect("renamed");
            FileState::of(&path).expect("a state")
        };
        let (first, second) = (write(b"one"), write(b"two"));
        let tag = |state: &FileState| {
            let mut hash = Sha256::new();
            state.hash_into(&mut hash);
            hash.finalize()
        };
        assert_ne!(first, second);
        assert_ne!(tag(&first), tag(&second));
    }
}
