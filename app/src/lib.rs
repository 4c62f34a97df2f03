//! The page: a worker that owns the engine, an interface that asks it, and the words they exchange.
//!
//! - [`protocol`]: requests and responses between page and worker, as JSON text;
//! - [`engine`]: the worker's side: loads a catalog, checks it, and answers;
//! - [`ui`]: the page's side: components and the state they share;
//! - [`load`]: fetching a catalog's files with progress, check and retry, for both sides;
//! - [`browser`]: thin adapters to what browsers offer, one file each; nothing else touches the DOM's globals;
//! - [`link`], [`format`], [`paths`]: pure parts with native tests.
//!
//! A query never leaves the browser: it stands in the URL's fragment, which is not sent, and is answered by
//! the worker.

pub mod browser;
pub mod engine;
pub mod format;
pub mod link;
pub mod load;
pub mod paths;
pub mod protocol;
#[cfg(feature = "page")]
pub mod ui;
