//! The standard library for wasm32: the toolchain's own, or rustup's download, or built from source.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::wasm_std_source;
use crate::cache::{self, Made};
use crate::paths;
use crate::process;
use crate::steps::{self, Step};

/// The target that the page is built for.
pub const TARGET: &str = "wasm32-unknown-unknown";
const NAME: &str = "wasm32 standard library";
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

    fn has_wasm(&self) -> bool {
        let libraries = self.sysroot.join("lib/rustlib").join(TARGET).join("lib");
        let is_std = |name: String| name.starts_with("libstd-") && name.ends_with(".rlib");
        fs::read_dir(libraries).is_ok_and(|entries| {
            entries
                .filter_map(Result::ok)
                .any(|entry| is_std(entry.file_name().to_string_lossy().into_owned()))
        })
    }
}

/// Gets the wasm target. Returns a toolchain folder to use for wasm builds, if the usual one will not do.
pub fn set_up() -> Result<Option<PathBuf>> {
    let rustc = Rustc::ask()?;
    if rustc.has_wasm() {
        steps::skipped(NAME, &format!("part of the toolchain, Rust {}", rustc.version));
        return Ok(None);
    }
    let key = format!("rust-{}-{}-{}-wasm32", rustc.version, rustc.commit, rustc.host);
    let built_before = paths::cache()?.join(&key);
    if built_before.is_dir() {
        steps::skipped(NAME, &format!("built before, in {}", built_before.display()));
        return Ok(Some(built_before));
    }
    let Err(from_rustup) = from_rustup() else { return Ok(None) };
    let step = Step::start(NAME, "rustup cannot get it; building it from source instead");
    match cache::folder(&key, |folder| wasm_std_source::build(&rustc, folder)) {
        Ok((toolchain, made)) => {
            step.done(if made == Made::Now { "built" } else { "built by another run" });
            Ok(Some(toolchain))
        }
        Err(from_source) => bail!(
            "there is no standard library for {TARGET}, which the page needs.\n\
             With rustup, run:      rustup target add {TARGET}\n\
             On Fedora:             dnf install rust-std-static-{TARGET}\n\
             On Debian or Ubuntu with the distribution's own Rust:  apt-get install libstd-rust-dev-wasm32\n\
             Where nothing can be downloaded but rustup's component rust-src is present, this command builds it.\n\n\
             What was tried:\n- rustup: {from_rustup:#}\n- from source: {from_source:#}"
        ),
    }
}

fn from_rustup() -> Result<()> {
    if !process::exists("rustup") {
        bail!("there is no rustup here");
    }
    let step = Step::start(NAME, "rustup target add");
    let log = paths::target().join("xtask/rustup.log");
    process::quiet_for(Command::new("rustup").args(["target", "add", TARGET]), &log, Some(RUSTUP_LIMIT))?;
    step.done("installed by rustup");
    Ok(())
}

/// The `rustc` that cargo uses here.
fn rustc() -> Command {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(paths::repository());
    command
}
