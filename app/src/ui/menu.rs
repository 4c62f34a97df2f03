//! A list that a button opens: it closes when something in it is chosen, when the focus leaves it, and by Escape.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::prelude::*;

use crate::browser::page;

/// Whether a list is open. Copies are handles to the same list.
#[derive(Clone, Copy)]
pub struct Menu {
    opened: RwSignal<bool>,
    /// Id of the button.
    button: &'static str,
    /// Selector of the element that holds button and list.
    holder: &'static str,
}

impl Menu {
    /// A closed list.
    pub fn new(button: &'static str, holder: &'static str) -> Self {
        Self { opened: RwSignal::new(false), button, holder }
    }

    /// Whether it is open.
    pub fn is_open(self) -> bool {
        self.opened.get()
    }

    /// Opens or closes it.
    pub fn toggle(self) {
        self.opened.update(|opened| *opened = !*opened);
    }

    /// Closes it; the focus goes where the caller says.
    pub fn close(self) {
        self.opened.set(false);
    }

    /// Closes it; the focus goes back to the button.
    pub fn back(self) {
        self.close();
        page::focus(self.button);
    }

    /// Escape goes back.
    pub fn keydown(self, event: &KeyboardEvent) {
        if event.key() == "Escape" && self.opened.get_untracked() {
            event.stop_propagation();
            self.back();
        }
    }

    /// Who leaves the list closes it.
    pub fn left(self, event: &FocusEvent) {
        if !page::stays_within(event, self.holder) {
            self.close();
        }
    }
}
