//! The first look at a request: refuses what no client of ours sends, before any file is touched.

use axum::{
    extract::Request,
    http::{Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::refusal::Refusal;

/// Longest path and query, in bytes. A browser's address bar holds less than this.
const MAX_URL_BYTES: usize = 8 * 1024;

/// Passes `request` on if it is a plain one for a file.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    match refuse(&request) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

/// Why `request` is refused, if it is.
pub(crate) fn refuse(request: &Request) -> Option<Refusal> {
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|part| part.as_str().len() > MAX_URL_BYTES) {
        return Some(Refusal::LongUrl);
    }
    // Pages of other origins may read the catalog, so their browsers may ask whether they may.
    let catalog = uri.path().starts_with("/catalog/");
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS if catalog => {}
        _ if catalog => return Some(Refusal::Method("GET, HEAD, OPTIONS")),
        _ => return Some(Refusal::Method("GET, HEAD")),
    }
    has_body(request).then_some(Refusal::Body)
}

fn has_body(request: &Request) -> bool {
    let headers = request.headers();
    let empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    !empty || headers.contains_key(header::TRANSFER_ENCODING)
}
