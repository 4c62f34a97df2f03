//! Where a pack comes to lie: put together beside its place, moved there when it is whole. Nothing but an earlier pack ever
//! makes room.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clip_rs_stage::{StageError, files};

use super::archive;
use super::marker::Marker;

/// A place that this process has for itself.
#[derive(Debug)]
pub struct Place {
    out: PathBuf,
    is_archive: bool,
    parent: PathBuf,
    /// Where the pack is put together.
    fresh: PathBuf,
    /// Where the earlier pack goes for a moment.
    former: PathBuf,
    _lock: Option<files::Lock>,
}

impl Place {
    /// Takes `out`: a zip file if its name ends so, else a folder. Refuses what holds anything but an earlier pack, just as
    /// it was packed. What an interrupted run left beside it is cleared away.
    pub fn take(out: &Path) -> Result<Self, StageError> {
        let name = out.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| StageError::content(out, "give the pack a name of its own"))?;
        let is_archive = out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        check(out, is_archive)?;
        files::make_folder(&parent)?;
        let fresh = files::unfinished(&parent, &format!("pack-{name}"));
        let former = files::unfinished(&parent, &format!("packed-{name}"));
        let lock = match is_archive {
            true => {
                let file = File::options().create(true).append(true).open(&fresh);
                let file = file.map_err(StageError::io("write", &fresh))?;
                let lock = files::Lock::take(file).map_err(StageError::io("lock", &fresh))?;
                Some(lock.ok_or_else(|| StageError::content(out, "another run is writing it"))?)
            }
            false => {
                files::make_folder(&fresh)?;
                files::lock_folder(&fresh)?
            }
        };
        let place = Self { out: out.to_owned(), is_archive, parent, fresh, former, _lock: lock };
        place.recover()?;
        Ok(place)
    }

    /// Whether it is a zip file.
    pub fn is_archive(&self) -> bool {
        self.is_archive
    }

    /// The place's name without ending if it is made of ASCII letters, digits, `-` and `_`, else `other`.
    pub fn plain_stem<'a>(&'a self, other: &'a str) -> &'a str {
        let is_plain =
            |stem: &&str| stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        self.out.file_stem().and_then(|stem| stem.to_str()).filter(is_plain).unwrap_or(other)
    }

    /// Where to put the pack together: an empty folder or file.
    pub fn fresh(&self) -> &Path {
        &self.fresh
    }

    /// Moves what was put together to its place. Tells whether an earlier pack was there.
    pub fn fill(self) -> Result<bool, StageError> {
        let rename =
            |from: &Path, to: &Path| fs::rename(from, to).map_err(StageError::io("move the pack to", to));
        // Somebody may have put something there meanwhile.
        let replaces = check(&self.out, self.is_archive)?;
        let aside = replaces && !self.is_archive;
        if aside {
            rename(&self.out, &self.former)?;
        }
        if let Err(error) = rename(&self.fresh, &self.out) {
            if aside {
                rename(&self.former, &self.out)?;
            }
            return Err(error);
        }
        files::sync_folder(&self.parent)?;
        if aside {
            remove(&self.former)?;
        }
        Ok(replaces)
    }

    /// Ends what an interrupted run began: an earlier pack that it had put aside comes back, or goes if the new one is there.
    fn recover(&self) -> Result<(), StageError> {
        if self.former.exists() {
            match self.out.exists() {
                true => remove(&self.former)?,
                false => {
                    fs::rename(&self.former, &self.out).map_err(StageError::io("move back", &self.out))?
                }
            }
        }
        if !self.is_archive {
            for (_, path) in files::entries(&self.fresh)? {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

impl Drop for Place {
    /// What is not whole goes. Nothing is there any more when it was moved to its place.
    fn drop(&mut self) {
        if self.fresh.symlink_metadata().is_ok() {
            // Where this fails, the next run sweeps.
            let _ = remove(&self.fresh);
        }
    }
}

/// Whether an earlier pack is at `out`; an error if anything else is.
fn check(out: &Path, is_archive: bool) -> Result<bool, StageError> {
    let Ok(about) = out.symlink_metadata() else { return Ok(false) };
    let refuse = |why: &str| Err(StageError::content(out, format!("{why}; choose another --out")));
    let found = match (about.is_dir(), about.is_file()) {
        (true, _) if !is_archive => Marker::of_folder(out)?,
        // What cannot be read as a zip file is not one of ours.
        (_, true) if is_archive => archive::read(out).unwrap_or_default(),
        _ => None,
    };
    match found {
        None => refuse("it is there already, and is not a pack that `clip-rs pack` made"),
        Some((marker, tally)) if !marker.has(&tally) => {
            refuse("a pack is there already, but files of it were added, changed or taken away since")
        }
        Some(_) => Ok(true),
    }
}

fn remove(path: &Path) -> Result<(), StageError> {
    let is_folder = path.symlink_metadata().is_ok_and(|about| about.is_dir());
    let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(StageError::io("remove", path))
}
