//! A catalog that is saved on the device: what is kept, that it is all that is needed, and that saving goes on from anywhere.

use std::collections::HashMap;
use std::fs;

use anyhow::Result;
use clip_rs_catalog::TileId;
use clip_rs_tests::land::{Land, Pyramid};
use clip_rs_tests::{Artifacts, Chromium, Fault, Page, Site};

use crate::anywhere::index;
use crate::asking::giving;
use crate::{DESKTOP, Visit, expect_quiet};

/// What is written about how the last thing ended.
const SAID: &str = "document.querySelector('[data-testid=offline-said]')?.textContent.startsWith('Saved')";
const FAILED: &str = "document.querySelector('[data-testid=offline-failed]')?.textContent ?? ''";
/// The service worker hands out what this page asks for.
const CONTROLLED: &str = "navigator.serviceWorker.controller !== null";

/// Opens the part of the panel about it.
fn open(page: &Page) -> Result<()> {
    page.click("[data-testid=tab-saved]")?;
    page.wait_until("the panel shows it", "document.querySelector('[data-testid=offline-section]') !== null")
}

/// Begins to save the whole catalog, and says how large it is.
fn begin(page: &Page) -> Result<String> {
    open(page)?;
    page.click("[data-testid=offline-open]")?;
    let size = "document.querySelector('[data-testid=offline-size]')?.textContent.includes('file')";
    page.wait_until("its size is known", size)?;
    let size = page.text("[data-testid=offline-size]")?;
    page.click("[data-testid=offline-save]")?;
    Ok(size)
}

fn save(page: &Page) -> Result<String> {
    let size = begin(page)?;
    page.wait_until("it is saved", SAID)?;
    Ok(size)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_saved_catalog_is_searched_by_words_and_pictures_and_seen_with_no_server_and_a_new_browser() -> Result<()>
{
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.wait_until("the service worker is there", CONTROLLED)?;
    let found: Vec<String> = page.search("pond")?.into_iter().map(|card| card.id).collect();
    let size = save(page)?;
    assert!(size.contains(" MB in ") && size.contains(" files"), "{size}");
    assert_eq!(page.count("[data-testid=kept]")?, 1);
    page.click("[data-testid=offline-check]")?;
    let whole =
        "document.querySelector('[data-testid=offline-said]')?.textContent.includes('as they should be')";
    page.wait_until("all is as it should be", whole)?;
    visit.expect_quiet_console();

    let Visit { chromium, site, artifacts, .. } = visit;
    let (url, address) = (site.url("#q=pond"), site.address());
    drop(site);
    let chromium = chromium.reopen(&artifacts, address)?;
    let page = chromium.open(&url, DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("results")?;
    let again: Vec<String> = page.results()?.into_iter().map(|card| card.id).collect();
    assert_eq!(again, found);
    page.wait_until("it says that it is offline", "document.body.textContent.includes('Offline')")?;
    // The map as it is, further in and elsewhere.
    let tiles = "[...document.querySelectorAll('.leaflet-tile-loaded')].filter(tile => tile.style.backgroundImage).length > 3 \
                 && !document.querySelector('.leaflet-tile:not(.leaflet-tile-loaded)')";
    page.wait_until("the map is drawn", tiles)?;
    page.click(".leaflet-control-zoom-in, [data-testid=zoom-in]")?;
    page.wait_until("further in as well", tiles)?;
    // The picture of a tile, which needs the image tower.
    page.click(".clear")?;
    page.wait_for_state("ready")?;
    let id = "17/37322/50208";
    let bytes = fs::read(artifacts.sample.join("tiles").join(format!("{id}.jpg")))?;
    assert!(page.eval::<bool>(&giving("drop", &bytes, "a tile.jpg"))?);
    let first = format!("document.querySelector('[data-testid=result]')?.dataset.id === '{id}'");
    page.wait_until("its tile is first", &first)?;
    assert_eq!(page.count("[data-testid=notice]")?, 0, "nothing is missing");
    assert_eq!(page.count(".leaflet-tile.damaged")?, 0);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_saving_that_is_killed_ten_times_fetches_nothing_twice_but_what_was_on_its_way() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let mut chromium = Chromium::start(&artifacts, &site)?;
    let mut asked: HashMap<String, u32> = HashMap::new();
    let mut note = |chromium: &Chromium| {
        for request in chromium.recorder().seen().iter().filter(|seen| seen.url.contains("/catalog/tiles-")) {
            *asked.entry(request.url.clone()).or_default() += 1;
        }
    };
    for tenth in 0..10 {
        let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("ready")?;
        if tenth == 0 {
            begin(&page)?;
        } else {
            open(&page)?;
            page.wait_until(
                "it is not whole",
                "document.querySelector('[data-testid=kept-state]')?.textContent === 'Not whole yet.'",
            )?;
            page.click("[data-testid=offline-update]")?;
        }
        let far = format!(
            "(() => {{ const p = document.querySelector('[data-testid=offline-saving] progress'); return p && p.value > {}; }})()",
            f64::from(tenth) / 10.0 + 0.02
        );
        page.wait_until("it is so far", &far)?;
        note(&chromium);
        chromium = chromium.reopen(&artifacts, site.address())?;
    }
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    open(&page)?;
    page.click("[data-testid=offline-update]")?;
    page.wait_until("it is saved", SAID)?;
    page.click("[data-testid=offline-check]")?;
    let whole =
        "document.querySelector('[data-testid=offline-said]')?.textContent.includes('as they should be')";
    page.wait_until("all is as it should be", whole)?;
    note(&chromium);
    let twice: u32 = asked.values().map(|times| times - 1).sum();
    // Each time at most six were on their way; and tiles that the map shows are asked for by the page as well.
    assert!(asked.len() > 500 && twice <= 10 * 6 + 200, "{twice} of {} tiles came again", asked.len());
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_newer_catalog_leaves_the_saved_one_whole_until_it_is_updated_by_what_changed() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    let first = TileId::new(16, 18_744, 25_072)?;
    let land = Land::new(16, 18_744, 25_072, 4);
    Pyramid::of(land).write_block(&tiles, first, 3, 2)?;
    index(&artifacts, "--tiles", &tiles, &out, &[])?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    page.wait_until("the service worker is there", CONTROLLED)?;
    save(&page)?;
    let address = site.address();

    // Another edition, of which the browser sees the beginning; then there is no server any more.
    Pyramid::of(land).write_block(&tiles, first.neighbour(0, 2).expect("a tile"), 3, 2)?;
    index(&artifacts, "--tiles", &tiles, &out, &[])?;
    page.go("about:blank")?;
    page.go(&site.url(""))?;
    page.wait_for_state("ready")?;
    drop(site);
    let chromium = chromium.reopen(&artifacts, address)?;
    let page = chromium.open(&format!("http://{address}/"), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    page.search("a field")?;
    assert_eq!(page.results()?.len(), 6, "the saved edition answers");
    assert_eq!(page.count("[data-testid=notice]")?, 0);

    let site = Site::start_at(&artifacts, &out, address, &[])?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    open(&page)?;
    page.wait_until("it says so", "document.querySelector('[data-testid=kept-state]')?.textContent === 'The catalog has changed since.'")?;
    let before = chromium.recorder().seen().len();
    page.click("[data-testid=offline-update]")?;
    page.wait_until("it is saved", SAID)?;
    let fetched: Vec<String> =
        chromium.recorder().seen().split_off(before).into_iter().map(|seen| seen.url).collect();
    assert!(
        !fetched.iter().any(|url| url.contains("/text.") || url.contains("/image.")),
        "the model is the same: {fetched:?}"
    );
    page.wait_until(
        "nothing more to do",
        "document.querySelector('[data-testid=kept-state]').textContent === ''",
    )?;
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_full_browser_is_said_and_what_was_saved_stays() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.wait_until("the service worker is there", CONTROLLED)?;
    let origin = visit.site.url("");
    page.limit_storage(origin.trim_end_matches('/'), Some(page.eval::<u32>(USED)? + 16_000_000))?;
    begin(page)?;
    page.wait_until("it says so", &format!("({FAILED}).startsWith('This browser has no more room')"))?;
    let kept: u32 = page.eval(KEPT_FILES)?;
    assert!(kept > 3, "{kept} files stay");
    page.limit_storage(origin.trim_end_matches('/'), None)?;
    page.click("[data-testid=offline-update]")?;
    page.wait_until("it is saved", SAID)?;
    assert_eq!(page.search("pond")?.len(), 20, "the page works on");
    Ok(())
}

/// Bytes that the site keeps.
const USED: &str = "navigator.storage.estimate().then(({ usage }) => usage)";
/// Number of files in the caches of saved catalogs.
const KEPT_FILES: &str = "(async () => { let files = 0; for (const name of await caches.keys()) if (name.startsWith('clip-rs-saved:')) files += (await (await caches.open(name)).keys()).length; return files; })()";

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_saving_is_paused_gone_on_with_and_deleted_and_another_tab_keeps_its_hands_off() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    visit.chromium.recorder().fail("/image.", Fault::StallAfter(200_000));
    begin(page)?;
    let some = "(() => { const p = document.querySelector('[data-testid=offline-saving] progress'); return p && p.value > 0.02; })()";
    page.wait_until("some of it is here", some)?;
    let other = visit.chromium.open(&visit.site.url(""), DESKTOP.0, DESKTOP.1)?;
    other.wait_for_state("ready")?;
    open(&other)?;
    other.click("[data-testid=offline-update]")?;
    other.wait_until("the other tab says so", &format!("({FAILED}).startsWith('Another tab is busy')"))?;
    // Nothing hangs on the file that does not come.
    page.to_front()?;
    page.click("[data-testid=offline-pause]")?;
    visit.chromium.recorder().fail("/no file", Fault::StallAfter(0));
    page.wait_until(
        "it is paused",
        "document.querySelector('[data-testid=offline-said]')?.textContent.startsWith('Paused')",
    )?;
    page.click("[data-testid=offline-update]")?;
    page.wait_until("it is saved", SAID)?;
    page.click("[data-testid=offline-delete]")?;
    page.wait_until("nothing is kept", "document.querySelector('[data-testid=kept]') === null")?;
    assert_eq!(page.eval::<u32>(KEPT_FILES)?, 0);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_part_of_the_map_is_smaller_than_the_whole() -> Result<()> {
    let visit = Visit::ready("#q=pond")?;
    let page = &visit.page;
    page.click("[data-testid=result-image]")?;
    page.wait_until("the map is at it", "location.hash.includes('map=')")?;
    open(page)?;
    page.click("[data-testid=offline-open]")?;
    let files = "Number(/in ([\\d,]+) file/.exec(document.querySelector('[data-testid=offline-size]')?.textContent)?.[1].replaceAll(',', ''))";
    page.wait_until("its size is known", &format!("{files} > 0"))?;
    let whole: u32 = page.eval(files)?;
    page.click("[data-testid=offline-view]")?;
    page.wait_until("what the map shows is less", &format!("{files} < {whole} / 2"))?;
    let view: u32 = page.eval(files)?;
    page.eval::<serde_json::Value>("(() => { const s = document.querySelector('[data-testid=offline-to]'); s.value = s.options[0].value; s.dispatchEvent(new Event('change', { bubbles: true })); return null; })()")?;
    page.wait_until("fewer zooms are less", &format!("{files} < {view}"))?;
    page.click("[data-testid=offline-save]")?;
    page.wait_until("it is saved", SAID)?;
    assert!(page.text("[data-testid=kept]")?.contains("A part"));
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn where_storage_is_forbidden_the_page_works_and_says_so() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
    page.before_load(
        "for (const name of ['caches', 'localStorage', 'indexedDB']) \
         Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });",
    )?;
    page.go(&site.url("#q=pond"))?;
    page.wait_for_state("results")?;
    open(&page)?;
    assert_eq!(page.count("[data-testid=offline-hindrance]")?, 1);
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_tower_whose_connection_breaks_goes_on_where_it_broke() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    chromium.recorder().fail("/text.", Fault::BreakAfter(2_500_000));
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    let seen = chromium.recorder().seen();
    let tower: Vec<_> = seen.iter().filter(|request| request.url.contains("/text.")).collect();
    assert!(tower.len() >= 3, "{tower:?}");
    assert!(
        tower.iter().skip(1).all(|request| request.headers.to_lowercase().contains("range: bytes=")),
        "{tower:?}"
    );
    let received: u64 = tower.iter().map(|request| request.received).sum();
    assert!(received < 7_000_000, "{received} bytes came of 6.1 MB");
    Ok(())
}
