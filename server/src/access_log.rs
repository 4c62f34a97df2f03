//! One line a request, without what a person searched for: the query string is never logged.

use std::time::Instant;

use axum::{extract::Request, http::header, middleware::Next, response::Response};

/// Characters of a path that are logged.
const MAX_LOGGED: usize = 200;

/// Logs method, path, status, length in bytes and time in milliseconds.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    if !tracing::enabled!(tracing::Level::INFO) {
        return next.run(request).await;
    }
    let start = Instant::now();
    let method = request.method().clone();
    // Escaped, so that no path can steer a terminal or forge a line.
    let path: String = request.uri().path().chars().take(MAX_LOGGED).flat_map(char::escape_default).collect();
    let response = next.run(request).await;
    let length = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let bytes: Option<u64> = length.and_then(|length| length.parse().ok());
    tracing::info!(
        %method,
        %path,
        status = response.status().as_u16(),
        bytes,
        duration_ms = start.elapsed().as_micros() as f64 / 1000.0,
        "request"
    );
    response
}
