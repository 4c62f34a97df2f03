//! The page without the network: its service worker, which Workbox makes (`xtask/service_worker.mjs`), and the certainty that
//! nothing the page cannot do without is missing in it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::paths;
use crate::policy;
use crate::process;

/// The service worker's file.
const FILE: &str = "sw.js";
/// The part of it that is about catalogs, in the repository.
const OFFLINE: &str = "app/offline.js";
/// How the files begin and end that the page cannot do without. There is at least one of each, and all are kept.
const NEEDED: [(&str, &str); 16] = [
    ("index.html", ""),
    ("build.json", ""),
    ("manifest.webmanifest", ""),
    ("app-", ".js"),
    ("app-", "_bg.wasm"),
    ("worker-", "/worker_loader.js"),
    ("worker-", "/worker.js"),
    ("worker-", "/worker_bg.wasm"),
    ("worker-relaxed-", "/worker_bg.wasm"),
    ("explorer-", "/explorer_loader.js"),
    ("explorer-", "/explorer.js"),
    ("explorer-", "/explorer_bg.wasm"),
    ("leaflet-", ".js"),
    ("leaflet-", ".css"),
    ("base-", ".css"),
    ("icons/", ""),
];
/// Endings of which every file is kept, but for [`NOT_KEPT`].
const ALL_OF: [&str; 3] = [".css", ".wasm", ".js"];
/// Beginnings and endings of such files that the page itself never asks for.
const NOT_KEPT: [(&str, &str); 4] = [("embed/", ""), ("general-", ""), ("offline-", ".js"), (FILE, "")];

/// Puts the part about catalogs into the built page `dist`, under a name that holds the hash of its content: another one
/// makes another service worker.
pub fn place(dist: &Path) -> Result<()> {
    let from = paths::repository().join(OFFLINE);
    let script = fs::read(&from).with_context(|| format!("reading {}", from.display()))?;
    let hash: String = Sha256::digest(&script).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let to = dist.join(format!("offline-{hash}.js"));
    fs::write(&to, script).with_context(|| format!("writing {}", to.display()))
}

/// Writes the service worker of the page in `dist`, which is complete but for what hosts read and for compressed siblings.
pub fn write(dist: &Path, log: &Path) -> Result<()> {
    let script = paths::repository().join("xtask/service_worker.mjs");
    process::quiet(Command::new("node").arg(script).arg(dist), log)?;
    let path = dist.join(FILE);
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut files = Vec::new();
    policy::list(dist, dist, &mut files)?;
    check(&text, &files)
}

/// Fails unless the service worker `text` keeps what the page needs of `files`.
fn check(text: &str, files: &[String]) -> Result<()> {
    let is_kept = |file: &String| text.contains(&format!("url:\"{file}\""));
    let fits = |file: &str, (start, end): (&str, &str)| file.starts_with(start) && file.ends_with(end);
    let own = || files.iter().filter(|file| !NOT_KEPT.iter().any(|rule| fits(file, *rule)));
    for (start, end) in NEEDED {
        let mut found = own().filter(|file| fits(file, (start, end))).peekable();
        ensure!(found.peek().is_some(), "the built page has no {start}*{end}");
        for file in found {
            ensure!(
                is_kept(file),
                "{FILE} does not keep {file}: the page would not start without the network"
            );
        }
    }
    for file in own().filter(|file| ALL_OF.iter().any(|end| file.ends_with(end))) {
        ensure!(is_kept(file), "{FILE} does not keep {file}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 20] = [
        "index.html",
        "build.json",
        "manifest.webmanifest",
        "app-0123456789abcdef.js",
        "app-0123456789abcdef_bg.wasm",
        "worker-0123456789abcdef/worker_loader.js",
        "worker-0123456789abcdef/worker.js",
        "worker-0123456789abcdef/worker_bg.wasm",
        "worker-relaxed-0123456789abcdef/worker_bg.wasm",
        "explorer-0123456789abcdef/explorer_loader.js",
        "explorer-0123456789abcdef/explorer.js",
        "explorer-0123456789abcdef/explorer_bg.wasm",
        "leaflet-0123456789abcdef.js",
        "leaflet-0123456789abcdef.css",
        "base-0123456789abcdef.css",
        "icons/icon.svg",
        "robots.txt",
        "embed/clip-rs-search.js",
        "offline-0123456789abcdef.js",
        "sw.js",
    ];

    fn keeping(files: &[&str]) -> String {
        files.iter().map(|file| format!("{{url:\"{file}\",revision:null}},")).collect()
    }

    fn names(files: &[&str]) -> Vec<String> {
        files.iter().map(|file| (*file).to_owned()).collect()
    }

    #[test]
    fn a_service_worker_with_all_that_the_page_needs_is_fine() {
        check(&keeping(&FILES[..16]), &names(&FILES)).unwrap();
    }

    #[test]
    fn a_file_that_workbox_left_out_is_an_error_that_names_it() {
        for left_out in &FILES[..16] {
            let kept: Vec<_> = FILES.iter().filter(|file| *file != left_out).copied().collect();
            let error = check(&keeping(&kept), &names(&FILES)).unwrap_err().to_string();
            assert!(error.contains(left_out), "{left_out}: {error}");
        }
        for style in ["new-0123456789abcdef.css", "offline-0123456789abcdef.css"] {
            let more = [&FILES[..], &[style]].concat();
            assert!(check(&keeping(&FILES), &names(&more)).is_err(), "{style}");
        }
    }

    #[test]
    fn a_build_without_a_program_is_an_error() {
        let files: Vec<_> = FILES.iter().filter(|file| !file.starts_with("explorer-")).copied().collect();
        assert!(check(&keeping(&files), &names(&files)).is_err());
    }
}
