//! What the server is told at start, and the sentences for when that cannot work.

use std::path::PathBuf;

use clip_rs_catalog::ListedCatalog;
use clip_rs_page::given::Placed;

use crate::{built_in::BuiltIn, embedding::EmbedFrom};

/// What to serve, and to whom.
#[derive(Debug, Clone)]
pub struct Config {
    /// The catalogs: the page's own first, at `/catalog/`.
    pub catalogs: Vec<Placed>,
    /// Catalogs of other origins that the page may show.
    pub elsewhere: Vec<ListedCatalog>,
    /// The page and its files.
    pub app: App,
    /// Which other sites may embed the page and read the catalog.
    pub embed_from: EmbedFrom,
}

/// Where the built app comes from.
#[derive(Debug, Clone)]
pub enum App {
    /// There is none: only the catalog is served.
    None,
    /// From a folder: the one that holds `index.html`.
    Folder(PathBuf),
    /// From the program itself.
    BuiltIn(BuiltIn),
}

/// Why the server cannot start, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder given as `--catalog` holds no `catalog.json`.
    #[error(
        "{} has no catalog.json. Make a catalog with `clip-rs index --tiles DIR --model models/rs-small \
         --out {}`, or a sample with `cargo xtask demo`",
        catalog.display(), catalog.display()
    )]
    NoCatalog {
        /// The folder as it was given.
        catalog: PathBuf,
    },
    /// No catalog is given.
    #[error("name a catalog's folder with --catalog")]
    Nothing,
    /// The folder given as `--app` holds no `index.html`.
    #[error("{} has no index.html. Build the app with `cargo xtask dist`, or leave --app out", app.display())]
    NoApp {
        /// The folder as it was given.
        app: PathBuf,
    },
    /// The page cannot be made to read catalogs of other origins.
    #[error("--catalog-from: {0}")]
    Page(String),
    /// The app inside the program cannot be used.
    #[error(
        "the page inside this program is damaged ({0}). Build the program with `cargo xtask server`, or give a page \
         with --app"
    )]
    BuiltIn(String),
}
