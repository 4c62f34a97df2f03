//! strace, with which the tests kill `clip-rs` at every step: found, or installed by the system's package manager.

use super::apt;
use crate::process;
use crate::steps;

const NAME: &str = "strace";

/// Finds strace, or installs it if that is possible without asking. Tests that need it say themselves what they leave out
/// without it: there is none outside of Linux.
pub fn set_up() {
    if process::exists(NAME) {
        steps::skipped(NAME, "found");
    } else if !cfg!(target_os = "linux") {
        steps::skipped(NAME, "only there is on Linux; the tests do not kill clip-rs at every step");
    } else if let Err(error) = apt::install(NAME, &[NAME]) {
        steps::skipped(
            NAME,
            &format!("not to be had, so the tests do not kill clip-rs at every step: {error:#}"),
        );
    }
}
