//! What the server reads of the catalog itself: its manifest, anew whenever it has changed.

use std::{io, path::PathBuf, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use clip_rs_catalog::{CatalogError, MANIFEST_NAME, Manifest};
use serde::Serialize;

use crate::{
    files::{self, Keep},
    folder::Folder,
    listed,
    packing::Packer,
    refusal::Refusal,
    remembered::Remembered,
    request_path::RequestPath,
};

/// A folder with a catalog. Clones share what is remembered of it.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    folder: Folder,
    manifest: Remembered<Manifest>,
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
        let manifest = Remembered::new(folder.path_of(MANIFEST_NAME));
        Self { folder, manifest, packer }
    }

    /// The manifest as it is now; none, with a line in the log, when it cannot be used.
    ///
    /// The catalog's files are served all the same: the app, which may be newer than this server, judges them for
    /// itself. Blocks; a manifest is small.
    pub(crate) fn manifest(&self) -> Option<Arc<Manifest>> {
        let manifest = self.manifest.get(|bytes| Ok::<_, Unusable>(Manifest::from_json(bytes)?));
        manifest.inspect_err(|error| tracing::error!(%error, "no usable catalog")).ok()
    }

    /// The same, for answers.
    pub(crate) async fn current_manifest(&self) -> Option<Arc<Manifest>> {
        let catalog = self.clone();
        tokio::task::spawn_blocking(move || catalog.manifest()).await.ok()?
    }

    /// How long caches may keep a file; nothing is kept for ever that the manifest does not name. Blocks.
    fn keep(&self, path: &RequestPath) -> Keep {
        let names = |manifest: Arc<Manifest>| listed::names(&manifest, &path.joined());
        if self.manifest().is_some_and(names) { Keep::ForEver } else { Keep::Revalidate }
    }

    /// Answers with a file of the catalog, whose addresses begin with `/catalog/`.
    pub(crate) async fn send(&self, request: &Parts) -> Result<Response, Refusal> {
        let below = request.uri.path().strip_prefix("/catalog").filter(|below| !below.is_empty());
        let path = RequestPath::parse(below.ok_or(Refusal::NotFound)?)?;
        let catalog = self.clone();
        files::send(&self.folder, &path, request, &self.packer, move |path| catalog.keep(path)).await
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
    let catalog = catalog.current_manifest().await.map(|manifest| manifest.id.clone());
    let (code, status) = match catalog {
        Some(_) => (StatusCode::OK, "ok"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the catalog cannot be read"),
    };
    let health = Health { status, version: env!("CARGO_PKG_VERSION"), catalog };
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (code, cache, Json(health)).into_response()
}
