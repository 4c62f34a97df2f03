//! `cargo xtask bench`: puts everything in place that the side-by-side benchmarks need, and runs `bench/run.py`.
//!
//! Peers are installed into `target/bench`: from npm by bench/package-lock.json, from PyPI by two lists beside it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cache;
use crate::dist::{self, Engines};
use crate::native;
use crate::paths;
use crate::process;
use crate::setup::{self, Tools, WASM_TARGET, WasmToolchain};
use crate::stamp::Stamp;
use crate::steps::{self, Step};

/// The engine for the browser, built once for each set of instructions.
const BUILDS: [(&str, &str); 2] = [("simd128", "+simd128"), ("relaxed", "+simd128,+relaxed-simd")];
const BROWSER_CRATE: &str = "clip-rs-bench-browser";
const NATIVE_CRATE: &str = "clip-rs-bench-native";
const CANDLE_CRATE: &str = "clip-rs-bench-candle";

/// Runs the benches; `words` are the options of `bench/run.py`.
pub fn run(words: &[&str]) -> Result<()> {
    let browser = setup::programs::set_up(false)?.browser;
    let (tools, toolchain) = setup::everything()?;
    let npm = npm_packages()?;
    let python = python()?;
    let commands = native::build_release()?;
    let area = native::area(&commands.clip_rs, None, &paths::target().join("demo"))?;
    dist::compile(&toolchain, Engines::All)?;
    dist::bundle(&toolchain, &tools, Engines::All)?;
    let (engine, candle) = (native_engine()?, candle()?);
    let mut bench = Command::new(python);
    for (name, instructions) in BUILDS {
        let module = browser_engine(&toolchain, &tools, name, instructions)?;
        bench.env(format!("BENCH_WASM_{}", name.to_uppercase()), module);
    }
    bench
        .arg(paths::repository().join("bench/run.py"))
        .args(words)
        .env("BENCH_WORK", work()?)
        .env("BENCH_NPM", npm)
        .env("BENCH_NATIVE", engine)
        .env("BENCH_CANDLE", candle)
        .env("CLIP_RS_BIN", &commands.clip_rs)
        .env("CLIP_RS_SERVER_BIN", &commands.server)
        .env("CLIP_RS_DIST", paths::dist())
        .env("CLIP_RS_CATALOG", &area.catalog)
        .env("CHROMIUM", &browser.chromium)
        .env("CHROMEDRIVER", &browser.driver)
        // Compiled Python would lie between the sources.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let step = Step::start("benchmarks", "ours and theirs in turn");
    process::show(&mut bench)?;
    step.done("measured");
    Ok(())
}

fn folder() -> PathBuf {
    paths::target().join("bench")
}

/// What the benches make and keep: models, vectors, indexes.
fn work() -> Result<PathBuf> {
    let work = folder().join("work");
    fs::create_dir_all(&work).with_context(|| format!("making {}", work.display()))?;
    Ok(work)
}

/// The peers from npm. Returns their `node_modules`.
fn npm_packages() -> Result<PathBuf> {
    const NAME: &str = "peers from npm";
    let place = folder().join("npm");
    let stamp = Stamp::of(NAME).file("bench/package-lock.json")?.kept_in(place.join(".made-from"));
    if stamp.is_current() {
        steps::skipped(NAME, "installed before");
        return Ok(place.join("node_modules"));
    }
    let step = Step::start(NAME, "npm ci");
    fs::create_dir_all(&place).with_context(|| format!("making {}", place.display()))?;
    for file in ["package.json", "package-lock.json"] {
        let from = paths::repository().join("bench").join(file);
        fs::copy(&from, place.join(file)).with_context(|| format!("copying {}", from.display()))?;
    }
    let mut install = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&place);
    process::quiet(&mut install, &folder().join("npm.log"))?;
    stamp.write()?;
    step.done("installed");
    Ok(place.join("node_modules"))
}

/// The peers from PyPI, in a virtual environment. Returns its Python.
fn python() -> Result<PathBuf> {
    const NAME: &str = "peers from PyPI";
    const NEEDED: &str = "bench/requirements.txt";
    const PEERS: &str = "bench/requirements-peers.txt";
    let place = folder().join("venv");
    let python = place.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = Stamp::of(NAME).file(NEEDED)?.file(PEERS)?.kept_in(place.join(".made-from"));
    if stamp.is_current() && python.is_file() {
        steps::skipped(NAME, "installed before");
        return Ok(python);
    }
    let Some(system) = ["python3", "python"].into_iter().find(|name| process::exists(name)) else {
        bail!("the benchmarks need Python 3.10 or newer; on Debian: apt-get install python3 python3-venv");
    };
    let step = Step::start(NAME, "a virtual environment, and pip install");
    cache::remove(&place)?;
    let log = folder().join("pip.log");
    process::quiet(Command::new(system).args(["-m", "venv"]).arg(&place), &log)
        .context("no virtual environment (on Debian it needs the package python3-venv)")?;
    let pip = |words: &[&str], log: &str| {
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--disable-pip-version-check"]).args(words);
        process::quiet(install.current_dir(paths::repository()), &folder().join(log))
    };
    pip(&["-r", NEEDED], "pip.log")?;
    let peers = paths::repository().join(PEERS);
    let peers = fs::read_to_string(&peers).with_context(|| format!("reading {}", peers.display()))?;
    for peer in peers.lines().filter(|line| !line.starts_with('#')) {
        if let Err(error) = pip(&[peer], "pip-peer.log") {
            eprintln!("    {peer} cannot be installed, so its rows will say that it is absent: {error:#}");
        }
    }
    stamp.write()?;
    step.done("installed");
    Ok(python)
}

/// The engine as a native command.
fn native_engine() -> Result<PathBuf> {
    let step = Step::start("native engine", "cargo build --release");
    let mut cargo = setup::cargo();
    cargo.args(["build", "--release", "-p", NATIVE_CRATE]);
    process::quiet(&mut cargo, &folder().join("native.log"))?;
    step.done("up to date");
    Ok(paths::built("release", NATIVE_CRATE))
}

/// candle as a command, for this very processor: it chooses instructions when it is compiled, ours when they run.
fn candle() -> Result<PathBuf> {
    let step = Step::start("candle, a peer", "cargo build --release");
    let place = folder().join("candle");
    let mut cargo = setup::cargo();
    cargo.args(["build", "--release", "-p", CANDLE_CRATE, "--target-dir"]).arg(&place);
    process::quiet(cargo.env("RUSTFLAGS", "-C target-cpu=native"), &folder().join("candle.log"))?;
    step.done("up to date");
    let built = paths::built("release", CANDLE_CRATE);
    let name = built.file_name().context("a program without a name")?;
    Ok(place.join("release").join(name))
}

/// The engine as a module for the browser, compiled for these instructions. Returns the module's folder.
fn browser_engine(
    toolchain: &WasmToolchain,
    tools: &Tools,
    name: &str,
    instructions: &str,
) -> Result<PathBuf> {
    let step = Step::start(format!("engine for the browser, {name}"), "cargo build, optimised across crates");
    let out = folder().join(format!("wasm-{name}"));
    let mut cargo = toolchain.cargo(None);
    cargo.args(["build", "-p", BROWSER_CRATE, "--profile", dist::ENGINE_PROFILE, "--target", WASM_TARGET]);
    cargo.env("RUSTFLAGS", format!("-C target-feature={instructions}"));
    process::quiet(&mut cargo, &folder().join(format!("wasm-{name}.log")))?;
    let module = wasm_of(BROWSER_CRATE);
    let mut bindgen = tools.command("wasm-bindgen");
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", "engine", "--out-dir"]).arg(&out);
    process::quiet(bindgen.arg(&module), &folder().join(format!("wasm-bindgen-{name}.log")))?;
    step.done("up to date");
    Ok(out)
}

/// Where cargo puts a crate's wasm in the workers' profile.
fn wasm_of(package: &str) -> PathBuf {
    paths::target()
        .join(WASM_TARGET)
        .join(dist::ENGINE_PROFILE)
        .join(format!("{}.wasm", package.replace('-', "_")))
}
