//! Catalogs kept for use without a network. A file is kept whole or not at all, under the URL that it came from, so that the
//! service worker can hand it out; what is whole is said last. So a saving may end at any moment, by a lost connection or a
//! closed browser, and go on later with what is missing.

mod cached;
mod fetching;
mod keeper;
mod plan;
mod record;
mod saving;
mod store;

pub use cached::PREFIX;
pub use keeper::Keeper;
