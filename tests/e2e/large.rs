//! A catalog that is searched by cells: of one file the ranges are fetched that a query is near, and no shard is loaded.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clip_rs_catalog::{Bounds, FileRef, MANIFEST_NAME, Manifest, TileId};
use clip_rs_tests::{Artifacts, Chromium, Page, Site};
use serde_json::Value;

use crate::anywhere::index;
use crate::damage::copy_all;
use crate::{DESKTOP, PHONE, expect_quiet};

/// The sample area with cells; its embeddings are those of the catalog without.
fn catalog(artifacts: &Artifacts, root: &Path) -> Result<PathBuf> {
    let (out, work) = (root.join("large"), root.join("large.work"));
    copy_all(&artifacts.catalog.with_extension("work"), &work)?;
    index(artifacts, "--tiles", &artifacts.sample, &out, &["--cells", "always"])?;
    Ok(out)
}

/// The file of a catalog's cells.
fn cells_of(catalog: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(catalog)?.filter_map(Result::ok).map(|entry| entry.path());
    let is_it = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("cells."))
            && path.extension().is_some_and(|ending| ending == "bin")
    };
    { files }.find(is_it).context("a file of cells")
}

/// How many groups are shown of what is here.
const GROUPS: &str = "document.querySelectorAll('[data-testid=group]').length";
/// What is said of how much was looked at.
const LOOKED_AT: &str = "document.querySelector('[data-testid=looked-at]')?.textContent ?? ''";

/// The indexes of shards that were asked for. Names and footprints are asked for by the box, which knows places by name where
/// that takes little.
fn shards(chromium: &Chromium) -> Vec<String> {
    let urls = chromium.recorder().seen().into_iter().map(|request| request.url);
    urls.filter(|url| url.ends_with(".bin") && url.contains("/index.")).collect()
}

/// Names of the nearest items as the command finds them among all.
pub fn exact(artifacts: &Artifacts, catalog: &Path, query: &str, limit: usize) -> Result<Vec<String>> {
    by_command(artifacts, catalog, query, &["--exact", "--limit", &limit.to_string()])
}

/// Names of what the command finds.
pub fn by_command(artifacts: &Artifacts, catalog: &Path, query: &str, words: &[&str]) -> Result<Vec<String>> {
    let mut search = Command::new(&artifacts.clip_rs);
    let found = search.args(["search", "--json"]).args(words).arg(catalog).arg(query).output()?;
    let found: Value = serde_json::from_slice(&found.stdout).context("--json")?;
    let ids = found.as_array().context("a list")?.iter().filter_map(|hit| hit["id"].as_str());
    Ok(ids.map(str::to_owned).collect())
}

fn ids(page: &Page) -> Result<Vec<String>> {
    Ok(page.results()?.into_iter().map(|card| card.id).collect())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_with_cells_is_searched_by_ranges_and_finds_what_the_whole_one_finds() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = tempfile::tempdir()?;
    let out = catalog(&artifacts, root.path())?;
    let verified = Command::new(&artifacts.clip_rs).arg("verify").arg(&out).output()?;
    assert!(verified.status.success(), "{verified:?}");
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
    page.without_service_worker()?;
    page.go(&site.url(""))?;
    page.wait_for_state("ready")?;
    assert!(page.text("[data-testid=status]")?.contains("2,304 pictures"));
    for query in ["pond", "storage tanks", "parked airplanes"] {
        let found: HashSet<String> = page.search(query)?.into_iter().map(|card| card.id).collect();
        let said: String = page.eval(LOOKED_AT)?;
        assert!(said.starts_with("Looked at all 2,304 pictures: "), "{said}");
        let exact = exact(&artifacts, &out, query, 20)?;
        let same = exact.iter().filter(|id| found.contains(*id)).count();
        assert!(exact.len() == 20 && same >= 17, "{query}: {same} of {} are found", exact.len());
    }
    let seen = chromium.recorder().seen();
    let of = |part: &str| seen.iter().filter(|request| request.url.contains(part)).collect::<Vec<_>>();
    assert_eq!(shards(&chromium), <[String; 0]>::default(), "no shard is loaded");
    assert_eq!(of("/centroids.").len(), 1);
    let cells = of("/cells.");
    assert!(!cells.is_empty(), "cells are fetched");
    for request in &cells {
        assert!(request.headers.to_lowercase().contains("range: bytes="), "{}", request.headers);
    }
    let bytes: u64 = cells.iter().map(|request| request.received).sum();
    let whole = fs::metadata(cells_of(&out)?)?.len();
    assert!(bytes <= whole + 4000, "{bytes} bytes: nothing is fetched twice");
    // More like a result: it is the first itself.
    let first = ids(&page)?.remove(0);
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", "document.querySelector('[data-testid=detail-like]') !== null")?;
    page.click("[data-testid=detail-like]")?;
    page.wait_until("it is first", &format!("location.hash.includes('like=') && document.querySelector('[data-testid=result]')?.dataset.id === '{first}'"))?;
    // Whoever gets the link has not found it before: the shard is fetched that it lies in.
    let linked: String = page.eval("location.hash")?;
    let found = ids(&page)?;
    page.go("about:blank")?;
    page.go(&site.url(&linked))?;
    page.wait_for_state("results")?;
    let again = ids(&page)?;
    assert_eq!((&again[0], shards(&chromium).len()), (&found[0], 1), "{linked}");
    assert!(again.iter().filter(|id| found.contains(id)).count() >= 17, "{again:?}, before {found:?}");
    expect_quiet(&chromium);
    Ok(())
}

/// Names of what a link finds: of the first that are shown.
fn found_by(page: &Page, site: &Site, link: &str) -> Result<Vec<String>> {
    page.go("about:blank")?;
    page.go(&site.url(link))?;
    page.wait_for_state("results")?;
    page.show_nearest()?;
    ids(page)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_is_not_wanted_areas_concepts_and_groups_are_answered_by_cells_as_by_the_whole() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = tempfile::tempdir()?;
    let out = catalog(&artifacts, root.path())?;
    let (whole, site) = (Site::start(&artifacts, &artifacts.catalog)?, Site::start(&artifacts, &out)?);
    let of_whole = Chromium::start(&artifacts, &whole)?;
    let answers = of_whole.open(&whole.url(""), DESKTOP.0, DESKTOP.1)?;
    answers.wait_for_state("ready")?;
    answers.click("[data-testid=tab-here]")?;
    answers.wait_until("there are groups", &format!("{GROUPS} > 6"))?;
    answers.click("[data-testid=group] button")?;
    answers.wait_until("it is searched for", "location.hash.includes('concept=')")?;
    answers.wait_for_state("results")?;
    let concept: String = answers.eval("location.hash.split('&').find(part => part.includes('concept='))")?;
    let concept = format!("#{}", concept.trim_start_matches('#'));
    // The middle of the area, by a quarter of its width and height.
    let area = Manifest::from_json(&fs::read(out.join(MANIFEST_NAME))?)?.bounds.context("an area")?;
    let (west, south, east, north) = (area.west(), area.south(), area.east(), area.north());
    let (wide, high) = ((east - west) / 8.0, (north - south) / 8.0);
    let (lng, lat) = ((west + east) / 2.0, (south + north) / 2.0);
    let middle = Bounds::new(lng - wide, lat - high, lng + wide, lat + high)?;
    let within = format!(
        "#q=pond&in={:.6},{:.6},{:.6},{:.6}",
        middle.west(),
        middle.south(),
        middle.east(),
        middle.north()
    );

    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
    page.without_service_worker()?;
    for link in ["#text=swimming%20pool&text=-0.5*houses", &concept, &within] {
        let expected = found_by(&answers, &whole, link)?;
        let found = found_by(&page, &site, link)?;
        let same = found.iter().filter(|id| expected.contains(id)).count();
        let count = expected.len();
        assert!(count >= 10 && same * 20 >= count * 17, "{link}: {same} of {count} are found: {found:?}");
        if link == within {
            for id in &found {
                let own = id.parse::<TileId>()?.bounds().centre();
                assert!(middle.contains(own), "{id} lies outside of the area");
            }
        } else {
            assert_eq!(shards(&chromium), <[String; 0]>::default(), "{link}: no shard is loaded");
        }
    }
    page.click("[data-testid=tab-here]")?;
    page.wait_until("there are groups", &format!("{GROUPS} > 6"))?;
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn groups_of_more_than_a_browser_has_room_for_are_refused_with_what_to_do() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = tempfile::tempdir()?;
    let out = catalog(&artifacts, root.path())?;
    // The shard weighs as much as one of a million places: what it weighs is known before any of it is fetched.
    let path = out.join(MANIFEST_NAME);
    let mut manifest = Manifest::from_json(&fs::read(&path)?)?;
    let index = manifest.shards[0].index.clone();
    let weighed = |file: FileRef| match file.name == index {
        true => FileRef { bytes: 300_000_000, ..file },
        false => file,
    };
    manifest.files = Vec::from(manifest.files).into_iter().map(weighed).collect::<Vec<_>>().into();
    fs::write(&path, manifest.to_json()?)?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    page.click("[data-testid=tab-here]")?;
    page.wait_until(
        "it is refused in words",
        "document.querySelector('[data-testid=exploring-failed]')?.innerText.includes('Search within a smaller area')",
    )?;
    assert_eq!(shards(&chromium), <[String; 0]>::default(), "no shard is loaded");
    assert_eq!(page.search("pond")?.len(), 20, "words are searched by cells");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_with_cells_works_without_a_network_once_it_is_saved() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = tempfile::tempdir()?;
    let out = catalog(&artifacts, root.path())?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), PHONE.0, PHONE.1)?;
    page.wait_for_state("ready")?;
    page.wait_until("the service worker is there", "navigator.serviceWorker.controller !== null")?;
    let found: Vec<String> = page.search("pond")?.into_iter().map(|card| card.id).collect();
    // What the service worker keeps of its own is what was loaded.
    page.wait_until(
        "it is kept",
        "caches.open('clip-rs-seen').then(seen => seen.keys()).then(keys => keys.some(({ url }) => url.includes('/centroids.')))",
    )?;
    assert_eq!(shards(&chromium), <[String; 0]>::default(), "no shard is loaded");
    page.click("[data-testid=tab-saved]")?;
    page.click("[data-testid=offline-open]")?;
    let size = "document.querySelector('[data-testid=offline-size]')?.textContent.includes('file')";
    page.wait_until("its size is known", size)?;
    page.click("[data-testid=offline-save]")?;
    let saved = "document.querySelector('[data-testid=offline-said]')?.textContent.startsWith('Saved')";
    page.wait_until("it is saved", saved)?;
    let (url, address) = (site.url("#q=pond"), site.address());
    drop(site);
    let chromium = chromium.reopen(&artifacts, address)?;
    let page = chromium.open(&url, DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("results")?;
    assert_eq!(ids(&page)?, found);
    assert_eq!(page.search("storage tanks")?.len(), 20);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_damaged_cell_is_not_taken_for_what_it_should_be() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = tempfile::tempdir()?;
    let out = catalog(&artifacts, root.path())?;
    let cells = cells_of(&out)?;
    let mut bytes = fs::read(&cells)?;
    bytes.iter_mut().skip(100).step_by(500).for_each(|byte| *byte ^= 1);
    fs::write(&cells, bytes)?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    page.type_words("pond")?;
    page.press("Enter")?;
    page.wait_for_state("failed")?;
    let said: String = page.eval("document.body.innerText")?;
    assert!(said.contains("cells."), "the file is named: {said}");
    let asked = chromium.recorder().seen().iter().filter(|request| request.url.contains("/cells.")).count();
    assert!(asked >= 2, "it is fetched once more");
    Ok(())
}
