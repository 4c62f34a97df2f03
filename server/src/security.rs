//! The headers that every answer carries, whatever it is: refusals too.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{content_policy, request_path::is_of_catalog};

/// Nothing that the app uses; copying coordinates needs no permission.
const NO_DEVICES: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(), microphone=(), midi=(), \
     payment=(), usb=()",
);

/// For pages of other origins, which may read whatever is at or below `/catalog`, refusals too.
const OPEN_TO_ALL: [(HeaderName, HeaderValue); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("accept-ranges, content-encoding, content-length, content-range, etag"),
    ),
];

/// What their browsers are told when they ask first, and how many seconds it holds.
const PERMISSION: [(HeaderName, HeaderValue); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD")),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("if-match, if-none-match, if-range, range"),
    ),
    (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400")),
];

/// Adds the security headers to whatever answers `request`.
pub(crate) async fn secure(request: Request, next: Next) -> Response {
    let is_catalog = is_of_catalog(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A link can carry the query; no other site learns it.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("permissions-policy"), NO_DEVICES);
    if is_catalog {
        headers.insert(header::CONTENT_SECURITY_POLICY, content_policy::OF_CATALOG);
        headers.extend(OPEN_TO_ALL);
        may_be_used_by(headers, "cross-origin");
    } else {
        // A page has brought its own.
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(content_policy::OF_FILE);
        headers.insert(
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        );
        may_be_used_by(headers, "same-origin");
    }
    response
}

/// Answers a browser that asks whether a page of another origin may read the catalog (a preflight).
pub(crate) fn permission() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().extend(PERMISSION);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    response
}

fn may_be_used_by(headers: &mut HeaderMap, whom: &'static str) {
    let name = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(name, HeaderValue::from_static(whom));
}
