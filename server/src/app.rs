//! The routes: which address leads to which folder.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware,
    response::Response,
    routing::any,
};
use clip_rs_catalog::{CATALOGS_NAME, MANIFEST_NAME};
use clip_rs_page::given::Placed;

use crate::{
    access_log,
    allowed::{Elsewhere, PAGE},
    built_in::{BuiltInSite, Unusable},
    catalog::{self, Catalog},
    config::{App, Config, StartError},
    embedding, guard,
    packing::Packer,
    recall::{self, Memory},
    refusal::Refusal,
    request_path::is_of_catalog,
    security::{self, Policies},
    site::Site,
    tilejson,
};

/// What is behind the addresses.
struct Served {
    /// The page's own first.
    catalogs: Arc<[Catalog]>,
    elsewhere: Elsewhere,
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
    let missing = config.catalogs.iter().find(|placed| !placed.folder.join(MANIFEST_NAME).is_file());
    if let Some(placed) = missing {
        return Err(StartError::NoCatalog { catalog: placed.folder.clone() });
    }
    let packer = Packer::new();
    let elsewhere = Elsewhere::new(&config.elsewhere);
    let site = open(&config.app, &elsewhere, &packer)?;
    let catalog =
        |placed: &Placed| Catalog::new(format!("/{}", placed.path), placed.folder.clone(), packer.clone());
    let catalogs: Arc<[Catalog]> = config.catalogs.iter().map(catalog).collect();
    if catalogs.is_empty() {
        return Err(StartError::Nothing);
    }
    // Only to say early, in the log, what is wrong with them.
    catalogs.iter().for_each(|catalog| drop(catalog.listed()));
    let of_file = elsewhere.policy_of_files().map_err(|error| StartError::BuiltIn(error.to_string()))?;
    let policies = Policies { embed_from: config.embed_from.clone(), of_file };

    let routes = Router::new().route("/healthz", any(catalog::health)).with_state(catalogs.clone());
    let routes = catalogs.iter().fold(routes, |routes, catalog| {
        let described = any(tilejson::tilejson).with_state(catalog.clone());
        routes.route(&format!("{}/tilejson.json", catalog.address()), described)
    });
    let routes = routes.fallback(file).with_state(Arc::new(Served { catalogs, elsewhere, site }));
    Ok(routes
        .layer(middleware::from_fn(guard::guard))
        .layer(middleware::from_fn_with_state(policies, security::secure))
        // Outside of those above: what is remembered has their headers, and only requests that they let pass are
        // answered from memory.
        .layer(middleware::from_fn_with_state(Memory::new(), recall::recall))
        .layer(middleware::from_fn_with_state(config.embed_from.clone(), embedding::embed))
        .layer(middleware::from_fn(access_log::log)))
}

/// The app, if it has a page.
fn open(app: &App, elsewhere: &Elsewhere, packer: &Packer) -> Result<AnySite, StartError> {
    match app {
        App::None => Ok(AnySite::None),
        App::Folder(app) if !app.join(PAGE).is_file() => Err(StartError::NoApp { app: app.clone() }),
        App::Folder(app) => {
            let site = Site::new(app.clone(), elsewhere.clone(), packer.clone());
            if elsewhere.changes(PAGE) {
                site.made().map_err(|error| StartError::Page(error.to_string()))?;
            }
            Ok(AnySite::Folder(site))
        }
        App::BuiltIn(app) if !app.has_page() => Err(StartError::BuiltIn(format!("it has no {PAGE}"))),
        App::BuiltIn(app) => {
            let site = BuiltInSite::new(*app, elsewhere, packer.clone()).map(AnySite::BuiltIn);
            site.map_err(|error| match error {
                Unusable::Damaged(error) => StartError::BuiltIn(error.to_string()),
                Unusable::Policy(error) => StartError::Page(error.to_string()),
            })
        }
    }
}

async fn file(State(served): State<Arc<Served>>, request: Request) -> Result<Response, Refusal> {
    let (request, _) = request.into_parts();
    let path = request.uri.path();
    if path.strip_prefix('/') == Some(CATALOGS_NAME) {
        return served.elsewhere.send_list(&served.catalogs, &request).await;
    }
    match (is_of_catalog(path), &served.site) {
        (true, _) => match served.catalogs.iter().find(|catalog| catalog.has(path)) {
            Some(catalog) => catalog.send(&request).await,
            None => Err(Refusal::NotFound),
        },
        (false, AnySite::Folder(site)) => site.send(&request).await,
        (false, AnySite::BuiltIn(site)) => site.send(&request).await,
        (false, AnySite::None) => Err(Refusal::NoApp),
    }
}
