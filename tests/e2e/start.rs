//! How the page starts: with the worker that suits the browser, and with a sentence when it cannot.

use anyhow::Result;
use clip_rs_tests::{Artifacts, Chromium, Page, Seen, Site};

use crate::large::by_command;
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
    let visit = Visit::ready("")?;
    let (page, chromium, _site) = opened_with("WebAssembly.validate = () => false;")?;
    page.wait_for_state("ready")?;
    for query in ["storage tanks", "a river with a bridge", "football field", "houses beside a forest"] {
        let told = by_command(&visit.artifacts, &visit.artifacts.catalog, query, &["--limit", "10"])?;
        let ten = |page: &Page| -> Result<Vec<String>> {
            Ok(page.search(query)?.into_iter().map(|card| card.id).take(told.len()).collect())
        };
        let (relaxed, plain) = (ten(&visit.page)?, ten(&page)?);
        assert!(relaxed.len() >= 5, "{query}: {relaxed:?}");
        assert_eq!(plain, relaxed, "{query}: the same on every processor");
        assert_eq!(relaxed, told[..relaxed.len()], "{query}: the same as the command finds");
    }
    let seen = chromium.recorder().seen();
    let workers = workers(&seen);
    assert!(
        matches!(workers[..], [one] if one.starts_with("worker-") && !one.contains("relaxed")),
        "the plain worker alone: {workers:?}"
    );
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
