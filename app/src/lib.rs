//! The page: a worker that owns the engine, an interface that asks it, and the words they exchange.
//!
//! - [`protocol`]: requests and responses between page and worker, as JSON text;
//! - [`engine`]: the search worker: loads a catalog, checks it, and answers; [`explore`]: the second worker, for what is used
//!   later; [`serve`]: what both have in common;
//! - [`ui`]: the page's side: components and the state they share;
//! - [`load`]: fetching a catalog's files with progress, check and retry, for both sides; [`cache`]: keeping them;
//!   [`imagery`]: finding an item's picture among them;
//! - [`browser`]: thin adapters to what browsers offer, one file each; nothing else touches the DOM's globals;
//! - [`ask`]: what is asked, as one value; [`vector`]: directions as text;
//! - [`link`], [`format`], [`export`], [`paths`], [`mosaic`], [`zooms`], [`unwrapped`], [`trouble`]: pure parts with native tests;
//! - [`coordinates`], [`map_sites`]: a position as other notations and other maps have it; [`places`]: words of place in a query;
//!   [`history`]: the last searches, and what to suggest; [`order`], [`grouping`]: results in another order, and those that
//!   belong together as one; [`concepts`]: what was taught; [`colours`]: marks on a map; [`distance`]: how far it is away;
//!   [`virtual_list`]: what of a long list is on the page;
//! - [`catalogs`]: which catalog the page is about, and which others it may show;
//! - [`offline`]: catalogs that are kept for use without a network;
//! - [`embedded`]: what the page in somebody else's page and the widget around it say to each other.
//!
//! A query never leaves the browser: it stands in the URL's fragment, which is not sent, and is answered by
//! the worker.

pub mod ask;
pub mod browser;
pub mod cache;
pub mod catalogs;
pub mod colours;
pub mod concepts;
pub mod coordinates;
pub mod distance;
pub mod embedded;
pub mod engine;
pub mod explore;
pub mod export;
pub mod format;
pub mod grouping;
pub mod history;
pub mod imagery;
pub mod link;
pub mod load;
pub mod map_sites;
pub mod mosaic;
pub mod offline;
pub mod order;
pub mod painted;
pub mod paths;
pub mod places;
pub mod protocol;
pub mod serve;
pub mod shards;
pub mod trouble;
#[cfg(feature = "page")]
pub mod ui;
pub mod unwrapped;
pub mod vector;
pub mod virtual_list;
pub mod zooms;
