//! The engine over the format's conformance packet: it finds what the packet says, and what a second reader finds that was
//! written in Python from the format's document alone, to the bit.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use clip_rs_catalog::{Bounds, ItemId, Items, Manifest};
use clip_rs_search::model::TextEncoder;
use clip_rs_search::{Embedding, Engine, Index, Polygon, Query, Shard};
use common::{RESNET, VOCABULARY, config, random_weights};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

const SEED: u64 = 23;
const CATALOGS: [&str; 6] = ["tiles", "pictures", "antimeridian", "shards", "empty", "future"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn packet() -> PathBuf {
    repository().join("crates/catalog/tests/conformance/fixtures")
}

/// The catalog with a model that is not asked for anything: queries come as vectors.
fn engine(catalog: &str) -> Engine {
    let folder = packet().join(catalog);
    let read = |name: &str| fs::read(folder.join(name)).expect("a file of the packet");
    let manifest = Manifest::from_json(&read("catalog.json")).expect("a good catalog");
    let mut config = config(Some(32), "quick_gelu", RESNET);
    config.embed_dim = manifest.model.embed_dim;
    let (file, _) = random_weights("clip-text", &config.text_tensors(), true, SEED);
    let text = TextEncoder::from_gguf(&config, &file, VOCABULARY).expect("an encoder");
    let shards = manifest.shards.iter().map(|shard| Shard {
        index: Index::from_bytes(read(&shard.index)).expect("an index"),
        items: Items::from_bytes(&read(&shard.items)).expect("items"),
    });
    Engine::new(&config, text, shards.collect()).expect("an engine")
}

/// Names and cosines of all hits of an exact search, best first.
fn hits(engine: &Engine, query: Query) -> Vec<(String, f32)> {
    let found = engine.search(&Query { exact: true, ..query }).expect("hits");
    let named = found.iter().map(|hit| {
        let id = engine.shards()[hit.item.shard].items.id(hit.item.ordinal).expect("an item");
        (id.to_string(), hit.cosine)
    });
    named.collect()
}

fn item_called(engine: &Engine, name: &str) -> ItemId {
    let id = name.parse().expect("a name");
    assert!(engine.find(&id).is_some(), "an item of the catalog");
    id
}

/// What the script of `tests/reader` prints; none, said aloud, where there is no Python.
fn python(script: &str, arguments: &[&str], input: &str) -> Option<Output> {
    let mut command = Command::new("python3");
    command.arg("-B").arg(repository().join("tests/reader").join(script)).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("SKIPPED: there is no python3, so the second reader was not asked");
            return None;
        }
        child => child.expect("a process"),
    };
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("a reader that reads");
    Some(child.wait_with_output().expect("its output"))
}

/// For each query the second reader's names and cosines.
fn second_reader(catalog: &str, arguments: &[&str], input: &str) -> Option<Vec<Vec<(String, f32)>>> {
    let folder = packet().join(catalog);
    let arguments = [&[folder.to_str().expect("a path of text")], arguments].concat();
    let output = python("catalog_reader.py", &arguments, input)?;
    assert!(output.status.success(), "{catalog}: {}", String::from_utf8_lossy(&output.stderr));
    let found: Vec<Vec<Value>> = serde_json::from_slice(&output.stdout).expect("JSON");
    let pair = |hit: &Value| {
        let cosine = hit["cosine"].as_f64().expect("a number");
        (hit["id"].as_str().expect("a name").to_owned(), cosine as f32)
    };
    Some(found.iter().map(|hits| hits.iter().map(pair).collect()).collect())
}

#[test]
fn each_decoy_has_the_first_hit_of_who_reads_by_the_document() {
    let decoys = fs::read(packet().join("decoys.json")).expect("the decoys");
    let decoys: Vec<Value> = serde_json::from_slice(&decoys).expect("JSON");
    assert!(decoys.len() > 10);
    for decoy in decoys {
        let engine = engine(decoy["catalog"].as_str().expect("a catalog"));
        let query = match decoy["like"].as_str() {
            Some(name) => Query::item(item_called(&engine, name)),
            None => Query::picture(serde_json::from_value(decoy["vector"].clone()).expect("a vector")),
        };
        let area: Option<Bounds> = serde_json::from_value(decoy["within"].clone()).expect("a box");
        let areas = area.into_iter().map(Polygon::from).collect();
        let found = hits(&engine, Query { areas, ..query.limit(1) });
        assert_eq!(Some(found[0].0.as_str()), decoy["first"]["id"].as_str(), "{decoy}");
    }
}

#[test]
fn a_second_reader_does_what_the_packet_says() {
    let folder = packet();
    let Some(output) = python("conformance.py", &[folder.to_str().expect("a path of text")], "") else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_second_reader_ranks_alike_with_the_same_cosines_to_the_bit() {
    let mut dice = StdRng::seed_from_u64(SEED);
    let vectors: Vec<Embedding> = (0..200)
        .map(|_| Embedding::new((0..4).map(|_| dice.random_range(-1.0..1.0)).collect()).expect("a direction"))
        .collect();
    let input = serde_json::to_string(&vectors).expect("JSON");
    for catalog in CATALOGS {
        let engine = engine(catalog);
        for within in ["-180,-90,180,90", "-180,0,-89.5,90", "150,-90,-150,90"] {
            let arguments = ["--vectors", "-", "--limit", "5", &format!("--within={within}")];
            let Some(found) = second_reader(catalog, &arguments, &input) else { return };
            let area: Bounds = serde_json::from_str(&format!("[{within}]")).expect("a box");
            for (vector, found) in vectors.iter().zip(found) {
                let ours = hits(&engine, Query::picture(vector.clone()).limit(5).within(area));
                assert_eq!(ours, found, "seed {SEED}, {catalog}, within {within}: {vector:?}");
            }
        }
    }
}

#[test]
fn a_second_reader_finds_the_same_items_like_each_item() {
    for catalog in CATALOGS {
        let engine = engine(catalog);
        let names: Vec<String> =
            engine.shards().iter().flat_map(|shard| shard.items.ids()).map(|id| id.to_string()).collect();
        for name in names {
            let Some(found) = second_reader(catalog, &["--like", &name], "") else { return };
            let ours = hits(&engine, Query::item(item_called(&engine, &name)));
            assert_eq!(vec![ours], found, "{catalog}, like {name}");
        }
    }
}
