//! Queries, the selection, and the link that holds both.

use std::sync::Arc;

use clip_rs_catalog::{Bounds, LngLat};
use clip_rs_search::Polygon;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{By, Camera, Client, Phase, Search, Selection, Session, Timing, next, unexpected};
use crate::ask::{Ask, Asking};
use crate::browser::location::{self, Entry};
use crate::browser::{clock, page};
use crate::link::{Link, MapView, Side};
use crate::protocol::{Failure, FailureKind, Hit, Request, Response};
use crate::shards;
use crate::trouble::{Part, Trouble};
use crate::ui::RESULTS;
use crate::unwrapped::Extent;

/// Hits that are asked for at first.
pub(super) const FIRST_HITS: usize = 20;
/// Hits that are asked for at most.
const MOST_HITS: usize = 5000;
/// How many times as many are asked for each time.
const MORE: usize = 4;

impl Session {
    /// Searches for something else than before.
    pub fn search(self, ask: Ask) {
        self.confirm(|asking| *asking = Asking::about(ask));
        self.remember();
        self.search_confirmed();
    }

    /// Searches for what is asked in another way: nothing is let go of, and the map stays.
    pub fn search_again(self, ask: Ask) {
        self.confirm(|asking| *asking = Asking::about(ask));
        self.run();
    }

    /// Searches for what was confirmed, and shows what is found from its beginning.
    pub(super) fn search_confirmed(self) {
        self.selected.set(None);
        self.camera.set(None);
        self.write_link(Entry::Same);
        self.run();
    }

    /// Searches only what the map shows now, or everything again.
    pub fn toggle_within(self) {
        let shown = self.shown.get_untracked().map(Polygon::from);
        self.search_within(if self.confirmed().area.is_some() { None } else { shown });
    }

    /// Searches only within this outline, or everything again. The map stays where it is.
    pub fn search_within(self, area: Option<Polygon>) {
        self.rewrite(|ask| ask.area = area);
        self.selected.set(None);
        self.write_link(Entry::Same);
        self.run();
    }

    /// Asks for more hits.
    pub fn show_more(self) {
        self.limit.update(|limit| *limit = limit.saturating_mul(MORE).min(MOST_HITS));
        self.run();
    }

    /// Whether there may be more hits to ask for.
    pub fn has_more(self) -> bool {
        let limit = self.limit.get();
        limit < MOST_HITS && self.hits.with(|hits| hits.len() >= limit)
    }

    /// Back to nothing searched.
    pub fn clear(self) {
        self.confirm(|asking| *asking = Asking::default());
        self.selected.set(None);
        self.write_link(Entry::Same);
        self.run();
    }

    /// Answers what is asked for now, as soon as the engine is there.
    pub(super) fn run(self) {
        if !self.loaded.get_value() {
            // After a failure nothing else starts it again.
            if self.phase.with_untracked(|phase| matches!(phase, Phase::Failed(_))) {
                self.start();
            }
            return;
        }
        let turn = next(self.turn);
        let ask = untrack(|| self.wanted());
        self.answered.set_value(ask.clone());
        let place = self.place_of(&ask);
        if ask.place.is_some() && place.is_none() && self.waits_for_places() {
            // The names of places are on their way; they run it again.
            return self.learn_places();
        }
        if let (Some(name), None) = (&ask.place, &place) {
            let message = format!(
                "This area has no place that is called so: {name}. Take it off to search everywhere."
            );
            return self.fail(Failure::new(FailureKind::Request, message));
        }
        if ask.since().is_some() {
            self.phase.set(Phase::Searching);
            return self.compare(turn, ask.clone(), ask.area.into_iter().chain(place).collect());
        }
        if self.compared.with_untracked(Option::is_some) {
            self.compared.set(None);
        }
        let Some(query) = ask.query(place.as_ref(), self.limit.get_untracked()) else {
            self.change();
            self.go_to(place.as_ref());
            self.hits.set(Arc::default());
            self.likely_from.set(None);
            self.timing.set(None);
            self.phase.set(Phase::Ready);
            return;
        };
        // Results that follow the typing do not say each time that they are on their way.
        if !self.is_draft_untracked() || self.hits.with_untracked(|hits| hits.is_empty()) {
            self.phase.set(Phase::Searching);
        }
        let request = Request::Search { query, taken: ask.taken };
        let call = |client: &Client<Search>| {
            self.call.set_value(client.next_call());
            client.call(request, &[])
        };
        let Some(answer) = self.client.with_value(|client| client.as_ref().map(call)) else {
            return self.start();
        };
        spawn_local(async move {
            let answer = answer.await;
            if self.turn.get_value() != turn {
                return;
            }
            // Asked after the engine changed: what it says is about the catalog that it has now.
            self.change();
            match answer.map(|(response, _)| response) {
                Ok(Response::Hits {
                    hits,
                    missing,
                    likely_from,
                    is_cut,
                    encode_ms,
                    search_ms,
                    looked_at,
                }) => {
                    let missing = missing.iter().map(|failure| Trouble::reported(Part::Details, failure));
                    self.note(missing.collect());
                    self.likely_from.set(likely_from);
                    self.is_cut.set(is_cut);
                    self.timed(Timing { encode_ms, search_ms, looked_at });
                    self.found(hits);
                }
                Ok(other) => self.fail(unexpected(&other)),
                Err(failure) => self.fail(failure),
            }
        });
    }

    /// A place alone is gone to.
    fn go_to(self, place: Option<&Polygon>) {
        if let Some(place) = place
            && self.camera.with_untracked(Option::is_none)
        {
            let around = |at: fn(f64, f64) -> f64, of: usize, start: f64| {
                place.corners().iter().fold(start, |edge, corner| at(edge, corner[of]))
            };
            let frame = self.frame();
            let west = around(f64::min, 0, f64::INFINITY);
            let shift = frame.longitude(west) - west;
            self.camera.set(Some(Camera::Box(Extent {
                west: west + shift,
                south: around(f64::min, 1, f64::INFINITY),
                east: around(f64::max, 0, f64::NEG_INFINITY) + shift,
                north: around(f64::max, 1, f64::NEG_INFINITY),
            })));
        }
    }

    fn timed(self, timing: Timing) {
        clock::record("clip-rs:encode", timing.encode_ms);
        clock::record("clip-rs:search", timing.search_ms);
        self.timing.set(Some(timing));
    }

    /// Shows what is found so far where cells of a large catalog take long to come; what is known of the answer itself comes with it.
    pub(super) fn found_so_far(self, call: u32, hits: Vec<Hit>, likely_from: Option<f32>) {
        let is_asked =
            self.call.get_value() == call && self.phase.with_untracked(|phase| *phase == Phase::Searching);
        if is_asked && !hits.is_empty() {
            self.likely_from.set(likely_from);
            self.hits.set(Arc::new(hits));
        }
    }

    /// Shows hits, unless none of them is likely. What is still being typed need not be a word yet.
    pub(super) fn found(self, hits: Vec<Hit>) {
        let best = hits.iter().map(|hit| hit.similarity).fold(f32::NEG_INFINITY, f32::max);
        let nothing_likely = self.likely_from.get_untracked().is_some_and(|likely| best < likely);
        // A link to one of them asks for them.
        let selected = self.selected.get_untracked();
        let is_wanted = self.is_draft_untracked()
            || self.insisted.with_value(|insisted| insisted.as_ref() == Some(&self.confirmed()))
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
        self.insisted.set_value(Some(self.confirmed()));
        let nearest = self.nearest.get_value();
        self.show(nearest);
    }

    fn show(self, hits: Arc<Vec<Hit>>) {
        let selected =
            self.selected.get_untracked().filter(|selected| hits.iter().any(|hit| hit.id == selected.id));
        let may_move = !self.is_draft_untracked();
        if may_move && self.camera.get_untracked().is_none() {
            let frame = self.frame();
            let extent = |hit: &Hit| hit.footprint.map(|footprint| frame.extent(&footprint));
            let item = selected.as_ref().and_then(|selected| hits.iter().find(|hit| hit.id == selected.id));
            let all = hits.iter().filter_map(extent).reduce(Extent::union).map(Camera::Box);
            self.camera.set(item.and_then(extent).map(Camera::Item).or(all));
        }
        if may_move && selected.is_none() && self.limit.get_untracked() == FIRST_HITS {
            page::scroll_to_start(RESULTS);
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

    /// The middle of the map.
    pub fn middle(self) -> Option<LngLat> {
        self.view
            .get_value()
            .and_then(|view| LngLat::new(view.lng, view.lat).ok())
            .or_else(|| self.shown.get_untracked().map(|shown| shown.centre()))
    }

    /// The box that the map shows now; none before it shows any.
    pub fn in_view(self) -> Option<Bounds> {
        self.shown.get_untracked()
    }

    /// Zoom of the map, 0 to 28; none before it shows anything. Follows the map.
    pub fn zoom(self) -> Option<f64> {
        self.shown.track();
        self.view.get_value().map(|view| view.zoom)
    }

    /// Of a large catalog the shards of which the map shows something, if they are few enough to be looked at; follows the map.
    pub fn shards_in_view(self) -> Option<Vec<usize>> {
        let shown = self.shown.get()?;
        self.manifest.with(|manifest| shards::in_view(manifest.as_ref()?, shown))
    }

    /// Whether the catalog has no more than so many items.
    pub fn is_all(self, items: usize) -> bool {
        self.manifest.with(|manifest| manifest.as_ref().is_none_or(|manifest| manifest.count() <= items))
    }

    /// What the panel is about.
    pub fn side(self) -> Side {
        self.side.get()
    }

    /// Lets the panel be about this.
    pub fn turn_to(self, side: Side) {
        self.side.set(side);
        self.write_link(Entry::Same);
    }

    /// Notes what the map shows now.
    pub fn shows(self, shown: Option<Bounds>) {
        self.shown.set(shown);
    }

    /// Notes where the map looks now.
    pub fn looked(self, view: MapView, shown: Option<Bounds>) {
        self.view.set_value(Some(view));
        self.shows(shown);
        self.write_link(Entry::Same);
    }

    /// Takes over what the URL says: at the start, and on "back" and "forward".
    pub fn follow_link(self) {
        if self.has_returned() {
            return;
        }
        let Link { ask, selected, details, side, view } = Link::parse(&location::fragment());
        self.side.set(side);
        self.details.set(details);
        self.selected.set(selected.map(|id| Selection { id, by: By::Link }));
        self.view.set_value(view);
        self.camera.set(view.map(Camera::View));
        self.pause.set_value(None);
        if self.asking.with_untracked(|asking| *asking != Asking::about(ask.clone())) {
            self.asking.set(Asking::about(ask));
            self.limit.set(FIRST_HITS);
        }
        if self.answered.with_value(|answered| *answered != self.confirmed()) {
            self.run();
        }
    }

    pub(super) fn write_link(self, entry: Entry) {
        let link = Link {
            ask: self.confirmed(),
            selected: self
                .selected
                .with_untracked(|selected| selected.as_ref().map(|selected| selected.id.clone())),
            details: self.details.get_untracked(),
            side: self.side.get_untracked(),
            view: self.view.get_value(),
        };
        location::set_fragment(&link.to_fragment(), entry);
    }
}
