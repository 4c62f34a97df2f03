//! What the page knows and can do: one place for its state, shared by all components.
//!
//! A session goes through [`Phase`]s. Each search carries the number of its turn, each worker the number of
//! its life; what comes when its turn or life is over is dropped, so the last thing asked for is shown.

//!
//! [`Session`] is a handle; what it can do is in nine files: [`mod@open`] (the worker and the catalog),
//! [`mod@newer`] (a catalog that was replaced), [`mod@explore`] (the second worker), [`mod@lacks`] (what could not be shown),
//! [`mod@places`] (words of place, last searches), [`mod@details`] (one hit in detail), [`mod@search`] (queries, selection,
//! link), [`mod@typing`] (what is asked: the box and the terms), [`mod@changes`] (another date).

mod changes;
mod details;
pub mod explore;
mod lacks;
mod newer;
mod open;
mod places;
mod search;
mod state;
mod typing;

use std::rc::Rc;
use std::sync::Arc;

use clip_rs_catalog::{Bounds, Date, ListedCatalog, Manifest};
use futures::lock::Mutex;
use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use super::client::{Client, Search};
use super::given::Given;
use super::pictures::Pictures;
use crate::ask::{Ask, Asking};
use crate::format::Scale;
use crate::grouping::Grouping;
use crate::history::History;
use crate::link::{MapView, Side};
use crate::order::Order;
use crate::painted::Painted;
use crate::protocol::{Failure, FailureKind, FileProgress, Hit, Progress, Response};
use crate::trouble::Trouble;
use crate::unwrapped::Frame;
pub use lacks::Lack;
pub use state::{By, Camera, Phase, Selection, Timing};

/// The page's state. Copies are handles to the same state.
#[derive(Clone, Copy)]
pub struct Session {
    /// What the page is doing.
    pub phase: RwSignal<Phase>,
    /// The worker's files.
    pub progress: RwSignal<Progress>,
    /// The page's own file, the listing, if it is loaded at the start.
    pub listing_progress: RwSignal<Option<FileProgress>>,
    /// The catalog, as soon as it is known.
    pub manifest: RwSignal<Option<Arc<Manifest>>>,
    /// The catalogs that the page may show, where they are known.
    pub listed: RwSignal<Vec<ListedCatalog>>,
    /// What another date was compared with, if the results are of that.
    pub compared: RwSignal<Option<Painted>>,
    /// Its imagery; it changes with the manifest.
    pub pictures: RwSignal<Option<Rc<Pictures>>, LocalStorage>,
    /// The imagery of the date that is compared with.
    pub then: RwSignal<Option<Rc<Pictures>>, LocalStorage>,
    /// What is asked.
    asking: RwSignal<Asking>,
    /// What the last search was for.
    answered: StoredValue<Ask>,
    /// Hits that are asked for.
    pub limit: RwSignal<usize>,
    /// Best first.
    pub hits: RwSignal<Arc<Vec<Hit>>>,
    /// Least similarity of what is likely right, as the last answer says; none where similarities are no chances.
    pub likely_from: RwSignal<Option<f32>>,
    /// The same, as the person wants it for now.
    pub cutoff: RwSignal<Option<f32>>,
    /// Whether the last answer is about the beginning of words that are too long.
    pub is_cut: RwSignal<bool>,
    /// The days of the imagery, first and last, where they are known.
    pub days: RwSignal<Option<(Date, Date)>>,
    /// What was asked when the search worker broke and was started again by itself.
    revived: StoredValue<Option<Ask>>,
    /// Hits that were found and are not shown, as none is likely.
    nearest: StoredValue<Arc<Vec<Hit>>>,
    /// What was asked when such hits were wanted nevertheless.
    insisted: StoredValue<Option<Ask>>,
    /// In which order they are listed.
    pub order: RwSignal<Order>,
    /// Which of them stand for others.
    pub grouping: RwSignal<Grouping>,
    /// Of the last answer.
    pub timing: RwSignal<Option<Timing>>,
    /// The selected hit.
    pub selected: RwSignal<Option<Selection>>,
    /// What the panel is about.
    side: RwSignal<Side>,
    /// Whether its details are to be shown.
    details: RwSignal<bool>,
    /// The last step of the history.
    step: StoredValue<details::Step>,
    /// Where the map is to look.
    pub camera: RwSignal<Option<Camera>>,
    /// What could not be shown, once for each place where it is missing.
    pub troubles: RwSignal<Vec<Trouble>>,
    /// Whether the notice about them was closed.
    pub dismissed: RwSignal<bool>,
    /// Counts up when what failed shall be tried again.
    pub attempt: RwSignal<u32>,
    /// What the last answer, or the last look at the catalog, lacks.
    lacking: StoredValue<Vec<Lack>, LocalStorage>,
    /// Runs out when what the server did not answer shall be tried again.
    again: StoredValue<Option<Timeout>, LocalStorage>,
    /// The catalog that the engine answers from, while the page still shows the one before.
    coming: StoredValue<Option<Arc<Manifest>>>,
    /// When it was last looked whether there is a newer catalog, milliseconds; none while it is being looked.
    looked_ms: StoredValue<Option<f64>>,
    /// Where the map looks now.
    view: StoredValue<Option<MapView>>,
    /// The box that it shows.
    shown: RwSignal<Option<Bounds>>,
    /// Whether the engine answers.
    loaded: StoredValue<bool>,
    /// Runs out when the typing pauses.
    pause: StoredValue<Option<Timeout>, LocalStorage>,
    /// Number of the call of the last search.
    call: StoredValue<u32>,
    /// Number of the last search.
    turn: StoredValue<u32>,
    /// Number of the last worker.
    life: StoredValue<u32>,
    /// The worker.
    client: StoredValue<Option<Client<Search>>, LocalStorage>,
    /// The explorer, with the digest of the catalog that it has.
    explorer: StoredValue<Option<explore::Explorer>, LocalStorage>,
    /// Held by who starts the explorer, or opens another catalog in it.
    starting: StoredValue<Rc<Mutex<()>>, LocalStorage>,
    /// The picture that was given last.
    pub desk: RwSignal<Option<Given>, LocalStorage>,
    /// Names of places.
    places: RwSignal<places::Known, LocalStorage>,
    /// The last searches.
    history: RwSignal<History>,
    /// What the explorer is doing, for people.
    pub exploring: RwSignal<explore::Exploring>,
}

impl Session {
    /// A session that has not started: its signals belong to the reactive owner at hand.
    #[expect(clippy::new_without_default, reason = "making signals is no default, it ties them to an owner")]
    pub fn new() -> Self {
        Self {
            phase: RwSignal::new(Phase::Loading),
            progress: RwSignal::default(),
            listing_progress: RwSignal::default(),
            manifest: RwSignal::default(),
            listed: RwSignal::default(),
            compared: RwSignal::default(),
            pictures: RwSignal::new_local(None),
            then: RwSignal::new_local(None),
            asking: RwSignal::default(),
            answered: StoredValue::new(Ask::default()),
            limit: RwSignal::new(search::FIRST_HITS),
            hits: RwSignal::default(),
            likely_from: RwSignal::default(),
            cutoff: RwSignal::default(),
            is_cut: RwSignal::default(),
            days: RwSignal::default(),
            revived: StoredValue::new(None),
            nearest: StoredValue::new(Arc::default()),
            insisted: StoredValue::new(None),
            order: RwSignal::default(),
            grouping: RwSignal::default(),
            timing: RwSignal::default(),
            selected: RwSignal::default(),
            side: RwSignal::default(),
            details: RwSignal::default(),
            step: StoredValue::default(),
            camera: RwSignal::default(),
            troubles: RwSignal::default(),
            dismissed: RwSignal::default(),
            attempt: RwSignal::default(),
            lacking: StoredValue::new_local(Vec::new()),
            again: StoredValue::new_local(None),
            coming: StoredValue::new(None),
            looked_ms: StoredValue::new(Some(f64::NEG_INFINITY)),
            view: StoredValue::new(None),
            shown: RwSignal::new(None),
            loaded: StoredValue::new(false),
            pause: StoredValue::new_local(None),
            call: StoredValue::new(0),
            turn: StoredValue::new(0),
            life: StoredValue::new(0),
            client: StoredValue::new_local(None),
            explorer: StoredValue::new_local(None),
            starting: StoredValue::new_local(Rc::default()),
            desk: RwSignal::new_local(None),
            exploring: RwSignal::default(),
            places: RwSignal::new_local(places::Known::Nothing),
            history: RwSignal::new(places::kept_history()),
        }
    }
}

impl Session {
    /// Whether there is anything to see on a map: something has a place, or it is not known yet.
    pub fn has_map(self) -> bool {
        self.manifest.with(|manifest| manifest.as_ref().is_none_or(|manifest| manifest.bounds.is_some()))
    }

    /// The same at this moment.
    pub fn has_map_untracked(self) -> bool {
        untrack(|| self.has_map())
    }

    /// What the marks of the results say.
    pub fn scale(self) -> Scale {
        match (self.compared.with(Option::is_some), self.likely_from.with(Option::is_some)) {
            (true, _) => Scale::Change,
            (false, true) => Scale::Chance,
            (false, false) => Scale::Similarity,
        }
    }

    /// Whether a hit of this similarity lies below the line.
    pub fn is_unlikely(self, similarity: f32) -> bool {
        self.line().is_some_and(|line| similarity < line)
    }

    /// The least similarity of what counts as likely, if there is such a line.
    pub fn line(self) -> Option<f32> {
        let likely_from = self.likely_from.get()?;
        Some(self.cutoff.get().unwrap_or(likely_from))
    }

    /// How the map's longitudes are laid out.
    fn frame(self) -> Frame {
        let bounds =
            self.manifest.with_untracked(|manifest| manifest.as_ref().and_then(|manifest| manifest.bounds));
        Frame::of(bounds.as_ref())
    }
}

/// Counts up; whoever holds the number before is out of date.
fn next(counter: StoredValue<u32>) -> u32 {
    counter.update_value(|count| *count = count.wrapping_add(1));
    counter.get_value()
}

fn unexpected(response: &Response) -> Failure {
    let said = match response {
        Response::Opened { .. } => "opened",
        Response::Hits { .. } => "hits",
        Response::Vectors { .. } => "vectors",
    };
    Failure::new(FailureKind::Worker, format!("The search worker gave an answer of the wrong kind ({said})."))
}
