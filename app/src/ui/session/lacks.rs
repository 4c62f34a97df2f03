//! What could not be shown, and trying it again.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Session;
use crate::trouble::{Cause, Part, Trouble};

/// Once the server answers again, what it did not answer is tried again after so long, milliseconds.
const AGAIN_MS: u32 = 1000;

/// A place on the page where something is missing: the notice speaks of it as long as this lives.
pub struct Lack {
    session: Session,
    trouble: Trouble,
}

impl Drop for Lack {
    fn drop(&mut self) {
        let (troubles, trouble) = (self.session.troubles, self.trouble.clone());
        // Later: this may be dropped while the signals of a card are being let go, when none can be reached.
        spawn_local(async move {
            // With the page itself gone there is nothing to say.
            troubles.try_update(|troubles| {
                if let Some(at) = troubles.iter().position(|known| *known == trouble) {
                    troubles.swap_remove(at);
                }
            });
        });
    }
}

impl Session {
    /// Notes that something cannot be shown, for as long as the place where it is missing is shown.
    pub fn lacks(self, trouble: Trouble) -> Lack {
        if trouble.cause == Cause::Missing {
            self.look_for_newer_after_missing();
        }
        self.troubles.update(|troubles| troubles.push(trouble.clone()));
        self.dismissed.set(false);
        Lack { session: self, trouble }
    }

    /// Notes what the last answer lacks as a whole, in place of what the one before did.
    pub(super) fn note(self, troubles: Vec<Trouble>) {
        self.lacking.set_value(troubles.into_iter().map(|trouble| self.lacks(trouble)).collect());
    }

    /// The server answered: what it did not answer before is tried again soon.
    pub fn heard(self) {
        let silent = |troubles: &Vec<Trouble>| troubles.iter().any(|trouble| trouble.cause == Cause::Silence);
        if self.again.with_value(Option::is_none) && self.troubles.with_untracked(silent) {
            let again = move || {
                self.again.set_value(None);
                self.try_again();
            };
            self.again.set_value(Some(Timeout::new(AGAIN_MS, again)));
        }
    }

    /// Tries to get what is missing on the page.
    pub fn try_again(self) {
        if self.troubles.with_untracked(|troubles| !troubles.is_empty()) {
            self.attempt.update(|attempt| *attempt = attempt.wrapping_add(1));
        }
    }

    /// Looks whether there is a newer catalog, then tries to get what is missing.
    pub fn retry_lacks(self) {
        spawn_local(async move {
            self.look_for_newer().await;
            let details =
                self.lacking.with_value(|lacks| lacks.iter().any(|lack| lack.trouble.part == Part::Details));
            self.lacking.set_value(Vec::new());
            self.attempt.update(|attempt| *attempt = attempt.wrapping_add(1));
            if details {
                self.run();
            }
        });
    }
}
