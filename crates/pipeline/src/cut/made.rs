//! What is made of pictures for the map and the cards, kept between runs: overviews and thumbnails.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use clip_rs_catalog::Digest;
use clip_rs_stage::{StageError, files};

use crate::records::Records;

const HEADER: &[u8] = b"CRSMADE1";

/// Small files by what they were made of.
pub struct Made(Mutex<State>);

struct State {
    records: Records,
    used: HashSet<Digest>,
}

impl Made {
    /// Opens what is kept in the folder `work`.
    pub fn open(work: &Path) -> Result<Self, StageError> {
        files::make_folder(work)?;
        let records = Records::open(&work.join("made.bin"), HEADER, |header| header == HEADER)?;
        Ok(Self(Mutex::new(State { records, used: HashSet::new() })))
    }

    /// The file that is kept under `key`, or what `make` gives, which is kept then.
    pub fn get_or_make<E: From<StageError>>(
        &self,
        key: Digest,
        make: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        if let Some(kept) = self.get(&key)? {
            return Ok(kept);
        }
        // Others may make and keep theirs meanwhile.
        let content = make()?;
        self.state().records.append([(key, content.clone())])?;
        Ok(content)
    }

    /// The file that is kept under `key`.
    pub fn get(&self, key: &Digest) -> Result<Option<Vec<u8>>, StageError> {
        let mut state = self.state();
        state.used.insert(*key);
        state.records.get(key)
    }

    /// Forgets what this run did not use, if that is most of it.
    pub fn shrink(&self) -> Result<(), StageError> {
        let State { records, used } = &mut *self.state();
        records.shrink(HEADER, |key| used.contains(key))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
