//! The box, and answers while a query is being typed: when the typing pauses, the words so far are searched for as a draft.
//!
//! A draft is no step in the history, is not announced to screen readers and does not move the map. It becomes
//! a search like any other when it is confirmed: by Enter, by leaving the box, or by a choice among its results.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use super::Session;
use crate::ask::{About, Ask, Asking, Part};
use crate::browser::location::Entry;

/// The pause in typing after which the words are searched for, milliseconds.
const PAUSE_MS: u32 = 120;
/// The same in a catalog of which each answer fetches a part.
const LONG_PAUSE_MS: u32 = 800;

impl Session {
    /// What is being asked.
    pub fn asking(self) -> Signal<Asking> {
        self.asking.into()
    }

    /// What the results are for.
    pub fn wanted(self) -> Ask {
        self.asking.with(Asking::wanted)
    }

    /// Whether what is typed is answered before it is confirmed.
    pub fn is_draft(self) -> bool {
        self.asking.with(|asking| asking.draft().is_some())
    }

    /// Takes over the text of the search box, which a person is changing.
    pub fn typed(self, text: String) {
        self.asking.update(|asking| asking.typed(text));
        let answer = move || {
            if self.is_draft_untracked() || self.answered.with_value(|ask| *ask != self.confirmed()) {
                self.run();
            }
        };
        // Where each answer is fetched, half a word is not worth it.
        let is_fetched = self
            .manifest
            .with_untracked(|known| known.as_ref().is_some_and(|manifest| manifest.cells.is_some()));
        let pause = if is_fetched { LONG_PAUSE_MS } else { PAUSE_MS };
        self.pause.set_value(Some(Timeout::new(pause, answer)));
    }

    /// Enter: searches for what is in the box, and for all that is asked besides.
    pub fn search_words(self) {
        self.confirm(Asking::confirm);
        self.split_place();
        self.remember();
        self.search_confirmed();
    }

    /// The box was left: what is in it is taken for what is wanted, if that can be told.
    pub fn leave_box(self) {
        self.confirm(Asking::leave);
        self.split_place();
        if self.answered.with_value(|ask| *ask != self.confirmed()) {
            self.search_confirmed();
        }
    }

    /// Makes the words in the box a term; the next ones are wanted besides, or not wanted.
    pub fn begin_next(self, unwanted: bool) {
        self.confirm(|asking| asking.begin_next(unwanted));
    }

    /// Adds a term.
    pub fn add(self, part: Part) {
        self.alter(|ask| ask.add(part));
    }

    /// Takes the term at this place away.
    pub fn remove_part(self, at: usize) {
        self.alter(|ask| {
            if at < ask.parts.len() {
                ask.parts.remove(at);
            }
        });
    }

    /// Gives the term at this place another weight.
    pub fn weigh(self, at: usize, weight: f32) {
        let weight = weight.clamp(-Part::MOST, Part::MOST);
        self.alter(|ask| {
            if let Some(part) = ask.parts.get_mut(at).filter(|_| weight != 0.0) {
                part.weight = weight;
            }
        });
    }

    /// Takes the words of a term back into the box.
    pub fn edit_part(self, at: usize) {
        self.alter(|ask| {
            if let Some(Part { about: About::Words(words), .. }) = ask.parts.get(at).cloned() {
                ask.parts.remove(at);
                ask.words = Some(words);
            }
        });
    }

    /// Changes what is asked, and asks it.
    pub fn alter(self, change: impl FnOnce(&mut Ask)) {
        self.rewrite(change);
        self.search_confirmed();
    }

    /// Changes what is asked, with what is in the box.
    pub(super) fn rewrite(self, change: impl FnOnce(&mut Ask)) {
        self.confirm(|asking| {
            asking.confirm();
            let mut ask = asking.confirmed().clone();
            change(&mut ask);
            *asking = Asking::about(ask);
        });
    }

    /// What was confirmed last.
    pub fn confirmed(self) -> Ask {
        self.asking.with_untracked(|asking| asking.confirmed().clone())
    }

    pub(super) fn is_draft_untracked(self) -> bool {
        self.asking.with_untracked(|asking| asking.draft().is_some())
    }

    /// Makes the draft, if there is one, what is searched for. Its results stay.
    pub(super) fn confirm_draft(self) {
        if self.is_draft_untracked() {
            self.confirm(Asking::confirm);
        }
    }

    /// Changes what is asked: a step in the history, if the confirmed question becomes another.
    pub(super) fn confirm(self, change: impl FnOnce(&mut Asking)) {
        self.pause.set_value(None);
        let before = self.confirmed();
        let mut asking = self.asking.get_untracked();
        change(&mut asking);
        let is_new = *asking.confirmed() != before;
        if self.asking.with_untracked(|now| *now != asking) {
            self.asking.set(asking);
        }
        if is_new {
            self.limit.set(super::search::FIRST_HITS);
            self.write_link(Entry::New);
        }
    }
}
