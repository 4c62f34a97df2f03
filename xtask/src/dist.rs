//! The page as a static host serves it: built by trunk in the profile `web`, with both workers, every file with
//! compressed siblings.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::cache;
use crate::compress;
use crate::embed;
use crate::hosting;
use crate::library;
use crate::paths;
use crate::policy;
use crate::process;
use crate::service_worker;
use crate::setup::{self, Tools, WASM_TARGET, WasmToolchain};
use crate::stamp::Stamp;
use crate::steps::{self, Step};
use crate::worker;

/// The names of the steps.
const COMPILE: &str = "page, compiled to wasm";
const COMPILE_RELAXED: &str = "worker, compiled with relaxed SIMD";
const COMPILE_GENERAL: &str = "worker, compiled with the general engine";
const BUNDLE: &str = "page, put together";
/// The profile of Cargo.toml that the page and the keeper are built in, and that of the workers that search. index.html names them, too.
const PROFILE: &str = "web";
/// See [`PROFILE`].
pub const ENGINE_PROFILE: &str = "engine";
/// The profile of the workers with the general engine.
const GENERAL_PROFILE: &str = "general";
/// All that the page is made of.
const SOURCES: [&str; 24] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "app",
    "crates/catalog/Cargo.toml",
    "crates/catalog/src",
    "crates/search/Cargo.toml",
    "crates/search/src",
    "crates/towers/Cargo.toml",
    "crates/towers/src",
    "index.html",
    "package-lock.json",
    "public",
    // How it is put together.
    "xtask/src/compress.rs",
    "xtask/src/dist.rs",
    "xtask/src/embed.rs",
    "xtask/src/hosting",
    "xtask/src/hosting.rs",
    "xtask/src/library.rs",
    "xtask/service_worker.mjs",
    "xtask/src/policy.rs",
    "xtask/src/service_worker.rs",
    "xtask/src/worker.rs",
];

/// Which models a page can search with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engines {
    /// Those that our kernels know: all that the demo needs, and minutes sooner.
    Ours,
    /// The others as well, by a worker that is loaded where a catalog has such a model.
    All,
}

/// Whether the page in `dist` is what the sources would give.
fn stamp(engines: Engines) -> Result<Stamp> {
    fs::create_dir_all(paths::target().join("xtask"))?;
    let what = match engines {
        Engines::Ours => "page",
        Engines::All => "page with the general engine",
    };
    Ok(Stamp::of(what).sources(&SOURCES)?.kept_in(paths::target().join("xtask/dist.made-from")))
}

/// The same; a page with more engines than are asked for is as good.
fn is_current(engines: Engines) -> Result<bool> {
    let is_made = stamp(Engines::All)?.is_current() || stamp(engines)?.is_current();
    Ok(is_made && paths::dist().join("index.html").is_file())
}

/// Compiles all wasm binaries. Needs no tools but the toolchain, so it can go on while they are being made.
pub fn compile(toolchain: &WasmToolchain, engines: Engines) -> Result<()> {
    if is_current(engines)? {
        return Ok(());
    }
    let step =
        Step::start(COMPILE, "cargo build, optimised across crates, which takes minutes the first time");
    // As trunk will call it for each binary, which then finds the work done. Together they use two processors.
    let page: &[&str] = &["--bin", "app", "--profile", PROFILE];
    let workers =
        ["--bin", "worker", "--bin", "explorer", "--no-default-features", "--profile", ENGINE_PROFILE];
    let keeper = ["--bin", "keeper", "--no-default-features", "--profile", PROFILE];
    for words in [page, &workers, &keeper] {
        let mut cargo = toolchain.cargo(None);
        cargo.arg("build").args(words).args(["--target", WASM_TARGET, "--manifest-path"]);
        cargo.arg(paths::repository().join("app/Cargo.toml"));
        process::quiet(&mut cargo, &log("compile"))?;
    }
    step.done("compiled");
    let step = Step::start(COMPILE_RELAXED, "cargo build of the worker, for browsers that have it");
    worker::compile_relaxed(toolchain, ENGINE_PROFILE, &log("compile-relaxed"))?;
    step.done("compiled");
    if engines == Engines::All {
        let step = Step::start(COMPILE_GENERAL, "cargo build of both workers in one, with candle");
        worker::compile_general(toolchain, GENERAL_PROFILE, &log("compile-general"))?;
        step.done("compiled");
    }
    Ok(())
}

/// Puts the compiled page together in `dist`, which is replaced when the new one is complete.
pub fn bundle(toolchain: &WasmToolchain, tools: &Tools, engines: Engines) -> Result<()> {
    let stamp = stamp(engines)?;
    if is_current(engines)? {
        steps::skipped("page", "up to date");
        return Ok(());
    }
    let step = Step::start(BUNDLE, "trunk, wasm-bindgen, wasm-opt");
    let fresh = paths::target().join("xtask/dist");
    cache::empty(&fresh)?;
    let mut trunk = toolchain.trunk(tools);
    trunk.args(["build", "--release=true", "--offline=true", "--color=never", "--dist"]).arg(&fresh);
    // trunk would take it for an option of its own, and not understand its value.
    trunk.env_remove("NO_COLOR");
    let others = || {
        let relaxed = worker::bundle_relaxed(tools, &log("bundle-relaxed"))?;
        let general = || worker::bundle_general(tools, &log("bundle-general"));
        Ok((relaxed, (engines == Engines::All).then(general).transpose()?))
    };
    let ((), (relaxed, general)) = setup::both(|| process::quiet(&mut trunk, &log("trunk")), others)?;
    ensure!(fresh.join("index.html").is_file(), "trunk made no index.html");
    worker::place(&fresh, &relaxed)?;
    if let Some(general) = general {
        worker::place_general(&fresh, &general)?;
    }
    let digest = embed::complete(&fresh)?;
    library::complete(&fresh)?;
    service_worker::place(&fresh)?;
    policy::write(&fresh)?;
    service_worker::write(&fresh, &log("service-worker"))?;
    hosting::write(&fresh)?;
    step.done(&format!("built; integrity of the widget: {digest}"));

    let step = Step::start("page, compressed", "brotli and gzip");
    let report = compress::folder(&fresh)?;
    replace(&fresh, &paths::dist())?;
    stamp.write()?;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    step.done(&format!(
        "{:.1} MB, {:.1} MB to download",
        megabytes(report.bytes),
        megabytes(report.least_bytes)
    ));
    Ok(())
}

fn log(name: &str) -> PathBuf {
    paths::target().join(format!("xtask/{name}.log"))
}

/// Puts the folder `fresh` where `old` is.
fn replace(fresh: &Path, old: &Path) -> Result<()> {
    cache::remove(old)?;
    fs::rename(fresh, old).with_context(|| format!("moving the page to {}", old.display()))
}
