//! The page without the network: what was seen answers, and new versions of the page are offered and never mixed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clip_rs_tests::{Artifacts, Chromium, Fault, Page, Site};
use serde_json::Value;

use crate::damage::copy_all;
use crate::{DESKTOP, Visit};

/// JavaScript: whether the service worker has all that a search needs, some of which the page loaded before it was there.
const IS_KEPT: &str = "(async () => {
    if (!navigator.serviceWorker.controller) return false;
    const base = new URL('catalog/', location);
    const { model, shards } = await (await fetch(new URL('catalog.json', base))).json();
    const names = ['catalog.json', model.text, model.tokenizer, ...shards.flatMap(({ index, items }) => [index, items])];
    const kept = names.map((name) => caches.match(new URL(name, base), { cacheName: 'clip-rs-seen' }));
    return (await Promise.all(kept)).every(Boolean);
})()";
/// JavaScript, before anything of the page's own: notes what the service worker says of catalogs.
const LISTEN: &str =
    "window.said = []; navigator.serviceWorker?.addEventListener('message', ({ data }) => said.push(data));";

/// Waits until the page can do without the network.
fn wait_until_kept(page: &Page) -> Result<()> {
    page.wait_until("the service worker has what it needs", IS_KEPT)
}

/// What the page says of being offline; nothing where it says nothing.
fn said_offline(page: &Page) -> Result<Option<String>> {
    page.eval("document.querySelector('[data-testid=offline]')?.innerText ?? null")
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_was_visited_answers_words_without_the_network_and_says_from_when_it_is() -> Result<()> {
    let Visit { page, chromium, site, .. } = Visit::ready("")?;
    wait_until_kept(&page)?;
    assert_eq!(said_offline(&page)?, None);
    let online = page.search("storage tanks")?;
    let shown = "document.querySelector('[data-testid=result-image]')?.naturalWidth > 0 && document.querySelector('.leaflet-tile-loaded')";
    page.wait_until("pictures are shown", shown)?;
    drop(site);
    let before = chromium.recorder().seen().len();
    page.reload()?;
    page.wait_for_state("results")?;
    assert_eq!(page.results()?.first().map(|card| &card.id), online.first().map(|card| &card.id));
    page.wait_until("the pictures that were seen are shown", shown)?;
    assert!(!page.search("a golf course")?.is_empty(), "words that were not asked before");
    let said = said_offline(&page)?.context("it says that it is offline")?;
    let year: u32 = page.eval("new Date().getFullYear()")?;
    assert!(
        said.starts_with("Offline: the data are those of ") && said.contains(&year.to_string()),
        "{said}"
    );
    let received: u64 = chromium.recorder().seen()[before..].iter().map(|request| request.received).sum();
    assert_eq!(received, 0, "nothing came from the server");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_server_that_hangs_is_none_and_one_that_answers_again_ends_being_offline() -> Result<()> {
    let visit = Visit::ready("")?;
    wait_until_kept(&visit.page)?;
    visit.chromium.recorder().fail(&visit.site.url(""), Fault::StallAfter(0));
    visit.page.reload()?;
    visit.page.wait_for_state("ready")?;
    assert!(said_offline(&visit.page)?.is_some());
    visit.chromium.recorder().mend();
    visit.page.reload()?;
    visit.page.wait_for_state("ready")?;
    assert_eq!(said_offline(&visit.page)?, None);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn an_address_below_the_page_is_not_the_page_and_one_with_parameters_is() -> Result<()> {
    let Visit { page, chromium, site, .. } = Visit::ready("")?;
    wait_until_kept(&page)?;
    let nowhere = "fetch('nowhere/').then(({ status }) => status)";
    assert_eq!(page.eval::<u16>(nowhere)?, 404);
    let address = site.url("?from=elsewhere");
    drop(site);
    let other = chromium.open(&address, DESKTOP.0, DESKTOP.1)?;
    other.wait_for_state("ready")?;
    assert!(
        !page.eval::<bool>(&format!("{nowhere}.then(() => true, () => false)"))?,
        "there is no such file"
    );
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_saved_copy_comes_before_one_that_was_seen_and_a_damaged_one_is_replaced() -> Result<()> {
    let visit = Visit::ready("")?;
    wait_until_kept(&visit.page)?;
    let page = &visit.page;
    // A copy that is damaged: the page asks past it, and then the sound one is there.
    let index: String =
        page.eval("fetch('catalog/catalog.json').then(r => r.json()).then(m => m.shards[0].index)")?;
    let put = |cache: &str, text: &str| {
        format!(
            "caches.open({cache}).then((cache) => cache.put('catalog/{index}', new Response('{text}'))).then(() => true)"
        )
    };
    let get =
        format!("fetch('catalog/{index}').then((answer) => answer.text()).then((text) => text.slice(0, 9))");
    page.eval::<bool>(&put("'clip-rs-seen'", "damaged"))?;
    assert_eq!(page.eval::<String>(&get)?, "damaged");
    page.reload()?;
    page.wait_for_state("ready")?;
    page.wait_until("the damaged copy is replaced", &format!("{get}.then((text) => text !== 'damaged')"))?;
    page.eval::<bool>(&put("'clip-rs-saved:' + new URL('catalog/', location)", "saved"))?;
    assert_eq!(page.eval::<String>(&get)?, "saved");

    // A part of a file is the server's to give, and is not kept.
    let part = "fetch('catalog/catalog.json').then(r => r.json()).then(async ({ model }) => {
        const url = 'catalog/' + model.image;
        const { status } = await fetch(url, { headers: { Range: 'bytes=0-9' } });
        return [status, !!(await caches.match(url))];
    })";
    assert_eq!(page.eval::<(u16, bool)>(part)?, (206, false));
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_saved_catalog_tells_when_it_was_saved() -> Result<()> {
    let visit = Visit::ready("")?;
    wait_until_kept(&visit.page)?;
    let page = &visit.page;
    page.before_load(LISTEN)?;
    page.eval::<bool>(
        "caches.open('clip-rs-saved:' + new URL('catalog/', location)).then(async (cache) => {
            const { body } = await fetch('catalog/catalog.json');
            const headers = { 'x-clip-rs-saved': '2026-11-25T14:02:00.000Z' };
            await cache.put('catalog/catalog.json', new Response(body, { headers }));
            return true;
        })",
    )?;
    page.reload()?;
    page.wait_for_state("ready")?;
    let last: Value = page.eval("said.at(-1)")?;
    assert_eq!((last["type"].as_str(), last["from"].as_str()), (Some("catalog"), Some("network")));
    visit.chromium.recorder().fail(&visit.site.url(""), Fault::BreakAfter(0));
    page.reload()?;
    page.wait_for_state("ready")?;
    let last: Value = page.eval("said.at(-1)")?;
    assert_eq!(last["from"], "saved");
    assert_eq!(last["date"], "2026-11-25T14:02:00.000Z");
    assert_eq!(last["url"], visit.site.url("catalog/catalog.json"));
    let said = said_offline(page)?.context("it says that it is offline")?;
    assert!(said.contains("25") && said.contains("2026"), "{said}");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn of_too_many_files_the_oldest_go_and_the_catalog_stays() -> Result<()> {
    let visit = Visit::ready("")?;
    wait_until_kept(&visit.page)?;
    let counted = "(async () => {
        const seen = await caches.open('clip-rs-seen');
        const name = (i) => `old/${String(i).padStart(16, '0')}.jpg`;
        for (let i = 0; i < 4100; i += 100) {
            await Promise.all([...Array(100).keys()].map((j) => seen.put(name(i + j), new Response('x'))));
        }
        const { model } = await (await fetch('catalog/catalog.json')).json();
        // As many as between two looks at the bounds.
        for (let i = 0; i < 65; i++) await (await fetch(`catalog/${model.config}`, { cache: 'reload' })).text();
        // They go one by one, the very oldest last.
        for (let i = 0; i < 600 && await seen.match(name(0)); i++) await new Promise((later) => setTimeout(later, 100));
        if ((await seen.keys()).length > 4066) return [];
        return [!!(await seen.match(name(0))), !!(await seen.match(name(4099))), !!(await seen.match('catalog/catalog.json'))];
    })()";
    assert_eq!(visit.page.eval::<Vec<bool>>(counted)?, [false, true, true]);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_page_can_be_installed() -> Result<()> {
    let visit = Visit::ready("")?;
    wait_until_kept(&visit.page)?;
    assert_eq!(visit.page.installability_errors()?, [""; 0]);
    let missing = "(async () => {
        const manifest = await (await fetch(document.querySelector('link[rel=manifest]').href)).json();
        const { icons, screenshots, shortcuts, start_url } = manifest;
        if (screenshots.length < 2 || shortcuts.length < 2) return ['screenshots', 'shortcuts'];
        const all = [start_url, ...shortcuts.map(({ url }) => url), ...[...icons, ...screenshots, ...shortcuts.flatMap(({ icons }) => icons)].map(({ src }) => src)];
        const answers = await Promise.all(all.map((url) => fetch(url)));
        return answers.filter(({ ok }) => !ok).map(({ url }) => url);
    })()";
    assert_eq!(visit.page.eval::<Vec<String>>(missing)?, [""; 0]);
    // The shortcut to what was saved opens it, and the link keeps to what is shown.
    let shortcut = "(async () => (await (await fetch(document.querySelector('link[rel=manifest]').href)).json()).shortcuts[1].url)()";
    let saved = visit.page.eval::<String>(shortcut)?;
    let page = visit.chromium.open(&visit.site.url(saved.trim_start_matches("./")), DESKTOP.0, DESKTOP.1)?;
    page.wait_until("what was saved is shown", "document.querySelector('[data-testid=offline-section]')")?;
    page.wait_for_state("ready")?;
    press(&page, "tab-results")?;
    page.wait_until("the link follows", "!location.hash.includes('panel')")?;
    press(&page, "tab-here")?;
    page.wait_until("the link follows", "location.hash.includes('panel=here')")?;
    Ok(())
}

/// Changes the built page in `dist` as a next build would: another page, and another style under another name.
fn build_next(dist: &Path) -> Result<()> {
    let style = fs::read_dir(dist)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with("base-") && name.ends_with(".css"))
        .context("a style")?;
    let next = "base-fedcba9876543210.css";
    let text = fs::read_to_string(dist.join(&style))? + "\n:root { --build: next; }\n";
    fs::write(dist.join(next), text)?;
    fs::remove_file(dist.join(&style))?;
    let page = fs::read_to_string(dist.join("index.html"))?;
    let (before, rest) = page.split_once(&format!("./{style}\"")).context("the page names the style")?;
    // Without the digest of the style before.
    let (_, after) = rest.split_once("/>").context("the end of the tag")?;
    let page = format!("{before}./{next}\" data-build=\"next\" />{after}");
    fs::write(dist.join("index.html"), page)?;
    forget_packed(dist, &["index.html", "sw.js", &style])
}

/// Makes the service worker of a changed page, as `cargo xtask dist` does.
fn build_service_worker(dist: &Path) -> Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xtask/service_worker.mjs");
    let output = Command::new("node").arg(script).arg(dist).output().context("starting node")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Removes the compressed copies of files that were changed.
fn forget_packed(dist: &Path, names: &[&str]) -> Result<()> {
    for packed in names.iter().flat_map(|name| [format!("{name}.br"), format!("{name}.gz")]) {
        if dist.join(&packed).exists() {
            fs::remove_file(dist.join(packed))?;
        }
    }
    Ok(())
}

/// A site whose page can be changed.
fn changeable() -> Result<(tempfile::TempDir, Site, Chromium)> {
    let mut artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    copy_all(&artifacts.dist, folder.path())?;
    artifacts.dist = folder.path().to_path_buf();
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    Ok((folder, site, chromium))
}

/// JavaScript: which build the page is of, and which its style is of.
const BUILDS: &str = "[document.querySelector('[data-build]')?.dataset.build ?? 'first', \
     getComputedStyle(document.documentElement).getPropertyValue('--build').trim() || 'first']";

/// Presses a button by script: a tab behind another one gets no mouse.
fn press(page: &Page, button: &str) -> Result<()> {
    page.eval::<Value>(&format!("document.querySelector('[data-testid={button}]').click()"))?;
    Ok(())
}

fn builds(page: &Page) -> Result<[String; 2]> {
    page.eval(BUILDS)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_new_version_is_offered_and_not_forced_and_no_page_is_of_two_builds() -> Result<()> {
    let (dist, site, chromium) = changeable()?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    wait_until_kept(&page)?;
    assert_eq!(page.count("[data-testid=update]")?, 0, "the first version is no news");
    build_next(dist.path())?;
    build_service_worker(dist.path())?;

    // The next visit is of the old build as a whole, whose style the server does not have any more.
    let offered = "document.querySelector('[data-testid=update]')";
    page.reload()?;
    page.wait_for_state("ready")?;
    page.wait_until("the new version is offered", offered)?;
    assert_eq!(builds(&page)?, ["first", "first"]);
    assert_eq!(page.text("[data-testid=update] p")?, "A new version of this page is ready.");
    let styled = "[...document.styleSheets].every(({ cssRules }) => cssRules.length > 0)";
    assert!(page.eval::<bool>(styled)?, "all styles are there");
    assert!(!page.search("storage tanks")?.is_empty(), "the old page goes on");

    let other = chromium.open(&site.url("#q=golf"), DESKTOP.0, DESKTOP.1)?;
    other.wait_for_state("results")?;
    other.wait_until("it is offered here, too", offered)?;
    press(&other, "update-later")?;
    other.wait_until("later is later", &format!("!{offered}"))?;

    // A tab that says yes gets the new build as a whole, the other is not loaded again by itself.
    press(&page, "update-now")?;
    page.wait_until("the page is of the next build", &format!("({BUILDS})[0] === 'next'"))?;
    page.wait_for_state("results")?;
    assert_eq!(builds(&page)?, ["next", "next"]);
    assert_eq!(page.count("[data-testid=update]")?, 0);
    other.wait_until("the tab beside is told", offered)?;
    assert_eq!(builds(&other)?, ["first", "first"]);
    press(&other, "update-now")?;
    other.wait_until("it follows", &format!("({BUILDS}).join() === 'next,next'"))?;
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_host_with_files_of_two_builds_gives_no_service_worker_and_the_page_does_without() -> Result<()> {
    let (dist, site, chromium) = changeable()?;
    // The service worker is still of the build before: half of an upload has arrived.
    build_next(dist.path())?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    let state = "navigator.serviceWorker.register('sw.js').then(({ installing, active }) => active ? 'active' : \
         new Promise((done) => installing.addEventListener('statechange', () => done(installing.state))))";
    assert_eq!(page.eval::<String>(state)?, "redundant");
    assert!(!page.search("storage tanks")?.is_empty());
    Ok(())
}
