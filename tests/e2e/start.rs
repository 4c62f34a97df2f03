//! How the page starts: with the worker that suits the browser, and with a sentence when it cannot.

use anyhow::Result;
use clip_rs_tests::{Artifacts, Chromium, Page, Seen, Site};

use crate::{DESKTOP, Visit};

/// An empty page of a browser in which `script` runs before anything of the page's own, and then the page.
fn opened_with(script: &str) -> Result<(Page, Chromium, Site)> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
    page.before_load(script)?;
    // It would fetch the files of the other worker, too.
    page.without_service_worker()?;
    page.go(&site.url(""))?;
    Ok((page, chromium, site))
}

/// Folders of the workers whose programs were fetched.
fn workers(seen: &[Seen]) -> Vec<&str> {
    let programs = seen.iter().filter_map(|request| request.url.strip_suffix("/worker_bg.wasm"));
    programs.filter_map(|folder| folder.rsplit('/').next()).collect()
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_browser_with_relaxed_simd_gets_the_worker_that_uses_it() -> Result<()> {
    let visit = Visit::alone("")?;
    assert!(!visit.page.search("storage tanks")?.is_empty());
    let seen = visit.chromium.recorder().seen();
    let workers = workers(&seen);
    assert!(
        matches!(workers[..], [one] if one.starts_with("worker-relaxed-")),
        "one worker, which starts once: {workers:?}"
    );
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_browser_without_relaxed_simd_gets_the_plain_worker_which_finds_the_same() -> Result<()> {
    let expected = Visit::ready("")?.page.search("storage tanks")?;
    let (page, chromium, _site) = opened_with("WebAssembly.validate = () => false;")?;
    page.wait_for_state("ready")?;
    let found = page.search("storage tanks")?;
    let seen = chromium.recorder().seen();
    let workers = workers(&seen);
    assert!(
        matches!(workers[..], [one] if one.starts_with("worker-") && !one.contains("relaxed")),
        "the plain worker alone: {workers:?}"
    );
    assert_eq!(found.first().map(|card| &card.id), expected.first().map(|card| &card.id));
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_page_whose_program_cannot_start_says_so() -> Result<()> {
    let broken = "WebAssembly.instantiateStreaming = WebAssembly.instantiate = \
                  () => Promise.reject(new Error('no room for it'));";
    let (page, _chromium, _site) = opened_with(broken)?;
    page.wait_for_state("failed")?;
    let said = page.text("[data-testid=error]")?;
    assert!(said.contains("could not be started") && said.contains("no room for it"), "{said}");
    Ok(())
}
