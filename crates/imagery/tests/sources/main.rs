//! Every source of imagery on files that the tests write themselves, and the suite that all of them pass.

mod archives;
mod documents;
mod folders;
mod pictures;
mod rasters;
#[expect(clippy::panic, reason = "a failed check ends the test and says of what")]
mod suite;
mod write;
