//! The routes: which address leads to which folder.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware,
    response::Response,
    routing::any,
};
use clip_rs_catalog::MANIFEST_NAME;

use crate::{
    access_log,
    catalog::{self, Catalog},
    config::{Config, StartError},
    guard,
    packing::Packer,
    recall::{self, Memory},
    refusal::Refusal,
    request_path::is_of_catalog,
    security,
    site::{PAGE, Site},
    tilejson,
};

/// The folders behind the addresses.
struct Served {
    catalog: Catalog,
    site: Option<Site>,
}

/// The whole server without its sockets.
///
/// Fails when there is no catalog or no app where `config` says; a damaged catalog is only logged.
pub fn app(config: &Config) -> Result<Router, StartError> {
    if !config.catalog.join(MANIFEST_NAME).is_file() {
        return Err(StartError::NoCatalog { catalog: config.catalog.clone() });
    }
    if let Some(app) = config.app.as_ref().filter(|app| !app.join(PAGE).is_file()) {
        return Err(StartError::NoApp { app: app.clone() });
    }
    let packer = Packer::new();
    let catalog = Catalog::new(config.catalog.clone(), packer.clone());
    // Only to say early, in the log, what is wrong with it.
    catalog.listed();
    let site = config.app.clone().map(|app| Site::new(app, packer));

    let routes = Router::new()
        .route("/healthz", any(catalog::health))
        .route("/catalog/tilejson.json", any(tilejson::tilejson))
        .with_state(catalog.clone())
        .fallback(file)
        .with_state(Arc::new(Served { catalog, site }));
    Ok(routes
        .layer(middleware::from_fn(guard::guard))
        .layer(middleware::from_fn(security::secure))
        // Outside of those above: what is remembered has their headers, and only requests that they let pass are
        // answered from memory.
        .layer(middleware::from_fn_with_state(Memory::new(), recall::recall))
        .layer(middleware::from_fn(access_log::log)))
}

async fn file(State(served): State<Arc<Served>>, request: Request) -> Result<Response, Refusal> {
    let (request, _) = request.into_parts();
    match (is_of_catalog(request.uri.path()), &served.site) {
        (true, _) => served.catalog.send(&request).await,
        (false, Some(site)) => site.send(&request).await,
        (false, None) => Err(Refusal::NoApp),
    }
}
