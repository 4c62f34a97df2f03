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
use clip_rs_catalog::Origin;
use clip_rs_page::policy::{of_page as of_page_text, policy_reading};

/// For the catalog's files: even a page or a drawing that somebody put there can do nothing.
pub(crate) const OF_CATALOG: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// For a file of the app that is no page; workers are bound by it.
const OF_FILE: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/// The policy of a file of the app that is no page, whose page reads catalogs of these origins too.
pub(crate) fn of_file<'a>(origins: impl IntoIterator<Item = &'a Origin>) -> io::Result<HeaderValue> {
    let policy = policy_reading(OF_FILE, origins).map_err(io::Error::other)?;
    HeaderValue::try_from(policy).map_err(io::Error::other)
}

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
    HeaderValue::try_from(of_page_text(&start).unwrap_or_default()).map_err(io::Error::other)
}

/// The policy `own` with the sources `ancestors` that may frame what it is for.
pub(crate) fn framed_by(own: &HeaderValue, ancestors: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let end = if own.is_empty() { "" } else { "; " };
    let whole = [own.as_bytes(), end.as_bytes(), b"frame-ancestors ", ancestors.as_bytes()].concat();
    HeaderValue::from_bytes(&whole)
}
