//! A wasm32 standard library built from source, for machines where rustup cannot download.
//!
//! The user's toolchain is left as it is. A second one is made of hard links to it, the library's sources come
//! from rustup's component `rust-src` or from Debian's package of the same version, and are built once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::rustc::{Rustc, TARGET};
use crate::cache;
use crate::process;

/// Debian's suites that may have the sources of a Rust newer than its release. Backports come first.
const SUITES: [&str; 4] = ["trixie-backports", "forky", "sid", "trixie"];
/// Debian's signing keys, as its own machines have them.
const DEBIAN_KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Makes a toolchain in `folder` that is `rustc`'s, with the wasm32 standard library added.
pub fn build(rustc: &Rustc, folder: &Path) -> Result<()> {
    cache::empty(folder)?;
    let work = folder.with_extension("work");
    cache::empty(&work)?;
    // Sources first: without them the rest is in vain.
    let own = rustc.sysroot.join("lib/rustlib/src/rust/library");
    if !own.join("Cargo.toml").is_file() {
        download_sources(&rustc.version, &work)?;
    }
    for part in ["bin", "lib", "libexec"] {
        let from = rustc.sysroot.join(part);
        if from.is_dir() {
            link_tree(&from, &folder.join(part))?;
        }
    }
    let library = folder.join("lib/rustlib/src/rust/library");
    if !own.join("Cargo.toml").is_file() {
        unpack_sources(&rustc.version, &work, &library)?;
    }
    compile(folder, &library, &work)?;
    fs::remove_dir_all(&work).with_context(|| format!("removing {}", work.display()))
}

/// Copies a folder by hard links, or by bytes where a link is not possible (another disk).
fn link_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if fs::metadata(&source).with_context(|| format!("reading {}", source.display()))?.is_dir() {
            link_tree(&source, &copy)?;
        } else if fs::hard_link(&source, &copy).is_err() {
            fs::copy(&source, &copy).with_context(|| format!("copying {}", source.display()))?;
        }
    }
    Ok(())
}

/// Fetches Debian's package `rust-src` of exactly this version into `work`, with the mirror that this machine's
/// own configuration names, without touching that configuration and without being root.
fn download_sources(version: &str, work: &Path) -> Result<()> {
    ensure!(
        process::exists("apt-get"),
        "rustup's component rust-src is not installed, and there is no apt-get"
    );
    ensure!(Path::new(DEBIAN_KEYS).is_file(), "{DEBIAN_KEYS} is missing: this is not Debian");
    let format = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"];
    let mirrors = process::capture(Command::new("apt-get").args(format))?;
    let is_debian = |uri: &&str| uri.trim_end_matches('/').ends_with("/debian");
    let mirror = mirrors.lines().find(is_debian).context("apt is configured with no Debian mirror")?;
    for suite in SUITES {
        let apt = PrivateApt::new(&work.join(suite), mirror, suite)?;
        if apt.command("apt-get").arg("update").output().is_ok_and(|output| output.status.success())
            && let Some(package) = apt.version_of("rust-src", version)?
        {
            process::capture(
                apt.command("apt-get").arg("download").arg(format!("rust-src={package}")).current_dir(work),
            )?;
            return Ok(());
        }
    }
    bail!("Debian has no package rust-src of Rust {version} in {}", SUITES.join(", "))
}

/// apt with one source and folders of its own.
struct PrivateApt {
    options: Vec<String>,
}

impl PrivateApt {
    fn new(folder: &Path, mirror: &str, suite: &str) -> Result<Self> {
        for part in ["lists/partial", "cache/archives/partial"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).with_context(|| format!("making {}", part.display()))?;
        }
        fs::write(folder.join("status"), "")?;
        let source = format!("deb [signed-by={DEBIAN_KEYS}] {mirror} {suite} main\n");
        fs::write(folder.join("sources.list"), source)?;
        let at = |key: &str, part: &str| format!("{key}={}", folder.join(part).display());
        let settings = [
            at("Dir::Etc::sourcelist", "sources.list"),
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            format!("Dir::State={}", folder.display()),
            at("Dir::State::status", "status"),
            at("Dir::Cache", "cache"),
            "APT::Sandbox::User=".to_owned() + if am_root() { "root" } else { "" },
        ];
        Ok(Self { options: settings.into_iter().flat_map(|setting| ["-o".to_owned(), setting]).collect() })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-q").args(&self.options).stdin(Stdio::null());
        command
    }

    /// The package version of `package` for the upstream version `upstream`, if this suite has it.
    fn version_of(&self, package: &str, upstream: &str) -> Result<Option<String>> {
        let table = process::capture(self.command("apt-cache").args(["madison", package]))?;
        let versions = table.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
        let is_same =
            |version: &&str| version.strip_prefix(upstream).is_some_and(|rest| rest.starts_with(['+', '-']));
        Ok(versions.into_iter().find(is_same).map(str::to_owned))
    }
}

/// Whether this process may do what root may.
pub fn am_root() -> bool {
    process::capture(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

/// Unpacks the folder `library` of the downloaded package to `library`.
fn unpack_sources(version: &str, work: &Path, library: &Path) -> Result<()> {
    let parent = library.parent().context("a folder for the sources")?;
    fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
    let is_package = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "deb");
    let mut entries = fs::read_dir(work)?.filter_map(Result::ok).map(|entry| entry.path());
    let package = entries.find(is_package).context("apt downloaded no package")?;
    let mut unpack =
        Command::new("dpkg-deb").arg("--fsys-tarfile").arg(&package).stdout(Stdio::piped()).spawn()?;
    let archive = unpack.stdout.take().context("dpkg-deb's output")?;
    let mut tar = Command::new("tar");
    tar.args(["-x", "--no-same-owner", "--strip-components=4", "-C"]).arg(parent);
    let unpacked = tar.arg(format!("./usr/src/rustc-{version}/library")).stdin(archive).status()?;
    unpack.wait()?;
    ensure!(unpacked.success() && library.is_dir(), "could not unpack {}", package.display());
    Ok(())
}

/// Compiles std for wasm32 with `toolchain`, by a crate that has nothing of its own, and puts it in place.
fn compile(toolchain: &Path, library: &Path, work: &Path) -> Result<()> {
    let stub = work.join("stub");
    fs::create_dir_all(stub.join("src"))?;
    fs::create_dir_all(stub.join(".cargo"))?;
    fs::write(stub.join("src/lib.rs"), "")?;
    let manifest = "[package]\nname = \"stub\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(stub.join("Cargo.toml"), manifest)?;
    // The package brings what std depends on; rustup's component may not, then the registry is asked.
    let vendor = library.join("vendor");
    let vendored = vendor.is_dir();
    if vendored {
        let config = format!(
            "[source.crates-io]\nreplace-with = \"library\"\n[source.library]\ndirectory = \"{}\"\n",
            vendor.display()
        );
        fs::write(stub.join(".cargo/config.toml"), config)?;
    }
    let output = work.join("target");
    let mut cargo = super::with_toolchain(Command::new(toolchain.join("bin/cargo")), toolchain, &[]);
    cargo
        .current_dir(&stub)
        .args(["build", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort,proc_macro,test"])
        .env("RUSTC_BOOTSTRAP", "1")
        // Release builds of the page optimise across crates, std included.
        .env("RUSTFLAGS", "-C embed-bitcode=yes")
        .env("CARGO_TARGET_DIR", &output);
    if vendored {
        cargo.arg("--offline");
    }
    process::quiet(&mut cargo, &work.join("build.log"))?;
    let place = toolchain.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&place)?;
    for entry in fs::read_dir(output.join(TARGET).join("release/deps"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libstub") {
            fs::copy(&path, place.join(name)).with_context(|| format!("copying {}", path.display()))?;
        }
    }
    Ok(())
}
