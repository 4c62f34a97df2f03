//! wasm-bindgen and trunk in the pinned versions: those on the PATH if they are right, else built once from source.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

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
            step = Some(Step::start(&name, "compiling it, once for all clones of this repository"));
            self.install(folder)
        })?;
        match step {
            Some(step) => step.done("built"),
            None => steps::skipped(&name, &format!("built before, in {}", folder.display())),
        }
        Ok(Some(folder.join("bin")))
    }

    /// Whether this program can be started and has the pinned version.
    fn is_right(&self, program: &Path) -> bool {
        let told = process::capture(Command::new(program).arg("--version"));
        told.is_ok_and(|told| told.split_whitespace().nth(1) == Some(self.version))
    }

    fn install(&self, folder: &Path) -> Result<()> {
        let output = folder.join("build");
        let mut install = cargo();
        install
            .args(["install", self.package, "--version", &format!("={}", self.version), "--root"])
            .arg(folder)
            .args(self.options)
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", &output)
            .envs(QUICK_BUILD)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        process::quiet(&mut install, &folder.join("build.log"))?;
        for program in self.programs {
            let path = folder.join("bin").join(format!("{program}{}", env::consts::EXE_SUFFIX));
            if !self.is_right(&path) {
                bail!("{} was built, but is not version {}", path.display(), self.version);
            }
        }
        cache::remove(&output)
    }
}
