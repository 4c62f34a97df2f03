//! The explorer: a second worker with an engine of its own, loaded when one of its abilities is first used. What takes it long
//! holds up no search, and what it needs does not weigh on a first visit.

mod answer;
mod changes;
mod grid;
mod items;
mod layer;
mod names;
mod overview;
mod reach;
mod tower;

use crate::browser::worker_scope;

/// Whether this worker is to be the explorer, where one program is both workers.
pub fn is_asked_for() -> bool {
    worker_scope::name() == worker_scope::EXPLORER
}

/// Listens for calls, and says hello.
pub fn start() {
    crate::serve::start(answer::Explorer::default());
}
