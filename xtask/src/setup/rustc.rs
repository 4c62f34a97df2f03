//! The compiler that this clone uses, and what the page is compiled for.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::paths;
use crate::process;

/// The target that the page is built for.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// How long rustup may take; where its server cannot be reached it would retry for minutes.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// What `rustc` says of itself.
pub struct Rustc {
    /// Such as `1.95.0`.
    pub version: String,
    /// The short commit hash, or the version where there is none.
    pub commit: String,
    /// Such as `x86_64-unknown-linux-gnu`.
    pub host: String,
    /// Where it and its libraries lie.
    pub sysroot: PathBuf,
}

impl Rustc {
    /// Asks the `rustc` that this clone uses.
    pub fn ask() -> Result<Self> {
        let told = process::capture(rustc().arg("-vV"))?;
        let field =
            |name: &str| told.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned());
        let version = field("release:").context("rustc tells no release")?;
        let commit = field("commit-hash:").filter(|hash| hash.len() > 9).map(|hash| hash[..9].to_owned());
        let host = field("host:").context("rustc tells no host")?;
        let sysroot = process::capture(rustc().args(["--print", "sysroot"]))?.into();
        Ok(Self { commit: commit.unwrap_or_else(|| version.clone()), version, host, sysroot })
    }

    /// Whether the standard library for `target` is there.
    pub fn has_std(&self, target: &str) -> bool {
        let libraries = self.sysroot.join("lib/rustlib").join(target).join("lib");
        let is_std = |name: String| name.starts_with("libstd-") && name.ends_with(".rlib");
        fs::read_dir(libraries).is_ok_and(|entries| {
            entries
                .filter_map(Result::ok)
                .any(|entry| is_std(entry.file_name().to_string_lossy().into_owned()))
        })
    }
}

/// Has rustup download the standard library for `target`.
pub fn add_target(target: &str) -> Result<()> {
    ensure!(process::exists("rustup"), "there is no rustup here");
    let log = paths::target().join("xtask/rustup.log");
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", target]).current_dir(paths::repository());
    process::quiet_for(&mut rustup, &log, Some(RUSTUP_LIMIT))
}

/// The `rustc` that cargo uses here.
fn rustc() -> Command {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(paths::repository());
    command
}
