//! The engine's kernels for 64-bit ARM, on a machine that is none: run by an emulator, where there is one.
//!
//! What it takes, on Debian: `apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross` and
//! `rustup target add aarch64-unknown-linux-gnu`; `--install` does both. Where a part is missing, the step is skipped and says which.

use std::process::Command;

use crate::setup;
use crate::setup::emulator::{self, EMULATOR, LINKER};
use crate::setup::rustc::{self, Rustc};
use crate::steps::Step;

const TARGET: &str = "aarch64-unknown-linux-gnu";
/// Where Debian has the libraries that programs for ARM are linked with.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";

/// The command that builds and runs the kernels' tests for ARM, or what is missing for it. The standard library is fetched if
/// `install`.
pub fn tests(install: bool) -> Result<Command, String> {
    if cfg!(target_arch = "aarch64") {
        return Err("this machine's own tests are those".into());
    }
    if let Some(program) = emulator::missing() {
        return Err(format!("there is no {program}"));
    }
    let has_std = || Rustc::ask().map(|rustc| rustc.has_std(TARGET)).map_err(|error| error.to_string());
    if !has_std()? && install {
        let step = Step::start("standard library for ARM", "rustup target add");
        match rustc::add_target(TARGET) {
            Ok(()) => step.done("installed by rustup"),
            Err(error) => step.done(&format!("not to be had: {error:#}")),
        }
    }
    if !has_std()? {
        return Err(format!("rustc has no standard library for {TARGET}"));
    }
    let mut cargo = setup::cargo();
    cargo
        .args(["test", "-p", "clip-rs-search", "--target", TARGET, "--lib", "--test", "same_everywhere"])
        .args(["--", "kernels", "written_down"])
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER)
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", format!("{EMULATOR} -L {LIBRARIES}"));
    Ok(cargo)
}
