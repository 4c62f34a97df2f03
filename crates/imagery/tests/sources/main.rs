//! Every source of imagery on files that the tests write themselves, and the suite that all of them pass.

mod archives;
mod documents;
mod folders;
mod pictures;
mod rasters;
mod suite;
mod write;
