//! wasm-bindgen and trunk in the pinned versions: those on the PATH if they are right, else what their makers built, where
//! cargo-binstall is there to fetch it, else built once from source.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::cache;
use crate::process;
use crate::steps::{self, Step};

use super::{both, cargo};

/// A command that cargo can install.
struct Tool {
    package: &'static str,
    version: &'static str,
    /// Its programs that we use; the first is the one asked for its version.
    programs: &'static [&'static str],
    /// Options for `cargo install`.
    options: &'static [&'static str],
}

/// Must equal the crate `wasm-bindgen` in Cargo.toml.
const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: "0.2.130",
    programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    // It downloads nothing here, so it needs no TLS.
    options: &["--no-default-features"],
};

/// Builds the page from index.html. Newer ones need a newer Rust.
const TRUNK: Tool = Tool {
    package: "trunk",
    version: "0.21.14",
    programs: &["trunk"],
    options: &["--locked", "--no-default-features"],
};

/// These run for seconds, and are compiled for minutes: what matters is to have them soon.
const QUICK_BUILD: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_STRIP", "debuginfo"),
];

/// How long fetching one may take; compiling it takes a minute or two.
const FETCH_LIMIT: Duration = Duration::from_secs(60);

/// Gets the tools. Returns the folders that hold their programs.
pub fn set_up() -> Result<Vec<PathBuf>> {
    let (bindgen, trunk) = both(|| WASM_BINDGEN.set_up(), || TRUNK.set_up())?;
    Ok([bindgen, trunk].into_iter().flatten().collect())
}

impl Tool {
    fn set_up(&self) -> Result<Option<PathBuf>> {
        let name = format!("{} {}", self.programs[0], self.version);
        if self.programs.iter().all(|program| self.is_right(Path::new(program))) {
            steps::skipped(&name, "on the PATH");
            return Ok(None);
        }
        let key = format!("{}-{}-{}-{}", self.package, self.version, env::consts::ARCH, env::consts::OS);
        let mut step = None;
        let (folder, _) = cache::folder(&key, |folder| {
            let now = step.insert(Step::start(&name, "getting it, once for all clones of this repository"));
            self.fetch(folder).or_else(|error| {
                now.note(&format!("compiling it: {error:#}"));
                self.compile(folder)
            })
        })?;
        match step {
            Some(step) => step.done("there"),
            None => steps::skipped(&name, &format!("built before, in {}", folder.display())),
        }
        Ok(Some(folder.join("bin")))
    }

    /// Whether this program can be started and has the pinned version.
    fn is_right(&self, program: &Path) -> bool {
        let told = process::capture(Command::new(program).arg("--version"));
        told.is_ok_and(|told| told.split_whitespace().nth(1) == Some(self.version))
    }

    /// Fetches the programs that the tool's own makers publish, and no others.
    fn fetch(&self, folder: &Path) -> Result<()> {
        ensure!(process::exists("cargo-binstall"), "there is no cargo-binstall here to fetch it");
        let mut fetch = cargo();
        fetch
            .args([
                "binstall",
                "--no-confirm",
                "--no-symlinks",
                "--strategies",
                "crate-meta-data",
                "--install-path",
            ])
            .arg(folder.join("bin"))
            .arg(format!("{}@{}", self.package, self.version))
            .env("BINSTALL_DISABLE_TELEMETRY", "true");
        process::quiet_for(&mut fetch, &folder.join("fetch.log"), Some(FETCH_LIMIT))?;
        self.check(folder)
    }

    /// Compiles the tool and puts its programs into the folder.
    fn compile(&self, folder: &Path) -> Result<()> {
        let output = folder.join("build");
        let mut install = cargo();
        install
            .args(["install", self.package, "--force", "--version", &format!("={}", self.version), "--root"])
            .arg(folder)
            .args(self.options)
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", &output)
            .envs(QUICK_BUILD)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        process::quiet(&mut install, &folder.join("build.log"))?;
        self.check(folder)?;
        cache::remove(&output)
    }

    /// Whether all programs are in the folder, in the pinned version.
    fn check(&self, folder: &Path) -> Result<()> {
        for program in self.programs {
            let path = folder.join("bin").join(format!("{program}{}", env::consts::EXE_SUFFIX));
            if !self.is_right(&path) {
                bail!("{} is not version {}", path.display(), self.version);
            }
        }
        Ok(())
    }
}
