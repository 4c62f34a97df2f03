//! Firefox, for the test in a second browser engine: what it is called on each system.

use std::env;
use std::path::{Path, PathBuf};

use super::find::named;

/// Ubuntu's, which cannot see the temporary profile of a test. Its `firefox` on the PATH leads there.
const SNAP: &str = "/snap/bin/firefox";

/// Finds Firefox.
pub fn find() -> Option<PathBuf> {
    named("FIREFOX", names(env::consts::OS, Path::new(SNAP).exists()))
}

/// What it is called on the system `os`, where it is a snap or not.
fn names(os: &str, snap: bool) -> &'static [&'static str] {
    match os {
        "macos" => &["Firefox.app/Contents/MacOS/firefox"],
        "windows" => &["Mozilla Firefox/firefox.exe"],
        _ if snap => &["firefox-esr"],
        _ => &["firefox-esr", "firefox"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firefox_is_called_what_each_system_calls_it_and_a_snap_is_none() {
        assert_eq!(names("linux", false), ["firefox-esr", "firefox"]);
        assert_eq!(names("linux", true), ["firefox-esr"]);
        assert_eq!(names("windows", false), ["Mozilla Firefox/firefox.exe"]);
        assert_eq!(names("macos", false), ["Firefox.app/Contents/MacOS/firefox"]);
    }
}
