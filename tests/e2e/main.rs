//! What a person sees, in a real browser: ignored by plain `cargo test`, run by `cargo xtask test`, which
//! builds what they need.

mod accessible;
mod any_size;
mod anywhere;
mod architectures;
mod asking;
mod by_keys;
mod bytes;
mod catalogs;
mod changes;
mod damage;
mod detail;
mod embedding;
mod exploring;
mod firefox;
mod hosts;
mod hundred_thousand;
mod large;
mod library;
mod look;
mod map_tools;
mod marks;
mod meaning;
mod offline;
mod parity;
mod pictures;
mod privacy;
mod saving;
mod sources;
mod start;
mod steady;
mod taking;
mod typing;
mod update;
mod use_it;

use anyhow::Result;
use clip_rs_tests::{Artifacts, Chromium, Page, Site};

/// Desktop window, CSS pixels.
const DESKTOP: (u32, u32) = (1280, 800);
/// A small phone, CSS pixels.
const PHONE: (u32, u32) = (360, 740);

/// The page on the test catalog, opened with a URL fragment.
struct Visit {
    page: Page,
    chromium: Chromium,
    site: Site,
    artifacts: Artifacts,
}

impl Visit {
    fn start(fragment: &str, (width, height): (u32, u32)) -> Result<Self> {
        let artifacts = Artifacts::from_env()?;
        let site = Site::start(&artifacts, &artifacts.catalog)?;
        let chromium = Chromium::start(&artifacts, &site)?;
        let page = chromium.open(&site.url(fragment), width, height)?;
        Ok(Self { page, chromium, site, artifacts })
    }

    /// The page of a browser without service workers: every request is the page's own.
    fn alone(fragment: &str) -> Result<Self> {
        let artifacts = Artifacts::from_env()?;
        let site = Site::start(&artifacts, &artifacts.catalog)?;
        let chromium = Chromium::start(&artifacts, &site)?;
        let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
        page.without_service_worker()?;
        page.go(&site.url(fragment))?;
        page.wait_for_state("ready results empty")?;
        Ok(Self { page, chromium, site, artifacts })
    }

    fn ready(fragment: &str) -> Result<Self> {
        let visit = Self::start(fragment, DESKTOP)?;
        visit.page.wait_for_state("ready results empty")?;
        Ok(visit)
    }

    /// Fails when anything was written to the console but information.
    fn expect_quiet_console(&self) {
        expect_quiet(&self.chromium);
    }
}

/// Fails when anything was written to the console but information.
fn expect_quiet(chromium: &Chromium) {
    let console = chromium.console();
    let loud: Vec<_> =
        console.iter().filter(|line| !line.contains(":INFO:CONSOLE") || line.contains("rror")).collect();
    assert!(loud.is_empty(), "the console says {loud:#?}");
}
