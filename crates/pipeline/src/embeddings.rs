//! Embeddings of finished pictures, kept in a work folder so that an interrupted run goes on where it was and
//! a changed area costs only what changed.
//!
//! One file for each model: the magic, the dimension, the vector of a probe picture, then records of a
//! picture's SHA-256, its vector, and the start of the SHA-256 of both. Records are only appended; a record
//! that was cut short or damaged ends the file.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clip_rs_catalog::Digest;
use clip_rs_search::Embedding;

use clip_rs_stage::{StageError, files};

const MAGIC: &[u8; 8] = b"CRSEMBD1";
const CHECK_BYTES: usize = 8;
const DIGEST_BYTES: usize = 32;
/// Vectors of the probe picture that agree less than this come from engines that differ.
const SAME_ENGINE: f32 = 0.9999;

/// The kept embeddings of one model; in memory is only where each lies. While it is open no other run can open it.
pub struct EmbeddingStore {
    path: PathBuf,
    file: File,
    /// Components of a vector.
    dim: usize,
    /// Where the record of each picture begins.
    places: HashMap<Digest, u64>,
    /// Length of the file up to the end of the last intact record.
    end: u64,
}

impl EmbeddingStore {
    /// Opens the store of a model in the folder `work`. `probe` is the model's vector of a fixed picture: when
    /// the kept one differs, the engine has changed and the kept embeddings are dropped.
    pub fn open(work: &Path, model: &Digest, probe: &[f32]) -> Result<Self, StageError> {
        files::make_folder(work)?;
        let path = work.join(format!("embeddings-{}.bin", model.short()));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(StageError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StageError::content(work, "another run is using this work folder"));
            }
            Err(TryLockError::Error(source)) => return Err(StageError::io("lock", &path)(source)),
        }
        let mut store = Self { path, file, dim: probe.len(), places: HashMap::new(), end: 0 };
        let header = header(probe);
        if store.is_same_engine(&header, probe)? {
            store.find_records(header.len() as u64)?;
            store.cut_at_end()?;
        } else {
            store.cut_at_end()?;
            store.write(&header)?;
        }
        Ok(store)
    }

    /// Whether the vector of the picture with this digest is kept.
    pub fn contains(&self, picture: &Digest) -> bool {
        self.places.contains_key(picture)
    }

    /// The vector of the picture with this digest.
    pub fn get(&mut self, picture: &Digest) -> Result<Option<Embedding>, StageError> {
        let Some(place) = self.places.get(picture) else { return Ok(None) };
        let mut record = vec![0; self.record_bytes()];
        self.file
            .seek(SeekFrom::Start(*place))
            .and_then(|_| self.file.read_exact(&mut record))
            .map_err(StageError::io("read", &self.path))?;
        let intact = checked(&record).filter(|(digest, _)| digest == picture);
        let Some((_, vector)) = intact else {
            return Err(StageError::content(&self.path, "it has changed while it was in use; run again"));
        };
        let vector = Embedding::new(floats_of(vector)).map_err(StageError::engine(self.path.display()))?;
        Ok(Some(vector))
    }

    /// Number of pictures with a kept vector.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether no vector is kept.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Keeps more vectors, each as long as the probe's.
    pub fn append(&mut self, rows: &[(Digest, Embedding)]) -> Result<(), StageError> {
        let begin = self.end;
        let records: Vec<u8> =
            rows.iter().flat_map(|(picture, vector)| record(picture, vector.as_slice())).collect();
        self.write(&records)?;
        let width = self.record_bytes() as u64;
        self.places.extend(rows.iter().zip(0..).map(|((picture, _), row)| (*picture, begin + row * width)));
        Ok(())
    }

    fn record_bytes(&self) -> usize {
        DIGEST_BYTES + 4 * self.dim + CHECK_BYTES
    }

    /// Whether the file begins with this header but for small differences of the probe's vector.
    fn is_same_engine(&mut self, header: &[u8], probe: &[f32]) -> Result<bool, StageError> {
        let mut kept = vec![0; header.len()];
        match self.file.read_exact(&mut kept) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(StageError::io("read", &self.path)(error)),
        }
        let fixed = MAGIC.len() + 4;
        let cosine: f32 = floats_of(&kept[fixed..]).iter().zip(probe).map(|(a, b)| a * b).sum();
        Ok(kept[..fixed] == header[..fixed] && cosine >= SAME_ENGINE)
    }

    /// Notes where the records lie, from `begin` on, up to the first that is cut short or damaged.
    fn find_records(&mut self, begin: u64) -> Result<(), StageError> {
        let mut record = vec![0; self.record_bytes()];
        let mut reader = BufReader::new(&self.file);
        self.end = begin;
        loop {
            match reader.read_exact(&mut record) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(StageError::io("read", &self.path)(error)),
            }
            let Some((picture, _)) = checked(&record) else { return Ok(()) };
            self.places.insert(picture, self.end);
            self.end += record.len() as u64;
        }
    }

    fn cut_at_end(&mut self) -> Result<(), StageError> {
        self.file.set_len(self.end).map_err(StageError::io("write", &self.path))
    }

    /// Writes behind the last intact record.
    fn write(&mut self, content: &[u8]) -> Result<(), StageError> {
        self.file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(content))
            .map_err(StageError::io("write", &self.path))?;
        self.end += content.len() as u64;
        Ok(())
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

/// Digest and vector of a record, if it is as it was written.
fn checked(record: &[u8]) -> Option<(Digest, &[u8])> {
    let (body, check) = record.split_at_checked(record.len().checked_sub(CHECK_BYTES)?)?;
    if Digest::of(body).as_bytes()[..CHECK_BYTES] != *check {
        return None;
    }
    let (picture, vector) = body.split_first_chunk::<DIGEST_BYTES>()?;
    Some((Digest::from_bytes(*picture), vector))
}

fn bytes_of(vector: &[f32]) -> impl Iterator<Item = u8> {
    vector.iter().flat_map(|value| value.to_le_bytes())
}

fn floats_of(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBE: [f32; 2] = [0.6, 0.8];

    fn embedding(x: f32) -> Embedding {
        Embedding::new(vec![x, 0.5]).expect("a direction")
    }

    fn open(work: &Path) -> Result<EmbeddingStore, StageError> {
        EmbeddingStore::open(work, &Digest::of(b"model"), &PROBE)
    }

    #[test]
    fn vectors_are_found_again_and_a_torn_tail_costs_only_its_own() -> Result<(), StageError> {
        let work = tempfile::tempdir().expect("temporary folder");
        let row = |n: u8| (Digest::of(&[n]), embedding(f32::from(n)));
        let mut store = open(work.path())?;
        store.append(&[row(1), row(2)])?;
        store.append(&[row(3)])?;
        let path = store.path.clone();
        drop(store);
        let whole = files::read(&path)?;
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).expect("write");
            let mut store = open(work.path())?;
            let expected = cut.saturating_sub(8 + 4 + 8) / (32 + 8 + 8);
            assert_eq!(store.len(), expected, "cut at {cut}");
            store.append(&[row(4)])?;
            drop(store);
            let kept = open(work.path())?.get(&row(4).0)?.expect("kept");
            assert!(kept.cosine(&row(4).1) > 0.99999, "cut at {cut}");
            std::fs::remove_file(&path).expect("remove");
        }
        Ok(())
    }

    #[test]
    fn damage_never_gives_a_wrong_vector() -> Result<(), StageError> {
        let work = tempfile::tempdir().expect("temporary folder");
        let mut store = open(work.path())?;
        store.append(&[(Digest::of(b"a"), embedding(1.0)), (Digest::of(b"b"), embedding(2.0))])?;
        let path = store.path.clone();
        drop(store);
        let whole = files::read(&path)?;
        for at in 20..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("write");
            let mut store = open(work.path())?;
            assert!(store.len() < 2, "byte {at}");
            let kept = store.get(&Digest::of(b"a"))?;
            assert!(kept.is_none_or(|vector| vector.cosine(&embedding(1.0)) > 0.99999), "byte {at}");
        }
        Ok(())
    }

    #[test]
    fn another_engine_starts_anew_and_two_runs_at_once_are_refused() -> Result<(), StageError> {
        let work = tempfile::tempdir().expect("temporary folder");
        let mut store = open(work.path())?;
        store.append(&[(Digest::of(b"a"), embedding(1.0))])?;
        let error = open(work.path()).err().expect("locked").to_string();
        assert!(error.contains("another run"), "{error}");
        drop(store);
        assert_eq!(open(work.path())?.len(), 1);
        let changed = EmbeddingStore::open(work.path(), &Digest::of(b"model"), &[0.8, 0.6])?;
        assert!(changed.is_empty());
        Ok(())
    }
}
