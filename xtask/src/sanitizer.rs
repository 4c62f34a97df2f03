//! The engine's kernels under an address sanitizer: what `unsafe` loads read beside their slices is found even where it does no harm.
//!
//! rustc brings the sanitizer along on 64-bit Linux, behind a switch that is not stable; nothing that anybody uses is built so.

use std::process::Command;

use crate::setup;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The command that builds and runs the tests of the kernels and of all that calls them, or why it cannot be.
pub fn tests() -> Result<Command, String> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Err(format!("rustc brings no sanitizer along but for {TARGET}"));
    }
    let mut cargo = setup::cargo();
    cargo
        // A target that is named keeps the switch away from build scripts and macros.
        .args(["test", "-p", "clip-rs-search", "--target", TARGET, "--lib", "--tests"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address");
    Ok(cargo)
}
