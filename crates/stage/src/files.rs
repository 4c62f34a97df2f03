//! Files that are either complete or not there: temporary name, sync, rename.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::StageError;

/// Deepest nesting of folders that is looked into; stops at links that lead back up.
const MAX_DEPTH: usize = 16;
const TEMPORARY: &str = ".unfinished-";

/// The whole content of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, StageError> {
    fs::read(path).map_err(StageError::io("read", path))
}

/// The whole content of a file that should not be larger than `most` bytes.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, StageError> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut content))
        .map_err(StageError::io("read", path))?;
    if content.len() as u64 > most {
        return Err(StageError::content(path, format!("has more than {most} bytes")));
    }
    Ok(content)
}

/// The first bytes of a file, at most so many.
pub fn read_begin(path: &Path, most: u64) -> Result<Vec<u8>, StageError> {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut begin));
    read.map_err(StageError::io("read", path))?;
    Ok(begin)
}

/// SHA-256 of a file's content in hexadecimal digits, without reading it whole.
pub fn sha256(path: &Path) -> Result<String, StageError> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hash))
        .map_err(StageError::io("read", path))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `<folder>.<what>` beside a folder.
pub fn beside(folder: &Path, what: &str) -> Result<PathBuf, StageError> {
    let name = folder.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| StageError::content(folder, "give the folder a name of its own"))?;
    Ok(folder.with_file_name(format!("{name}.{what}")))
}

/// Makes a folder and those above it.
pub fn make_folder(path: &Path) -> Result<(), StageError> {
    fs::create_dir_all(path).map_err(StageError::io("make the folder", path))
}

/// Writes a file so that `path` holds either its former content or all of the new one, even if the power
/// fails; the folder must exist.
pub fn write_durably(path: &Path, content: &[u8]) -> Result<(), StageError> {
    write_durably_with(path, |file| file.write_all(content)).map(drop)
}

/// Like [`write_durably`], with `write` giving the content bit by bit; returns its length in bytes.
pub fn write_durably_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<u64, StageError> {
    let length = replace(path, write, true)?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => sync_folder(folder)?,
        None => sync_folder(Path::new("."))?,
    }
    Ok(length)
}

/// Like [`write_durably`] as long as the power stays on; for many files, followed by [`sync`] on each and
/// [`sync_folder`].
pub fn write_quickly(path: &Path, content: &[u8]) -> Result<(), StageError> {
    replace(path, |file| file.write_all(content), false).map(drop)
}

fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    durably: bool,
) -> Result<u64, StageError> {
    let temporary = temporary(path)?;
    let write = || -> io::Result<u64> {
        let mut file = BufWriter::new(File::create(&temporary)?);
        write(&mut file)?;
        let length = file.stream_position()?;
        let file = file.into_inner()?;
        if durably {
            file.sync_all()?;
        }
        fs::rename(&temporary, path)?;
        Ok(length)
    };
    write().map_err(|error| {
        // The first error is the one to report; a temporary file left behind is swept by the next run.
        let _ = fs::remove_file(&temporary);
        StageError::io("write", path)(error)
    })
}

/// What a file is called while this process writes it; [`sweep`] removes it where that was interrupted.
pub fn temporary(path: &Path) -> Result<PathBuf, StageError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| StageError::content(path, "not a file name"))?;
    Ok(path.with_file_name(format!("{TEMPORARY}{}-{name}", std::process::id())))
}

/// Removes what interrupted writes of this file left beside it. Nobody else may be writing it.
pub fn sweep(path: &Path) -> Result<(), StageError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| StageError::content(path, "not a file name"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for (found, at) in entries(folder)? {
        let process =
            found.strip_prefix(TEMPORARY).and_then(|rest| rest.strip_suffix(name)?.strip_suffix('-'));
        if process.is_some_and(|id| !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit())) {
            fs::remove_file(&at).map_err(StageError::io("remove", &at))?;
        }
    }
    Ok(())
}

/// Where something that belongs into `folder` is gathered until it is whole.
pub fn unfinished(folder: &Path, what: &str) -> PathBuf {
    folder.join(format!("{TEMPORARY}{what}"))
}

/// A file or folder that this process has for itself until this is dropped.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes an open file or folder; none if another run has it.
    pub fn take(file: File) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The file itself.
    pub fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not do: a process that is just being started may hold a copy of the handle for a moment. Where it
        // fails, closing is what is left.
        let _ = self.0.unlock();
    }
}

/// Takes a folder for this process alone until the result is dropped, so that no two runs write into it at once. None where
/// folders cannot be locked (Windows, some network file systems).
pub fn lock_folder(folder: &Path) -> Result<Option<Lock>, StageError> {
    // Where a folder cannot be opened or locked, there is nothing to hold.
    let Ok(Ok(lock)) = File::open(folder).map(Lock::take) else { return Ok(None) };
    let lock = lock.ok_or_else(|| StageError::content(folder, "another run is writing into it"))?;
    Ok(Some(lock))
}

/// Whether a name is one that an interrupted write left behind.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// Waits until a file's content is on the disk.
pub fn sync(path: &Path) -> Result<(), StageError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(StageError::io("sync", path))
}

/// Waits until the names in a folder are on the disk.
pub fn sync_folder(folder: &Path) -> Result<(), StageError> {
    // Windows cannot open folders; there, renames are durable by themselves.
    if cfg!(unix) { sync(folder) } else { Ok(()) }
}

/// All files below `folder` with their paths relative to it (`/` between parts), sorted. Names that start
/// with a dot are left out.
pub fn walk(folder: &Path) -> Result<Vec<(String, PathBuf)>, StageError> {
    let mut found = Vec::new();
    visit(folder, &mut |relative, path| found.push((relative, path)))?;
    found.sort();
    Ok(found)
}

/// Shows `each` what [`walk`] finds, a folder after the other.
pub fn visit(folder: &Path, each: &mut dyn FnMut(String, PathBuf)) -> Result<(), StageError> {
    descend(folder, "", 0, each)
}

fn descend(
    folder: &Path,
    prefix: &str,
    depth: usize,
    each: &mut dyn FnMut(String, PathBuf),
) -> Result<(), StageError> {
    if depth > MAX_DEPTH {
        return Err(StageError::content(folder, format!("more than {MAX_DEPTH} folders deep")));
    }
    for (name, path) in entries(folder)? {
        if name.starts_with('.') {
            continue;
        }
        let relative = format!("{prefix}{name}");
        if path.is_dir() {
            descend(&path, &format!("{relative}/"), depth + 1, each)?;
        } else {
            each(relative, path);
        }
    }
    Ok(())
}

/// The names in a folder with their paths, sorted. A name that is not Unicode comes as it can be shown; nothing of ours has one.
pub fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, StageError> {
    let list = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let list = list.map_err(StageError::io("read the folder", folder))?;
    let named = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.path());
    let mut entries: Vec<_> = list.into_iter().map(named).collect();
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_former_file_and_no_temporary_one() -> Result<(), StageError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("a.txt");
        write_durably(&path, b"first")?;
        write_durably(&path, b"second")?;
        assert_eq!(read(&path)?, b"second");
        fs::create_dir(folder.path().join("b")).expect("folder");
        assert!(write_durably(&folder.path().join("b"), b"a folder is in the way").is_err());
        let names: Vec<String> = entries(folder.path())?.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.txt", "b"]);
        Ok(())
    }

    #[test]
    fn sweeping_removes_what_writes_of_this_file_left_and_nothing_else() -> Result<(), StageError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        for name in [
            ".unfinished-12-a.txt",
            ".unfinished-12-b.txt",
            ".unfinished-x-a.txt",
            ".unfinished--a.txt",
            "a.txt",
        ] {
            write_quickly(&folder.path().join(name), b"")?;
        }
        sweep(&folder.path().join("a.txt"))?;
        let names: Vec<String> = entries(folder.path())?.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [".unfinished--a.txt", ".unfinished-12-b.txt", ".unfinished-x-a.txt", "a.txt"]);
        Ok(())
    }

    #[test]
    fn walking_gives_sorted_relative_paths_without_hidden_names() -> Result<(), StageError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        make_folder(&folder.path().join("z/y"))?;
        for name in ["z/y/1.jpg", "a.jpg", ".hidden", "z/.DS_Store"] {
            write_quickly(&folder.path().join(name), b"")?;
        }
        let names: Vec<String> = walk(folder.path())?.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.jpg", "z/y/1.jpg"]);
        Ok(())
    }
}
