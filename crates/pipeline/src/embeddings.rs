//! What was made of finished items, kept in a work folder so that an interrupted run goes on where it was and a changed
//! area costs only what changed: vectors with their looks, and which items are empty. Or in memory only, where a part of
//! the items is embedded for another run.

use std::path::Path;

use clip_rs_catalog::Digest;
use clip_rs_stage::{StageError, files};

use crate::cut::look::{LOOK_BYTES, Look};
use crate::records::Records;

const MAGIC: &[u8; 8] = b"CRSEMBD3";
/// Vectors of the probe picture that agree less than this come from engines that differ.
const SAME_ENGINE: f32 = 0.9999;

/// What became of an item's pixels.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// It shows nothing that could be searched: one colour, or hardly any data.
    Empty,
    /// Its vector, and what it looks like.
    Full(Vec<f32>, Look),
}

impl Seen {
    /// As it is kept and sent: nothing if it is empty, else its look and its vector's floats, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Empty => Vec::new(),
            Self::Full(vector, look) => [look.as_bytes(), &bytes_of(vector)].concat(),
        }
    }

    /// Reads what [`Seen::to_bytes`] wrote of a vector of `dim` components; none if it is of another form.
    pub fn from_bytes(bytes: &[u8], dim: usize) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::Empty);
        }
        let (look, vector) = bytes.split_at_checked(LOOK_BYTES).filter(|(_, rest)| rest.len() == 4 * dim)?;
        Some(Self::Full(floats_of(vector), Look::from_bytes(look)?))
    }
}

/// What is known of items before they are looked at, and takes what is new. Threads look at once.
pub trait Memory: Send + Sync {
    /// What is known of the item with this key.
    fn get(&self, key: &Digest) -> Result<Option<Seen>, StageError>;

    /// Takes more.
    fn append(&mut self, rows: Vec<(Digest, Seen)>) -> Result<(), StageError>;
}

/// Knows nothing and keeps what it is given, in the order in which it comes.
#[derive(Debug, Default)]
pub struct Fresh(pub Vec<(Digest, Seen)>);

impl Memory for Fresh {
    fn get(&self, _: &Digest) -> Result<Option<Seen>, StageError> {
        Ok(None)
    }

    fn append(&mut self, rows: Vec<(Digest, Seen)>) -> Result<(), StageError> {
        self.0.extend(rows);
        Ok(())
    }
}

/// What is kept for one model. While it is open no other run can open it.
pub struct EmbeddingStore {
    records: Records,
    dim: usize,
}

impl EmbeddingStore {
    /// Opens the store of a model in the folder `work`. `probe` is the model's vector of a fixed picture: when
    /// the kept one differs, the engine has changed and what is kept is dropped.
    pub fn open(work: &Path, model: &Digest, probe: &[f32]) -> Result<Self, StageError> {
        files::make_folder(work)?;
        let path = work.join(format!("embeddings-{}.bin", model.short()));
        let records = Records::open(&path, &header(probe), |kept| same_engine(kept, probe))?;
        Ok(Self { records, dim: probe.len() })
    }

    /// Number of items with something kept.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Components of a vector.
    pub fn dim(&self) -> usize {
        self.dim
    }
}

impl Memory for EmbeddingStore {
    fn get(&self, key: &Digest) -> Result<Option<Seen>, StageError> {
        // A record of another form is as good as none.
        Ok(self.records.get(key)?.and_then(|content| Seen::from_bytes(&content, self.dim)))
    }

    /// Each vector is as long as the probe's.
    fn append(&mut self, rows: Vec<(Digest, Seen)>) -> Result<(), StageError> {
        self.records.append(rows.into_iter().map(|(key, seen)| (key, seen.to_bytes())))
    }
}

fn header(probe: &[f32]) -> Vec<u8> {
    let dim = (probe.len() as u32).to_le_bytes();
    [MAGIC.as_slice(), &dim, &bytes_of(probe)].concat()
}

/// Whether a kept header is of this form, and its probe of an engine that computes alike.
fn same_engine(kept: &[u8], probe: &[f32]) -> bool {
    let fixed = MAGIC.len() + 4;
    if kept[..fixed] != header(probe)[..fixed] {
        return false;
    }
    let cosine: f32 = floats_of(&kept[fixed..]).iter().zip(probe).map(|(a, b)| a * b).sum();
    cosine >= SAME_ENGINE
}

fn bytes_of(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn floats_of(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbImage;

    const PROBE: [f32; 2] = [0.6, 0.8];

    fn open(work: &Path, probe: &[f32]) -> Result<EmbeddingStore, StageError> {
        EmbeddingStore::open(work, &Digest::of(b"model"), probe)
    }

    #[test]
    fn vectors_looks_and_what_is_empty_are_found_again_by_the_same_engine() -> Result<(), StageError> {
        let work = tempfile::tempdir().expect("temporary folder");
        let full = Seen::Full(vec![1.0, 0.5], Look::of(&RgbImage::new(3, 3)));
        let mut store = open(work.path(), &PROBE)?;
        store.append(vec![(Digest::of(b"a"), full.clone()), (Digest::of(b"b"), Seen::Empty)])?;
        drop(store);
        let store = open(work.path(), &[0.6, 0.800_001])?;
        assert_eq!(store.get(&Digest::of(b"a"))?, Some(full));
        assert_eq!(store.get(&Digest::of(b"b"))?, Some(Seen::Empty));
        assert_eq!(store.get(&Digest::of(b"c"))?, None);
        drop(store);
        assert!(open(work.path(), &[0.8, 0.6])?.is_empty(), "another engine starts anew");
        assert!(open(work.path(), &[0.6, 0.8, 0.0])?.is_empty(), "another dimension too");
        assert!(open(work.path(), &[f32::NAN, 0.8])?.is_empty());
        Ok(())
    }
}
