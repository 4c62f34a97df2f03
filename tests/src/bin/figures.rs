//! Prints what the README says of the page: bytes until the first search, and milliseconds a query.
//!
//! Usage: `cargo xtask figures`, which builds what is needed and sets the environment that [`Artifacts`] describes.

use anyhow::{Context, Result};
use clip_rs_tests::{Artifacts, Chromium, Seen, Site, ask_worker};
use serde::Deserialize;
use serde_json::json;

const QUERIES: [&str; 10] = [
    "baseball field",
    "storage tanks",
    "parked airplanes",
    "a river with a bridge",
    "solar panels on a field",
    "houses with swimming pools",
    "boats in a marina",
    "golf course",
    "cars in a parking lot beside a large building",
    "dense forest",
];
/// How often each query is made; the first round warms up and is not counted.
const ROUNDS: usize = 6;

#[derive(Deserialize)]
struct Hits {
    encode_ms: f64,
    search_ms: f64,
}

fn main() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), 1280, 800)?;
    page.wait_for_state("ready")?;
    // The map's first tiles are part of what a visitor waits for.
    std::thread::sleep(std::time::Duration::from_secs(3));
    print_bytes(&chromium.recorder().seen());

    let ask = |query| json!({ "type": "search", "ask": { "text": query }, "limit": 20 });
    let requests: Vec<_> = (0..ROUNDS).flat_map(|_| QUERIES.map(ask)).collect();
    let answers: Vec<Hits> = page.eval(&ask_worker(&site, &requests))?;
    let counted = answers.get(QUERIES.len()..).context("too few answers")?;
    print_times("encode", counted.iter().map(|hits| hits.encode_ms).collect());
    print_times("search", counted.iter().map(|hits| hits.search_ms).collect());
    Ok(())
}

/// Tells whether a URL is of a kind.
type OfKind = fn(&str) -> bool;

/// Bytes over the network by kind, headers included, compressed as they came.
fn print_bytes(seen: &[Seen]) {
    let kinds: [(&str, OfKind); 5] = [
        ("program (wasm, JavaScript, CSS, HTML)", |url| !url.contains("/catalog/")),
        ("text tower", |url| url.contains("/text.")),
        ("vocabulary", |url| url.contains("/vocabulary.")),
        ("index, items, listing, manifest", |url| {
            ["/index.", "/items.", "/listing.", "/model.", "/catalog.json"]
                .iter()
                .any(|part| url.contains(part))
        }),
        ("map tiles", |url| url.contains("/tiles-")),
    ];
    for (kind, of_kind) in kinds {
        let these: Vec<&Seen> = seen.iter().filter(|request| of_kind(&request.url)).collect();
        let bytes: u64 = these.iter().map(|request| request.received).sum();
        println!("{kind}: {:.3} MB in {} requests", bytes as f64 / 1e6, these.len());
    }
    let all: u64 = seen.iter().map(|request| request.received).sum();
    println!("all until a search is possible: {:.3} MB", all as f64 / 1e6);
}

fn print_times(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |fraction: f64| times.get((times.len() as f64 * fraction) as usize).copied().unwrap_or_default();
    println!("{what}: median {:.1} ms, 95 % within {:.1} ms ({} queries)", at(0.5), at(0.95), times.len());
}
