//! A file of records that are found by a digest: what costs to make is kept between runs, and read when it is needed.
//!
//! A header, then records: the key (32 bytes), the content's length (4 bytes, little-endian), the content, and the
//! first 8 bytes of the SHA-256 of all that. Records are only appended; one that was cut short or damaged ends the
//! file. In memory there is a place for each record and no content.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clip_rs_catalog::Digest;
use clip_rs_stage::StageError;
use clip_rs_stage::files::{self, Lock};

const KEY_BYTES: usize = 32;
const HEAD_BYTES: usize = KEY_BYTES + 4;
const CHECK_BYTES: usize = 8;
/// A longer content is taken for damage.
const MOST_BYTES: u32 = 64 << 20;

/// The records of one file. While it is open no other run can open it.
pub struct Records {
    path: PathBuf,
    /// Several threads read, each from where it seeks to.
    file: Mutex<Lock>,
    known: HashMap<Digest, Place>,
    end: u64,
}

/// Where a record begins, and how long its content is.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: u64,
    bytes: u32,
}

impl Records {
    /// Opens the file at `path`, whose folder must exist. If the header that is there, of as many bytes as `header`,
    /// is not `accepted`, the file begins anew with `header`.
    pub fn open(path: &Path, header: &[u8], accepted: impl Fn(&[u8]) -> bool) -> Result<Self, StageError> {
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = open.map_err(StageError::io("open", path))?;
        let lock = Lock::take(file).map_err(StageError::io("lock", path))?;
        let folder = path.parent().unwrap_or(path);
        let lock =
            lock.ok_or_else(|| StageError::content(folder, "another run is using this work folder"))?;
        let mut records =
            Self { path: path.to_owned(), file: Mutex::new(lock), known: HashMap::new(), end: 0 };
        records.scan(header.len(), accepted).map_err(StageError::io("read", path))?;
        let cut = records.end;
        if cut == 0 {
            records.write_at(0, header)?;
        } else {
            records.write_at(cut, &[])?;
        }
        Ok(records)
    }

    fn scan(&mut self, header: usize, accepted: impl Fn(&[u8]) -> bool) -> std::io::Result<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = BufReader::with_capacity(1 << 20, file.file());
        let mut content = vec![0; header];
        if !filled(&mut reader, &mut content)? || !accepted(&content) {
            return Ok(());
        }
        self.end = header as u64;
        loop {
            let mut record = vec![0; HEAD_BYTES];
            if !filled(&mut reader, &mut record)? {
                return Ok(());
            }
            let (key, bytes) = head_of(&record);
            // Damage must not make us allocate what the file cannot hold.
            if bytes > MOST_BYTES {
                return Ok(());
            }
            record.resize(HEAD_BYTES + bytes as usize + CHECK_BYTES, 0);
            if !filled(&mut reader, &mut record[HEAD_BYTES..])? || content_of(&record).is_none() {
                return Ok(());
            }
            self.known.insert(key, Place { at: self.end, bytes });
            self.end += record.len() as u64;
        }
    }

    /// Whether there is a record of this key.
    pub fn has(&self, key: &Digest) -> bool {
        self.known.contains_key(key)
    }

    /// The content of the record with this key.
    pub fn get(&self, key: &Digest) -> Result<Option<Vec<u8>>, StageError> {
        let Some(place) = self.known.get(key) else { return Ok(None) };
        let mut record = vec![0; HEAD_BYTES + place.bytes as usize + CHECK_BYTES];
        let mut read = |lock: MutexGuard<'_, Lock>| {
            let mut file = lock.file();
            file.seek(SeekFrom::Start(place.at))?;
            file.read_exact(&mut record)
        };
        read(self.file()).map_err(StageError::io("read", &self.path))?;
        let content = content_of(&record).filter(|_| head_of(&record).0 == *key);
        let content =
            content.ok_or_else(|| StageError::content(&self.path, "changed while it was in use"))?;
        Ok(Some(content.to_vec()))
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Keeps more contents; one that is already there stays.
    pub fn append(&mut self, rows: impl IntoIterator<Item = (Digest, Vec<u8>)>) -> Result<(), StageError> {
        let mut added = Vec::new();
        let mut places = Vec::new();
        for (key, content) in rows {
            let bytes = u32::try_from(content.len()).ok().filter(|bytes| *bytes <= MOST_BYTES);
            let bytes =
                bytes.ok_or_else(|| StageError::content(&self.path, "a record of more than 64 MiB"))?;
            if !self.has(&key) {
                places.push((key, Place { at: self.end + added.len() as u64, bytes }));
                added.extend(record(&key, &content));
            }
        }
        self.write_at(self.end, &added)?;
        self.known.extend(places);
        Ok(())
    }

    /// Cuts the file off at `at` and writes `content` there.
    fn write_at(&mut self, at: u64, content: &[u8]) -> Result<(), StageError> {
        let write = |lock: MutexGuard<'_, Lock>| {
            let mut file = lock.file();
            file.set_len(at)?;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(content)
        };
        write(self.file()).map_err(StageError::io("write", &self.path))?;
        self.end = at + content.len() as u64;
        Ok(())
    }

    /// Forgets all records but those of the keys that are `wanted`, once the others take more than half of the file.
    pub fn shrink(&mut self, header: &[u8], wanted: impl Fn(&Digest) -> bool) -> Result<(), StageError> {
        let size = |place: &Place| u64::from(place.bytes) + (HEAD_BYTES + CHECK_BYTES) as u64;
        let kept: u64 = self.known.iter().filter(|(key, _)| wanted(key)).map(|(_, place)| size(place)).sum();
        if 2 * kept >= self.end.saturating_sub(header.len() as u64) {
            return Ok(());
        }
        let mut keys: Vec<(u64, Digest)> =
            self.known.iter().filter(|(key, _)| wanted(key)).map(|(key, place)| (place.at, *key)).collect();
        keys.sort_unstable();
        // Moved towards the front one by one: what an interruption costs is made again.
        let mut moved = HashMap::new();
        let mut at = header.len() as u64;
        for (_, key) in keys {
            let content = self.get(&key)?.unwrap_or_default();
            let record = record(&key, &content);
            let write = |lock: MutexGuard<'_, Lock>| {
                let mut file = lock.file();
                file.seek(SeekFrom::Start(at))?;
                file.write_all(&record)
            };
            write(self.file()).map_err(StageError::io("write", &self.path))?;
            moved.insert(key, Place { at, bytes: content.len() as u32 });
            at += record.len() as u64;
        }
        self.known = moved;
        self.write_at(at, &[])
    }

    fn file(&self) -> MutexGuard<'_, Lock> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until all records are on the disk.
    pub fn sync(&self) -> Result<(), StageError> {
        files::sync(&self.path)
    }
}

/// Fills `content`; false at the end of the file.
fn filled(reader: &mut impl Read, content: &mut [u8]) -> std::io::Result<bool> {
    match reader.read_exact(content) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn record(key: &Digest, content: &[u8]) -> Vec<u8> {
    let mut record = key.as_bytes().to_vec();
    record.extend((content.len() as u32).to_le_bytes());
    record.extend(content);
    let check = Digest::of(&record);
    record.extend(&check.as_bytes()[..CHECK_BYTES]);
    record
}

/// Key and length of the content of a record that has them.
fn head_of(record: &[u8]) -> (Digest, u32) {
    let (mut key, mut bytes) = ([0; KEY_BYTES], [0; 4]);
    key.copy_from_slice(&record[..KEY_BYTES]);
    bytes.copy_from_slice(&record[KEY_BYTES..HEAD_BYTES]);
    (Digest::from_bytes(key), u32::from_le_bytes(bytes))
}

/// The content of a whole record, if its check is right.
fn content_of(record: &[u8]) -> Option<&[u8]> {
    let (body, check) = record.split_at_checked(record.len().checked_sub(CHECK_BYTES)?)?;
    (Digest::of(body).as_bytes()[..CHECK_BYTES] == *check).then_some(&body[HEAD_BYTES..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"HEAD";

    fn open(folder: &Path) -> Result<Records, StageError> {
        Records::open(&folder.join("records.bin"), HEADER, |header| header == HEADER)
    }

    fn row(n: u8) -> (Digest, Vec<u8>) {
        (Digest::of(&[n]), vec![n; usize::from(n)])
    }

    #[test]
    fn contents_are_found_again_and_a_torn_tail_costs_only_its_own() -> Result<(), StageError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut records = open(folder.path())?;
        records.append([row(1), row(2)])?;
        records.append([row(3), row(1)])?;
        let path = records.path().to_owned();
        drop(records);
        let whole = files::read(&path)?;
        let ends: Vec<usize> = [0, 1, 3, 6].iter().zip(0..).map(|(sum, n)| 4 + sum + n * 44).collect();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).expect("write");
            let mut records = open(folder.path())?;
            let expected = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
            assert_eq!(records.len(), expected, "cut at {cut}");
            records.append([row(4)])?;
            drop(records);
            assert_eq!(open(folder.path())?.get(&row(4).0)?, Some(row(4).1), "cut at {cut}");
            std::fs::remove_file(&path).expect("remove");
        }
        Ok(())
    }

    #[test]
    fn damage_never_gives_a_wrong_content() -> Result<(), StageError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut records = open(folder.path())?;
        records.append([row(5), row(6)])?;
        let path = records.path().to_owned();
        drop(records);
        let whole = files::read(&path)?;
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("write");
            let records = open(folder.path())?;
            assert!(records.len() < 2, "byte {at}");
            assert!(records.get(&row(5).0)?.is_none_or(|content| content == row(5).1), "byte {at}");
        }
        Ok(())
    }

    #[test]
    fn what_is_no_longer_wanted_goes_when_it_is_most_of_the_file() -> Result<(), StageError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut records = open(folder.path())?;
        records.append((1..=20).map(row))?;
        records.shrink(HEADER, |key| *key != row(3).0)?;
        assert_eq!(records.len(), 20, "little would be gained");
        let wanted = [row(4).0, row(19).0];
        records.shrink(HEADER, |key| wanted.contains(key))?;
        for records in [records.len(), open_after(records, folder.path())?.len()] {
            assert_eq!(records, 2);
        }
        let records = open(folder.path())?;
        assert_eq!((records.get(&row(4).0)?, records.get(&row(19).0)?), (Some(row(4).1), Some(row(19).1)));
        Ok(())
    }

    fn open_after(records: Records, folder: &Path) -> Result<Records, StageError> {
        drop(records);
        open(folder)
    }

    #[test]
    fn two_runs_at_once_are_refused_and_another_header_begins_anew() -> Result<(), StageError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut records = open(folder.path())?;
        records.append([row(1)])?;
        let error = open(folder.path()).err().expect("locked").to_string();
        assert!(error.contains("another run"), "{error}");
        drop(records);
        let other = Records::open(&folder.path().join("records.bin"), b"HAND", |header| header == b"HAND")?;
        assert!(other.is_empty());
        Ok(())
    }
}
