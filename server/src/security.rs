//! The headers that every answer carries, whatever it is: refusals too.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{content_policy, embedding::EmbedFrom, refusal::Refusal, request_path::is_of_catalog};

/// What the headers say that is not the same for every server.
#[derive(Debug, Clone)]
pub(crate) struct Policies {
    /// Who may frame the page.
    pub(crate) embed_from: EmbedFrom,
    /// For a file of the app that is no page.
    pub(crate) of_file: HeaderValue,
}

/// Nothing that the app uses; copying coordinates needs no permission.
const NO_DEVICES: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(), microphone=(), midi=(), \
     payment=(), usb=()",
);

/// What browsers of other sites' pages are told when they ask first, and how many seconds it holds.
const PERMISSION: [(HeaderName, HeaderValue); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD")),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("if-match, if-none-match, if-range, range"),
    ),
    (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400")),
];

/// Adds the security headers to whatever answers `request`, those that are the same for every asker.
pub(crate) async fn secure(State(policies): State<Policies>, request: Request, next: Next) -> Response {
    let is_catalog = is_of_catalog(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A link can carry the query; no other site learns it.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("permissions-policy"), NO_DEVICES);
    if is_catalog {
        headers.insert(header::CONTENT_SECURITY_POLICY, content_policy::OF_CATALOG);
    } else {
        // A page has brought its own.
        let own = headers.get(header::CONTENT_SECURITY_POLICY).cloned().unwrap_or(policies.of_file);
        let Ok(policy) = content_policy::framed_by(&own, &policies.embed_from.frame_ancestors()) else {
            return Refusal::Unreadable.into_response();
        };
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        );
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
