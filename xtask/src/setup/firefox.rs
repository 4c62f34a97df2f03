//! Firefox, for the test in a second browser engine: found, or installed by the system's package manager.

use std::path::{Path, PathBuf};

use super::apt;
use super::browser::named;
use crate::steps;

const NAME: &str = "Firefox";
const FIREFOX: [&str; 3] = ["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];
/// Ubuntu's, which cannot see the temporary profile of a test. Its `firefox` on the PATH leads there.
const SNAP: &str = "/snap/bin/firefox";

/// Finds Firefox, or installs it if that is possible without asking. Without it the test says itself that it is left out.
pub fn set_up() -> Option<PathBuf> {
    if let Some(found) = find() {
        steps::skipped(NAME, &format!("found, {}", found.display()));
        return Some(found);
    }
    if let Err(error) = apt::install(NAME, &["firefox-esr"]) {
        steps::skipped(NAME, &format!("not to be had, so the page is not tried in it: {error:#}"));
    }
    find()
}

fn find() -> Option<PathBuf> {
    let names = if Path::new(SNAP).exists() { &FIREFOX[..1] } else { &FIREFOX[..] };
    named("FIREFOX", names)
}
