//! The rules of the repository that a compiler does not check: who may import whom, how files open, how long
//! they are, what the engine may not touch, what is depended on for nothing.

mod circles;
mod dependencies;
mod modules;

use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates each crate may depend on (docs/ARCHITECTURE.md).
const MAY_IMPORT: [(&str, &[&str]); 20] = [
    ("crates/catalog", &[]),
    ("crates/search", &["catalog"]),
    ("crates/stage", &["catalog"]),
    ("crates/page", &["catalog"]),
    ("crates/sample", &["catalog", "stage"]),
    ("crates/locate", &["catalog", "stage"]),
    ("crates/imagery", &["catalog", "stage"]),
    ("crates/fetch", &["catalog", "stage", "locate", "imagery"]),
    ("crates/towers", &["search"]),
    ("crates/package", &["catalog", "search", "stage", "towers"]),
    ("crates/training", &["catalog", "search", "stage", "fetch", "imagery", "package", "sample", "towers"]),
    (
        "crates/pipeline",
        &[
            "catalog", "search", "stage", "page", "locate", "imagery", "fetch", "package", "sample",
            "training",
        ],
    ),
    ("crates/cluster", &["catalog", "search", "stage", "imagery", "package", "pipeline"]),
    ("server", &["catalog", "page"]),
    ("app", &["catalog", "search", "towers"]),
    ("bench/browser", &["bench-candle", "search"]),
    ("bench/candle", &["search"]),
    ("bench/native", &["catalog", "search"]),
    ("tests", &["catalog", "search", "sample", "pipeline", "server", "app"]),
    ("xtask", &[]),
];
/// A file longer than this wants to be two.
const MAX_LINES: usize = 450;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files with this ending below a folder, without build output.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("an entry")) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if !["target", "dist", "node_modules"].contains(&name.as_str()) && !name.starts_with('.') {
                found.extend(files(&path, ending));
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    let paths = MAY_IMPORT.iter().flat_map(|(krate, _)| files(&root().join(krate), ".rs"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a readable source file");
        (path, text)
    };
    let sources: Vec<_> = paths.map(read).collect();
    assert!(sources.len() > 30, "found only {} source files", sources.len());
    sources
}

#[test]
fn crates_import_only_what_the_architecture_allows() {
    for (krate, allowed) in MAY_IMPORT {
        let path = root().join(krate).join("Cargo.toml");
        let text = fs::read_to_string(&path).expect("a manifest");
        // What a crate's tests use may be more than what it is made of.
        let made_of = text.split("[dev-dependencies]").next().unwrap_or_default();
        for line in made_of.lines() {
            let Some(rest) = line.strip_prefix("clip-rs-") else { continue };
            let other = rest.split(['.', ' ', '=']).next().unwrap_or_default();
            assert!(allowed.contains(&other), "{krate} may not depend on {other}");
        }
    }
}

#[test]
fn every_file_opens_with_why_it_exists() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{} does not open with a //! sentence", path.display());
    }
}

#[test]
fn files_are_short_enough_to_read() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines, more than {MAX_LINES}", path.display());
    }
}

#[test]
fn format_and_engine_do_no_io() {
    for krate in ["crates/catalog", "crates/search"] {
        for path in files(&root().join(krate).join("src"), ".rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            for io in ["std::fs", "std::net", "std::env", "std::process", "web_sys", "println!"] {
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                assert!(!code.clone().any(|line| line.contains(io)), "{} uses {io}", path.display());
            }
        }
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let mut texts = sources();
    for ending in [".md", ".toml", ".py", ".html", ".css", ".js", ".json"] {
        let ours =
            files(&root(), ending).into_iter().filter_map(|p| Some((p.clone(), fs::read_to_string(p).ok()?)));
        texts.extend(ours);
    }
    for (path, text) in texts {
        // Put together here, so that this file does not hold what it looks for.
        for private in [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat()] {
            assert!(!text.contains(&private), "{} contains {private}", path.display());
        }
    }
}

#[test]
fn every_member_has_the_shared_lints() {
    for (krate, _) in MAY_IMPORT {
        let text = fs::read_to_string(root().join(krate).join("Cargo.toml")).expect("a manifest");
        assert!(text.contains("[lints]\nworkspace = true"), "{krate} does not take the workspace's lints");
    }
}
