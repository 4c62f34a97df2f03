//! States that are easily forgotten: loading, nothing found, no catalog, dark.

use anyhow::Result;
use clip_rs_catalog::{MANIFEST_NAME, Manifest};
use clip_rs_tests::{Artifacts, Chromium, Site};

use crate::{DESKTOP, Visit};

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn without_a_search_there_are_examples_that_work() -> Result<()> {
    let visit = Visit::ready("")?;
    assert!(visit.page.count("[data-testid=example]")? >= 3);
    let example = visit.page.text("[data-testid=example]")?;
    visit.page.click("[data-testid=example]")?;
    visit.page.wait_for_state("results")?;
    let typed: String = visit.page.eval("document.querySelector('[data-testid=search-input]').value")?;
    assert_eq!(typed.to_lowercase(), example.trim().to_lowercase());
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_missing_catalog_file_is_a_sentence_with_a_retry() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    // The manifest alone: everything it names is missing.
    let text = std::fs::read(artifacts.catalog.join(MANIFEST_NAME))?;
    let manifest = Manifest::from_json(&text)?;
    std::fs::write(folder.path().join(MANIFEST_NAME), text)?;
    let site = Site::start(&artifacts, folder.path())?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("failed")?;
    let said = page.text("[data-testid=error]")?;
    let named = manifest.files.iter().any(|file| said.contains(&file.name));
    assert!(named, "it names a missing file: {said}");
    assert!(page.count("[data-testid=retry]")? >= 1, "a way to try again");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn loading_shows_bytes_file_by_file() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
    page.before_load(
        "window.shown = new Set(); new MutationObserver(() => { \
         const progress = document.querySelector('[data-testid=progress]'); \
         if (progress) window.shown.add(progress.innerText); \
         }).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });",
    )?;
    page.go(&site.url(""))?;
    page.wait_for_state("ready")?;
    let shown: Vec<String> = page.eval("[...window.shown]")?;
    let with_bytes = shown.iter().filter(|text| text.contains("MB") || text.contains("kB")).count();
    assert!(with_bytes >= 2, "{shown:?}");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn dark_is_dark_and_the_choice_is_remembered() -> Result<()> {
    let visit = Visit::ready("")?;
    let luminance = "(() => { const c = getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number); return c[0] + c[1] + c[2]; })()";
    visit.page.prefer("prefers-color-scheme", "light")?;
    let light: f64 = visit.page.eval(luminance)?;
    visit.page.prefer("prefers-color-scheme", "dark")?;
    let dark: f64 = visit.page.eval(luminance)?;
    assert!(dark < 200.0 && light > 500.0, "light {light}, dark {dark} (of 765)");
    let before: f64 = visit.page.eval(luminance)?;
    visit.page.click("[data-testid=theme-toggle]")?;
    let chosen: f64 = visit.page.eval(luminance)?;
    visit.page.eval::<serde_json::Value>("location.reload()").ok();
    visit.page.wait_for_state("ready")?;
    let after: f64 = visit.page.eval(luminance)?;
    assert_eq!(chosen, after, "remembered (before {before})");
    Ok(())
}
