//! The engine's kernels for 64-bit ARM, on a machine that is none: run by an emulator, where there is one.
//!
//! What it takes, on Debian: `apt-get install qemu-user gcc-aarch64-linux-gnu` and
//! `rustup target add aarch64-unknown-linux-gnu`. Where a part is missing, the step is skipped and says which.

use std::path::PathBuf;
use std::process::Command;

use crate::paths;
use crate::process;
use crate::setup;

const TARGET: &str = "aarch64-unknown-linux-gnu";
const EMULATOR: &str = "qemu-aarch64";
const LINKER: &str = "aarch64-linux-gnu-gcc";
/// Where Debian has the libraries that programs for ARM are linked with.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";

/// The command that builds and runs the kernels' tests for ARM, or what is missing for it.
pub fn tests() -> Result<Command, String> {
    if cfg!(target_arch = "aarch64") {
        return Err("this machine's own tests are those".into());
    }
    if let Some(missing) = [EMULATOR, LINKER].into_iter().find(|program| !process::exists(program)) {
        return Err(format!("there is no {missing}"));
    }
    let ask =
        process::capture(Command::new("rustc").args(["--print", "sysroot"]).current_dir(paths::repository()));
    let sysroot: PathBuf = ask.map_err(|error| error.to_string())?.into();
    if !sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
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
