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

/// The file to start for a program that came with Node or its packages: on Windows they are scripts for its shell.
pub fn program(name: &str, windows: bool) -> String {
    if windows { format!("{name}.cmd") } else { name.to_owned() }
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
    fn what_node_brings_is_a_script_on_windows() {
        assert_eq!(program("wasm-opt", true), "wasm-opt.cmd");
        assert_eq!(program("npm", false), "npm");
    }
}
