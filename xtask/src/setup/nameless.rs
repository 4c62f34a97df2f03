//! What the page says of where it was built: nothing. A panic's place is part of a program, and of a package it names the folder
//! that cargo unpacked it into, below the home folder of whoever builds. Everybody who loads the page could read that name, and
//! two people would never build the same bytes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Flags of rustc by which a package's files are called by its name and version alone; separated by spaces, as cargo takes them.
pub fn flags() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    home.map(|home| flags_of(&home)).unwrap_or_default()
}

fn flags_of(cargo_home: &Path) -> String {
    let folders = fs::read_dir(cargo_home.join("registry/src")).into_iter().flatten().flatten();
    let mut flags: Vec<String> = folders
        .filter_map(|folder| folder.path().to_str().map(str::to_owned))
        // No way is known to cargo of a flag with a space in it.
        .filter(|folder| !folder.contains(char::is_whitespace))
        .map(|folder| format!("--remap-path-prefix={folder}="))
        .collect();
    flags.sort();
    flags.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_called_by_their_names_wherever_they_lie() {
        let home = env::temp_dir().join(format!("clip-rs-nameless-{}", std::process::id()));
        for folder in ["registry/src/one-1", "registry/src/other-2", "registry/src/with space"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        let source = home.join("registry/src");
        let source = source.display();
        assert_eq!(
            flags_of(&home),
            format!("--remap-path-prefix={source}/one-1= --remap-path-prefix={source}/other-2=")
        );
        assert_eq!(flags_of(&home.join("registry")), "");
        fs::remove_dir_all(&home).unwrap();
    }
}
