//! What happens to a page that is open already: the network goes, room ends, a worker dies, a catalog is replaced, paper is wanted.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clip_rs_tests::{Fault, Page};
use serde_json::Value;

use crate::Scene;
use crate::areas::files;
use crate::host;
use crate::steps;

/// Bytes more that a site may keep where room is short: the model and some tiles.
const SHORT_ROOM: u32 = 13_000_000;
/// A fault of no file: everything comes again.
const NONE: &str = "/no such file";
/// Makes the page's workers known, so that one can be made to break.
const NOTE_WORKERS: &str = "window.made = []; const Known = window.Worker; \
     window.Worker = class extends Known { constructor(...given) { super(...given); window.made.push(this); } };";

/// The part of the panel about use without a network.
fn without_network(page: &Page) -> Result<()> {
    page.click("[data-testid=tab-saved]")?;
    page.wait_until("it is shown", "document.querySelector('[data-testid=offline-section]')")?;
    page.eval::<Value>("(document.querySelector('[data-testid=offline-section]').scrollIntoView(), null)")?;
    Ok(())
}

/// What to save, and how large it is.
pub fn choosing(scene: &Scene<'_>) -> Result<()> {
    let page = scene.page;
    page.wait_for_state("ready")?;
    page.wait_until("the service worker is there", "navigator.serviceWorker.controller !== null")?;
    without_network(page)?;
    page.click("[data-testid=offline-open]")?;
    page.wait_until(
        "its size is known",
        "document.querySelector('[data-testid=offline-size]')?.textContent.includes('file')",
    )
}

/// The image tower does not come.
pub fn saving(scene: &Scene<'_>) -> Result<()> {
    choosing(scene)?;
    scene.chromium.recorder().fail("/image.", Fault::StallAfter(1000));
    scene.page.click("[data-testid=offline-save]")?;
    let rest = "(() => { const [, here, all] = /([\\d,]+) of ([\\d,]+) file/.exec(document.querySelector('[data-testid=offline-progress]')?.textContent) ?? []; \
         return all && Number(here.replaceAll(',', '')) === Number(all.replaceAll(',', '')) - 1; })()";
    scene.page.wait_until("only that is missing", rest)
}

pub fn paused(scene: &Scene<'_>) -> Result<()> {
    saving(scene)?;
    scene.page.click("[data-testid=offline-pause]")?;
    scene.chromium.recorder().fail(NONE, Fault::BreakAfter(0));
    scene.page.wait_until(
        "it is paused",
        "document.querySelector('[data-testid=offline-said]')?.textContent.startsWith('Paused')",
    )
}

pub fn kept(scene: &Scene<'_>) -> Result<()> {
    choosing(scene)?;
    scene.page.click("[data-testid=offline-save]")?;
    scene.page.wait_until(
        "it is saved",
        "document.querySelector('[data-testid=offline-said]')?.textContent.startsWith('Saved')",
    )
}

/// The connection is lost.
pub fn saving_failed(scene: &Scene<'_>) -> Result<()> {
    choosing(scene)?;
    scene.chromium.recorder().fail("/catalog/", Fault::BreakAfter(0));
    scene.page.click("[data-testid=offline-save]")?;
    scene.page.wait_until(
        "it says so",
        "document.querySelector('[data-testid=offline-failed]')?.textContent.length > 20",
    )
}

/// The browser gives no more room.
pub fn full(scene: &Scene<'_>) -> Result<()> {
    choosing(scene)?;
    let used: u32 = scene.page.eval("navigator.storage.estimate().then(({ usage }) => usage)")?;
    scene.page.limit_storage(scene.site.url("").trim_end_matches('/'), Some(used + SHORT_ROOM))?;
    scene.page.click("[data-testid=offline-save]")?;
    scene.page.wait_until(
        "it says so",
        "document.querySelector('[data-testid=offline-failed]')?.textContent.length > 20",
    )
}

/// The page is opened again when there is no server.
pub fn offline(scene: &Scene<'_>) -> Result<()> {
    kept(scene)?;
    scene.chromium.recorder().fail("http://", Fault::BreakAfter(0));
    scene.page.go("about:blank")?;
    scene.page.go(&scene.site.url("#q=storage%20tanks"))?;
    scene.page.wait_for_state("results")?;
    scene.page.wait_until("it says so", "document.querySelector('[data-testid=offline]')")
}

/// The same where only what was seen is here.
pub fn offline_unsaved(scene: &Scene<'_>) -> Result<()> {
    let page = scene.page;
    page.wait_for_state("results")?;
    let kept = "(async () => navigator.serviceWorker.controller && (await (await caches.open('clip-rs-seen')).keys()).some(({ url }) => url.includes('/text.')))()";
    page.wait_until("the service worker has what it needs", kept)?;
    scene.chromium.recorder().fail("http://", Fault::BreakAfter(0));
    page.go("about:blank")?;
    page.go(&scene.site.url("#q=a%20river"))?;
    page.wait_for_state("results")?;
    page.wait_until("it says so", "document.querySelector('[data-testid=offline]')")?;
    page.wait_until("what is missing is said", "document.querySelector('[data-testid=notice]')")
}

/// The same page under another address is another version of it for the browser.
pub fn update(scene: &Scene<'_>) -> Result<()> {
    let page = scene.page;
    page.wait_for_state("results")?;
    page.wait_until("the service worker is there", "navigator.serviceWorker.controller !== null")?;
    page.eval::<Value>("navigator.serviceWorker.register('sw.js?next').then(() => null)")?;
    page.wait_until("it is offered", "document.querySelector('[data-testid=update]')")
}

/// The worker dies twice.
pub fn worker_gone(scene: &Scene<'_>) -> Result<()> {
    let page = scene.page;
    page.before_load(NOTE_WORKERS)?;
    page.go("about:blank")?;
    page.go(&scene.site.url("#q=storage%20tanks"))?;
    page.wait_for_state("results")?;
    let breaking = "(() => { const worker = window.made.at(-1); worker.terminate(); \
         worker.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' })); return window.made.length; })()";
    let workers: usize = page.eval(breaking)?;
    page.wait_until("there is another worker", &format!("window.made.length === {}", workers + 1))?;
    page.wait_for_state("results")?;
    page.eval::<usize>(breaking)?;
    page.wait_for_state("failed")
}

/// Pictures are damaged where they lie.
pub fn damaged(scene: &Scene<'_>) -> Result<()> {
    let page = scene.page;
    for picture in
        files(scene.catalog)?.iter().filter(|path| path.extension().is_some_and(|kind| kind == "jpg"))
    {
        let mut bytes = fs::read(picture)?;
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        fs::write(picture, bytes)?;
    }
    page.reload()?;
    page.wait_for_state("ready")?;
    page.search("storage tanks")?;
    page.wait_until("what is damaged is said", "document.querySelector('[data-testid=notice]')")
}

/// Photographs give way to the sample area while the page is open.
pub fn replaced(scene: &Scene<'_>) -> Result<()> {
    let page = scene.page;
    page.wait_for_state("results unlikely")?;
    page.show_nearest()?;
    let (from, to) = (&scene.artifacts.catalog, scene.catalog);
    copy(from, to)?;
    fs::copy(from.join("catalog.json"), to.join("catalog.json"))?;
    page.eval::<Value>("(document.dispatchEvent(new Event('visibilitychange')), null)")?;
    page.wait_until("there is a map", "document.querySelector('.leaflet-tile-loaded')")?;
    page.wait_for_state("results unlikely")
}

/// Copies the files of a catalog but for its list.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else if entry.file_name() != "catalog.json" {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// The element for other sites in one of them.
pub fn embedded(scene: &Scene<'_>) -> Result<()> {
    let address = host::serve(scene.site)?;
    scene.chromium.recorder().also_pass(address);
    scene.page.before_load("window.addEventListener('results', () => { window.answered = true; }, true);")?;
    scene.page.go(&format!("http://{address}/"))?;
    scene.page.wait_until("it has an answer", "window.answered === true")
}

/// The sheet that goes to a printer.
pub fn printed(scene: &Scene<'_>) -> Result<()> {
    steps::answered(scene.page, scene.artifacts)?;
    scene.page.show_as_printed()
}
