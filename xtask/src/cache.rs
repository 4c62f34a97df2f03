//! Folders that are made once and shared: complete or absent, whoever else is making them at the same time.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::paths;

/// Whether a folder of the cache had to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    Now,
    Before,
}

/// The folder `key` of the cache, made by `make` if it is not there.
///
/// `make` fills a folder next to it, which is renamed when complete. Only one process makes; others wait. What
/// a broken run left is handed to `make` again, which may carry on with it.
pub fn folder(key: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<(PathBuf, Made)> {
    let cache = paths::cache()?;
    let finished = cache.join(key);
    if finished.is_dir() {
        return Ok((finished, Made::Before));
    }
    fs::create_dir_all(&cache).with_context(|| format!("making {}", cache.display()))?;
    let _lock = lock(&cache.join(format!("{key}.lock")))?;
    if finished.is_dir() {
        return Ok((finished, Made::Before));
    }
    let partial = cache.join(format!("{key}.partial"));
    fs::create_dir_all(&partial).with_context(|| format!("making {}", partial.display()))?;
    make(&partial)?;
    fs::rename(&partial, &finished).with_context(|| format!("naming {}", finished.display()))?;
    Ok((finished, Made::Now))
}

/// Waits until no other process holds this lock. It is let go when the file is dropped, or the process ends.
pub fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("    waiting for another run that holds {}", path.display());
            file.lock().with_context(|| format!("locking {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => return Err(error).context(format!("locking {}", path.display())),
    }
    Ok(file)
}

/// Empties a folder, or makes it.
pub fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))
}

/// Removes a folder, if it is there.
pub fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}
