//! The worker's three builds: the plain one, one with relaxed SIMD, and one with the general engine, each in a folder named by its
//! content.
//!
//! A module with an instruction that a browser does not know does not load there at all, so the page chooses
//! between whole builds (`app/boot.js`). trunk makes the plain one, with the page; the other one is made here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::cache;
use crate::paths;
use crate::process;
use crate::setup::{Tools, WASM_TARGET, WasmToolchain};

/// Both builds consist of these; the first starts the others.
const FILES: [&str; 3] = ["worker_loader.js", "worker.js", "worker_bg.wasm"];
/// The explorer consists of these.
const EXPLORER_FILES: [&str; 3] = ["explorer_loader.js", "explorer.js", "explorer_bg.wasm"];
/// The worker as cargo makes it.
const PROGRAM: &str = "worker.wasm";
/// How the page names the start script of trunk's worker (index.html).
const META: &str = r#"<meta name="worker" content="worker_loader.js" />"#;
/// How the page names the start script of the explorer.
const EXPLORER_META: &str = r#"<meta name="explorer" content="explorer_loader.js" />"#;
/// The keeper consists of these.
const KEEPER_FILES: [&str; 3] = ["keeper_loader.js", "keeper.js", "keeper_bg.wasm"];
/// How the page names the start script of the keeper.
const KEEPER_META: &str = r#"<meta name="keeper" content="keeper_loader.js" />"#;
/// The workers with the general engine consist of these.
const GENERAL_FILES: [&str; 3] = ["general_loader.js", "general.js", "general_bg.wasm"];
/// Them as cargo makes them.
const GENERAL_PROGRAM: &str = "general.wasm";
/// In place of those that .cargo/config.toml gives, which these contain.
pub const RELAXED_FLAGS: &str = "-Ctarget-feature=+simd128,+relaxed-simd";

/// Compiles the worker with relaxed SIMD, and without the page's side, which it has no use for.
///
/// Cargo keeps what it built with other flags beside this, and uses for both builds what runs on this machine,
/// such as macros. Only the finished program has the same name in both, so it is put aside.
pub fn compile_relaxed(toolchain: &WasmToolchain, profile: &str, log: &Path) -> Result<()> {
    let mut cargo = toolchain.cargo(None);
    cargo.args(["build", "--bin", "worker", "--no-default-features", "--profile", profile]);
    cargo.args(["--target", WASM_TARGET, "--manifest-path"]).arg(paths::repository().join("app/Cargo.toml"));
    // No --remap-path-prefix: with it cargo would not tell this build from the other one, and make each anew after the other.
    process::quiet(cargo.env("RUSTFLAGS", RELAXED_FLAGS), log)?;
    fs::create_dir_all(output()).with_context(|| format!("making {}", output().display()))?;
    let built = paths::target().join(WASM_TARGET).join(profile).join(PROGRAM);
    fs::copy(&built, output().join(PROGRAM)).with_context(|| format!("copying {}", built.display()))?;
    Ok(())
}

/// Compiles both workers in one program, with the general engine, in the plain build: candle uses no relaxed SIMD.
pub fn compile_general(toolchain: &WasmToolchain, profile: &str, log: &Path) -> Result<()> {
    let mut cargo = toolchain.cargo(None);
    cargo.args(["build", "--bin", "general", "--no-default-features", "--features", "towers"]);
    cargo.args(["--profile", profile, "--target", WASM_TARGET, "--manifest-path"]);
    process::quiet(cargo.arg(paths::repository().join("app/Cargo.toml")), log)?;
    fs::create_dir_all(output()).with_context(|| format!("making {}", output().display()))?;
    let built = paths::target().join(WASM_TARGET).join(profile).join(GENERAL_PROGRAM);
    fs::copy(&built, output().join(GENERAL_PROGRAM))
        .with_context(|| format!("copying {}", built.display()))?;
    Ok(())
}

/// Puts the compiled worker with relaxed SIMD together, as trunk does the other one. Returns its folder.
pub fn bundle_relaxed(tools: &Tools, log: &Path) -> Result<PathBuf> {
    // Most browsers load this one: again and again until nothing is gained, it is 2 % smaller.
    bundle(tools, "worker", PROGRAM, &["-O", "--converge", "--enable-relaxed-simd"], log)
}

/// Puts the compiled workers with the general engine together. Returns their folder.
pub fn bundle_general(tools: &Tools, log: &Path) -> Result<PathBuf> {
    // It is ten times as large and loaded by few: more passes over it would cost minutes for a hundredth of its size.
    bundle(tools, "general", GENERAL_PROGRAM, &["-O1"], log)
}

fn bundle(tools: &Tools, name: &str, program: &str, options: &[&str], log: &Path) -> Result<PathBuf> {
    let folder = output().join(format!("bundled-{name}"));
    cache::empty(&folder)?;
    let mut bindgen = tools.command("wasm-bindgen");
    bindgen.args(["--target=web", "--no-typescript", "--out-name", name, "--out-dir"]).arg(&folder);
    process::quiet(bindgen.arg(output().join(program)), log)?;
    let wasm = folder.join(format!("{name}_bg.wasm"));
    let mut smaller = tools.command("wasm-opt");
    smaller.arg("--strip-producers").args(options).arg("--output").arg(&wasm).arg(&wasm);
    process::quiet(&mut smaller, log)?;
    let file = format!("{name}_loader.js");
    let loader = paths::repository().join("app").join(&file);
    fs::copy(&loader, folder.join(&file)).with_context(|| format!("copying {}", loader.display()))?;
    Ok(folder)
}

/// Moves the workers with the general engine to a folder of the built page `dist`, and names them in the page.
pub fn place_general(dist: &Path, general: &Path) -> Result<()> {
    let folder = move_into(general, dist, "general", GENERAL_FILES)?;
    let page = dist.join("index.html");
    let html = fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?;
    let named = format!(r#"<meta name="general" content="{folder}/{}" /></head>"#, GENERAL_FILES[0]);
    ensure!(html.matches("</head>").count() == 1, "index.html has no single </head>");
    fs::write(&page, html.replace("</head>", &named)).with_context(|| format!("writing {}", page.display()))
}

/// Moves trunk's workers in the built page `dist` and the one in `relaxed` to folders that caches may keep for
/// ever, and names them in the page.
pub fn place(dist: &Path, relaxed: &Path) -> Result<()> {
    let plain = move_into(dist, dist, "worker", FILES)?;
    let relaxed = move_into(relaxed, dist, "worker-relaxed", FILES)?;
    let explorer = move_into(dist, dist, "explorer", EXPLORER_FILES)?;
    let keeper = move_into(dist, dist, "keeper", KEEPER_FILES)?;
    let page = dist.join("index.html");
    let html = fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?;
    fs::write(&page, with_workers(&html, [&plain, &relaxed, &explorer, &keeper])?)
        .with_context(|| format!("writing {}", page.display()))
}

/// Moves the files of a worker from the folder `from` to a new one in `dist`. Returns that one's name.
fn move_into(from: &Path, dist: &Path, stem: &str, files: [&str; 3]) -> Result<String> {
    let mut digest = Sha256::new();
    for file in files {
        let path = from.join(file);
        digest.update(fs::read(&path).with_context(|| format!("reading {}", path.display()))?);
    }
    // As many digits as trunk's own names have, and as the server takes for a hash of the content.
    let hash: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("{stem}-{hash}");
    let folder = dist.join(&name);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    for file in files {
        fs::rename(from.join(file), folder.join(file)).with_context(|| format!("moving {file}"))?;
    }
    Ok(name)
}

/// The page with the folders of the workers (plain, relaxed, explorer, keeper) in the place of trunk's.
fn with_workers(html: &str, [plain, relaxed, explorer, keeper]: [&str; 4]) -> Result<String> {
    for meta in [META, EXPLORER_META, KEEPER_META] {
        ensure!(html.matches(meta).count() == 1, "index.html does not name a worker by {meta}");
    }
    let meta = |name: &str, folder: &str, start: &str| {
        format!(r#"<meta name="{name}" content="{folder}/{start}" />"#)
    };
    let both = meta("worker", plain, FILES[0]) + &meta("worker-relaxed", relaxed, FILES[0]);
    Ok(html
        .replace(META, &both)
        .replace(EXPLORER_META, &meta("explorer", explorer, EXPLORER_FILES[0]))
        .replace(KEEPER_META, &meta("keeper", keeper, KEEPER_FILES[0])))
}

/// Where the worker with relaxed SIMD is made.
fn output() -> PathBuf {
    paths::target().join("xtask/relaxed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_workers_lie_in_folders_named_by_their_content_and_the_page_names_them() {
        let place_for = std::env::temp_dir().join(format!("clip-rs-worker-{}", std::process::id()));
        let (dist, relaxed) = (place_for.join("dist"), place_for.join("relaxed"));
        let fill = |folder: &Path, content: &str| {
            fs::create_dir_all(folder).unwrap();
            FILES
                .iter()
                .chain(&EXPLORER_FILES)
                .chain(&KEEPER_FILES)
                .for_each(|file| fs::write(folder.join(file), content).unwrap());
        };
        let folders = |plain: &str| {
            fill(&dist, plain);
            fill(&relaxed, "relaxed");
            fs::write(dist.join("index.html"), format!("<head>{META}{EXPLORER_META}{KEEPER_META}</head>"))
                .unwrap();
            place(&dist, &relaxed).unwrap();
            let html = fs::read_to_string(dist.join("index.html")).unwrap();
            let folder = |name: &str| {
                let start = format!(r#"<meta name="{name}" content=""#);
                let rest = html.split(&start).nth(1).unwrap();
                rest.split_once("/worker_loader.js").unwrap().0.to_owned()
            };
            [folder("worker"), folder("worker-relaxed")]
        };
        let first = folders("plain");
        for (folder, content) in first.iter().zip(["plain", "relaxed"]) {
            for file in FILES {
                assert_eq!(fs::read_to_string(dist.join(folder).join(file)).unwrap(), content);
            }
        }
        let second = folders("changed");
        assert_ne!(first[0], second[0], "other content, other name");
        assert_eq!(first[1], second[1], "the same content, the same name");
        fs::remove_dir_all(&place_for).unwrap();
    }

    #[test]
    fn a_page_that_names_no_worker_is_an_error() {
        assert!(with_workers("<head></head>", ["a", "b", "c", "d"]).is_err());
        assert!(with_workers(META, ["a", "b", "c", "d"]).is_err());
    }
}
