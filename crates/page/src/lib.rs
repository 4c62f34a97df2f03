//! The built page as it is handed out with several catalogs, for whoever does that: the server, and `clip-rs pack`.
//!
//! - [`policy`]: the page may read catalogs of other origins, and its service worker knows it as it is then;
//! - [`given`]: the words of a command line that say which catalogs, and where each lies beside the page.
//!
//! Nothing here reads or writes files.

#![forbid(unsafe_code)]

pub mod given;
pub mod policy;
