//! The standard library for wasm32: the toolchain's own, or rustup's download, or built from source.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::rustc::{self, Rustc, TARGET};
use super::wasm_std_source;
use crate::cache::{self, Made};
use crate::paths;
use crate::steps::{self, Step};

const NAME: &str = "wasm32 standard library";

/// Gets the wasm target. Returns a toolchain folder to use for wasm builds, if the usual one will not do.
pub fn set_up() -> Result<Option<PathBuf>> {
    let rustc = Rustc::ask()?;
    if rustc.has_std(TARGET) {
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
    let step = Step::start(NAME, "rustup target add");
    rustc::add_target(TARGET)?;
    step.done("installed by rustup");
    Ok(())
}
