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
    built_in::BuiltInSite,
    catalog::{self, Catalog},
    config::{App, Config, StartError},
    embedding, guard,
    packing::Packer,
    recall::{self, Memory},
    refusal::Refusal,
    request_path::is_of_catalog,
    security,
    site::{PAGE, Site},
    tilejson,
};

/// What is behind the addresses.
struct Served {
    catalog: Catalog,
    site: AnySite,
}

/// The app, wherever its files are.
enum AnySite {
    None,
    Folder(Site),
    BuiltIn(BuiltInSite),
}

/// The whole server without its sockets.
///
/// Fails when there is no catalog or no app where `config` says; a damaged catalog is only logged.
pub fn app(config: &Config) -> Result<Router, StartError> {
    if !config.catalog.join(MANIFEST_NAME).is_file() {
        return Err(StartError::NoCatalog { catalog: config.catalog.clone() });
    }
    let packer = Packer::new();
    let site = open(&config.app, &packer)?;
    let catalog = Catalog::new(config.catalog.clone(), packer);
    // Only to say early, in the log, what is wrong with it.
    catalog.listed();

    let routes = Router::new()
        .route("/healthz", any(catalog::health))
        .route("/catalog/tilejson.json", any(tilejson::tilejson))
        .with_state(catalog.clone())
        .fallback(file)
        .with_state(Arc::new(Served { catalog, site }));
    Ok(routes
        .layer(middleware::from_fn(guard::guard))
        .layer(middleware::from_fn_with_state(config.embed_from.clone(), security::secure))
        // Outside of those above: what is remembered has their headers, and only requests that they let pass are
        // answered from memory.
        .layer(middleware::from_fn_with_state(Memory::new(), recall::recall))
        .layer(middleware::from_fn_with_state(config.embed_from.clone(), embedding::embed))
        .layer(middleware::from_fn(access_log::log)))
}

/// The app, if it has a page.
fn open(app: &App, packer: &Packer) -> Result<AnySite, StartError> {
    match app {
        App::None => Ok(AnySite::None),
        App::Folder(app) if !app.join(PAGE).is_file() => Err(StartError::NoApp { app: app.clone() }),
        App::Folder(app) => Ok(AnySite::Folder(Site::new(app.clone(), packer.clone()))),
        App::BuiltIn(app) if !app.has_page() => Err(StartError::BuiltIn(format!("it has no {PAGE}"))),
        App::BuiltIn(app) => {
            BuiltInSite::new(*app).map(AnySite::BuiltIn).map_err(|e| StartError::BuiltIn(e.to_string()))
        }
    }
}

async fn file(State(served): State<Arc<Served>>, request: Request) -> Result<Response, Refusal> {
    let (request, _) = request.into_parts();
    match (is_of_catalog(request.uri.path()), &served.site) {
        (true, _) => served.catalog.send(&request).await,
        (false, AnySite::Folder(site)) => site.send(&request).await,
        (false, AnySite::BuiltIn(site)) => site.send(&request).await,
        (false, AnySite::None) => Err(Refusal::NoApp),
    }
}
