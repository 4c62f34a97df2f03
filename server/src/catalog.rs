//! What the server reads of the catalog itself: its manifest, anew whenever it has changed.

use std::{io, path::PathBuf, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use clip_rs_catalog::{CatalogError, MANIFEST_NAME};
use serde::Serialize;

use crate::{
    files::{self, Keep},
    folder::Folder,
    listed::Listed,
    packing::Packer,
    refusal::Refusal,
    remembered::Remembered,
    request_path::RequestPath,
    tiles::{self, TileFinder},
};

/// A folder with a catalog. Clones share what is remembered of it.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    address: String,
    folder: Folder,
    listed: Remembered<Listed>,
    tiles: TileFinder,
    packer: Packer,
}

/// Why a manifest that is there says nothing.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{MANIFEST_NAME} cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("{0}. `clip-rs verify` says more")]
    Content(#[from] CatalogError),
}

impl Catalog {
    /// The catalog in the folder `root`, at an `address` that begins with a slash and does not end in one.
    pub(crate) fn new(address: String, root: PathBuf, packer: Packer) -> Self {
        let folder = Folder::new(root);
        let listed = Remembered::new(folder.path_of(MANIFEST_NAME));
        Self { address, folder, listed, tiles: TileFinder::new(), packer }
    }

    /// Where it is on this server: `/catalog`, `/catalogs/NAME`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether the address `path` is of it.
    pub(crate) fn has(&self, path: &str) -> bool {
        path.strip_prefix(&self.address).is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// What the manifest lists now; none, with a line in the log, when it cannot be used.
    ///
    /// The catalog's files are served all the same: the app, which may be newer than this server, judges them for
    /// itself. Blocks; a manifest is small.
    pub(crate) fn listed(&self) -> Option<Arc<Listed>> {
        let listed = self.listed.get(|bytes| Ok::<_, Unusable>(Listed::from_json(bytes)?));
        listed.inspect_err(|error| tracing::error!(%error, "no usable catalog")).ok()
    }

    /// The same, for answers.
    pub(crate) async fn currently_listed(&self) -> Option<Arc<Listed>> {
        let catalog = self.clone();
        tokio::task::spawn_blocking(move || catalog.listed()).await.ok()?
    }

    /// Answers with a file of the catalog, whose addresses begin with its own and a slash.
    pub(crate) async fn send(&self, request: &Parts) -> Result<Response, Refusal> {
        let below = request.uri.path().strip_prefix(&self.address).filter(|below| !below.is_empty());
        let path = RequestPath::parse(below.ok_or(Refusal::NotFound)?)?;
        let catalog = self.clone();
        files::send(&self.folder, path, request, &self.packer, move |path| catalog.resolve(path)).await
    }

    /// The file that an address means, and how long caches may keep it: nothing for ever that the manifest does not
    /// list. Blocks.
    fn resolve(&self, path: RequestPath) -> (RequestPath, Keep) {
        let Some(listed) = self.listed() else { return (path, Keep::Revalidate) };
        let name = path.joined();
        if let Some(tile) = tiles::addressed(&name) {
            let file = self.tiles.path_of(tile, &self.folder, &listed.manifest);
            let file = file.map_or(path, |file| RequestPath::of_file(&file));
            return (file, Keep::Revalidate);
        }
        (path, if listed.names(&name) { Keep::ForEver } else { Keep::Revalidate })
    }
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    catalog: Option<String>,
}

/// `/healthz`: 200 when all catalogs can be read, 503 when one cannot. The page's own comes first.
pub(crate) async fn health(State(catalogs): State<Arc<[Catalog]>>) -> Response {
    let (mut ids, mut code, mut status) = (Vec::new(), StatusCode::OK, "ok");
    for catalog in catalogs.iter() {
        let id = catalog.currently_listed().await.map(|listed| listed.manifest.id.clone());
        if id.is_none() {
            code = StatusCode::SERVICE_UNAVAILABLE;
            status =
                if catalogs.len() == 1 { "the catalog cannot be read" } else { "a catalog cannot be read" };
        }
        ids.push(id);
    }
    let catalog = ids.into_iter().next().flatten();
    let health = Health { status, version: env!("CARGO_PKG_VERSION"), catalog };
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (code, cache, Json(health)).into_response()
}
