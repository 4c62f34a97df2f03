//! The content security policy: what a page of ours may load and run.
//!
//! A page brings its own: `cargo xtask dist` writes it into the page, with the hashes of the page's inline scripts,
//! so that it holds on any host. Here it is repeated as a header, with what only a header can say: a page may be
//! framed by pages of this server only. Nobody needs to frame it; other sites embed it by script.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use axum::http::HeaderValue;

/// For the catalog's files: even a page or a drawing that somebody put there can do nothing.
pub(crate) const OF_CATALOG: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// For a file of the app that is no page; workers are bound by it.
pub(crate) const OF_FILE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'self'",
);

/// What stands before and after the policy in a page, as `dist` writes it.
const META: (&str, &str) = (r#"<meta http-equiv="Content-Security-Policy" content=""#, "\"");

/// Bytes at the start of a page that hold its policy.
const START: u64 = 8 * 1024;

/// For the page at `path`: its own policy, and who may frame it. Blocks.
pub(crate) fn of_page(path: &Path) -> io::Result<HeaderValue> {
    let mut start = Vec::new();
    File::open(path)?.take(START).read_to_end(&mut start)?;
    let start = String::from_utf8_lossy(&start);
    let own = start.split_once(META.0).and_then(|(_, rest)| rest.split_once(META.1));
    let own = own.map_or(String::new(), |(policy, _)| format!("{policy}; "));
    HeaderValue::try_from(format!("{own}frame-ancestors 'self'")).map_err(io::Error::other)
}
