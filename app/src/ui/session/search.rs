//! Queries, the selection, and the link that holds both.

use std::sync::Arc;

use clip_rs_catalog::Bounds;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{By, Camera, Phase, Selection, Session, Timing, next, unexpected};
use crate::browser::clock;
use crate::browser::location::{self, Entry};
use crate::link::{Link, MapView, query};
use crate::protocol::{Ask, Hit, Request, Response};
use crate::trouble::{Part, Trouble};
use crate::unwrapped::Extent;

/// Hits that are asked for at first, and more at a time.
pub(super) const FIRST_HITS: usize = 20;
/// Hits that are asked for at most: as many cards as a page bears.
const MOST_HITS: usize = 400;

impl Session {
    /// Searches for the words in the search box, if there are any.
    pub fn search_words(self) {
        if let Some(text) = query(&self.words.get_untracked()) {
            self.search(Ask::Text(text));
        }
    }

    /// Searches, and makes it a step in the history, unless it is the last one.
    pub fn search(self, ask: Ask) {
        let entry = if self.ask.get_untracked().as_ref() == Some(&ask) { Entry::Same } else { Entry::New };
        self.set_ask(Some(ask));
        self.selected.set(None);
        self.write_link(entry);
        self.camera.set(None);
        self.run();
    }

    /// Searches only what the map shows now, or everything again.
    pub fn toggle_within(self) {
        let within = match self.within.get_untracked() {
            Some(_) => None,
            None => self.shown.get_value(),
        };
        self.within.set(within);
        self.limit.set(FIRST_HITS);
        self.selected.set(None);
        self.write_link(Entry::New);
        // The map stays where the box was chosen.
        self.run();
    }

    /// Asks for more hits.
    pub fn show_more(self) {
        self.limit.update(|limit| *limit = limit.saturating_add(FIRST_HITS).min(MOST_HITS));
        self.run();
    }

    /// Whether there may be more hits to ask for.
    pub fn has_more(self) -> bool {
        let limit = self.limit.get();
        limit < MOST_HITS && self.hits.with(|hits| hits.len() >= limit)
    }

    /// Back to nothing searched.
    pub fn clear(self) {
        let step = self.ask.get_untracked().is_some();
        let shown = untrack(|| self.wanted()).is_some();
        self.set_ask(None);
        self.selected.set(None);
        if step {
            self.write_link(Entry::New);
        }
        if shown {
            self.run();
        }
    }

    fn set_ask(self, ask: Option<Ask>) {
        self.drop_draft();
        self.words.set(match &ask {
            Some(Ask::Text(text)) => text.clone(),
            _ => String::new(),
        });
        self.ask.set(ask);
        self.limit.set(FIRST_HITS);
    }

    /// Answers what is asked for now, as soon as the engine is there.
    pub(super) fn run(self) {
        if !self.loaded.get_value() {
            return;
        }
        let turn = next(self.turn);
        let Some(ask) = untrack(|| self.wanted()) else {
            self.change();
            self.hits.set(Arc::default());
            self.likely_from.set(None);
            self.timing.set(None);
            self.phase.set(Phase::Ready);
            return;
        };
        // Results that follow the typing do not say each time that they are on their way.
        if self.draft.with_untracked(Option::is_none) || self.hits.with_untracked(|hits| hits.is_empty()) {
            self.phase.set(Phase::Searching);
        }
        let (within, limit) = (self.within.get_untracked(), self.limit.get_untracked());
        let request = Request::Search { ask, within, limit };
        let Some(answer) =
            self.client.with_value(|client| client.as_ref().map(|client| client.call(request)))
        else {
            return self.start();
        };
        spawn_local(async move {
            let answer = answer.await;
            if self.turn.get_value() != turn {
                return;
            }
            // Asked after the engine changed: what it says is about the catalog that it has now.
            self.change();
            match answer {
                Ok(Response::Hits { hits, missing, likely_from, encode_ms, search_ms }) => {
                    let missing = missing.iter().map(|failure| Trouble::reported(Part::Details, failure));
                    self.note(missing.collect());
                    self.likely_from.set(likely_from);
                    self.timed(Timing { encode_ms, search_ms });
                    self.found(hits);
                }
                Ok(other) => self.fail(unexpected(&other)),
                Err(failure) => self.fail(failure),
            }
        });
    }

    fn timed(self, timing: Timing) {
        clock::record("clip-rs:encode", timing.encode_ms);
        clock::record("clip-rs:search", timing.search_ms);
        self.timing.set(Some(timing));
    }

    /// Shows hits, unless none of them is likely. What is still being typed need not be a word yet.
    fn found(self, hits: Vec<Hit>) {
        let best = hits.iter().map(|hit| hit.similarity).fold(f32::NEG_INFINITY, f32::max);
        let nothing_likely = self.likely_from.get_untracked().is_some_and(|likely| best < likely);
        // A link to one of them asks for them.
        let selected = self.selected.get_untracked();
        let is_wanted = self.draft.with_untracked(Option::is_some)
            || self.insisted.with_value(|insisted| *insisted == self.ask.get_untracked())
            || selected.is_some_and(|selected| hits.iter().any(|hit| hit.id == selected.id));
        if nothing_likely && !is_wanted && !hits.is_empty() {
            self.nearest.set_value(Arc::new(hits));
            self.hits.set(Arc::default());
            self.selected.set(None);
            self.phase.set(Phase::Unlikely);
        } else {
            self.show(Arc::new(hits));
        }
    }

    /// Shows what is nearest to what was asked, though none of it is likely.
    pub fn show_nearest(self) {
        self.insisted.set_value(self.ask.get_untracked());
        let nearest = self.nearest.get_value();
        self.show(nearest);
    }

    fn show(self, hits: Arc<Vec<Hit>>) {
        let selected =
            self.selected.get_untracked().filter(|selected| hits.iter().any(|hit| hit.id == selected.id));
        let may_move = self.draft.with_untracked(Option::is_none);
        if may_move && self.camera.get_untracked().is_none() {
            let frame = self.frame();
            let extent = |hit: &Hit| hit.footprint.map(|footprint| frame.extent(&footprint));
            let item = selected.as_ref().and_then(|selected| hits.iter().find(|hit| hit.id == selected.id));
            let all = hits.iter().filter_map(extent).reduce(Extent::union).map(Camera::Box);
            self.camera.set(item.and_then(extent).map(Camera::Item).or(all));
        }
        self.selected.set(selected);
        self.phase.set(if hits.is_empty() { Phase::Empty } else { Phase::Results });
        self.hits.set(hits);
    }

    /// Selects a hit, or nothing.
    pub fn select(self, id: Option<&str>, by: By) {
        self.confirm_draft();
        let selection = id.map(|id| Selection { id: id.to_owned(), by });
        let footprint = self.hits.with_untracked(|hits| {
            id.and_then(|id| hits.iter().find(|hit| hit.id == id)).and_then(|hit| hit.footprint)
        });
        self.selected.set(selection);
        if by != By::Map
            && let Some(footprint) = footprint
        {
            self.camera.set(Some(Camera::Item(self.frame().extent(&footprint))));
        }
        self.write_link(Entry::Same);
    }

    /// Notes what the map shows now.
    pub fn shows(self, shown: Option<Bounds>) {
        self.shown.set_value(shown);
    }

    /// Notes where the map looks now.
    pub fn looked(self, view: MapView, shown: Option<Bounds>) {
        self.view.set_value(Some(view));
        self.shows(shown);
        self.write_link(Entry::Same);
    }

    /// Takes over what the URL says: at the start, and on "back" and "forward".
    pub fn follow_link(self) {
        let Link { ask, within, selected, view } = Link::parse(&location::fragment());
        let selection = selected.map(|id| Selection { id, by: By::Link });
        self.selected.set(selection);
        self.view.set_value(view);
        self.camera.set(view.map(Camera::View));
        let shown = untrack(|| self.wanted());
        if ask != self.ask.get_untracked() || ask != shown {
            self.set_ask(ask.clone());
        }
        let elsewhere = within != self.within.get_untracked();
        self.within.set(within);
        if ask != shown || elsewhere {
            self.run();
        }
    }

    pub(super) fn write_link(self, entry: Entry) {
        let link = Link {
            ask: self.ask.get_untracked(),
            within: self.within.get_untracked(),
            selected: self
                .selected
                .with_untracked(|selected| selected.as_ref().map(|selected| selected.id.clone())),
            view: self.view.get_value(),
        };
        location::set_fragment(&link.to_fragment(), entry);
    }
}
