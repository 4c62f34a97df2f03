//! The explorer: a second worker with an engine of its own, loaded when one of its abilities is first used. What takes it long
//! holds up no search, and what it needs does not weigh on a first visit.

mod answer;
mod grid;
mod items;
mod names;
mod tower;

/// Listens for calls, and says hello.
pub fn start() {
    crate::serve::start(answer::Explorer::default());
}
