//! Takes pictures of every state of the page, to be looked at: `cargo xtask screenshots` builds what is needed and runs this.
//!
//! Usage: `screenshots ALL_FOLDER GUIDE_FOLDER [STATE ...]`, with the environment that [`Artifacts`] describes. Into the first
//! folder goes every state in every size and colour scheme, as `STATE-WIDTH-SCHEME.png`; into the second what README and guide
//! show (`guide.rs`). Names of states leave out the others.

mod areas;
mod events;
mod guide;
mod host;
mod looks;
mod states;
mod steps;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clip_rs_tests::{Artifacts, Chromium, Page, Site};

use areas::Areas;
use looks::Look;
use states::{STATES, State, Steps};

fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    let mut folder = || words.next().map(PathBuf::from).context("usage: screenshots ALL GUIDE [STATE ...]");
    let (all, guide) = (folder()?, folder()?);
    let chosen: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(unknown) = chosen.iter().find(|name| STATES.iter().all(|state| state.name != **name)) {
        bail!("no state is called {unknown}");
    }
    std::fs::create_dir_all(&all)?;
    std::fs::create_dir_all(&guide)?;

    let artifacts = Artifacts::from_env()?;
    let mut areas = Areas::new(&artifacts);
    let mut failed = 0;
    for state in
        STATES.iter().filter(|state| chosen.is_empty() || chosen.iter().any(|name| name == state.name))
    {
        for look in state.looks() {
            let name = format!("{}-{}.png", state.name, look.name());
            let taken = take(state, look, &artifacts, areas.catalog(state.area)?).and_then(|shot| {
                std::fs::write(all.join(&name), &shot.png)?;
                guide::write(state.name, look, &shot, &guide)
            });
            match taken {
                Ok(()) => println!("{name}"),
                // One state that is not reached leaves the others.
                Err(error) => {
                    failed += 1;
                    // What the page says is long.
                    eprintln!("{name}: {}", format!("{error:#}").lines().next().unwrap_or_default());
                }
            }
        }
    }
    if failed > 0 {
        bail!("{failed} pictures were not taken");
    }
    Ok(())
}

/// What a state is come to in.
pub struct Scene<'a> {
    /// The page, opened with the state's fragment.
    pub page: &'a Page,
    /// Its browser, which has no other.
    pub chromium: &'a Chromium,
    /// Its server.
    pub site: &'a Site,
    /// The folder of its catalog.
    pub catalog: &'a Path,
    /// What else there is.
    pub artifacts: &'a Artifacts,
}

/// Comes to a state as a person does, with a browser and a server of its own, and looks at it.
fn take(state: &State, look: Look, artifacts: &Artifacts, catalog: &Path) -> Result<looks::Shot> {
    let site = Site::start_with(artifacts, catalog, &["--embed-from", "any"])?;
    let chromium = Chromium::start(artifacts, &site)?;
    if let Some((part, fault)) = state.fault {
        chromium.recorder().fail(part, fault);
    }
    let page = look.open(&chromium)?;
    page.go(&site.url(state.fragment))?;
    match state.steps {
        Steps::OfPage(steps) => steps(&page, artifacts)?,
        Steps::OfScene(steps) => {
            steps(&Scene { page: &page, chromium: &chromium, site: &site, catalog, artifacts })?;
        }
    }
    looks::shoot(&page, guide::crop(state.name, look))
}
