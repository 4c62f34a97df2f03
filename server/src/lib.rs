//! Serves a catalog and the app as static files, and computes nothing per query.
//!
//! Any static host can do the same work; this one sets every header that the app counts on, and is what
//! `cargo xtask demo` starts. It knows the catalog's manifest, for the map's description, and nothing of models.
//!
//! | route | what it answers | kept by caches |
//! |---|---|---|
//! | `/catalog/catalog.json` | the manifest | revalidated by an `ETag` of its content |
//! | `/catalog/tilejson.json` | the map tiles as TileJSON 3.0, made from the manifest | never without asking |
//! | `/catalog/...` | the catalog's other files, named by content hash | for ever |
//! | `/healthz` | whether the catalog can be read, and its id | never |
//! | `/...` | the app's files; an unknown page is `index.html` | for ever when named by hash, else revalidated |
//!
//! A request passes [`guard`] (is it one that we take at all), then [`recall`] (was it answered before), then
//! [`app`]'s routes; [`files`] finds and sends the file, and [`security`] adds what every answer carries.
//! [`serve`] is the part with sockets.

#![forbid(unsafe_code)]

mod access_log;
mod app;
mod catalog;
mod config;
mod content_policy;
mod files;
mod folder;
mod guard;
mod media_type;
mod recall;
mod refusal;
mod request_path;
mod security;
mod serve;
mod tilejson;

pub use app::app;
pub use config::{Config, StartError};
pub use serve::{Limits, serve};
