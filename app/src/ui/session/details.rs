//! One hit in detail: the selected one, in the place of the list.

use leptos::prelude::*;

use super::{By, Session};
use crate::browser::location::{self, Entry};
use crate::protocol::Hit;

/// What the last step of the history was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Step {
    /// Something else.
    #[default]
    Another,
    /// It opened details.
    Opened,
    /// It is being gone back.
    Returning,
}

impl Session {
    /// The hit whose details are shown, with its rank (from 0); none while the list is shown.
    pub fn detailed(self) -> Option<(usize, Hit)> {
        if !self.details.get() {
            return None;
        }
        let rank = self.rank_of_selected()?;
        self.hits.with(|hits| hits.get(rank).map(|hit| (rank, hit.clone())))
    }

    /// The rank (from 0) of the hit that is selected.
    pub fn rank_of_selected(self) -> Option<usize> {
        let selected = self.selected.get()?;
        self.hits.with(|hits| hits.iter().position(|hit| hit.id == selected.id))
    }

    /// Whether details of something are wanted now.
    pub fn has_details(self) -> bool {
        self.details.get_untracked() && self.selected.with_untracked(Option::is_some)
    }

    /// Selects a hit, if it is not selected, and shows its details: a step in the history, so that "back" closes them.
    pub fn open_details(self, id: &str) {
        if !self.selected.with_untracked(|selected| selected.as_ref().is_some_and(|s| s.id == id)) {
            self.select(Some(id), By::List);
        }
        self.details.set(true);
        self.write_link(Entry::New);
        if !location::is_framed() {
            self.step.set_value(Step::Opened);
        }
    }

    /// Back to the list. What is selected stays so. The step in the history that opened them is gone back.
    pub fn close_details(self) {
        self.details.set(false);
        if self.step.get_value() == Step::Opened {
            self.step.set_value(Step::Returning);
            location::go_back();
        } else {
            self.write_link(Entry::Same);
        }
    }

    /// Whether the history moved because details were closed: then the page stays as it is, and the link follows.
    pub(super) fn has_returned(self) -> bool {
        let before = self.step.try_update_value(std::mem::take);
        let has_returned = before == Some(Step::Returning);
        if has_returned {
            self.write_link(Entry::Same);
        }
        has_returned
    }

    /// Follows the selection: once nothing is selected, what is selected next begins in the list.
    pub fn keep_details_of_selection(self) {
        if self.selected.with(Option::is_none) {
            self.details.set(false);
        }
    }
}
