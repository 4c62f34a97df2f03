//! Every source of imagery on files that the tests write themselves, and the suite that all of them pass.

mod folders;
mod suite;
mod write;
