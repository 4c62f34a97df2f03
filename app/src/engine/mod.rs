//! The search worker: it owns the engine, and answers the page's searches.

mod answer;
mod details;
mod loader;

pub use answer::Answerer;
pub(crate) use answer::{Opened, hit, not_answered, refused, unusable};
pub(crate) use details::Pages;

/// Listens for calls, and says hello.
pub fn start() {
    crate::serve::start(Answerer::default());
}
