//! A person at the page, as code: the real server, the real page in a real Chromium, and a log of all that the
//! browser asked for. The tests are in `e2e/`; the rules of the repository in `rules/`.
//!
//! The harness builds nothing. `cargo xtask test` builds the page, the commands and a catalog, and says where
//! they are in the environment ([`Artifacts`]).

#![forbid(unsafe_code)]

mod artifacts;
mod browser;
mod commands;
mod firefox;
mod keys;
pub mod land;
mod map;
mod page;
mod recorder;
mod site;
mod truth;
mod worker;

pub use artifacts::{Artifacts, axe};
pub use browser::Chromium;
pub use firefox::Firefox;
pub use map::MapView;
pub use page::{COMPLETE, Mouse, Page, ResultCard};
pub use recorder::{Fault, Recorder, Seen};
pub use site::Site;
pub use truth::GroundTruth;
pub use worker::ask_worker;
