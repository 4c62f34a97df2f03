//! Everything that the build needs beyond rustup's stable, Node and git: found, downloaded or built, once.

mod apt;
pub mod browser;
mod cargo_tools;
pub mod emulator;
mod find;
mod firefox;
mod npm;
pub mod programs;
pub mod readers;
pub mod rustc;
mod system;
mod wasm_std;
mod wasm_std_source;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Result, anyhow};

pub use rustc::TARGET as WASM_TARGET;
pub use wasm_std_source::am_root;

use crate::paths;
use crate::process;

/// Where a system's loader looks for libraries first; cargo sets it for what it runs. Windows uses the PATH.
const LIBRARY_PATH: &str =
    if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

/// The command-line tools of the page's build, all in pinned versions.
pub struct Tools {
    folders: Vec<PathBuf>,
    /// The file of wasm-opt.
    wasm_opt: String,
}

/// The toolchain of wasm builds.
#[derive(Clone)]
pub struct WasmToolchain {
    /// A toolchain made by [`wasm_std_source`], if the user's own has no wasm target.
    own: Option<PathBuf>,
}

/// Sets up everything. Each part is skipped when it is there.
pub fn everything() -> Result<(Tools, WasmToolchain)> {
    // Downloads need the network, tools the processors: side by side they take as long as the tools alone.
    both(tools, || {
        let toolchain = wasm_toolchain()?;
        npm_packages().map(|()| toolchain)
    })
}

/// Runs two things at the same time. When one fails, the other is ended, and the first error is returned.
pub fn both<A: Send, B: Send>(
    one: impl FnOnce() -> Result<A> + Send,
    other: impl FnOnce() -> Result<B> + Send,
) -> Result<(A, B)> {
    thread::scope(|scope| {
        let other = scope.spawn(|| other().inspect_err(|_| process::give_up()));
        let one = one().inspect_err(|_| process::give_up());
        let other = other.join().map_err(|_| anyhow!("a part of the build panicked"))?;
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(error), Err(cause)) if error.is::<process::GivenUp>() => Err(cause),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    })
}

/// wasm-bindgen with its test runner, trunk and wasm-opt.
pub fn tools() -> Result<Tools> {
    let mut folders = cargo_tools::set_up()?;
    if npm::has_native_wasm_opt() {
        return Ok(Tools { folders, wasm_opt: npm::WASM_OPT.to_owned() });
    }
    folders.push(paths::repository().join("node_modules/.bin"));
    Ok(Tools { folders, wasm_opt: npm::program(npm::WASM_OPT, cfg!(windows)) })
}

/// A toolchain that can compile for wasm32.
pub fn wasm_toolchain() -> Result<WasmToolchain> {
    wasm_std::set_up().map(|own| WasmToolchain { own })
}

/// The packages of package.json, in `node_modules`.
pub fn npm_packages() -> Result<()> {
    npm::set_up()
}

impl Tools {
    /// One of the tools, to be called by itself.
    pub fn command(&self, program: &str) -> Command {
        let file = if program == npm::WASM_OPT { self.wasm_opt.as_str() } else { program };
        with_path(Command::new(file), self.folders.clone())
    }
}

impl WasmToolchain {
    /// `cargo` for wasm builds, with `tools` (if any) to be found by name.
    pub fn cargo(&self, tools: Option<&Tools>) -> Command {
        let cargo = match &self.own {
            Some(own) => Command::new(own.join("bin/cargo")),
            None => cargo(),
        };
        self.prepare(cargo, tools.map_or(&[], |tools| &tools.folders))
    }

    /// `trunk`, which starts `cargo` and the other tools by name.
    pub fn trunk(&self, tools: &Tools) -> Command {
        self.prepare(Command::new("trunk"), &tools.folders)
    }

    fn prepare(&self, command: Command, folders: &[PathBuf]) -> Command {
        let mut command = match &self.own {
            Some(own) => with_toolchain(command, own, folders),
            None => with_path(command, folders.to_vec()),
        };
        // They would replace the flags that .cargo/config.toml gives for wasm32.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        command
    }
}

/// `cargo`, as this command itself was started by.
pub fn cargo() -> Command {
    with_path(Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())), Vec::new())
}

/// Makes `command` use the toolchain in `folder`, whether or not rustup is there.
fn with_toolchain(command: Command, folder: &Path, more: &[PathBuf]) -> Command {
    let mut path = vec![folder.join("bin")];
    path.extend_from_slice(more);
    let mut command = with_path(command, path);
    command.env("RUSTUP_TOOLCHAIN", folder);
    for name in ["CARGO", "RUSTC", "RUSTDOC"] {
        command.env_remove(name);
    }
    // cargo, which runs us, lets the linker look in the libraries of its own toolchain first.
    if let Some(libraries) = env::var_os(LIBRARY_PATH) {
        command.env(LIBRARY_PATH, before(vec![folder.join("lib")], &libraries));
    }
    command
}

fn with_path(mut command: Command, folders: Vec<PathBuf>) -> Command {
    // The folder is told, so that it is the same one whatever folder or configuration we were started with.
    command.current_dir(paths::repository()).env("CARGO_TARGET_DIR", paths::target());
    command.env("PATH", before(folders, &env::var_os("PATH").unwrap_or_default()));
    command
}

/// A list of folders as in `$PATH`, with `first` put before the rest.
fn before(first: Vec<PathBuf>, rest: &OsString) -> OsString {
    let all = first.into_iter().chain(env::split_paths(rest));
    env::join_paths(all).unwrap_or_else(|_| rest.clone())
}
