//! What the server is told at start, and the sentences for when that cannot work.

use std::path::PathBuf;

/// The folders to serve.
#[derive(Debug, Clone)]
pub struct Config {
    /// A catalog's folder: the one that holds `catalog.json`.
    pub catalog: PathBuf,
    /// The built app's folder: the one that holds `index.html`. Without it only the catalog is served.
    pub app: Option<PathBuf>,
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
    /// The folder given as `--app` holds no `index.html`.
    #[error("{} has no index.html. Build the app with `cargo xtask dist`, or leave --app out", app.display())]
    NoApp {
        /// The folder as it was given.
        app: PathBuf,
    },
}
