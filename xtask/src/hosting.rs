//! The same headers on other people's hosts: `_headers` beside the page, for Netlify and Cloudflare Pages, and examples for
//! nginx, Caddy and CloudFront in `docs/hosting`.
//!
//! A page carries its policy in itself (`policy.rs`), so any host does. Headers add what only they can say: who may frame
//! it, what workers may do, and how long caches keep a file. They are those of our server (`server/src/security.rs`,
//! `content_policy.rs`).

mod examples;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::paths;

/// For whatever is served.
const COMMON: [(&str, &str); 5] = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Permissions-Policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(), microphone=(), midi=(), \
         payment=(), usb=()",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];
const POLICY: &str = "Content-Security-Policy";
const CACHE: &str = "Cache-Control";
/// For the page, behind its own policy.
const ANCESTORS: &str = "frame-ancestors 'self'";
/// For scripts, and so for workers.
const OF_SCRIPT: &str =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'self'";
/// For the catalog's files.
const OF_CATALOG: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
const FOR_EVER: &str = "max-age=31536000, immutable";
/// For what says which files are the newest.
const ASK_EACH_TIME: &str = "no-cache";
/// The service worker. A cache that kept it would keep everybody on an old page.
const SERVICE_WORKER: &str = "sw.js";
/// What is content-named in a catalog; only `catalog.json` is not.
const CATALOG_NAMES: [&str; 10] = [
    "details.*",
    "image.*",
    "index.*",
    "items.*",
    "listing.*",
    "model.*",
    "pictures-*",
    "text.*",
    "tiles-*",
    "vocabulary.*",
];
/// What hosts of both kinds show for an address where nothing is. Without it, Cloudflare Pages shows the page there, whose
/// addresses would lead nowhere.
const NOT_FOUND: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\" />\n<title>Not found</title>\n<p>Nothing is here.</p>\n";
/// Rules that Cloudflare Pages reads, and characters of a line.
const MOST_RULES: usize = 100;
const MOST_CHARACTERS: usize = 2000;
/// What stands before and after the policy in a page.
const META: (&str, &str) = (r#"<meta http-equiv="Content-Security-Policy" content=""#, "\"");

/// Writes `_headers` and `404.html` into the built folder `dist`, whose page has its policy, and the examples into
/// `docs/hosting`.
pub fn write(dist: &Path) -> Result<()> {
    write_headers(dist)?;
    let docs = paths::repository().join("docs/hosting");
    fs::create_dir_all(&docs).with_context(|| format!("making {}", docs.display()))?;
    examples::all()?.iter().try_for_each(|(name, text)| put(&docs.join(name), text))
}

fn write_headers(dist: &Path) -> Result<()> {
    let read = |name: &str| {
        let path = dist.join(name);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    let build: Value = serde_json::from_str(&read("build.json")?).context("build.json")?;
    let listed = build["immutable"].as_array().context("build.json lists no files")?;
    let immutable: Vec<String> = listed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let mut scripts = Vec::new();
    list_scripts(dist, "", &mut scripts)?;
    let headers = headers_file(policy_of(&read("index.html")?)?, &scripts, &immutable)?;
    put(&dist.join("_headers"), &headers)?;
    put(&dist.join("404.html"), NOT_FOUND)
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// The policy that a page carries.
fn policy_of(html: &str) -> Result<&str> {
    let found = html.split_once(META.0).and_then(|(_, rest)| rest.split_once(META.1));
    found.map(|(policy, _)| policy).context("the built page carries no policy")
}

/// Adds the names of all scripts below `folder`, in order.
fn list_scripts(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<()> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut entries = entries.with_context(|| format!("reading {}", folder.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list_scripts(&entry.path(), &format!("{name}/"), names)?;
        } else if name.ends_with(".js") {
            names.push(name);
        }
    }
    Ok(())
}

/// The text of `_headers` (<https://developers.cloudflare.com/pages/configuration/headers/>,
/// <https://docs.netlify.com/manage/routing/headers/>) for a page with this `policy` and these files.
///
/// Both hosts join the values of all rules that fit an address, so no header is in two rules that one address fits.
fn headers_file(policy: &str, scripts: &[String], immutable: &[String]) -> Result<String> {
    let mut rules = vec![("/*".to_owned(), COMMON.to_vec())];
    let of_page = format!("{policy}; {ANCESTORS}");
    for page in ["/", "/index.html"] {
        rules.push((page.to_owned(), vec![(POLICY, of_page.as_str())]));
    }
    let others = immutable.iter().filter(|name| !scripts.contains(name));
    for name in scripts.iter().chain(others) {
        let policy = name.ends_with(".js").then_some((POLICY, OF_SCRIPT));
        let cache = match immutable.contains(name) {
            true => Some((CACHE, FOR_EVER)),
            false => (name == SERVICE_WORKER).then_some((CACHE, ASK_EACH_TIME)),
        };
        rules.push((format!("/{name}"), policy.into_iter().chain(cache).collect()));
    }
    for folder in ["/catalog/*", "/catalogs/*"] {
        rules.push((folder.to_owned(), vec![(POLICY, OF_CATALOG)]));
    }
    for name in CATALOG_NAMES {
        rules.push((format!("/catalog/{name}"), vec![(CACHE, FOR_EVER)]));
    }
    let mut text =
        "# Written by `cargo xtask dist`, for Netlify and Cloudflare Pages: upload it with the page.\n\
                    # docs/hosting/README.md says how to let other sites embed the page.\n"
            .to_owned();
    ensure!(rules.len() <= MOST_RULES, "_headers needs {} rules, hosts read {MOST_RULES}", rules.len());
    for (address, headers) in rules {
        text += &format!("\n{address}\n");
        for (name, value) in headers {
            let line = format!("  {name}: {value}\n");
            ensure!(line.len() <= MOST_CHARACTERS, "a line of _headers is longer than hosts read: {line}");
            text += &line;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The rules of a `_headers` file.
    fn rules(text: &str) -> BTreeMap<&str, Vec<(&str, &str)>> {
        let mut rules: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        let mut address = "";
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("  ") {
                None => address = line,
                Some(header) => {
                    rules.entry(address).or_default().push(header.split_once(": ").expect("a header"))
                }
            }
        }
        rules
    }

    /// Whether an address fits a rule's.
    fn fits(rule: &str, address: &str) -> bool {
        match rule.split_once('*') {
            Some((before, after)) => address.starts_with(before) && address.ends_with(after),
            None => rule == address,
        }
    }

    fn headers_of_a_page() -> String {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let scripts = names(&["app-0123456789abcdef.js", "sw.js"]);
        let immutable = names(&["app-0123456789abcdef.js", "app-0123456789abcdef_bg.wasm"]);
        headers_file("default-src 'none'; script-src 'sha256-x'", &scripts, &immutable).unwrap()
    }

    #[test]
    fn every_address_gets_each_header_once_and_the_page_its_own_policy() {
        let text = headers_of_a_page();
        let rules = rules(&text);
        let of = |address: &str| {
            let mut headers = BTreeMap::new();
            for (name, value) in rules.iter().filter(|(rule, _)| fits(rule, address)).flat_map(|(_, h)| h) {
                assert_eq!(
                    headers.insert(*name, *value),
                    None,
                    "{address} gets {name} twice, which hosts join"
                );
            }
            headers
        };
        let page = "default-src 'none'; script-src 'sha256-x'; frame-ancestors 'self'";
        for (address, policy, cache) in [
            ("/", Some(page), None),
            ("/index.html", Some(page), None),
            ("/app-0123456789abcdef.js", Some(OF_SCRIPT), Some(FOR_EVER)),
            ("/app-0123456789abcdef_bg.wasm", None, Some(FOR_EVER)),
            ("/sw.js", Some(OF_SCRIPT), Some(ASK_EACH_TIME)),
            ("/robots.txt", None, None),
            ("/catalog/catalog.json", Some(OF_CATALOG), None),
            ("/catalogs/river/catalog.json", Some(OF_CATALOG), None),
            ("/catalog/index.0123456789abcdef.bin", Some(OF_CATALOG), Some(FOR_EVER)),
            ("/catalog/tiles-0123456789abcdef/17/1/2.jpg", Some(OF_CATALOG), Some(FOR_EVER)),
        ] {
            let headers = of(address);
            assert_eq!(headers.get(POLICY).copied(), policy, "{address}");
            assert_eq!(headers.get(CACHE).copied(), cache, "{address}");
            assert!(COMMON.iter().all(|(name, value)| headers.get(name) == Some(value)), "{address}");
        }
    }

    #[test]
    fn more_than_hosts_read_is_an_error_and_not_cut() {
        let many: Vec<String> = (0..100).map(|i| format!("a{i}.js")).collect();
        assert!(headers_file("", &many, &[]).is_err());
        assert!(headers_file(&"a".repeat(MOST_CHARACTERS), &[], &[]).is_err());
    }

    #[test]
    fn the_examples_in_the_docs_are_those_that_are_written() {
        for (name, text) in examples::all().unwrap() {
            let path = paths::repository().join("docs/hosting").join(name);
            let kept = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(kept, text, "{} is not up to date: `cargo xtask dist` writes it", path.display());
        }
    }

    #[test]
    fn every_host_says_what_our_server_says() {
        let server = |name: &str| {
            let path = paths::repository().join("server/src").join(name);
            // A text over two lines is one.
            fs::read_to_string(path).unwrap().replace("\\\n     ", "")
        };
        let (security, policies) = (server("security.rs"), server("content_policy.rs"));
        let of_script = OF_SCRIPT.strip_suffix("; frame-ancestors 'self'").unwrap();
        assert!(policies.contains(&format!("\"{of_script}\"")), "{policies}");
        assert!(policies.contains(&format!("\"{OF_CATALOG}\"")), "{policies}");
        for (name, value) in &COMMON[..3] {
            assert!(security.contains(&format!("\"{value}\"")), "{name}: {security}");
        }
        let texts = examples::all().unwrap().map(|(_, text)| text);
        for text in texts.iter().chain([&headers_of_a_page()]) {
            // CloudFront has a key of its own for the first, which has one value only.
            let says = |(name, value): &(&str, &str)| {
                text.contains(value) || (*name == COMMON[0].0 && text.contains("\"ContentTypeOptions\""))
            };
            let missing: BTreeSet<_> = COMMON.iter().filter(|header| !says(header)).collect();
            assert!(missing.is_empty() && text.contains(ANCESTORS), "{missing:?} in {text}");
        }
    }

    #[test]
    fn the_page_s_own_policy_is_read_from_it() {
        let page = r#"<meta charset="utf-8" /><meta http-equiv="Content-Security-Policy" content="default-src 'none'" />"#;
        assert_eq!(policy_of(page).unwrap(), "default-src 'none'");
        assert!(policy_of("<title>no policy</title>").is_err());
    }

    #[test]
    fn the_headers_lie_beside_the_page() {
        let dist = std::env::temp_dir().join(format!("clip-rs-hosting-{}", std::process::id()));
        fs::create_dir_all(dist.join("worker-0123456789abcdef")).unwrap();
        let page = format!("{}default-src 'none'{}", META.0, META.1);
        for (name, text) in [
            ("index.html", page.as_str()),
            ("build.json", r#"{"immutable": ["worker-0123456789abcdef/worker.js"]}"#),
            ("worker-0123456789abcdef/worker.js", ""),
        ] {
            fs::write(dist.join(name), text).unwrap();
        }
        write_headers(&dist).unwrap();
        let text = fs::read_to_string(dist.join("_headers")).unwrap();
        let rules = rules(&text);
        assert!(fs::read_to_string(dist.join("404.html")).unwrap().contains("Nothing is here"));
        assert_eq!(rules["/"], [(POLICY, "default-src 'none'; frame-ancestors 'self'")]);
        assert_eq!(rules["/worker-0123456789abcdef/worker.js"], [(POLICY, OF_SCRIPT), (CACHE, FOR_EVER)]);
        fs::remove_dir_all(&dist).unwrap();
    }
}
