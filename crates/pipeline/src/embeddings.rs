//! Embeddings of finished pictures, kept in a work folder so that an interrupted run goes on where it was and
//! a changed area costs only what changed.
//!
//! One file for each model: the magic, the dimension, the vector of a probe picture, then records of a
//! picture's SHA-256, its vector, and the start of the SHA-256 of both. Records are only appended; a record
//! that was cut short or damaged ends the file.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clip_rs_catalog::Digest;

use clip_rs_stage::{StageError, files};

const MAGIC: &[u8; 8] = b"CRSEMBD1";
const CHECK_BYTES: usize = 8;
/// Vectors of the probe picture that agree less than this come from engines that differ.
const SAME_ENGINE: f32 = 0.9999;

/// The kept embeddings of one model. While it is open no other run can open it.
pub struct EmbeddingStore {
    path: PathBuf,
    file: File,
    known: HashMap<Digest, Vec<f32>>,
}

impl EmbeddingStore {
    /// Opens the store of a model in the folder `work`. `probe` is the model's vector of a fixed picture: when
    /// the kept one differs, the engine has changed and the kept embeddings are dropped.
    pub fn open(work: &Path, model: &Digest, probe: &[f32]) -> Result<Self, StageError> {
        files::make_folder(work)?;
        let path = work.join(format!("embeddings-{}.bin", model.short()));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(StageError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StageError::content(work, "another run is using this work folder"));
            }
            Err(TryLockError::Error(source)) => return Err(StageError::io("lock", &path)(source)),
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(StageError::io("read", &path))?;
        let (known, intact) = decode(&content, probe).unwrap_or_default();
        let mut store = Self { path, file, known };
        if intact == 0 {
            store.write_at(0, &header(probe))?;
        } else {
            store.write_at(intact, &[])?;
        }
        Ok(store)
    }

    /// The vector of the picture with this digest.
    pub fn get(&self, picture: &Digest) -> Option<&[f32]> {
        self.known.get(picture).map(Vec::as_slice)
    }

    /// Number of pictures with a kept vector.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether no vector is kept.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Keeps more vectors, each as long as the probe's.
    pub fn append(&mut self, rows: Vec<(Digest, Vec<f32>)>) -> Result<(), StageError> {
        let records: Vec<u8> = rows.iter().flat_map(|(picture, vector)| record(picture, vector)).collect();
        self.file.write_all(&records).map_err(StageError::io("write", &self.path))?;
        self.known.extend(rows);
        Ok(())
    }

    /// Cuts the file off at `at` and writes `content` there.
    fn write_at(&mut self, at: u64, content: &[u8]) -> Result<(), StageError> {
        let mut write = || {
            self.file.set_len(at)?;
            self.file.seek(SeekFrom::Start(at))?;
            self.file.write_all(content)
        };
        write().map_err(StageError::io("write", &self.path))
    }
}

fn header(probe: &[f32]) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend((probe.len() as u32).to_le_bytes());
    header.extend(bytes_of(probe));
    header
}

fn record(picture: &Digest, vector: &[f32]) -> Vec<u8> {
    let mut record = picture.as_bytes().to_vec();
    record.extend(bytes_of(vector));
    let check = Digest::of(&record);
    record.extend(&check.as_bytes()[..CHECK_BYTES]);
    record
}

fn bytes_of(vector: &[f32]) -> impl Iterator<Item = u8> {
    vector.iter().flat_map(|value| value.to_le_bytes())
}

fn floats_of(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

/// The intact records and the length of the file up to their end; none when the header does not fit.
fn decode(content: &[u8], probe: &[f32]) -> Option<(HashMap<Digest, Vec<f32>>, u64)> {
    let width = 4 * probe.len();
    let fixed = header(probe).len();
    let kept = content.get(..fixed)?;
    if kept[..MAGIC.len() + 4] != header(probe)[..MAGIC.len() + 4] {
        return None;
    }
    let same: f32 = floats_of(&kept[MAGIC.len() + 4..]).iter().zip(probe).map(|(a, b)| a * b).sum();
    if same.is_nan() || same < SAME_ENGINE {
        return None;
    }
    let mut known = HashMap::new();
    let mut intact = fixed;
    for record in content[fixed..].chunks_exact(32 + width + CHECK_BYTES) {
        let (body, check) = record.split_at(32 + width);
        if Digest::of(body).as_bytes()[..CHECK_BYTES] != *check {
            break;
        }
        let (picture, vector) = body.split_at(32);
        let hex: String = picture.iter().map(|byte| format!("{byte:02x}")).collect();
        known.insert(hex.parse().ok()?, floats_of(vector));
        intact += record.len();
    }
    Some((known, intact as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBE: [f32; 2] = [0.6, 0.8];

    fn open(work: &Path) -> Result<EmbeddingStore, StageError> {
        EmbeddingStore::open(work, &Digest::of(b"model"), &PROBE)
    }

    #[test]
    fn vectors_are_found_again_and_a_torn_tail_costs_only_its_own() -> Result<(), StageError> {
        let work = tempfile::tempdir().expect("temporary folder");
        let row = |n: u8| (Digest::of(&[n]), vec![f32::from(n), 0.5]);
        let mut store = open(work.path())?;
        store.append(vec![row(1), row(2)])?;
        store.append(vec![row(3)])?;
        let path = store.path.clone();
        drop(store);
        let whole = files::read(&path)?;
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).expect("write");
            let mut store = open(work.path())?;
            let expected = cut.saturating_sub(8 + 4 + 8) / (32 + 8 + 8);
            assert_eq!(store.len(), expected, "cut at {cut}");
            store.append(vec![row(4)])?;
            drop(store);
            assert_eq!(open(work.path())?.get(&row(4).0), Some(&[4.0, 0.5][..]), "cut at {cut}");
            std::fs::remove_file(&path).expect("remove");
        }
        Ok(())
    }

    #[test]
    fn damage_never_gives_a_wrong_vector() -> Result<(), StageError> {
        let work = tempfile::tempdir().expect("temporary folder");
        let mut store = open(work.path())?;
        store.append(vec![(Digest::of(b"a"), vec![1.0, 0.5]), (Digest::of(b"b"), vec![2.0, 0.5])])?;
        let path = store.path.clone();
        drop(store);
        let whole = files::read(&path)?;
        for at in 20..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("write");
            let store = open(work.path())?;
            assert!(store.len() < 2, "byte {at}");
            assert!(store.get(&Digest::of(b"a")).is_none_or(|vector| vector == [1.0, 0.5]), "byte {at}");
        }
        Ok(())
    }

    #[test]
    fn another_engine_starts_anew_and_two_runs_at_once_are_refused() -> Result<(), StageError> {
        let work = tempfile::tempdir().expect("temporary folder");
        let mut store = open(work.path())?;
        store.append(vec![(Digest::of(b"a"), vec![1.0, 0.5])])?;
        let error = open(work.path()).err().expect("locked").to_string();
        assert!(error.contains("another run"), "{error}");
        drop(store);
        assert_eq!(open(work.path())?.len(), 1);
        let changed = EmbeddingStore::open(work.path(), &Digest::of(b"model"), &[0.8, 0.6])?;
        assert!(changed.is_empty());
        Ok(())
    }
}
