//! What the server reads of the catalog itself: its manifest, anew for each answer made from it.

use std::io::ErrorKind;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use clip_rs_catalog::{MANIFEST_NAME, Manifest};
use serde::Serialize;

use crate::{config::StartError, folder::Folder};

/// Reads the manifest of the catalog in `folder`. Blocks; a manifest is small.
pub(crate) fn read_manifest(folder: &Folder) -> Result<Manifest, StartError> {
    let path = folder.path_of(MANIFEST_NAME);
    let catalog = folder.path_of("");
    let text = std::fs::read(&path).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => StartError::NoCatalog { catalog: catalog.clone() },
        _ => StartError::Read { path, source },
    })?;
    Manifest::from_json(&text).map_err(|source| StartError::BadCatalog { catalog, source })
}

/// The manifest as it is now; none, with a line in the log, when it cannot be used.
pub(crate) async fn current_manifest(folder: &Folder) -> Option<Manifest> {
    let folder = folder.clone();
    let read = tokio::task::spawn_blocking(move || read_manifest(&folder)).await.ok()?;
    read.inspect_err(|error| tracing::error!(error = error as &dyn std::error::Error, "no usable catalog"))
        .ok()
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
