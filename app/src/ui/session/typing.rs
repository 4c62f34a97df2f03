//! Answers while a query is being typed: when the typing pauses, the words so far are searched for as a draft.
//!
//! A draft is no step in the history, is not announced to screen readers and does not move the map. It becomes
//! a search like any other when it is confirmed: by Enter, by leaving the box, or by a choice among its results.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use super::Session;
use crate::browser::location::Entry;
use crate::link::query;
use crate::protocol::Ask;

/// The pause in typing after which the words are searched for, milliseconds.
const PAUSE_MS: u32 = 120;
/// Fewer characters than this are the beginning of too many words.
const LEAST_CHARACTERS: usize = 3;

impl Session {
    /// Takes over the text of the search box, which a person is changing.
    pub fn typed(self, text: String) {
        self.words.set(text);
        self.pause.set_value(Some(Timeout::new(PAUSE_MS, move || self.answer_draft())));
    }

    /// What the results are for: the draft if there is one, else what is searched for.
    pub fn wanted(self) -> Option<Ask> {
        self.draft.get().or_else(|| self.ask.get())
    }

    /// Takes the text of the search box, which a person has left, for what they want.
    pub fn typed_all(self) {
        self.answer_draft();
        self.confirm_draft();
    }

    /// Makes the draft, if there is one, what is searched for. Its results stay.
    pub(super) fn confirm_draft(self) {
        if let Some(draft) = self.draft.get_untracked() {
            self.drop_draft();
            self.ask.set(Some(draft));
            self.write_link(Entry::New);
        }
    }

    /// Forgets what was being typed. The words stay in the box, the results on the page.
    pub(super) fn drop_draft(self) {
        self.pause.set_value(None);
        self.draft.set(None);
    }

    fn answer_draft(self) {
        let Some(text) = draft(&self.words.get_untracked()) else { return };
        let (typed, wanted) = (Some(Ask::Text(text)), untrack(|| self.wanted()));
        if typed == wanted {
            return;
        }
        let back = typed == self.ask.get_untracked();
        self.draft.set(typed.filter(|_| !back));
        self.run();
    }
}

/// The query that the text of the search box is on the way to; none if it is too short to tell.
fn draft(text: &str) -> Option<String> {
    query(text).filter(|text| text.chars().count() >= LEAST_CHARACTERS)
}

#[cfg(test)]
mod tests {
    use super::draft;

    #[test]
    fn a_draft_has_three_characters_at_least() {
        assert_eq!(draft("ri"), None);
        assert_eq!(draft(" r \t "), None);
        assert_eq!(draft("riv "), Some("riv".to_owned()));
        assert_eq!(draft("a  b"), Some("a b".to_owned()));
        assert_eq!(draft("船舶港"), Some("船舶港".to_owned()));
    }
}
