//! The first look at a request: refuses what no client of ours sends, before any file is touched.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{refusal::Refusal, request_path::is_of_catalog, security};

/// Longest path and query, in bytes. A browser's address bar holds less than this.
const MAX_URL_BYTES: usize = 8 * 1024;

/// Passes `request` on if it is a plain one for a file.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    match refuse(&request) {
        Some(refusal) => refusal.into_response(),
        None if request.method() == Method::OPTIONS => security::permission(),
        None => next.run(request).await,
    }
}

/// Why `request` is refused, if it is.
pub(crate) fn refuse(request: &Request) -> Option<Refusal> {
    let uri = request.uri();
    if !names_one_host(request.version(), request.headers()) {
        return Some(Refusal::Host);
    }
    if uri.path_and_query().is_some_and(|part| part.as_str().len() > MAX_URL_BYTES) {
        return Some(Refusal::LongUrl);
    }
    // Pages of other origins may read the catalog, so their browsers may ask whether they may.
    let catalog = is_of_catalog(uri.path());
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS if catalog => {}
        _ if catalog => return Some(Refusal::Method("GET, HEAD, OPTIONS")),
        _ => return Some(Refusal::Method("GET, HEAD")),
    }
    has_body(request).then_some(Refusal::Body)
}

/// Whether `Host` is there once and is one (RFC 9112, 3.2); HTTP/1.0 may be without.
fn names_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.to_str().is_ok_and(|host| host.is_empty() || is_host(host)),
        (Some(_), Some(_)) => false,
    }
}

/// Whether `host` is a name or an address, and perhaps a port, in plain characters.
pub(crate) fn is_host(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_ip6 = name.starts_with('[') && name.ends_with(']');
    let is_name = is_ip6 || !name.contains([':', '[', ']']);
    let is_port = port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
    !name.is_empty() && host.len() <= 255 && host.chars().all(plain) && is_name && is_port
}

fn has_body(request: &Request) -> bool {
    let headers = request.headers();
    let empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    !empty || headers.contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_host_gets_into_an_address() {
        for host in [
            "localhost",
            "localhost:8080",
            "10.0.0.1:80",
            "[::1]:8080",
            "[::1]",
            "a-b.example",
            "my_host",
            "a:",
        ] {
            assert!(is_host(host), "{host}");
        }
        let long = "a".repeat(300);
        for host in
            ["", ":80", "a b", "a/b", "user@a", "a\"b", "a:b:c", "a:99999", "a, b", "[::1", "é", &long]
        {
            assert!(!is_host(host), "{host}");
        }
    }
}
