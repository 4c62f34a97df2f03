//! Choices that a browser keeps from visit to visit.

use web_sys::Storage;

// Storage throws where cookies are blocked; a choice then lasts as long as the page.
fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What was chosen before.
pub fn recall(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Keeps a choice for the next visit.
pub fn remember(key: &str, choice: &str) {
    if let Some(storage) = storage() {
        // A full storage forgets the choice, which then lasts as long as the page.
        let _lasts_as_long_as_the_page = storage.set_item(key, choice);
    }
}
