//! Debian's packages, installed when a person asked for it.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::am_root;
use crate::paths;
use crate::process;
use crate::steps::Step;

/// Installs packages by apt, where that needs no password. `name` is what the step is called.
pub fn install(name: &str, packages: &[&str]) -> Result<()> {
    ensure!(process::exists("apt-get"), "there is no apt-get here");
    let may_sudo = || process::capture(Command::new("sudo").args(["-n", "true"])).is_ok();
    let words: &[&str] = if am_root() {
        &["apt-get"]
    } else {
        ensure!(
            may_sudo(),
            "installing packages needs root, and sudo asks for a password. As root:\n  apt-get install {}",
            packages.join(" ")
        );
        &["sudo", "-n", "apt-get"]
    };
    let what = format!("installing {}", packages.join(" and "));
    let step = Step::start(name, &what);
    let apt = |arguments: &[&str], log: &Path| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        process::quiet(&mut command, log)
    };
    let logs = paths::target().join("xtask");
    // A source that cannot be reached need not be the one with the packages.
    let update = apt(&["-q", "update"], &logs.join("apt-update.log"));
    let install = ["-qy", "install", "--no-install-recommends"];
    apt(&[&install[..], packages].concat(), &logs.join("apt-install.log"))
        .or_else(|error| update.and(Err(error)))?;
    step.done("installed");
    Ok(())
}
