//! What the server reads of the catalog itself: its manifest, anew for each answer made from it.

use std::{fs, io};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use clip_rs_catalog::{CatalogError, MANIFEST_NAME, Manifest};
use serde::Serialize;

use crate::folder::Folder;

/// Why a manifest that is there says nothing.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{MANIFEST_NAME} cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("{0}. `clip-rs verify` says more")]
    Content(#[from] CatalogError),
}

/// The manifest of the catalog in `folder` as it is now; none, with a line in the log, when it cannot be used.
///
/// Its files are served all the same: the app, which may be newer than this server, judges them for itself.
/// Blocks; a manifest is small.
pub(crate) fn read_manifest(folder: &Folder) -> Option<Manifest> {
    let read = || Ok::<_, Unusable>(Manifest::from_json(&fs::read(folder.path_of(MANIFEST_NAME))?)?);
    read().inspect_err(|error| tracing::error!(%error, "no usable catalog")).ok()
}

/// The same, for answers.
pub(crate) async fn current_manifest(folder: &Folder) -> Option<Manifest> {
    let folder = folder.clone();
    tokio::task::spawn_blocking(move || read_manifest(&folder)).await.ok()?
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    catalog: Option<String>,
}

/// `/healthz`: 200 when the catalog can be read, 503 when it cannot.
pub(crate) async fn health(State(folder): State<Folder>) -> Response {
    let catalog = current_manifest(&folder).await.map(|manifest| manifest.id);
    let (code, status) = match catalog {
        Some(_) => (StatusCode::OK, "ok"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the catalog cannot be read"),
    };
    let health = Health { status, version: env!("CARGO_PKG_VERSION"), catalog };
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (code, cache, Json(health)).into_response()
}
