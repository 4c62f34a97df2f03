//! The headers that every answer carries, whatever it is: refusals too.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::content_policy;

/// Nothing that the app uses; copying coordinates needs no permission.
const NO_DEVICES: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), \
     payment=(), usb=()",
);

/// Adds the security headers to whatever answers `request`.
pub(crate) async fn secure(request: Request, next: Next) -> Response {
    let is_catalog = request.uri().path().starts_with("/catalog/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A link can carry the query; no other site learns it.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("permissions-policy"), NO_DEVICES);
    if is_catalog {
        headers.insert(header::CONTENT_SECURITY_POLICY, content_policy::OF_CATALOG);
        may_be_used_by(headers, "cross-origin");
    } else {
        // A page has brought its own.
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(content_policy::of_file);
        headers.insert(
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        );
        may_be_used_by(headers, "same-origin");
    }
    response
}

fn may_be_used_by(headers: &mut HeaderMap, whom: &'static str) {
    let name = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(name, HeaderValue::from_static(whom));
}
