//! `cargo xtask test`: every check and test of the repository, cheapest first, each with its own output shown.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::arm;
use crate::dist::{self, Engines};
use crate::native::{self, Area, Commands};
use crate::paths;
use crate::process;
use crate::sanitizer;
use crate::setup::browser::Browser;
use crate::setup::{self, Tools, WASM_TARGET, WasmToolchain, programs, readers};
use crate::steps::{self, Step};
use crate::worker;

/// The area of the tests in the browser. The embedded model has seen none of its tiles.
const SEED: u64 = 11;
/// Rust releases whose lints this code is kept free of. Newer ones may know more, which is no newcomer's fault.
const CLEAN_WITH: &str = "1.95.";

/// In place of those that .cargo/config.toml gives.
const NO_SIMD_FLAGS: &str = "-Ctarget-feature=-simd128";

/// The crates whose tests run natively. The same selection for build and test, so that nothing is compiled
/// twice; without this one, which a build would replace while it runs, and without the cluster, whose engine takes as long to
/// compile as all the rest.
const NATIVE: [&str; 5] = ["--workspace", "--exclude", "xtask", "--exclude", CLUSTER];
/// What `cluster` tests.
const CLUSTER: &str = "clip-rs-cluster";

/// Runs everything; ends at the first step that fails. Programs that the tests need are installed into the system if
/// `install`, and else only named.
pub fn run(install: bool) -> Result<()> {
    let programs::Programs { browser, firefox } = programs::set_up(install)?;
    let readers = readers::set_up(install)?;
    let deny = if rustc_version()?.starts_with(CLEAN_WITH) { "-Dwarnings" } else { "-Wwarnings" };
    check("formatting", setup::cargo().args(["fmt", "--all", "--check"]))?;
    let (tools, toolchain) = setup::everything()?;

    // The page is optimised on one processor while the checks go on with the other.
    let page = || dist::compile(&toolchain, Engines::All);
    let checks = || {
        let native = [
            "clippy",
            "--workspace",
            "--exclude",
            "clip-rs-app",
            "--exclude",
            CLUSTER,
            "--all-targets",
            "--",
            deny,
        ];
        check("clippy", setup::cargo().args(native))?;
        // As the demo builds it.
        let for_use = ["clippy", "-p", "clip-rs-pipeline", "--no-default-features", "--", deny];
        check("clippy without training", setup::cargo().args(for_use))?;
        let wasm = ["clippy", "-p", "clip-rs-app", "-p", "clip-rs-search", "-p", "clip-rs-catalog"];
        check(
            "clippy for wasm",
            toolchain.cargo(None).args(wasm).args(["--target", WASM_TARGET, "--", deny]),
        )?;
        compile_tests()?;
        check("tests of xtask", setup::cargo().args(["test", "-p", "xtask"]))
    };
    setup::both(checks, page)?;
    match arm::tests(install) {
        Ok(mut tests) => check("kernels for ARM, emulated", &mut tests)?,
        Err(why) => steps::skipped("kernels for ARM, emulated", &why),
    }
    // wasm-opt takes minutes of one processor.
    let in_the_browser = || {
        wasm_tests("engine in the browser", &["--lib", "--tests"], None, &toolchain, &tools, &browser)?;
        let relaxed = ["--lib", "--test", "precision", "--test", "same_everywhere", "--test", "wasm"];
        let builds = [
            ("engine in the browser, relaxed SIMD", &relaxed[..], worker::RELAXED_FLAGS),
            // What other processors give is what it must give: the page has no such build, who embeds the engine may.
            ("engine in the browser, no SIMD", &["--test", "same_everywhere"], NO_SIMD_FLAGS),
        ];
        for (name, words, flags) in builds {
            wasm_tests(name, words, Some(flags), &toolchain, &tools, &browser)?;
        }
        Ok(())
    };
    setup::both(in_the_browser, || dist::bundle(&toolchain, &tools, Engines::All))?;
    let commands = Commands::of("debug");
    let area = native::area(&commands.clip_rs, Some(SEED), &paths::target().join("test"))?;
    native_tests(&commands, &area, &browser, firefox, readers)
}

/// Every check and test of indexing on a cluster.
pub fn cluster() -> Result<()> {
    check("formatting", setup::cargo().args(["fmt", "--all", "--check"]))?;
    check("clippy", setup::cargo().args(["clippy", "-p", CLUSTER, "--all-targets", "--", "-Dwarnings"]))?;
    check("tests", setup::cargo().args(["test", "-p", CLUSTER]))
}

/// The engine's tests with every read and write of memory watched.
pub fn sanitizer() -> Result<()> {
    match sanitizer::tests() {
        Ok(mut tests) => check("engine under an address sanitizer", &mut tests),
        Err(why) => bail!("{why}"),
    }
}

/// Tests of the engine, compiled for wasm (with `flags` in place of the usual ones) and run by a headless browser.
fn wasm_tests(
    name: &str,
    words: &[&str],
    flags: Option<&str>,
    toolchain: &WasmToolchain,
    tools: &Tools,
    browser: &Browser,
) -> Result<()> {
    let mut cargo = toolchain.cargo(Some(tools));
    cargo.envs(flags.map(|flags| ("RUSTFLAGS", flags)));
    cargo
        .args(["test", "-p", "clip-rs-search", "--target", WASM_TARGET])
        .args(words)
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        // Seconds; the usual 20 are short for a cold browser on a busy machine.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "180")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    browser.hand_to(&mut cargo)?;
    check(name, &mut cargo)
}

/// Compiles what [`native_tests`] runs, and the commands that it needs.
fn compile_tests() -> Result<()> {
    check(
        "commands and tests, compiled",
        setup::cargo().arg("test").args(NATIVE).args(["--tests", "--no-run"]),
    )
}

/// All native tests, those that drive a browser among them, which need all that was built before.
fn native_tests(
    commands: &Commands,
    area: &Area,
    browser: &Browser,
    firefox: Option<PathBuf>,
    readers: Option<PathBuf>,
) -> Result<()> {
    let mut cargo = setup::cargo();
    // No examples in documentation, of which there are none: looking for them, rustdoc reads all crates.
    cargo.arg("test").args(NATIVE).args(["--tests", "--no-fail-fast", "--", "--include-ignored"]);
    cargo.envs(firefox.map(|program| ("FIREFOX", program)));
    cargo.envs(readers.map(|python| ("CLIP_RS_READERS", python)));
    check("tests", with_artifacts(&mut cargo, commands, area, browser))
}

/// Builds what the browser's tests need, and runs a program of `tests/src/bin` on it.
pub fn show(program: &str, words: &[&str]) -> Result<()> {
    let browser = programs::set_up(false)?.browser;
    let (tools, toolchain) = setup::everything()?;
    dist::compile(&toolchain, Engines::All)?;
    dist::bundle(&toolchain, &tools, Engines::All)?;
    compile_tests()?;
    let commands = Commands::of("debug");
    let area = native::area(&commands.clip_rs, Some(SEED), &paths::target().join("test"))?;
    let mut run = Command::new(paths::built("debug", program));
    check(program, with_artifacts(run.args(words), &commands, &area, &browser))
}

/// Says in the environment where the things under test are (`tests/src/artifacts.rs`).
fn with_artifacts<'a>(
    command: &'a mut Command,
    commands: &Commands,
    area: &Area,
    browser: &Browser,
) -> &'a mut Command {
    command
        .env("CLIP_RS_BIN", &commands.clip_rs)
        .env("CLIP_RS_SERVER_BIN", &commands.server)
        .env("CLIP_RS_DIST", paths::dist())
        .env("CLIP_RS_CATALOG", &area.catalog)
        .env("CLIP_RS_SAMPLE", &area.sample)
        .env("CHROMIUM", &browser.chromium)
        .env("CHROMEDRIVER", &browser.driver)
}

/// Runs one check with its output shown. If it fails, the error says how to repeat it alone.
fn check(name: &str, command: &mut Command) -> Result<()> {
    let step = Step::start(name, &process::line(command));
    process::show(command).with_context(|| {
        let mut repeat = String::new();
        for (key, value) in command.get_envs() {
            let key = key.to_string_lossy();
            // Those that are of use to a person; the rest is the same in every shell.
            if let Some(value) = value
                && ["CLIP_RS_", "CHROM", "FIREFOX", "WASM_BINDGEN_"]
                    .iter()
                    .any(|start| key.starts_with(start))
            {
                let _ = write!(repeat, "{key}={} ", value.to_string_lossy());
            }
        }
        format!("the step \"{name}\" failed. To repeat it alone:\n  {repeat}{}", process::line(command))
    })?;
    step.done("passed");
    Ok(())
}

fn rustc_version() -> Result<String> {
    let told = process::capture(Command::new("rustc").arg("--version").current_dir(paths::repository()))?;
    Ok(told.split_whitespace().nth(1).unwrap_or_default().to_owned())
}
