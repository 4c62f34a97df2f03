//! Copying a text, and saying for a while whether that worked.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::browser::clipboard;

/// How long the words stand, milliseconds.
const SAID_MS: u32 = 2000;
/// What is said when it worked.
pub const COPIED: &str = "Copied";

/// Copies `text`, and says in `said` that it did, or else `otherwise`.
pub fn copy(text: String, said: RwSignal<Option<&'static str>>, otherwise: &'static str) {
    spawn_local(async move {
        let words = match clipboard::copy(&text).await {
            Ok(()) => COPIED,
            Err(reason) => {
                leptos::logging::warn!("{text:?} was not copied: {reason}");
                otherwise
            }
        };
        // What says it may be gone by now: then there is nothing to set.
        said.try_set(Some(words));
        let unsay = move || {
            said.try_set(None);
        };
        Timeout::new(SAID_MS, unsay).forget();
    });
}
