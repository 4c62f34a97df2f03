//! Walking a person's folder: one bad entry never ends it, and what is left out is said.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::{ImageryError, Inventory};

/// Deepest nesting of folders that is looked into.
const MAX_DEPTH: usize = 64;
/// How much of a `catalog.json` is looked at to tell whether it is ours, bytes.
const MANIFEST_HEAD: u64 = 1 << 20;

/// A file below the folder.
pub(crate) struct Found {
    /// Its path below the folder, `/` between parts.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in bytes.
    pub length: u64,
}

/// Calls `each` with every file below `folder`, sorted by name within its folder. Links are followed, not in
/// circles. What cannot be read is added to `inventory.skipped`, hidden names are counted, and folders that
/// are catalogs of ours or one of `exclude` (canonical paths) are not entered.
pub(crate) fn walk(
    folder: &Path,
    exclude: &HashSet<PathBuf>,
    inventory: &mut Inventory,
    mut each: impl FnMut(Found, &mut Inventory),
) -> Result<(), ImageryError> {
    std::fs::read_dir(folder).map_err(ImageryError::io("read the folder", folder))?;
    let mut entries = WalkDir::new(folder)
        .min_depth(1)
        .max_depth(MAX_DEPTH)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let at = error.path().unwrap_or(folder);
                inventory.skip(below(folder, at).to_string_lossy(), reason(&error));
                continue;
            }
        };
        let is_folder = entry.file_type().is_dir();
        let Some(name) = entry.file_name().to_str() else {
            inventory.skip(below(folder, entry.path()).to_string_lossy(), "its name is not Unicode");
            if is_folder {
                entries.skip_current_dir();
            }
            continue;
        };
        if name.starts_with('.') {
            inventory.hidden += 1;
            if is_folder {
                entries.skip_current_dir();
            }
            continue;
        }
        if is_folder {
            if let Some(why) = not_entered(entry.path(), exclude) {
                let name = below(folder, entry.path()).display().to_string();
                inventory.notes.push(format!("the folder {name} was not entered: {why}"));
                entries.skip_current_dir();
            } else if entry.depth() == MAX_DEPTH {
                let why = format!("more than {MAX_DEPTH} folders deep");
                inventory.skip(below(folder, entry.path()).display(), why);
            }
            continue;
        }
        let Some(name) = relative(below(folder, entry.path())) else {
            inventory.skip(below(folder, entry.path()).display(), "its name is not Unicode");
            continue;
        };
        if !entry.file_type().is_file() {
            inventory.skip(name, "not a plain file");
            continue;
        }
        let length = match entry.metadata() {
            Ok(metadata) => metadata.len(),
            Err(error) => {
                inventory.skip(name, reason(&error));
                continue;
            }
        };
        each(Found { name, path: entry.into_path(), length }, inventory);
    }
    Ok(())
}

fn below<'a>(folder: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(folder).unwrap_or(path)
}

/// The path with `/` between parts, whatever the system has there.
fn relative(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

fn reason(error: &walkdir::Error) -> String {
    if error.loop_ancestor().is_some() {
        return "a link to a folder that holds it".to_owned();
    }
    match error.io_error() {
        Some(io) if io.kind() == std::io::ErrorKind::NotFound => "a link to nothing".to_owned(),
        Some(io) => io.to_string(),
        None => error.to_string(),
    }
}

/// Why a folder is left alone, if it is.
fn not_entered(folder: &Path, exclude: &HashSet<PathBuf>) -> Option<&'static str> {
    if folder.canonicalize().is_ok_and(|path| exclude.contains(&path)) {
        return Some("it is where the catalog is written");
    }
    is_catalog(folder).then_some("it is a catalog made by this command")
}

/// Whether a folder holds a catalog of ours, of any version. Other people's `catalog.json` (STAC) has a
/// `type` and no number as its `format`.
pub fn is_catalog(folder: &Path) -> bool {
    let mut text = Vec::new();
    let read = File::open(folder.join("catalog.json"))
        .and_then(|file| file.take(MANIFEST_HEAD).read_to_end(&mut text));
    if read.is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&text);
    let mut rest = text.trim_start().trim_start_matches('{').trim_start();
    rest = rest.strip_prefix("\"format\"").map_or("", str::trim_start);
    rest = rest.strip_prefix(':').map_or("", str::trim_start);
    rest.starts_with(|c: char| c.is_ascii_digit())
}

/// The canonical forms of paths; those that do not exist are of no concern to a walk.
pub(crate) fn canonical(paths: &[PathBuf]) -> HashSet<PathBuf> {
    paths.iter().filter_map(|path| path.canonicalize().ok()).collect()
}
