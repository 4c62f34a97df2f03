//! What was made of a small file, kept until the file changes.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use crate::file_state::FileState;

/// A value that is made of the file at `path`. Clones share it.
#[derive(Debug)]
pub(crate) struct Remembered<T> {
    path: PathBuf,
    last: Arc<Mutex<Option<Last<T>>>>,
}

/// The state in which the file was read, and what was made of it.
type Last<T> = (FileState, Arc<T>);

impl<T> Clone for Remembered<T> {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), last: self.last.clone() }
    }
}

impl<T> Remembered<T> {
    /// Nothing of the file at `path` yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, last: Arc::default() }
    }

    /// The value for the file as it is now: the last one, or `make` of its bytes when it has changed. Blocks.
    ///
    /// A file that changed a moment ago is read each time, as the next change might not show in its state.
    pub(crate) fn get<E: From<io::Error>>(
        &self,
        make: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let state = FileState::of(&self.path)?;
        if let Some((known, value)) = &*self.last.lock().unwrap_or_else(PoisonError::into_inner)
            && *known == state
        {
            return Ok(value.clone());
        }
        let now = SystemTime::now();
        let value = Arc::new(make(&std::fs::read(&self.path)?)?);
        if state.is_settled(now) && FileState::of(&self.path)? == state {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((state, value.clone()));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, fs, time::Duration};

    use super::*;

    #[test]
    fn a_file_is_read_anew_only_when_it_has_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        let reads = Cell::new(0);
        let remembered = Remembered::new(path.clone());
        let get = || {
            let make = |bytes: &[u8]| {
                reads.set(reads.get() + 1);
                Ok::<_, io::Error>(bytes.to_vec())
            };
            remembered.get(make).map(|value| value.to_vec())
        };
        assert!(get().is_err(), "nothing is there");
        fs::write(&path, b"one").expect("written");
        assert_eq!(get().expect("read"), b"one");
        fs::write(&path, b"two").expect("written");
        assert_eq!(get().expect("read"), b"two", "changed within a tick");
        // As if it had been written long ago: its state is one that was seen settled.
        let state = FileState::of(&path).expect("a state");
        assert!(
            !state.is_settled(SystemTime::now())
                && state.is_settled(SystemTime::now() + Duration::from_secs(9))
        );
        *remembered.last.lock().expect("whole") = Some((state, Arc::new(b"kept".to_vec())));
        let before = reads.get();
        assert_eq!(get().expect("kept"), b"kept");
        assert_eq!(reads.get(), before);
    }
}
