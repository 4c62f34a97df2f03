//! The modules of a crate do not go in circles: where two need each other, a third holds what both know.

use std::collections::BTreeSet;
use std::fs;

use crate::modules::{Modules, Name};
use crate::{MAY_IMPORT, root};

/// Circles that are left, with why: the crate, and the modules in it.
const LEFT: [(&str, &[&str], &str); 5] = [
    (
        "crates/catalog",
        &["digest", "error"],
        "an error tells digests apart, and a text that is no digest is an error",
    ),
    (
        "crates/imagery",
        &["decode::error", "decode::kind"],
        "an error names the kind, and an unknown kind is an error",
    ),
    ("crates/imagery", &["open", "stac"], "a STAC document opens what it names as if a person had named it"),
    (
        "crates/training",
        &["evaluate", "readable"],
        "evaluating leaves out what cannot be read, of its own examples",
    ),
    (
        "crates/training",
        &["model::golden", "model::import"],
        "an import is compared with the trainer's vectors",
    ),
];

fn written(name: &Name) -> String {
    name.join("::")
}

#[test]
fn modules_do_not_go_in_circles() {
    let mut found = Vec::new();
    let mut left: BTreeSet<usize> = (0..LEFT.len()).collect();
    for (krate, _) in MAY_IMPORT {
        for target in ["src/lib.rs", "src/main.rs"] {
            let path = root().join(krate).join(target);
            if !path.is_file() {
                continue;
            }
            for (circle, ways) in Modules::read(&path).circles() {
                let names: Vec<String> = circle.iter().map(written).collect();
                match LEFT.iter().position(|(of, names_left, _)| *of == krate && *names_left == names) {
                    Some(known) => drop(left.remove(&known)),
                    None => found.push(format!("{krate}: {}\n  {}", names.join(", "), ways.join("\n  "))),
                }
            }
        }
    }
    assert!(found.is_empty(), "modules go in circles:\n{}", found.join("\n"));
    let gone: Vec<_> = left.iter().map(|at| LEFT[*at].1).collect();
    assert!(gone.is_empty(), "these circles are no more, and need no excuse: {gone:?}");
}

/// The circles of a crate whose root has this text, with `a.rs` and `b.rs` beside it.
fn circles(root: &str, a: &str, b: &str) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("lib.rs", root), ("a.rs", a), ("b.rs", b)] {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let circles = Modules::read(&folder.path().join("lib.rs")).circles();
    circles.iter().map(|(circle, _)| circle.iter().map(written).collect()).collect()
}

#[test]
fn a_circle_is_found_through_imports_paths_and_re_exports() {
    let both = [vec!["a".to_owned(), "b".to_owned()]];
    let root = "mod a; mod b; pub use b::B;";
    assert_eq!(circles(root, "use crate::b::B; pub struct A;", "use super::a::A; pub struct B;"), both);
    assert_eq!(circles(root, "use crate::B; pub struct A;", "pub fn b() -> crate::a::A { A }"), both);
    assert_eq!(circles(root, "use crate::b::{self as other}; pub struct A;", "use crate::a::*;"), both);
}

#[test]
fn parents_children_tests_and_other_crates_make_no_circle() {
    let none: [Vec<String>; 0] = [];
    let root = "mod a; mod b; pub use b::B; pub struct Root;";
    assert_eq!(circles(root, "use crate::{B, Root};", "use crate::Root; pub struct B;"), none);
    let with_tests = "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }";
    assert_eq!(circles(root, "use crate::b::B; pub struct A;", with_tests), none);
    assert_eq!(circles(root, "use std::b::B; pub struct A;", "use std::a::A; pub struct B;"), none);
}
