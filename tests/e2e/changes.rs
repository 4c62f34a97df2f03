//! Two dates of one area: what has changed is marked on the map, listed, and reopened by a link.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clip_rs_catalog::TileId;
use clip_rs_tests::land::{Land, Pyramid};
use clip_rs_tests::{Artifacts, Chromium, Page, Site};
use image::{Rgb, RgbImage};
use serde_json::{Value, json};

use crate::anywhere::index;
use crate::{DESKTOP, expect_quiet};

/// The first tile, and how many there are across and down.
const FIRST: (u8, u32, u32) = (16, 18_744, 25_072);
const SIZE: (u32, u32) = (6, 4);
/// Tiles that something was built on, by column and row.
const BUILT: [(u32, u32); 3] = [(1, 1), (4, 0), (3, 3)];
/// Where the earlier catalog is, as it is listed.
const THEN: &str = "catalogs/then/catalog.json";
/// JavaScript: the choice of the other date, and the layer.
const SINCE: &str = "document.querySelector('[data-testid=since]')";
const LAYER: &str = "document.querySelector('.similarity-layer')?.complete === true";
/// Keeps what a page is about to save, as texts in the order of saving.
const CATCH: &str = "(() => { window.saved = []; const make = URL.createObjectURL; \
     URL.createObjectURL = blob => { if (/json/.test(blob.type)) window.saved.push(blob.text()); return make(blob); }; \
     return true; })()";

fn tile((column, row): (u32, u32)) -> Result<TileId> {
    let (z, x, y) = FIRST;
    Ok(TileId::new(z, x + column, y + row)?)
}

fn changed() -> Result<BTreeSet<String>> {
    BUILT.iter().map(|at| Ok(tile(*at)?.to_string())).collect()
}

/// Halls and yards where there was land: sharp edges in bright and dark.
fn built(seed: u32) -> RgbImage {
    RgbImage::from_fn(256, 256, |x, y| {
        let (x, y) = (x + 7 * seed, y + 3 * seed);
        if (x / 32 + y / 48) % 2 == 0 { Rgb([225, 222, 215]) } else { Rgb([45, 48, 52]) }
    })
}

/// The catalogs `now` and `then` in `folder`.
fn two_dates(artifacts: &Artifacts, folder: &Path) -> Result<()> {
    let land = Pyramid::of(Land::new(FIRST.0, FIRST.1, FIRST.2, SIZE.0));
    for (name, day) in [("then", "2019-05-01"), ("now", "2021-06-30")] {
        let tiles = folder.join(format!("{name}-tiles"));
        land.write_block(&tiles, tile((0, 0))?, SIZE.0, SIZE.1)?;
        if name == "now" {
            for (seed, at) in (0..).zip(BUILT) {
                built(seed).save(tiles.join(format!("{}.jpg", tile(at)?)))?;
            }
        }
        index(artifacts, "--tiles", &tiles, &folder.join(name), &["--title", "The land", "--captured", day])?;
    }
    Ok(())
}

/// Chooses a date as a person does.
fn choose(page: &Page, value: &str) -> Result<()> {
    page.wait_until(
        "there is a choice of dates",
        &format!("{SINCE}?.offsetParent !== null && {SINCE}?.options.length > 1"),
    )?;
    page.eval::<Value>(&format!(
        "(() => {{ const s = {SINCE}; s.value = '{value}'; s.dispatchEvent(new Event('change', {{ bubbles: true }})); return null; }})()"
    ))?;
    Ok(())
}

/// The first results are exactly what changed, and so is what the layer paints.
fn expect_what_changed(page: &Page) -> Result<()> {
    page.wait_for_state("results")?;
    page.wait_until("the layer lies on the map", LAYER)?;
    let results = page.results()?;
    let first: BTreeSet<String> = results.iter().take(BUILT.len()).map(|card| card.id.clone()).collect();
    assert_eq!(first, changed()?, "the most changed are listed first: {results:?}");
    assert_eq!(page.listed()?, BUILT.len(), "and what is as it was is not listed");
    let said = page.text("[data-testid=layer-counts]")?;
    assert!(
        said.contains("3 of 24 cells painted") && said.contains("24 places compared, 3 changed"),
        "{said}"
    );
    page.eval::<bool>(CATCH)?;
    page.click("[data-testid=save]")?;
    page.click("[data-testid=layer-geojson]")?;
    page.wait_until("it is saved", "window.saved.length === 1")?;
    let saved: Vec<String> = page.eval("Promise.all(window.saved)")?;
    let collection: Value = serde_json::from_str(&saved[0])?;
    let features = collection["features"].as_array().cloned().unwrap_or_default();
    assert_eq!(features.len(), BUILT.len());
    for feature in features {
        let corner = &feature["geometry"]["coordinates"][0][0];
        let (west, south) = (corner[0].as_f64().unwrap_or_default(), corner[1].as_f64().unwrap_or_default());
        let is_it = |at: &(u32, u32)| {
            tile(*at).is_ok_and(|tile| {
                let bounds = tile.bounds();
                (bounds.west() - west).abs() < 1e-4 && (bounds.south() - south).abs() < 1e-4
            })
        };
        assert!(BUILT.iter().any(is_it), "{west}, {south} has not changed");
    }
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_changed_between_two_dates_is_marked_listed_and_reopened_by_its_link() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    two_dates(&artifacts, folder.path())?;
    let then = format!("then={}", folder.path().join("then").display());
    let site = Site::start_with(&artifacts, &folder.path().join("now"), &["--catalog", &then])?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    choose(&page, THEN)?;
    expect_what_changed(&page)?;
    let chosen: String = page.eval(&format!("{SINCE}.selectedOptions[0].text"))?;
    assert_eq!(chosen, "The land, 2019-05-01");
    let similarity = "[...document.querySelectorAll('[data-testid=similarity]')].map(mark => mark.innerText)";
    let marks: Vec<String> = page.eval(similarity)?;
    assert!(marks.iter().take(3).all(|mark| mark.starts_with("changed, ")), "{marks:?}");

    // Each shows what was there before.
    page.click("[data-testid=details-button]")?;
    page.wait_until(
        "both dates are seen",
        "document.querySelector('[data-testid=detail-then] img')?.naturalWidth > 0 \
         && document.querySelector('.detail-frame img')?.naturalWidth > 0",
    )?;
    let differ = "document.querySelector('[data-testid=detail-then] img').src \
                  !== document.querySelector('.detail-frame img').src";
    assert!(page.eval::<bool>(differ)?);
    page.click("[data-testid=detail-back]")?;

    // The link says it all.
    let hash: String = page.eval("location.hash")?;
    assert!(hash.contains("since=catalogs/then/catalog.json"), "{hash}");
    let again = chromium.open(&site.url(&hash), DESKTOP.0, DESKTOP.1)?;
    expect_what_changed(&again)?;
    again.wait_until("the date is chosen", &format!("{SINCE}?.value === '{THEN}'"))?;

    // What is looked for goes before, and nothing more is asked when the date is taken back.
    assert!(!again.search("a field")?.is_empty());
    let hash: String = again.eval("location.hash")?;
    assert!(!hash.contains("since="), "{hash}");
    choose(&page, "")?;
    page.wait_for_state("ready")?;
    page.wait_until("the layer is off", "!document.querySelector('.similarity-layer')")?;
    expect_quiet(&chromium);
    Ok(())
}

/// Pictures of two flights in one list of STAC items: the second flew a little further east, and over one thing more.
fn two_flights(folder: &Path) -> Result<PathBuf> {
    let land = Pyramid::of(Land::new(FIRST.0, FIRST.1, FIRST.2, SIZE.0));
    let mut items = Vec::new();
    for (flight, day, shift) in [("a", "2019-05-01", 0.0), ("b", "2021-06-30", 0.1)] {
        std::fs::create_dir_all(folder.join(flight))?;
        for (number, at) in (0..SIZE.0).map(|column| (column, (column, 2))) {
            let (tile, name) = (tile(at)?, format!("{flight}/{number}.jpg"));
            let picture = if (flight, number) == ("b", 4) { built(0) } else { land.draw(tile) };
            picture.save(folder.join(&name))?;
            let bounds = tile.bounds();
            let (west, east) =
                (bounds.west() + shift * bounds.width(), bounds.east() + shift * bounds.width());
            items.push(json!({
                "type": "Feature", "stac_version": "1.0.0", "id": name, "bbox": [west, bounds.south(), east, bounds.north()],
                "properties": { "datetime": format!("{day}T10:00:00Z") }, "assets": { "image": { "href": name } }
            }));
        }
    }
    let path = folder.join("items.json");
    std::fs::write(&path, json!({ "type": "FeatureCollection", "features": items }).to_string())?;
    Ok(path)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn one_catalog_of_two_flights_is_compared_with_its_earlier_days() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (items, out) = (two_flights(folder.path())?, folder.path().join("catalog"));
    index(&artifacts, "--images", &items, &out, &["--title", "Two flights"])?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    choose(&page, "2019-05-01")?;
    page.wait_for_state("results")?;
    let first = page.results()?.first().map(|card| card.id.clone());
    assert_eq!(first.as_deref(), Some("b/4.jpg"));
    let said = page.text("[data-testid=layer-counts]")?;
    assert!(said.contains("6 places compared, 1 changed, 0 not seen on both dates"), "{said}");
    page.wait_until(
        "the day may be another",
        "document.querySelector('[data-testid=since-day]').offsetParent",
    )?;
    // No picture is of a later day than the last.
    page.eval::<Value>(
        "(() => { const day = document.querySelector('[data-testid=since-day]'); day.value = '2022-01-01'; \
         day.dispatchEvent(new Event('change', { bubbles: true })); return null; })()",
    )?;
    page.wait_until("it is said", "document.querySelector('[data-testid=exploring-failed]') !== null")?;
    let said = page.text("[data-testid=exploring-failed]")?;
    assert!(said.contains("was seen on the other date"), "{said}");
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_with_cells_is_searched_by_days_and_compared_with_its_earlier_days() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (items, out) = (two_flights(folder.path())?, folder.path().join("catalog"));
    index(&artifacts, "--images", &items, &out, &["--title", "Two flights", "--cells", "always"])?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    for (taken, flight) in [("2020-01-01/..", "b/"), ("../2020-01-01", "a/"), ("2019-05-01/2021-06-30", "")] {
        let page = chromium.open(&site.url(&format!("#like=b/1.jpg&taken={taken}")), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("results")?;
        let ids: Vec<String> = page.results()?.into_iter().map(|card| card.id).collect();
        let expected = if flight.is_empty() { 2 * SIZE.0 } else { SIZE.0 } as usize;
        assert!(ids.len() == expected && ids.iter().all(|id| id.starts_with(flight)), "{taken}: {ids:?}");
    }
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    choose(&page, "2019-05-01")?;
    page.wait_for_state("results")?;
    let first = page.results()?.first().map(|card| card.id.clone());
    assert_eq!(first.as_deref(), Some("b/4.jpg"));
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_link_cannot_compare_with_a_catalog_that_nobody_listed() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url("#since=catalogs/other/catalog.json"), DESKTOP.0, DESKTOP.1)?;
    page.wait_until("it is said", "document.querySelector('[data-testid=exploring-failed]') !== null")?;
    let said = page.text("[data-testid=exploring-failed]")?;
    assert!(said.contains("may not show the catalog") && said.contains("catalogs/other"), "{said}");
    page.wait_for_state("ready")?;
    // And where there is nothing to compare with there is no choice.
    let alone = chromium.open(&site.url("#q=storage%20tanks"), DESKTOP.0, DESKTOP.1)?;
    alone.wait_for_state("results")?;
    alone.wait_until(
        "the list is read",
        &format!("performance.getEntriesByName('{}').length > 0", site.url("catalogs.json")),
    )?;
    assert!(alone.eval::<bool>(&format!("{SINCE}.offsetParent === null"))?);
    expect_quiet(&chromium);
    Ok(())
}
