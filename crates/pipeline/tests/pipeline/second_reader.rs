//! A catalog as `index` writes it, searched by a reader that was written in Python from the format's document alone: the
//! same answers as `clip-rs search --exact`, cosines to the bit.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use clip_rs_pipeline::catalog::Catalog;
use clip_rs_pipeline::index::{Request, index};
use serde_json::Value;

use crate::support::{calibrated_model, catalog, clip_rs, request, said, save};

const TEXTS: [&str; 3] = ["a river with a bridge", "car park", "the long shadow of a water tower"];

/// What `clip-rs` prints with these arguments, read as JSON.
fn ours<T: serde::de::DeserializeOwned>(arguments: &[&OsStr]) -> T {
    serde_json::from_str(&said(&clip_rs(arguments))).expect("JSON")
}

/// The second reader's answers to each of the queries; none, said aloud, where there is no Python.
fn second_reader(catalog: &Path, arguments: &[&str], input: &str) -> Option<Vec<Vec<Value>>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reader/catalog_reader.py");
    let mut command = Command::new("python3");
    command.arg("-B").arg(script).arg(catalog).args(arguments);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("SKIPPED: there is no python3, so the second reader was not asked");
            return None;
        }
        child => child.expect("a process"),
    };
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("a reader that reads");
    let said = said(&child.wait_with_output().expect("its output"));
    Some(serde_json::from_str(&said).expect("JSON"))
}

/// Names and places alike, and cosines of the same bits.
fn compare(ours: &[Value], found: &[Value], what: &str) {
    assert_eq!(ours.len(), found.len(), "{what}");
    for (our, found) in ours.iter().zip(found) {
        for key in ["id", "place", "address"] {
            assert_eq!(our[key], found[key], "{what}: {key}");
        }
        let bits = |answer: &Value| answer["cosine"].as_f64().map(|cosine| (cosine as f32).to_bits());
        assert_eq!(bits(our), bits(found), "{what}: {our} and {found}");
        for key in ["lng", "lat"] {
            let [our, found] = [our, found].map(|answer| answer[key].as_f64());
            let near = our.zip(found).is_none_or(|(our, found)| (our - found).abs() < 1e-9);
            assert!(our.is_some() == found.is_some() && near, "{what}: {key} {our:?} and {found:?}");
        }
    }
}

fn agree_on(out: &Path) {
    let catalog = out.as_os_str();
    let texts = TEXTS.map(OsStr::new);
    let vectors = said(&clip_rs([&["encode".as_ref(), catalog][..], &texts].concat()));
    let Some(found) = second_reader(out, &["--vectors", "-"], &vectors) else { return };
    for (text, found) in texts.iter().zip(&found) {
        let ours: Vec<Value> =
            ours(&["search".as_ref(), catalog, text, "--exact".as_ref(), "--json".as_ref()]);
        compare(&ours, found, &text.to_string_lossy());
    }
    for item in &found[0] {
        let id = item["id"].as_str().expect("a name");
        let Some(found) = second_reader(out, &["--like", id], "") else { return };
        let subject = ["--like".as_ref(), OsStr::new(id), "--exact".as_ref(), "--json".as_ref()];
        let ours: Vec<Value> = ours(&[&["search".as_ref(), catalog][..], &subject].concat());
        compare(&ours, &found[0], id);
    }
}

#[test]
fn a_second_reader_finds_the_same_tiles() {
    let (folder, indexed) = catalog();
    assert_eq!(indexed.items, 6);
    agree_on(&folder.path().join("catalog"));
}

#[test]
fn a_second_reader_finds_the_same_where_items_have_relevance_offsets() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let model = calibrated_model(folder.path());
    let tiles = crate::support::tiles(folder.path());
    let request = Request { tiles: vec![tiles], model, ..request(folder.path()) };
    index(&request).expect("a catalog");
    let catalog = Catalog::open(&request.out).expect("a catalog");
    let items = catalog.items(&catalog.manifest.shards[0]).expect("items");
    let offsets: Vec<f32> = (0..items.len()).map(|ordinal| items.offset(ordinal)).collect();
    assert!(offsets.iter().any(|offset| *offset != offsets[0]), "{offsets:?}");
    agree_on(&request.out);
}

#[test]
fn a_second_reader_finds_the_same_pictures() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let pictures = folder.path().join("pictures");
    for (seed, name) in ["b/1.jpg", "b/2.png", "a.jpg"].into_iter().enumerate() {
        save(&pictures.join(name), seed as u64);
    }
    index(&Request { images: vec![pictures], ..request(folder.path()) }).expect("a catalog");
    agree_on(&folder.path().join("catalog"));
}
