//! `cargo xtask server`: the server with the page inside, one file to carry to a laptop in the field.

use std::fs;

use anyhow::{Context, Result};

use crate::cache;
use crate::dist::{self, Engines};
use crate::native::Commands;
use crate::paths;
use crate::process;
use crate::setup;
use crate::steps::Step;

/// By which the server's build is told where the page is (`server/build.rs`).
const VARIABLE: &str = "CLIP_RS_PAGE";

/// Builds the page, then the server with it inside, and says where that lies.
///
/// It lies apart from what `cargo build` makes: that has no page, and the next build would take its place.
pub fn make() -> Result<()> {
    let (tools, toolchain) = setup::everything()?;
    dist::compile(&toolchain, Engines::All)?;
    dist::bundle(&toolchain, &tools, Engines::All)?;
    let step = Step::start("server", "cargo build --release of clip-rs-server with the page inside");
    let mut cargo = setup::cargo();
    cargo.args(["build", "--release", "-p", "clip-rs-server"]).env(VARIABLE, paths::dist());
    process::quiet(&mut cargo, &paths::target().join("xtask/server.log"))?;
    let built = Commands::of("release").server;
    let folder = paths::target().join("with-page");
    let kept = folder.join(built.file_name().context("the server has no name")?);
    // One that is running is left to run: its file loses its name only.
    cache::empty(&folder)?;
    let bytes =
        fs::copy(&built, &kept).with_context(|| format!("copying the server to {}", kept.display()))?;
    step.done(&format!("{}, {:.1} MB", kept.display(), bytes as f64 / 1e6));
    Ok(())
}
