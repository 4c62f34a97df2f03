//! What a page says of itself for any host: its content security policy, as a `<meta>` in it, a list of the files that never
//! change under their names, and a list of the catalogs that it may show.
//!
//! Scripts run because the policy names their hashes, or because one of these loads them (`strict-dynamic`, CSP 3): nothing that
//! gets into the page by other ways does, not even a file of the page's own host. Browsers that know no `strict-dynamic` take
//! scripts of that host.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The page's file.
const PAGE: &str = "index.html";
/// The list's file. The server reads it (`server/src/site.rs`).
const BUILD: &str = "build.json";
/// The list of catalogs that the page may show (`crates/catalog/src/catalogs.rs`), and what it says until an operator changes it.
const CATALOGS: (&str, &str) =
    ("catalogs.json", "{ \"catalogs\": [{ \"title\": \"Catalog\", \"url\": \"catalog/catalog.json\" }] }\n");
/// What the policy stands behind in the page: it holds for what follows.
const CHARSET: &str = r#"<meta charset="utf-8" />"#;
/// Hexadecimal digits that make a name a content hash. Ours have 16, and trunk's, which leave leading zeros out,
/// at least 15 but for one in 256. Fewer could be a time of day.
const HASH_DIGITS: usize = 15;

/// Writes the policy into the page of the built folder `dist`, and both lists beside it.
pub fn write(dist: &Path) -> Result<()> {
    let page = dist.join(PAGE);
    let html = fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?;
    fs::write(&page, with_policy(&html)?).with_context(|| format!("writing {}", page.display()))?;
    let catalogs = dist.join(CATALOGS.0);
    fs::write(&catalogs, CATALOGS.1).with_context(|| format!("writing {}", catalogs.display()))?;
    let mut immutable = Vec::new();
    list(dist, dist, &mut immutable)?;
    immutable.retain(|name| is_named_by_content(name));
    immutable.sort_unstable();
    let list = dist.join(BUILD);
    let json = serde_json::to_string_pretty(&serde_json::json!({ "immutable": immutable }))? + "\n";
    fs::write(&list, json).with_context(|| format!("writing {}", list.display()))
}

/// The page with its policy.
fn with_policy(html: &str) -> Result<String> {
    ensure!(html.matches(CHARSET).count() == 1, "the built page does not have {CHARSET} once");
    let (before, _) = html.split_once(CHARSET).unwrap_or_default();
    ensure!(!before.contains("<script"), "the built page has a script before {CHARSET}");
    let hashes: String = inline_scripts(html)
        .map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))))
        .chain(script_digests(html).map(|digest| format!(" '{digest}'")))
        .collect();
    let policy = format!(
        "default-src 'none'; script-src 'strict-dynamic' 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
         img-src 'self' blob: data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; \
         base-uri 'none'; form-action 'none'"
    );
    let meta = format!(r#"{CHARSET}<meta http-equiv="Content-Security-Policy" content="{policy}" />"#);
    Ok(without_ignored_digests(&html.replacen(CHARSET, &meta, 1)))
}

/// The digests of the scripts that the page names by `src`, as trunk writes them: a policy takes them for what they are of.
fn script_digests(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, _) = rest.split_once('>')?;
        let (_, digest) =
            attributes.split_once("src=").and_then(|(_, rest)| rest.split_once("integrity=\""))?;
        digest.split_once('"').map(|(digest, _)| digest)
    })
}

/// The page without the digests that browsers do not look at, and complain of: those of what is fetched before it is asked for.
fn without_ignored_digests(html: &str) -> String {
    let mut parts = html.split("<link rel=\"preload\"");
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (link, rest) = part.split_once('>').unwrap_or((part, ""));
        let before = link.split_once(" integrity=\"");
        let without = before.and_then(|(before, digest)| Some((before, digest.split_once('"')?.1)));
        let (before, after) = without.unwrap_or((link, ""));
        page.extend(["<link rel=\"preload\"", before, after, ">", rest]);
    }
    page
}

/// What stands in the page's scripts that have no `src`. trunk writes them as `<script ...>...</script>`; where this
/// and a browser differ, the script stays off, and no test in the browser passes.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(script)
    })
}

/// Adds the names of all files below `folder`, relative to `root`.
pub fn list(root: &Path, folder: &Path, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, names)?;
        } else {
            let parts = path.strip_prefix(root)?.components();
            names.push(parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"));
        }
    }
    Ok(())
}

/// Whether a file's name or a folder's holds a content hash, so that what it names can never change.
fn is_named_by_content(name: &str) -> bool {
    let is_lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_hash = |part: &str| part.len() >= HASH_DIGITS && part.bytes().all(is_lower_hex);
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_inline_scripts_and_nothing_else() {
        let page = format!(
            "<head>{CHARSET}<script>alert('Hello, world.');</script><script src=\"a.js\" defer integrity=\"sha384-AB\"></script></head>"
        );
        let page = with_policy(&page).unwrap();
        // The example of the CSP specification (section 2.3.1 of CSP 3 gives the same form).
        let hash = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        let scripts = format!("script-src 'strict-dynamic' 'self' 'wasm-unsafe-eval' {hash} 'sha384-AB';");
        assert!(page.contains(&scripts), "{page}");
        assert!(page.find("Content-Security-Policy") < page.find("<script"), "before the first script");
        assert!(!page.contains("unsafe-inline"));
    }

    #[test]
    fn only_digests_that_browsers_ignore_are_left_out() {
        let link = |digest: &str| format!("<link rel=\"preload\" href=\"a.wasm\"{digest} as=\"fetch\">");
        let module = "<link rel=\"modulepreload\" href=\"a.js\" integrity=\"sha384-CD\">";
        let page = without_ignored_digests(&format!("{module}{}<p>", link(" integrity=\"sha384-AB\"")));
        assert_eq!(page, format!("{module}{}<p>", link("")));
        assert_eq!(without_ignored_digests(&page), page);
    }

    #[test]
    fn a_page_that_gives_no_place_for_a_policy_is_an_error() {
        for page in ["<head></head>".to_owned(), format!("<script>a</script>{CHARSET}")] {
            assert!(with_policy(&page).is_err(), "{page}");
        }
    }

    #[test]
    fn files_named_by_their_content_are_listed() {
        let dist = std::env::temp_dir().join(format!("clip-rs-policy-{}", std::process::id()));
        let hashed = [
            "app-0123456789abcdef_bg.wasm",
            "layout-9c9d0dcce1e61bb.css",
            "snippets/gloo-0123456789abcdef/inline0.js",
            "worker-relaxed-0123456789abcdef/worker_bg.wasm",
        ];
        for name in hashed.iter().chain(&["robots.txt", "app-20261124184700.js", "0123456789ABCDEF.js"]) {
            fs::create_dir_all(dist.join(name).parent().unwrap()).unwrap();
            fs::write(dist.join(name), "x").unwrap();
        }
        fs::write(dist.join(PAGE), CHARSET).unwrap();
        write(&dist).unwrap();
        let list: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(dist.join(BUILD)).unwrap()).unwrap();
        assert_eq!(list["immutable"], serde_json::json!(hashed));
        let catalogs = fs::read_to_string(dist.join(CATALOGS.0)).unwrap();
        let url = &serde_json::from_str::<serde_json::Value>(&catalogs).unwrap()["catalogs"][0]["url"];
        assert_eq!(url, "catalog/catalog.json");
        fs::remove_dir_all(&dist).unwrap();
    }
}
