//! Serves a catalog and the app as static files, and computes nothing per query.
//!
//! Any static host can do the same work; this one sets every header that the app counts on, and is what
//! `cargo xtask demo` starts. It knows the catalog's manifest, for the map's description, and nothing of models.
//!
//! | route | what it answers | kept by caches |
//! |---|---|---|
//! | `/catalog/catalog.json` | the manifest | revalidated by an `ETag` of its content |
//! | `/catalog/tilejson.json` | the map tiles as TileJSON 3.0, made from the manifest | never without asking |
//! | `/catalog/tiles/{z}/{x}/{y}` | a tile, whichever file it is | revalidated |
//! | `/catalog/...` | the catalog's other files | for ever what the manifest names, else revalidated |
//! | `/catalogs/NAME/...` | the same for each catalog but the page's own | likewise |
//! | `/catalogs.json` | which catalogs the page may show | revalidated |
//! | `/healthz` | whether all catalogs can be read, and the id of the page's own | never |
//! | `/...` | the app's files; `/` is `index.html` | for ever what the build lists, else revalidated |
//!
//! A request passes [`guard`] (is it one that we take at all), then [`recall`] (was it answered before), then
//! [`app`]'s routes; [`files`] finds and sends the file, as [`representation`] and [`conditions`] say, and
//! [`security`] and [`embedding`] add what every answer carries.
//! [`serve`] is the part with sockets; [`places`] and [`steady`] let go whoever takes places and nothing else.

#![forbid(unsafe_code)]

mod access_log;
mod allowed;
mod app;
mod built_in;
mod catalog;
mod conditions;
mod config;
mod content_policy;
mod embedding;
mod file_state;
mod files;
mod folder;
mod guard;
mod limits;
mod listed;
mod media_type;
mod negotiation;
mod packing;
mod places;
mod recall;
mod refusal;
mod remembered;
mod representation;
mod request_path;
mod security;
mod serve;
mod site;
mod steady;
mod tilejson;
mod tiles;

pub use app::app;
pub use built_in::BuiltIn;
pub use config::{App, Config, StartError};
pub use embedding::{EmbedFrom, EmbedFromError};
pub use limits::Limits;
pub use serve::serve;
