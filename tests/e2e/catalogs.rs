//! Several catalogs in one page: those of its server and of another origin, if the operator allows it, and none else.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use clip_rs_catalog::TileId;
use clip_rs_tests::land::{Land, Pyramid};
use clip_rs_tests::{Artifacts, Chromium, Page, Site};

use crate::anywhere::index;
use crate::hosts::{free_port, start};
use crate::{DESKTOP, PHONE, expect_quiet};

/// Title of the second catalog, and number of its items.
const TITLE: &str = "The land beyond";
const ITEMS: usize = 6;
/// JavaScript: what is said of the switch, and how it is used.
const SWITCH: &str = "document.querySelector('[data-testid=catalog-switch]')";
/// JavaScript: a picture of a result, and the map's tiles, are there to be seen.
const SEEN: &str = "document.querySelector('[data-testid=result-image]')?.naturalWidth > 0 \
    && [...document.querySelectorAll('.leaflet-tile-loaded')].some((tile) => tile.style.backgroundImage)";
const CONTROLLED: &str = "navigator.serviceWorker.controller !== null";

/// A second catalog, in a folder that goes with this value.
fn land(artifacts: &Artifacts) -> Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    Pyramid::of(Land::new(16, 18_744, 25_072, 4)).write_block(
        &tiles,
        TileId::new(16, 18_744, 25_072)?,
        3,
        2,
    )?;
    index(artifacts, "--tiles", &tiles, &out, &["--title", TITLE])?;
    Ok((folder, out))
}

/// The page with the test catalog and the second one, called `land`.
fn site_of_two(artifacts: &Artifacts, second: &Path) -> Result<Site> {
    let second = format!("land={}", second.display());
    Site::start_with(artifacts, &artifacts.catalog, &["--catalog", &second])
}

/// An address that is free now.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Chooses another catalog as a person does, and waits until it is at hand.
fn choose(page: &Page, url: &str) -> Result<()> {
    page.wait_until("there is a choice", &format!("{SWITCH}?.options.length > 1"))?;
    let chosen = format!(
        "(() => {{ const s = {SWITCH}; s.value = '{url}'; s.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
    );
    // The page may be gone before it can answer.
    let _gone = page.eval::<serde_json::Value>(&chosen);
    let now = match url {
        "catalog/catalog.json" => "location.search === ''".to_owned(),
        url => format!("new URLSearchParams(location.search).get('catalog') === '{url}'"),
    };
    page.wait_until("another catalog is at hand", &now)?;
    page.wait_for_state("ready results unlikely empty")?;
    Ok(())
}

/// What is found of words that the address holds already.
fn found(page: &Page) -> Result<Vec<String>> {
    page.wait_for_state("results unlikely")?;
    page.show_nearest()?;
    Ok(page.results()?.into_iter().map(|card| card.id).collect())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn one_page_searches_both_catalogs_of_its_server_with_the_same_words() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let (_folder, second) = land(&artifacts)?;
    let site = site_of_two(&artifacts, &second)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    let first: Vec<String> = page.search("a field")?.into_iter().map(|card| card.id).collect();
    page.click("[data-testid=result-image]")?;
    page.wait_until("a result is selected", "location.hash.includes('sel=')")?;

    choose(&page, "catalogs/land/catalog.json")?;
    let hash: String = page.eval("location.hash")?;
    assert!(hash.starts_with("#q=a%20field"), "{hash}");
    assert!(!first.iter().any(|id| hash.contains(id)), "no item of the other one: {hash}");
    let other = found(&page)?;
    assert_eq!(other.len(), ITEMS);
    page.wait_until("its pictures are there", SEEN)?;
    assert_eq!(page.eval::<String>("document.title")?, format!("{TITLE} · CLIP-RS"));
    assert_eq!(page.eval::<String>(&format!("{SWITCH}.selectedOptions[0].text"))?, TITLE);
    let label: String = page.eval(&format!("{SWITCH}.labels[0].innerText"))?;
    assert!(label.starts_with("Catalog"), "{label}");

    page.resize(PHONE.0, PHONE.1)?;
    page.wait_until(
        "a phone has the choice, too",
        &format!(
            "(() => {{ const {{ left, right, height }} = {SWITCH}.getBoundingClientRect(); \
             return left >= 0 && right <= innerWidth && height >= 32 && document.documentElement.scrollWidth <= innerWidth; }})()"
        ),
    )?;
    choose(&page, "catalog/catalog.json")?;
    assert_eq!(found(&page)?, first, "as if nothing had been in between");
    // "Back" leads to the other one.
    page.eval::<serde_json::Value>("history.back()").ok();
    page.wait_until("the other one is back", "location.search !== ''")?;
    assert_eq!(found(&page)?, other);
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_page_with_one_catalog_has_no_choice_and_asks_for_the_list_when_it_can_be_searched() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url("#q=storage%20tanks"), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("results")?;
    let list = site.url("catalogs.json");
    page.wait_until("the list is read", &format!("performance.getEntriesByName('{list}').length > 0"))?;
    let order = format!(
        "(([ready], [list]) => ready.startTime + ready.duration <= list.startTime)\
         (performance.getEntriesByName('clip-rs:ready'), performance.getEntriesByName('{list}'))"
    );
    assert!(page.eval::<bool>(&order)?, "what can be searched comes first");
    assert_eq!(page.count("[data-testid=catalog-switch]")?, 0);
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_of_another_origin_is_shown_where_both_operators_allow_it() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let (_folder, second) = land(&artifacts)?;
    let address = free_address()?;
    let other = Site::start_with(&artifacts, &second, &["--embed-from", &format!("http://{address}")])?;
    let url = other.url("catalog/catalog.json");
    let listed = format!("{TITLE}={url}");
    let site = Site::start_at(&artifacts, &artifacts.catalog, address, &["--catalog-from", &listed])?;
    let chromium = Chromium::start(&artifacts, &site)?;
    chromium.recorder().also_pass(other.address());
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    // It keeps the page as the server made it for this list.
    page.wait_until("there is a service worker", CONTROLLED)?;
    choose(&page, &url)?;
    page.search("a field")?;
    assert_eq!(found(&page)?.len(), ITEMS);
    page.wait_until("its pictures are there", SEEN)?;
    let seen = chromium.recorder().seen();
    let tiles = other.url("catalog/tiles-");
    assert!(seen.iter().any(|request| request.url.starts_with(&tiles)), "the pictures come from there");
    expect_quiet(&chromium);

    // What was seen of it is there without both servers.
    let kept = format!("caches.match('{url}', {{ cacheName: 'clip-rs-seen' }}).then(Boolean)");
    page.wait_until("it is kept", &kept)?;
    drop((site, other));
    page.reload()?;
    assert_eq!(found(&page)?.len(), ITEMS);
    assert!(page.text("[data-testid=offline]")?.starts_with("Offline: the data are those of "));
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_that_nobody_listed_is_refused_by_name_and_nothing_is_fetched_from_there() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let other = Site::start_with(&artifacts, &artifacts.catalog, &["--embed-from", "any"])?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    chromium.recorder().also_pass(other.address());
    let url = other.url("catalog/catalog.json");
    for wanted in [url.as_str(), "catalogs/other/catalog.json", "../catalog.json"] {
        let page = chromium.open(&site.url(&format!("?catalog={wanted}")), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("failed")?;
        let said = page.text("[data-testid=error]")?;
        let named = wanted.trim_start_matches("../");
        assert!(
            said.contains(named) && said.contains("catalogs.json") && said.contains("--catalog-from"),
            "{said}"
        );
    }
    let seen = chromium.recorder().seen();
    assert!(!seen.iter().any(|request| request.url.starts_with(&other.url(""))), "nothing of the other site");
    assert!(
        !seen.iter().any(|request| {
            request.url.split('?').next().is_some_and(|path| path.contains("catalogs/other/"))
        }),
        "nor of what nobody listed here"
    );
    // Its own is always allowed, by whatever name.
    let page = chromium.open(&site.url("?catalog=./catalog/catalog.json"), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_server_that_lets_nobody_read_its_catalog_is_named_with_what_to_do() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let other = Site::start(&artifacts, &artifacts.catalog)?;
    let url = other.url("catalog/catalog.json");
    let site = Site::start_with(&artifacts, &artifacts.catalog, &["--catalog-from", &url])?;
    let chromium = Chromium::start(&artifacts, &site)?;
    chromium.recorder().also_pass(other.address());
    let page = chromium.open(&site.url(&format!("?catalog={url}")), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("failed")?;
    let said = page.text("[data-testid=error]")?;
    let own = site.url("").trim_end_matches('/').to_owned();
    assert!(said.contains(&url) && said.contains(&format!("--embed-from {own}")), "{said}");
    // And there is a way out.
    choose(&page, "catalog/catalog.json")
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_pack_with_two_catalogs_and_one_elsewhere_works_behind_a_plain_file_server() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let (folder, second) = land(&artifacts)?;
    let port = free_port()?;
    let other =
        Site::start_with(&artifacts, &second, &["--embed-from", &format!("http://127.0.0.1:{port}")])?;
    let url = other.url("catalog/catalog.json");
    let packed = folder.path().join("field");
    let mut pack = Command::new(&artifacts.clip_rs);
    pack.arg("pack").arg(&artifacts.catalog).arg(format!("land={}", second.display()));
    pack.args(["--catalog-from", &url]).arg("--app").arg(&artifacts.dist).arg("--out").arg(&packed);
    let output = pack.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut python = Command::new("python3");
    python.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(&packed);
    let host = start(python.arg(port.to_string()), port)?;
    let chromium = Chromium::start_for(&artifacts, host.address)?;
    chromium.recorder().also_pass(other.address());
    let page = chromium.open(&format!("http://{}/", host.address), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    page.wait_until("there is a service worker", CONTROLLED)?;
    assert!(!page.search("storage tanks")?.is_empty());
    for catalog in ["catalogs/land/catalog.json", &url] {
        choose(&page, catalog)?;
        assert_eq!(found(&page)?.len(), ITEMS, "{catalog}");
        page.wait_until("its pictures are there", SEEN)?;
    }
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_second_catalog_answers_without_the_network_after_a_visit_to_it() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let (_folder, second) = land(&artifacts)?;
    let site = site_of_two(&artifacts, &second)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    page.wait_until("there is a service worker", CONTROLLED)?;
    choose(&page, "catalogs/land/catalog.json")?;
    page.search("a field")?;
    let kept = "(async () => {
        const base = new URL('catalogs/land/', location.origin);
        const { model, shards } = await (await fetch(new URL('catalog.json', base))).json();
        const names = ['catalog.json', '../../catalogs.json', model.text, ...shards.map(({ index }) => index)];
        const kept = names.map((name) => caches.match(new URL(name, base), { cacheName: 'clip-rs-seen' }));
        return (await Promise.all(kept)).every(Boolean);
    })()";
    page.wait_until("it is kept with the list", kept)?;
    let before = chromium.recorder().seen().len();
    drop(site);
    page.reload()?;
    assert_eq!(found(&page)?.len(), ITEMS);
    page.wait_until("the choice is there, too", &format!("{SWITCH}?.options.length === 2"))?;
    let received: u64 = chromium.recorder().seen()[before..].iter().map(|request| request.received).sum();
    assert_eq!(received, 0, "nothing came from the server");
    Ok(())
}
