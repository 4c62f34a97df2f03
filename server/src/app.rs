//! The routes: which address leads to which folder.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Version, header},
    middleware,
    response::{IntoResponse, Response},
    routing::any,
};
use clip_rs_catalog::MANIFEST_NAME;
use tower_http::{
    CompressionLevel,
    compression::CompressionLayer,
    cors::{Any, CorsLayer},
};

use crate::{
    access_log, catalog,
    config::{Config, StartError},
    files,
    folder::Folder,
    guard,
    media_type::is_compressible,
    recall::{self, Memory},
    refusal::Refusal,
    request_path::RequestPath,
    security, tilejson,
};

/// Lengths in bytes of files that are packed while they are sent. Below it does not pay; what is larger
/// should lie packed beside the file.
const PACKED_ON_THE_FLY: std::ops::RangeInclusive<u64> = 1024..=1024 * 1024;

/// Level 5 of brotli and gzip: within a few percent of the best, and fast.
const PACKING: CompressionLevel = CompressionLevel::Precise(5);

/// The file that every page of the app is.
const PAGE: &str = "index.html";

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
    let catalog = Folder::new(config.catalog.clone());
    // Only to say early, in the log, what is wrong with it.
    catalog::read_manifest(&catalog);
    let site = config.app.clone().map(Folder::new);

    let catalog_routes = Router::new()
        .route("/tilejson.json", any(tilejson::tilejson))
        .fallback(catalog_file)
        .layer(open_to_all())
        .with_state(catalog.clone());
    let routes = Router::new()
        .route("/healthz", any(catalog::health))
        .with_state(catalog)
        .nest("/catalog/", catalog_routes)
        .route("/catalog", any(|| async { Refusal::NotFound }))
        .fallback(app_file)
        .with_state(Arc::new(site));
    Ok(routes
        .layer(CompressionLayer::new().quality(PACKING).compress_when(is_worth_packing))
        .layer(middleware::map_response(weaken_tag))
        .layer(middleware::from_fn(guard::guard))
        .layer(middleware::from_fn(security::secure))
        // Outside of those above: what is remembered has their headers, and only requests that they let pass are
        // answered from memory.
        .layer(middleware::from_fn_with_state(Memory::new(), recall::recall))
        .layer(middleware::from_fn(access_log::log)))
}

async fn catalog_file(State(folder): State<Folder>, request: Request) -> Result<Response, Refusal> {
    let (request, _) = request.into_parts();
    let path = RequestPath::parse(request.uri.path())?;
    files::send(&folder, &path, &request).await
}

async fn app_file(State(site): State<Arc<Option<Folder>>>, request: Request) -> Result<Response, Refusal> {
    let (request, _) = request.into_parts();
    let path = RequestPath::parse(request.uri.path())?;
    let Some(folder) = site.as_ref() else { return Err(Refusal::NoApp) };
    let is_page = path.is_root() || (path.may_be_page() && wants_page(&request.headers));
    match files::send(folder, &path, &request).await {
        Err(Refusal::NotFound) if is_page => {
            files::send(folder, &RequestPath::of_file(PAGE), &request).await.map(|mut response| {
                response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
                response
            })
        }
        sent => sent,
    }
}

/// Whether a browser asks for a page to show, not for something that a page loads.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.contains("text/html"))
}

fn open_to_all() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([header::IF_NONE_MATCH, header::IF_RANGE, header::RANGE])
        .expose_headers([
            header::ACCEPT_RANGES,
            header::CONTENT_ENCODING,
            header::CONTENT_LENGTH,
            header::CONTENT_RANGE,
            header::ETAG,
        ])
        .max_age(std::time::Duration::from_secs(24 * 60 * 60))
        .vary([])
}

fn is_worth_packing(status: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    status == StatusCode::OK
        && text(header::CONTENT_TYPE).is_some_and(is_compressible)
        && length.is_some_and(|length: u64| PACKED_ON_THE_FLY.contains(&length))
}

/// Packing changes the bytes, and a strong tag promises the same bytes.
async fn weaken_tag(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if headers.contains_key(header::CONTENT_ENCODING) {
        let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let strong = tag.filter(|tag| !tag.starts_with("W/"));
        if let Some(Ok(weak)) = strong.map(|tag| HeaderValue::try_from(format!("W/{tag}"))) {
            headers.insert(header::ETAG, weak);
        }
    }
    response.into_response()
}
