//! Where programs lie: where a variable says, on the PATH, or where a system keeps applications that are not on it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// The program that the environment variable names, or the first of `names` that is there. A name is that of a program, or
/// of a path below a folder of applications.
pub fn named(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file()) {
        return Some(path);
    }
    let mut folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    folders.extend(applications(env::consts::OS, |name| env::var_os(name)));
    let in_folders = |name: &&str| {
        let name = file_of(name, env::consts::EXE_SUFFIX);
        folders.iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
    };
    names.iter().find_map(in_folders)
}

/// Where the system `os` (as in [`env::consts::OS`]) keeps applications, read from its variables.
fn applications(os: &str, variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match os {
        "macos" => {
            let own = folder("HOME").map(|home| home.join("Applications"));
            [Some("/Applications".into()), own].into_iter().flatten().collect()
        }
        "windows" => {
            ["ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"].into_iter().filter_map(folder).collect()
        }
        _ => Vec::new(),
    }
}

/// The file of a program, with what the system's programs end in.
fn file_of(name: &str, suffix: &str) -> String {
    if name.ends_with(suffix) { name.to_owned() } else { format!("{name}{suffix}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applications_lie_where_each_system_keeps_them() {
        let root = env::temp_dir();
        let of = |os: &str| applications(os, |name| Some(root.join(name).into()));
        assert_eq!(of("macos"), [PathBuf::from("/Applications"), root.join("HOME/Applications")]);
        let windows = ["ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"];
        assert_eq!(of("windows"), windows.map(|name| root.join(name)));
        assert!(of("linux").is_empty());
        assert!(applications("windows", |_| None).is_empty(), "a variable that is not set names no folder");
        assert!(applications("windows", |_| Some("here".into())).is_empty(), "nor does a relative one");
    }

    #[test]
    fn a_program_ends_in_what_the_systems_programs_end_in() {
        assert_eq!(file_of("chromedriver", ""), "chromedriver");
        assert_eq!(file_of("chromedriver", ".exe"), "chromedriver.exe");
        assert_eq!(file_of("chrome.exe", ".exe"), "chrome.exe");
    }
}
