//! Where things lie: the repository, its build output, and the cache that all clones of one person share.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of this clone.
pub fn repository() -> &'static Path {
    // xtask is run from the clone it was compiled in, so the compiled-in path holds.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Cargo's output folder of this clone.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        // A relative one is meant from the folder that the command was given in, which cargo hands on.
        Some(folder) => env::current_dir().unwrap_or_default().join(folder),
        None => repository().join("target"),
    }
}

/// An executable that cargo built in `profile`'s folder (`debug` or `release`).
pub fn built(profile: &str, name: &str) -> PathBuf {
    target().join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// The finished page: what a static host serves.
pub fn dist() -> PathBuf {
    repository().join("dist")
}

/// The folder for tools, shared by all clones: `$XDG_CACHE_HOME/clip-rs`, by default in `~/.cache`.
pub fn cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(base) => base,
        None => {
            env::home_dir().context("no home folder is known: set HOME or XDG_CACHE_HOME")?.join(".cache")
        }
    };
    Ok(base.join("clip-rs"))
}
