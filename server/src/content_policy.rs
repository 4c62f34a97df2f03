//! The content security policy: what a page of ours may load and run.
//!
//! Scripts come from this server, WebAssembly may be compiled, and the inline scripts of a page run because
//! the policy names their hashes, so nothing that gets into the page by other ways does. A page may be framed
//! by pages of this server only: there is nothing to click away in a search, but nobody needs to frame it
//! either; other sites embed it by script, not by frame.

use axum::http::HeaderValue;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// For the catalog's files: even a page or a drawing that somebody put there can do nothing.
pub(crate) const OF_CATALOG: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// For a file of the app that is no page; workers are bound by it.
pub(crate) fn of_file() -> HeaderValue {
    policy("", "")
}

/// For a page: its inline scripts and style sheets are allowed, as they are in `html`.
pub(crate) fn of_page(html: &str) -> HeaderValue {
    let sources = |tag| inline_content(html, tag).iter().map(|text| source(text)).collect::<String>();
    policy(&sources("script"), &sources("style"))
}

fn policy(scripts: &str, styles: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
         img-src 'self' blob: data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    );
    HeaderValue::try_from(text).unwrap_or(OF_CATALOG)
}

fn source(text: &str) -> String {
    format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// What stands between `<tag>` and `</tag>`, for each such element without a `src`, as a browser hashes it.
///
/// This reads pages as build tools write them. Where it and a browser differ, a script stays off.
fn inline_content(html: &str, tag: &str) -> Vec<String> {
    let html = html.replace("\r\n", "\n").replace('\r', "\n");
    let lower = html.to_ascii_lowercase();
    let (open, close) = (format!("<{tag}"), format!("</{tag}"));
    let mut contents = Vec::new();
    let mut at = 0;
    while let Some(found) = lower[at..].find('<').map(|offset| at + offset) {
        let rest = &lower[found..];
        if rest.starts_with("<!--") {
            at = rest.find("-->").map_or(lower.len(), |end| found + end);
            continue;
        }
        let is_tag =
            rest.strip_prefix(&open).is_some_and(|next| next.starts_with([' ', '\n', '\t', '/', '>']));
        let Some((attributes, length)) = is_tag.then(|| start_tag(&rest[open.len()..])).flatten() else {
            at = found + 1;
            continue;
        };
        let start = found + open.len() + length;
        let end = lower[start..].find(&close).map_or(lower.len(), |offset| start + offset);
        if !has_source(attributes) && start < end {
            contents.push(html[start..end].to_owned());
        }
        at = end;
    }
    contents
}

/// The attributes of a start tag, and the bytes up to and with its `>`, which may also stand in quotes.
fn start_tag(rest: &str) -> Option<(&str, usize)> {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return Some((&rest[..at], at + 1)),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

fn has_source(attributes: &str) -> bool {
    let mut words = attributes.split([' ', '\n', '\t', '/', '"', '\'']);
    words.any(|word| word == "src" || word.starts_with("src="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_as_browsers_see_them() {
        let page = "<!doctype html><!-- <script>old()</script> -->\r\n<SCRIPT type=\"module\" a='>'>\r\nrun(1 < 2)\r\n</SCRIPT>\
                    <script src=\"/a.js\"></script><script defer src=b.js>ignored()</script>\
                    <scripted>no</scripted><script>two()</script ><style>p { top: 0 }</style>";
        assert_eq!(inline_content(page, "script"), ["\nrun(1 < 2)\n", "two()"]);
        assert_eq!(inline_content(page, "style"), ["p { top: 0 }"]);
    }

    #[test]
    fn odd_pages_do_no_harm() {
        for page in
            ["", "<", "<script", "<script>", "<script a=\"", "<!--", "<script>é", "<script/>x</script"]
        {
            assert!(inline_content(page, "script").len() <= 1, "{page}");
        }
    }

    #[test]
    fn the_hash_is_the_one_browsers_compute() {
        // The example of the CSP specification (section 2.3.1 of CSP 3 gives the same form).
        let policy = of_page("<script>alert('Hello, world.');</script>");
        let policy = policy.to_str().expect("ASCII");
        assert!(policy.contains("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"), "{policy}");
        assert!(!policy.contains("unsafe-inline"));
    }
}
