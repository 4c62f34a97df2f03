//! A page of our build carries its content security policy in a `<meta>` (`xtask/src/policy.rs`), and its service worker
//! keeps the page by its digest (`xtask/service_worker.mjs`). Here the policy comes to name the origins of other catalogs,
//! and the digest follows, so that one build with another list is another version of the page.
//!
//! Of the policy one directive changes: `connect-src`, whom the page may fetch from (CSP 3, 6.1.2,
//! <https://www.w3.org/TR/CSP3/#directive-connect-src>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clip_rs_catalog::Origin;
use sha2::{Digest, Sha384};

/// What stands before and after the policy in a page, as `dist` writes it.
const META: (&str, &str) = (r#"<meta http-equiv="Content-Security-Policy" content=""#, "\"");
/// The header in a host's list of headers, `_headers`.
const HEADER: &str = "Content-Security-Policy:";
/// The directive that changes, and the page's own origin in it.
const DIRECTIVE: &str = "connect-src";
const OWN: &str = "connect-src 'self'";
/// Longest directive, bytes: it travels in the header of every answer, and servers and proxies bound those.
const MOST_SOURCES: usize = 4096;

/// Why a page cannot be made to read other catalogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It carries no policy, or one that does not say whom it may fetch from.
    #[error("the page carries no policy that says whom it may fetch from; build it with `cargo xtask dist`")]
    NoPolicy,
    /// The origins are too many, or too long.
    #[error("the catalogs lie on more sites than one page can be allowed to read")]
    Long,
    /// The service worker keeps another page.
    #[error("sw.js does not keep this index.html; build both with `cargo xtask dist`")]
    OtherPage,
}

/// The policy that a page, or the beginning of one, carries.
pub fn of_page(html: &str) -> Option<&str> {
    let (policy, _) = html.split_once(META.0)?.1.split_once(META.1)?;
    Some(policy)
}

/// `policy` as one that lets a page, or a worker, fetch from its own origin and from these, and from no other.
pub fn policy_reading<'a>(
    policy: &str,
    origins: impl IntoIterator<Item = &'a Origin>,
) -> Result<String, PolicyError> {
    let sources = sources(origins);
    if sources.len() > MOST_SOURCES {
        return Err(PolicyError::Long);
    }
    replaced(policy, &sources).ok_or(PolicyError::NoPolicy)
}

/// The page as one that may fetch from its own origin and from these, and from no other.
pub fn page_reading<'a>(
    html: &str,
    origins: impl IntoIterator<Item = &'a Origin>,
) -> Result<String, PolicyError> {
    let (before, rest) = html.split_once(META.0).ok_or(PolicyError::NoPolicy)?;
    let (policy, after) = rest.split_once(META.1).ok_or(PolicyError::NoPolicy)?;
    let policy = policy_reading(policy, origins)?;
    Ok([before, META.0, &policy, META.1, after].concat())
}

/// A host's list of headers, `_headers`, in which all policies say the same of page and workers.
pub fn headers_reading<'a>(text: &str, origins: impl IntoIterator<Item = &'a Origin>) -> String {
    let sources = sources(origins);
    let line = |line: &str| match line.split_once(HEADER) {
        Some((before, policy)) => {
            let changed = replaced(policy.trim_end(), &sources);
            changed.map_or_else(|| line.to_owned(), |policy| format!("{before}{HEADER}{policy}\n"))
        }
        None => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The service worker `script`, which keeps the page `from`, as one that keeps the page `to`.
pub fn service_worker_keeping(script: &str, from: &str, to: &str) -> Result<String, PolicyError> {
    let (from, to) = (digest(from), digest(to));
    // It stands there twice: as what the page must be, and as its version. If one of them stayed, browsers that have the former
    // page would keep it.
    if script.matches(&from).count() < 2 {
        return Err(PolicyError::OtherPage);
    }
    Ok(script.replace(&from, &to))
}

/// The directive with a page's own origin and these.
fn sources<'a>(origins: impl IntoIterator<Item = &'a Origin>) -> String {
    origins.into_iter().fold(OWN.to_owned(), |sources, origin| format!("{sources} {origin}"))
}

/// As `sw.js` has it: SHA-384 in Base64, without the algorithm's name.
fn digest(page: &str) -> String {
    STANDARD.encode(Sha384::digest(page))
}

/// `policy` with `sources` in the place of its directive; none where it has no such directive.
fn replaced(policy: &str, sources: &str) -> Option<String> {
    let is_it = |directive: &str| directive.split_ascii_whitespace().next() == Some(DIRECTIVE);
    let mut found = false;
    let directives = policy.split(';').map(|directive| {
        if !is_it(directive) {
            return directive.to_owned();
        }
        found = true;
        let blanks = directive.len() - directive.trim_start().len();
        format!("{}{sources}", directive.get(..blanks).unwrap_or_default())
    });
    let whole = directives.collect::<Vec<_>>().join(";");
    found.then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!doctype html><meta charset=\"utf-8\" /><meta http-equiv=\"Content-Security-Policy\" \
        content=\"default-src 'none'; connect-src 'self'; img-src 'self'\" /><title>connect-src 'self';</title>";

    fn origins(texts: &[&str]) -> Vec<Origin> {
        texts.iter().map(|text| text.parse().expect("an origin")).collect()
    }

    #[test]
    fn a_page_reads_from_its_own_origin_and_those_that_are_named() {
        let others = origins(&["https://a.example", "http://b.example:8080"]);
        let page = page_reading(PAGE, &others).expect("a policy");
        let policy =
            "default-src 'none'; connect-src 'self' https://a.example http://b.example:8080; img-src 'self'";
        assert_eq!(of_page(&page), Some(policy));
        assert!(page.ends_with("<title>connect-src 'self';</title>"), "nothing else changes: {page}");
        assert_eq!(
            page_reading(&page, &origins(&[])).as_deref(),
            Ok(PAGE),
            "none is added to what was there"
        );
    }

    #[test]
    fn a_page_without_such_a_policy_is_an_error() {
        let other = PAGE.replace("connect-src 'self'; img", "img");
        for page in ["<title>a</title>", PAGE.split("connect").next().expect("a beginning"), &other] {
            assert_eq!(page_reading(page, &origins(&[])), Err(PolicyError::NoPolicy), "{page}");
        }
    }

    #[test]
    fn a_policy_that_no_header_could_hold_is_an_error() {
        let host = "a".repeat(MOST_SOURCES);
        assert_eq!(page_reading(PAGE, &origins(&[&format!("https://{host}")])), Err(PolicyError::Long));
    }

    #[test]
    fn the_service_worker_keeps_the_page_as_it_is_now_and_is_another_version() {
        let old = digest(PAGE);
        let script = format!(
            "[{{url:\"index.html\",revision:\"{old}\",integrity:\"sha384-{old}\"}},{{url:\"a.js\"}}]"
        );
        let page = page_reading(PAGE, &origins(&["https://a.example"])).expect("a policy");
        let changed = service_worker_keeping(&script, PAGE, &page).expect("its page");
        assert_eq!(changed, script.replace(&old, &digest(&page)));
        assert!(!changed.contains(&old) && changed.matches(&digest(&page)).count() == 2);
        assert_eq!(service_worker_keeping(&script, PAGE, PAGE).as_ref(), Ok(&script));
        assert_eq!(service_worker_keeping(&script, &page, PAGE), Err(PolicyError::OtherPage));
        let older = script.replacen(&old, "of an older build", 1);
        assert_eq!(service_worker_keeping(&older, PAGE, &page), Err(PolicyError::OtherPage));
    }

    #[test]
    fn headers_of_hosts_name_the_same_origins_for_page_and_workers() {
        let text = "/*\n  X: connect-src 'self'\n\n/\n  Content-Security-Policy: a; connect-src 'self'; b\n\n\
            /sw.js\n  Content-Security-Policy: connect-src 'self'\n/catalog/*\n  Content-Security-Policy: sandbox\n";
        let changed = headers_reading(text, &origins(&["https://a.example"]));
        assert_eq!(changed.matches("connect-src 'self' https://a.example").count(), 2, "{changed}");
        assert_eq!(headers_reading(&changed, &origins(&[])), text);
    }
}
