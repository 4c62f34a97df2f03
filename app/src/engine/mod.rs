//! The search worker: it owns the engine, and answers the page's searches.

mod answer;
mod bring;
mod cells;
mod details;
mod faults;
mod loader;
pub(crate) mod tower;

pub use answer::Answerer;
pub(crate) use answer::{Opened, hit, shard};
pub(crate) use details::{Days, Pages};
pub(crate) use faults::{not_answered, refused, unusable};
pub(crate) use loader::{ShardFiles, files};

/// Listens for calls, and says hello.
pub fn start() {
    crate::serve::start(Answerer::by_cells());
}
