//! Puts a built page into the program: the one in the folder that `CLIP_RS_PAGE` names, or none.
//!
//! `cargo xtask server` sets it. What is written is a Rust expression, a list of names and contents, which
//! `src/built_in.rs` includes; the compiler reads the files itself, so a changed one is noticed.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// The full path of a built page, as `cargo xtask dist` makes it.
const VARIABLE: &str = "CLIP_RS_PAGE";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let folder = env::var_os(VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    if let Some(folder) = &folder {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    let out = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    fs::write(out.join("page.rs"), list_of(folder.as_deref())?)
}

/// The list of all files below `folder`; an empty one without a folder.
pub fn list_of(folder: Option<&Path>) -> io::Result<String> {
    let mut files = Vec::new();
    if let Some(folder) = folder {
        if !folder.is_absolute() || !folder.join("index.html").is_file() {
            let why = format!("{VARIABLE} is {}: give the full path of a built page", folder.display());
            return Err(io::Error::other(why));
        }
        find(folder, "", &mut files)?;
    }
    let entry =
        |(name, path): &(String, PathBuf)| format!("    ({name:?}, include_bytes!({path:?}).as_slice()),\n");
    Ok(format!("&[\n{}]\n", files.iter().map(entry).collect::<String>()))
}

/// Adds the files below `folder`, but for hidden ones, with their names relative to the first folder, in order.
fn find(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else {
            return Err(io::Error::other(format!("{}: its name is not Unicode", entry.path().display())));
        };
        if name.starts_with('.') {
            continue;
        }
        let (name, path) = (format!("{prefix}{name}"), entry.path());
        if path.is_dir() {
            find(&path, &format!("{name}/"), files)?;
        } else {
            files.push((name, path));
        }
    }
    Ok(())
}
