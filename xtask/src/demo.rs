//! `cargo xtask demo`: from a fresh clone to a running server, and one line that says where.

use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc;

use anyhow::{Result, bail};

use crate::dist::{self, Engines};
use crate::native::{self, Area, Commands};
use crate::paths;
use crate::process;
use crate::setup;

/// How many ports are tried when the wanted one is taken.
const PORTS: u16 = 20;

/// All that the server needs.
pub struct Site {
    commands: Commands,
    area: Area,
}

/// Builds and makes everything that is not there; the area is one county, or, if `is_large`, a million tiles out of it.
///
/// Two lines of work, so that no processor waits: one has the tools, the commands and the area, which use as many processors
/// as there are; the other the page, whose last parts are compiled by one processor each, for minutes. The tools come
/// first, so that the page is put together while the commands are still being compiled.
pub fn prepare(is_large: bool) -> Result<Site> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let native = move || {
        let tools = setup::tools()?;
        // If nobody waits for them, the page has failed, which ends this, too.
        sender.send(tools).ok();
        let commands = native::build_for_use()?;
        let mut area = native::area(&commands.clip_rs, None, &paths::target().join("demo"))?;
        if is_large {
            area = native::repeated(&commands.clip_rs, &area, &paths::target().join("demo-large"))?;
        }
        Ok(Site { commands, area })
    };
    let page = move || {
        setup::npm_packages()?;
        let toolchain = setup::wasm_toolchain()?;
        dist::compile(&toolchain, Engines::Ours)?;
        let tools = receiver.recv().map_err(|_| process::GivenUp)?;
        dist::bundle(&toolchain, &tools, Engines::Ours)
    };
    let (site, ()) = setup::both(native, page)?;
    Ok(site)
}

impl Site {
    /// Starts the server, which says its address once it listens, and stays until it ends.
    pub fn serve(&self, wanted: u16) -> Result<()> {
        let port = free_port(wanted)?;
        if port != wanted {
            eprintln!("\nPort {wanted} is taken; the server gets {port}.");
        }
        eprintln!("\nStarting the server (Ctrl-C ends it). The imagery is synthetic.");
        let mut server = Command::new(&self.commands.server);
        server.arg("--catalog").arg(&self.area.catalog).arg("--app").arg(paths::dist());
        server.args(["--bind", &format!("127.0.0.1:{port}"), "--log-level", "warn"]);
        become_program(server)
    }
}

/// Hands this process over to `command`, so that whoever ends it ends the server.
#[cfg(unix)]
fn become_program(mut command: Command) -> Result<()> {
    use anyhow::Context as _;
    use std::os::unix::process::CommandExt as _;
    Err(command.exec()).context("cannot start the server")
}

#[cfg(not(unix))]
fn become_program(mut command: Command) -> Result<()> {
    process::show(&mut command)
}

/// The wanted port or the next one that nobody listens at.
fn free_port(wanted: u16) -> Result<u16> {
    let ports = wanted..=wanted.saturating_add(PORTS);
    match ports.into_iter().find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()) {
        Some(port) => Ok(port),
        None => {
            bail!("ports {wanted} to {} are all taken: choose one with --port", wanted.saturating_add(PORTS))
        }
    }
}
