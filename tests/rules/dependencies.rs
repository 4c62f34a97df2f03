//! Nothing is depended on that is not used: each dependency of a crate is named by its sources, and each of the
//! workspace's by a crate.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{files, root};

/// Dependencies that no source names, with why they are there.
const UNNAMED: [(&str, &str); 2] = [
    ("getrandom_02", "only for its feature, which lets rand 0.8 be built for browsers"),
    ("getrandom_03", "only for its feature, which lets rand 0.9 be built for browsers"),
];
/// Dependencies of the workspace that no crate has yet, with what for.
const WAITING: [(&str, &str); 0] = [];
/// Dependencies whose library is called otherwise than their package.
const CALLED: [(&str, &str); 1] = [("kamadak-exif", "exif")];

/// The members of the workspace, as cargo understands their manifests.
fn members() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let done = Command::new(cargo).args(words).current_dir(root()).output().expect("cargo runs");
    assert!(done.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&done.stderr));
    let told: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    told["packages"].as_array().expect("packages").clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// What a dependency is called in its manifest.
fn called(dependency: &Value) -> &str {
    dependency["rename"].as_str().unwrap_or(text(dependency, "name"))
}

/// Whether a line of code in the folder has the word.
fn names(folder: &Path, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let has = |line: &str| line.split(|c: char| !is_part(c)).any(|found| found == word);
    let code = |text: &str| text.lines().any(|line| !line.trim_start().starts_with("//") && has(line));
    folder.is_dir()
        && files(folder, ".rs").iter().any(|path| code(&fs::read_to_string(path).expect("a source file")))
}

#[test]
fn every_dependency_of_a_crate_is_named_by_its_sources() {
    let mut idle = Vec::new();
    for member in members() {
        let manifest = Path::new(text(&member, "manifest_path"));
        let (krate, folder) = (text(&member, "name"), manifest.parent().expect("a folder"));
        for dependency in member["dependencies"].as_array().expect("dependencies") {
            let called = called(dependency);
            let is_made_of = dependency["kind"].is_null() && krate != "clip-rs-tests";
            let sources = if is_made_of { folder.join("src") } else { folder.to_owned() };
            let library = CALLED.iter().find(|(package, _)| *package == called);
            let library =
                library.map_or_else(|| called.replace('-', "_"), |(_, library)| (*library).to_owned());
            let excused = UNNAMED.iter().any(|(unnamed, _)| *unnamed == called);
            if !excused && !names(&sources, &library) {
                idle.push(format!("{krate}: {called} ({})", dependency["kind"].as_str().unwrap_or("normal")));
            }
        }
    }
    assert!(idle.is_empty(), "depended on and not named: {idle:#?}");
}

#[test]
fn every_dependency_of_the_workspace_is_one_of_a_crate() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace's manifest");
    let (_, after) = manifest.split_once("[workspace.dependencies]").expect("the workspace's dependencies");
    let table = after.split("\n[").next().unwrap_or_default();
    let listed = table.lines().filter_map(|line| Some(line.split_once('=')?.0.trim()));
    let listed: BTreeSet<&str> = listed.filter(|name| !name.starts_with('#')).collect();
    assert!(listed.len() > 30, "found only {} dependencies", listed.len());
    let members = members();
    let used = members.iter().flat_map(|member| member["dependencies"].as_array().expect("dependencies"));
    let used: BTreeSet<&str> = used.map(called).collect();
    let waits = |name: &&&str| WAITING.iter().any(|(waiting, _)| waiting == *name);
    let idle: Vec<_> = listed.difference(&used).filter(|name| !waits(name)).collect();
    assert!(idle.is_empty(), "no crate depends on {idle:?}");
}

#[test]
fn who_only_uses_a_model_compiles_nothing_that_trains_one() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words = ["tree", "--offline", "-p", "clip-rs-pipeline", "--no-default-features", "--edges", "normal"];
    let done = Command::new(cargo).args(words).args(["--prefix", "none"]).current_dir(root()).output();
    let done = done.expect("cargo runs");
    assert!(done.status.success(), "cargo tree: {}", String::from_utf8_lossy(&done.stderr));
    let told = String::from_utf8_lossy(&done.stdout);
    let has = |name: &str| told.lines().any(|line| line.split(' ').next() == Some(name));
    assert!(has("clip-rs-package"), "the command reads models:\n{told}");
    let left_out = [
        "clip-rs-training",
        "clip-rs-towers",
        "clip-rs-fetch",
        "candle-core",
        "candle-nn",
        "ureq",
        "parquet",
    ];
    for name in left_out {
        assert!(!has(name), "{name} is among what the demo compiles");
    }
}
