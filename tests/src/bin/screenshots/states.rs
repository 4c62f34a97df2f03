//! The table of states: what each is called, what the page is opened with, and how a person comes to it.

use anyhow::Result;
use clip_rs_tests::{Artifacts, Fault, Page};

use crate::Scene;
use crate::areas::Area;
use crate::events;
use crate::looks::{DARK, DESKTOP, FRAME, LIGHT, Look, PHONE, TABLET};
use crate::steps;

/// What a person does once the page is opened.
pub enum Steps {
    /// In the page.
    OfPage(fn(&Page, &Artifacts) -> Result<()>),
    /// And around it.
    OfScene(fn(&Scene<'_>) -> Result<()>),
}

/// A state of the page.
pub struct State {
    /// Its name, which begins its files' names.
    pub name: &'static str,
    /// The fragment that the page is opened with.
    pub fragment: &'static str,
    /// What is searched.
    pub area: Area,
    /// Answers that fail: a part of their URLs, and how.
    pub fault: Option<(&'static str, Fault)>,
    /// Sizes in which it is shown.
    sizes: &'static [(u32, u32)],
    /// How a person comes to it.
    pub steps: Steps,
}

impl State {
    /// Every size in every colour scheme.
    pub fn looks(&self) -> impl Iterator<Item = Look> + use<> {
        let sizes = self.sizes;
        sizes.iter().flat_map(|size| [LIGHT, DARK].map(|scheme| Look { size: *size, scheme }))
    }
}

const SIZES: &[(u32, u32)] = &[PHONE, TABLET, DESKTOP];

const fn state(
    name: &'static str,
    fragment: &'static str,
    steps: fn(&Page, &Artifacts) -> Result<()>,
) -> State {
    State { name, fragment, area: Area::Sample, fault: None, sizes: SIZES, steps: Steps::OfPage(steps) }
}

/// A state that something around the page brings about.
const fn event(name: &'static str, fragment: &'static str, steps: fn(&Scene<'_>) -> Result<()>) -> State {
    State { name, fragment, area: Area::Sample, fault: None, sizes: SIZES, steps: Steps::OfScene(steps) }
}

/// The text tower is the largest file: some of it comes, then no more.
const HALF_WAY: (&str, Fault) = ("/text.", Fault::StallAfter(2_500_000));
const BROKEN: (&str, Fault) = ("/text.", Fault::BreakAfter(2_500_000));

/// What the layer is about: one thing, and another that it should not be.
const PLUS_MINUS: &str = "#q=a%20river&text=-0.5*forest";

/// All states that are looked at.
pub const STATES: [State; 39] = [
    State { fault: Some(HALF_WAY), ..state("loading", "", steps::half_loaded) },
    state("ready", "", steps::ready),
    state("typing", "", steps::typing),
    state("results", "#q=storage%20tanks", steps::answered),
    state("selected", "#q=golf%20course", steps::selected),
    state("nothing-likely", "", steps::nothing_likely),
    state("nearest", "", steps::nearest),
    state("add", "#q=baseball%20field", steps::add_menu),
    state("picture", "", steps::picture),
    state("minus", "#q=swimming%20pool&text=-0.5*houses", steps::answered),
    state("drawing", "#q=dense%20forest", steps::drawing),
    state("area", "#q=dense%20forest", steps::area),
    state("place", "", steps::place),
    state("concept-3", "#q=storage%20tanks", |page, _| steps::concept(page, 2, 1)),
    state("concept-10", "#q=storage%20tanks", |page, _| steps::concept(page, 5, 5)),
    state("here", "", steps::here),
    state("everywhere", PLUS_MINUS, steps::layer),
    state("compare", "#q=a%20river", steps::compare),
    state("detail", "#q=tennis%20courts", steps::detail),
    state("where", "#q=tennis%20courts", steps::where_in_it),
    state("saved", "#q=storage%20tanks", steps::saved),
    state("take-away", "#q=storage%20tanks", steps::take_away),
    State { fault: Some(BROKEN), ..state("failed", "", steps::failed) },
    State { area: Area::Photographs, ..state("wall", "#q=a%20river", steps::answered) },
    State { sizes: &[FRAME], ..state("embedded", "#q=storage%20tanks", steps::answered) },
    event("embedded-element", "", events::embedded),
    event("offline-choice", "", events::choosing),
    event("saving", "", events::saving),
    event("saving-paused", "", events::paused),
    event("saving-failed", "", events::saving_failed),
    event("saving-full", "", events::full),
    event("offline-kept", "", events::kept),
    event("offline", "", events::offline),
    event("offline-unsaved", "#q=a%20golf%20course", events::offline_unsaved),
    event("update", "#q=storage%20tanks", events::update),
    event("worker-gone", "", events::worker_gone),
    State { area: Area::Changing, ..event("damaged", "", events::damaged) },
    State { area: Area::Changing, ..event("replaced", "#q=a%20river", events::replaced) },
    event("print", "#q=storage%20tanks", events::printed),
];
