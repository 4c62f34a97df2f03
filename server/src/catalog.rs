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
    /// The catalog in the folder `root`.
    pub(crate) fn new(root: PathBuf, packer: Packer) -> Self {
        let folder = Folder::new(root);
        let listed = Remembered::new(folder.path_of(MANIFEST_NAME));
        Self { folder, listed, tiles: TileFinder::new(), packer }
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

    /// Answers with a file of the catalog, whose addresses begin with `/catalog/`.
    pub(crate) async fn send(&self, request: &Parts) -> Result<Response, Refusal> {
        let below = request.uri.path().strip_prefix("/catalog").filter(|below| !below.is_empty());
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

/// `/healthz`: 200 when the catalog can be read, 503 when it cannot.
pub(crate) async fn health(State(catalog): State<Catalog>) -> Response {
    let catalog = catalog.currently_listed().await.map(|listed| listed.manifest.id.clone());
    let (code, status) = match catalog {
        Some(_) => (StatusCode::OK, "ok"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the catalog cannot be read"),
    };
    let health = Health { status, version: env!("CARGO_PKG_VERSION"), catalog };
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (code, cache, Json(health)).into_response()
}
