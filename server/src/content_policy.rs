//! The content security policy: what a page of ours may load and run.
//!
//! A page brings its own: `cargo xtask dist` writes it into the page, with the hashes of the page's inline scripts,
//! so that it holds on any host. Here it is repeated as a header, and [`crate::security`] adds what only a header can
//! say: who may frame it.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use axum::http::{HeaderValue, header::InvalidHeaderValue};

/// For the catalog's files: even a page or a drawing that somebody put there can do nothing.
pub(crate) const OF_CATALOG: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// For a file of the app that is no page; workers are bound by it.
pub(crate) const OF_FILE: HeaderValue =
    HeaderValue::from_static("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'");

/// What stands before and after the policy in a page, as `dist` writes it.
const META: (&str, &str) = (r#"<meta http-equiv="Content-Security-Policy" content=""#, "\"");

/// Bytes at the start of a page that hold its policy.
const START: u64 = 8 * 1024;

/// The policy of the page at `path`; empty when it has none. Blocks.
pub(crate) fn of_page(path: &Path) -> io::Result<HeaderValue> {
    let mut start = Vec::new();
    File::open(path)?.take(START).read_to_end(&mut start)?;
    of_html(&start)
}

/// The policy of the page that `html` is, or begins with; empty when it has none.
pub(crate) fn of_html(html: &[u8]) -> io::Result<HeaderValue> {
    let start = html.get(..START as usize).unwrap_or(html);
    let start = String::from_utf8_lossy(start);
    let own = start.split_once(META.0).and_then(|(_, rest)| rest.split_once(META.1));
    HeaderValue::try_from(own.map_or("", |(policy, _)| policy)).map_err(io::Error::other)
}

/// The policy `own` with the sources `ancestors` that may frame what it is for.
pub(crate) fn framed_by(own: &HeaderValue, ancestors: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let end = if own.is_empty() { "" } else { "; " };
    let whole = [own.as_bytes(), end.as_bytes(), b"frame-ancestors ", ancestors.as_bytes()].concat();
    HeaderValue::from_bytes(&whole)
}
