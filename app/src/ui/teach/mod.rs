//! Concepts taught by examples: results are marked yes or no, a small classifier learns from the marks, and what it has learnt
//! is what is searched for next.

mod buttons;
mod files;
mod strip;

use std::collections::HashMap;

use clip_rs_catalog::{Bounds, ItemId};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::session::Session;
use crate::ask::{About, Ask, Named, Origin, Part};
use crate::browser::storage;
use crate::concepts::{self, Saved};
use crate::protocol::explore::{Examples, Request, Response, Review};
use crate::vector::Vector;

pub use buttons::YesNo;
pub use files::SavedConcepts;
pub use strip::Strip;

const KEY: &str = "clip-rs:concepts";
/// The name of a concept that has none yet.
const UNNAMED: &str = "your marks";

/// The state of teaching. Copies are handles to the same state.
#[derive(Clone, Copy)]
pub struct Teaching {
    session: Session,
    /// Items in the order in which they were marked, and whether they show it.
    pub marks: RwSignal<Vec<(String, bool)>>,
    /// Where the marked items are that were among the hits when they were marked.
    footprints: StoredValue<HashMap<String, Bounds>>,
    /// What was asked when the first mark was made.
    prior: StoredValue<Option<Ask>>,
    /// Where what has been learnt points.
    pub learnt: RwSignal<Option<Vector>>,
    /// How good it is, as far as that is known yet.
    pub review: RwSignal<Option<Review>>,
    /// Concepts that the browser keeps.
    pub saved: RwSignal<Vec<Saved>>,
    turn: StoredValue<u32>,
}

impl Teaching {
    /// Nothing taught yet.
    pub fn new(session: Session) -> Self {
        let saved = storage::get(KEY).map(|text| concepts::from_storage(&text)).unwrap_or_default();
        Self {
            session,
            marks: RwSignal::default(),
            footprints: StoredValue::default(),
            prior: StoredValue::new(None),
            learnt: RwSignal::default(),
            review: RwSignal::default(),
            saved: RwSignal::new(saved),
            turn: StoredValue::new(0),
        }
    }

    /// What an item was marked with.
    pub fn mark_of(self, id: &str) -> Option<bool> {
        self.marks.with(|marks| marks.iter().find(|(marked, _)| marked == id).map(|(_, yes)| *yes))
    }

    /// Marks an item; marking it the same again takes the mark off.
    pub fn mark(self, id: &str, yes: bool) {
        if self.marks.with_untracked(Vec::is_empty) {
            self.prior.set_value(Some(self.session.confirmed()));
        }
        let footprint = self
            .session
            .hits
            .with_untracked(|hits| hits.iter().find(|hit| hit.id == id).and_then(|hit| hit.footprint));
        if let Some(footprint) = footprint {
            self.footprints.update_value(|known| known.extend([(id.to_owned(), footprint)]));
        }
        self.marks.update(|marks| {
            let before = marks.iter().position(|(marked, _)| marked == id).map(|at| marks.remove(at));
            if before.is_none_or(|(_, was)| was != yes) {
                marks.push((id.to_owned(), yes));
            }
        });
        self.learn();
    }

    /// Where a marked item is; of pictures that were no hits it is not known.
    pub fn footprint(self, id: &str) -> Option<Bounds> {
        self.footprints.with_value(|known| known.get(id).copied()).or_else(|| match id.parse() {
            Ok(ItemId::Tiles(square)) => Some(square.bounds()),
            _ => None,
        })
    }

    /// Takes the last mark off.
    pub fn undo(self) {
        self.marks.update(|marks| drop(marks.pop()));
        self.learn();
    }

    /// Adds marks that were made elsewhere.
    pub fn take_marks(self, marks: Vec<(String, bool)>) {
        if self.marks.with_untracked(Vec::is_empty) {
            self.prior.set_value(Some(self.session.confirmed()));
        }
        self.marks.update(|known| {
            for (id, yes) in marks {
                known.retain(|(other, _)| *other != id);
                known.push((id, yes));
            }
        });
        self.learn();
    }

    /// Forgets the marks; what was asked before them is asked again.
    pub fn discard(self) {
        self.marks.set(Vec::new());
        self.learn();
    }

    /// Keeps what was learnt under a name, and ends the teaching; the concept stays what is searched for.
    pub fn save(self, name: &str) {
        let Some(saved) = self.as_saved(name) else { return };
        let named = saved.named();
        self.saved.update(|all| concepts::keep(all, saved));
        self.store();
        self.marks.set(Vec::new());
        self.forget_lesson();
        if let Some(named) = named {
            self.ask_for(named);
        }
    }

    /// What was learnt, under a name.
    pub fn as_saved(self, name: &str) -> Option<Saved> {
        let vector = self.learnt.get_untracked()?;
        let began_with = self.prior.with_value(|prior| prior.as_ref().and_then(|ask| ask.words.clone()));
        let marks = self.marks.get_untracked();
        Some(Saved::new(name, &self.model(), &vector, &marks, began_with))
    }

    /// What the concept might be called: the words that it began with.
    pub fn suggested_name(self) -> String {
        self.prior.with_value(|prior| prior.as_ref().and_then(|ask| ask.words.clone())).unwrap_or_default()
    }

    /// Keeps a concept from elsewhere, and searches for it.
    pub fn take(self, saved: Saved) {
        let named = saved.named();
        self.saved.update(|all| concepts::keep(all, saved));
        self.store();
        if let Some(named) = named {
            self.session.search(Ask { parts: vec![Part::plus(About::Named(named))], ..Ask::default() });
        }
    }

    /// Keeps a concept no longer.
    pub fn forget(self, name: &str) {
        self.saved.update(|all| all.retain(|saved| saved.concept != name));
        self.store();
    }

    /// Name of the model that this area is searched with.
    pub fn model(self) -> String {
        self.session.manifest.with_untracked(|manifest| {
            manifest.as_ref().map(|manifest| manifest.model.name.clone()).unwrap_or_default()
        })
    }

    fn store(self) {
        let text = self.saved.with_untracked(|all| concepts::to_storage(all));
        if !storage::set(KEY, &text) {
            self.session.could_not("This browser does not keep it: export it as a file instead.".to_owned());
        }
    }

    /// Learns from the marks as they are now, and searches for what was learnt.
    fn learn(self) {
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        let turn = self.turn.get_value();
        let marks: Vec<(ItemId, bool)> = self.marks.with_untracked(|marks| {
            marks.iter().filter_map(|(id, yes)| Some((id.parse().ok()?, *yes))).collect()
        });
        let prior = self.prior.get_value();
        if marks.is_empty() {
            self.forget_lesson();
            if let Some(prior) = prior {
                self.session.search(prior);
            }
            return;
        }
        let prior = prior.and_then(|ask| Ask { area: None, place: None, ..ask }.query(None, 1));
        let examples = Examples { marks, prior };
        spawn_local(async move {
            let request = Request::Learn(examples.clone());
            let answer = self.session.explore("Learning from your marks", request, &[]).await;
            if self.turn.get_value() != turn {
                return;
            }
            let Some((Response::Concept { vector, .. }, _)) = answer else { return };
            let vector = Vector::new(&vector);
            self.learnt.set(Some(vector.clone()));
            self.ask_for(Named { origin: Origin::Concept, name: UNNAMED.to_owned(), vector });
            let request = Request::Review(examples);
            let answer = self.session.explore("Seeing how good it is", request, &[]).await;
            if let Some((Response::Review(review), _)) = answer
                && self.turn.get_value() == turn
            {
                self.review.set(Some(review));
            }
        });
    }

    fn forget_lesson(self) {
        self.learnt.set(None);
        self.review.set(None);
    }

    /// Searches for a concept, where it was searched before. The list stays where it is: more marks are to come.
    fn ask_for(self, named: Named) {
        let before = self.session.confirmed();
        let parts = vec![Part::plus(About::Named(named))];
        self.session.search_again(Ask { words: None, parts, ..before });
    }
}
