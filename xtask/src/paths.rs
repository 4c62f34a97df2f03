//! Where things lie: the repository, its build output, and the cache that all clones of one person share.

use std::env;
use std::ffi::OsString;
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

/// The folder for tools, shared by all clones: `$XDG_CACHE_HOME/clip-rs`, by default in `~/.cache`, on Windows in
/// `%LOCALAPPDATA%`.
pub fn cache() -> Result<PathBuf> {
    let base = cache_base(cfg!(windows), |name| env::var_os(name))
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .context("no home folder is known: set HOME or XDG_CACHE_HOME")?;
    Ok(base.join("clip-rs"))
}

/// The folder of caches that the environment names. What is not absolute is ignored, as the XDG Base Directory
/// Specification wants it (<https://specifications.freedesktop.org/basedir/latest/>).
fn cache_base(windows: bool, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_CACHE_HOME").or_else(|| if windows { folder("LOCALAPPDATA") } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_lies_where_the_environment_says_and_where_windows_keeps_such_things() {
        let root = env::temp_dir();
        let (cache, local) = (root.join("cache"), root.join("local"));
        let of = |windows: bool, xdg: Option<&Path>| {
            cache_base(windows, |name| {
                let value = if name == "XDG_CACHE_HOME" { xdg } else { Some(local.as_path()) };
                value.map(Into::into)
            })
        };
        assert_eq!(of(true, Some(&cache)), Some(cache.clone()));
        assert_eq!(of(true, None), Some(local.clone()));
        assert_eq!(of(false, None), None);
        assert_eq!(of(false, Some(Path::new("relative"))), None);
    }
}
