//! Catalogs kept for use without a network. A file is kept whole or not at all, under the URL that it came from, so that the
//! service worker can hand it out; what is whole is said last. So a saving may end at any moment, by a lost connection or a
//! closed browser, and go on later with what is missing.
//!
//! The keeper, a third worker, does it: it digests every byte, which the page has no time for, and few visits need it.

mod cached;
mod fetching;
mod keeper;
mod plan;
mod record;
mod saving;
mod store;

pub use cached::PREFIX;

/// Listens for calls, and says hello.
pub fn start() {
    crate::serve::start(keeper::Keeper::default());
}
