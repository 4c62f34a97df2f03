//! What a visit may cost, counted in bytes and requests.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clip_rs_tests::Artifacts;

use crate::Visit;

/// The page's program as it travels, packed by brotli.
const PAGE_BYTES: u64 = 578_000;
/// The explorer, which is loaded when one of its abilities is first used.
const EXPLORER_BYTES: u64 = 446_000;
/// The keeper, which is loaded when somebody wants to save a catalog.
const KEEPER_BYTES: u64 = 150_000;
/// Either build of the worker, likewise. A program holds the paths of its packages' sources, so it is somewhat larger where the home
/// folder has a longer name.
const WORKER_BYTES: u64 = 345_000;
/// The general engine, which is loaded where a catalog's model needs it.
const GENERAL_BYTES: u64 = 1_800_000;
/// All that travels until the sample area can be searched.
const VISIT_BYTES: u64 = 9_000_000;
/// What the service worker fetches after that, so that all of the page is there without a network.
const KEPT_BYTES: u64 = 1_500_000;
/// Hexadecimal digits that the server takes for a hash of the content (`server/src/request_path.rs`).
const HASH_DIGITS: usize = 15;

/// Whether a URL says by a hash that what it names never changes.
fn is_named_by_content(url: &str) -> bool {
    let is_hash = |part: &str| part.len() >= HASH_DIGITS && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    url.split(|c: char| !c.is_ascii_alphanumeric()).any(is_hash)
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_programs_are_small_when_packed() -> Result<()> {
    let dist = Artifacts::from_env()?.dist;
    let mut workers = 0;
    for path in files(&dist)?.iter().filter(|path| path.extension().is_some_and(|ending| ending == "wasm")) {
        let packed = fs::metadata(path.with_extension("wasm.br"))
            .with_context(|| format!("the packed sibling of {}", path.display()))?
            .len();
        let is_worker = path.ends_with("worker_bg.wasm");
        workers += usize::from(is_worker);
        let most = match path.file_name().and_then(|name| name.to_str()) {
            Some("worker_bg.wasm") => WORKER_BYTES,
            Some("explorer_bg.wasm") => EXPLORER_BYTES,
            Some("keeper_bg.wasm") => KEEPER_BYTES,
            Some("general_bg.wasm") => GENERAL_BYTES,
            _ => PAGE_BYTES,
        };
        println!("{}: {packed} bytes packed", path.display());
        assert!(packed <= most, "{}: {packed} bytes packed, more than {most}", path.display());
    }
    assert_eq!(workers, 2, "a plain worker and one with relaxed SIMD");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_sample_area_can_be_searched_after_few_megabytes() -> Result<()> {
    let bytes = received(&Visit::alone("")?);
    assert!(bytes > 1_000_000, "the log saw only {bytes} bytes");
    assert!(bytes <= VISIT_BYTES, "{bytes} bytes, more than {VISIT_BYTES}");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn keeping_the_page_for_days_without_a_network_takes_little_more() -> Result<()> {
    let visit = Visit::ready("")?;
    visit.page.wait_until("it is kept", "navigator.serviceWorker.controller !== null")?;
    let bytes = received(&visit);
    let most = VISIT_BYTES + KEPT_BYTES;
    assert!(bytes <= most, "{bytes} bytes, more than {most}");
    Ok(())
}

/// Bytes that a visit has received in all, the map's tiles, which nobody has to wait for, among them.
fn received(visit: &Visit) -> u64 {
    thread::sleep(Duration::from_secs(2));
    let bytes = visit.chromium.recorder().seen().iter().map(|request| request.received).sum();
    println!("{bytes} bytes");
    bytes
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_second_visit_asks_only_for_what_may_have_changed() -> Result<()> {
    let visit = Visit::alone("")?;
    // The first visit's tiles are to be complete, and in the browser's cache.
    thread::sleep(Duration::from_secs(2));
    let before = visit.chromium.recorder().seen().len();
    let again = visit.chromium.open("about:blank", 1280, 800)?;
    again.without_service_worker()?;
    again.go(&visit.site.url(""))?;
    again.wait_for_state("ready")?;
    thread::sleep(Duration::from_secs(1));
    let seen = visit.chromium.recorder().seen();
    assert!(seen[..before].iter().any(|request| is_named_by_content(&request.url)));
    let asked: Vec<&str> = seen[before..].iter().map(|request| request.url.as_str()).collect();
    assert!(asked.contains(&visit.site.url("").as_str()), "it asks for the page: {asked:?}");
    let others: Vec<_> = asked.iter().filter(|url| is_named_by_content(url)).collect();
    assert!(others.is_empty(), "asked for again: {others:#?}");
    Ok(())
}
