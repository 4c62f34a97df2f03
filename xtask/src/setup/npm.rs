//! The npm packages that package-lock.json pins.

use std::env;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths;
use crate::process;
use crate::stamp::Stamp;
use crate::steps::{self, Step};

const NAME: &str = "npm packages";
/// Makes wasm smaller.
pub const WASM_OPT: &str = "wasm-opt";
/// The version of it that package.json pins.
const WASM_OPT_VERSION: &str = "132";

/// The file to start for a program that came with Node or its packages: on Windows they are scripts for its shell.
pub fn program(name: &str, windows: bool) -> String {
    if windows { format!("{name}.cmd") } else { name.to_owned() }
}

/// Whether the PATH has wasm-opt in the pinned version. That one is a native program, and the one from npm is itself compiled to
/// wasm, which takes longer.
pub fn has_native_wasm_opt() -> bool {
    let told = process::capture(Command::new(WASM_OPT).arg("--version"));
    told.is_ok_and(|told| is_pinned(&told))
}

/// Whether this is what the pinned version says of itself: `wasm-opt version 132 (version_132)`.
fn is_pinned(told: &str) -> bool {
    told.split_whitespace().nth(2) == Some(WASM_OPT_VERSION)
}

/// Installs the packages into `node_modules`, if they are not those of package-lock.json.
pub fn set_up() -> Result<()> {
    let modules = paths::repository().join("node_modules");
    let stamp = Stamp::of("npm packages").file("package-lock.json")?.kept_in(modules.join(".made-from"));
    if stamp.is_current() {
        steps::skipped(NAME, "installed before");
        return Ok(());
    }
    let npm = program("npm", cfg!(windows));
    anyhow::ensure!(process::exists(&npm), "npm is missing: install Node 20 or newer, which brings it");
    let step = Step::start(NAME, "npm ci");
    let mut install = Command::new(npm);
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(paths::repository());
    // What npm would otherwise ask or tell on a terminal of its own.
    install.env("npm_config_yes", env::var_os("npm_config_yes").unwrap_or_else(|| "true".into()));
    process::quiet(&mut install, &paths::target().join("xtask/npm.log"))?;
    fs::create_dir_all(&modules).with_context(|| format!("making {}", modules.display()))?;
    stamp.write()?;
    step.done("installed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_native_wasm_opt_is_taken_in_the_version_of_the_pinned_package_alone() {
        assert!(is_pinned("wasm-opt version 132 (version_132)"));
        assert!(!is_pinned("wasm-opt version 108") && !is_pinned(""));
        let packages = fs::read_to_string(paths::repository().join("package.json")).expect("package.json");
        assert!(packages.contains(&format!("\"binaryen\": \"{WASM_OPT_VERSION}.")), "{packages}");
    }

    #[test]
    fn what_node_brings_is_a_script_on_windows() {
        assert_eq!(program("wasm-opt", true), "wasm-opt.cmd");
        assert_eq!(program("npm", false), "npm");
    }
}
