//! A page inside the program is served as one in a folder would be, and is put there by the build.

use std::fs;

use axum::{Router, http::StatusCode};
use clip_rs_server::{App, BuiltIn, Config};

use crate::site::{Answer, PAGE, POLICY, Site, request, send};

#[expect(dead_code, reason = "its main is for the build, which runs it")]
#[path = "../../build.rs"]
mod build;

static FILES: &[(&str, &[u8])] = &[
    ("index.html", PAGE.as_bytes()),
    ("app-0123456789abcdef.js", b"export default () => {};"),
    ("app-0123456789abcdef.js.br", b"packed by brotli"),
    ("app-0123456789abcdef.js.gz", b"packed by gzip"),
    ("icons/icon.svg", b"<svg/>"),
    ("build.json", br#"{"immutable": ["app-0123456789abcdef.js"]}"#),
];

fn router(site: &Site, files: &'static [(&'static str, &'static [u8])]) -> Router {
    let app = App::BuiltIn(BuiltIn::new(files));
    clip_rs_server::app(&Config { app, ..site.config() }).expect("a page")
}

async fn get(path: &str, headers: &[(&str, &str)]) -> Answer {
    send(router(&Site::new(), FILES), request("GET", path, headers)).await
}

#[tokio::test]
async fn the_page_inside_is_at_the_root_with_its_policy() {
    for path in ["/", "/index.html"] {
        let page = get(path, &[]).await;
        assert_eq!((page.status, &page.body[..]), (StatusCode::OK, PAGE.as_bytes()), "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("content-security-policy"), format!("{POLICY}; frame-ancestors 'self'"));
        assert_eq!(page.header("cache-control"), "no-cache");
    }
    assert_eq!(get("/catalog/catalog.json", &[]).await.status, StatusCode::OK, "beside the catalog");
    assert_eq!(get("/icons/icon.svg", &[]).await.header("content-type"), "image/svg+xml");
    for path in ["/missing.js", "/icons", "/icons/", "/about", "/../secret.txt"] {
        assert!(get(path, &[]).await.status.is_client_error(), "{path}");
    }
}

#[tokio::test]
async fn a_file_inside_is_sent_in_the_coding_that_suits_and_in_part() {
    const SCRIPT: &str = "/app-0123456789abcdef.js";
    for (accepted, coding, body) in [
        ("gzip, br", "br", "packed by brotli"),
        ("gzip", "gzip", "packed by gzip"),
        ("identity", "", "export default () => {};"),
    ] {
        let answer = get(SCRIPT, &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
        assert_eq!(answer.body, body, "{accepted}");
        assert_eq!(answer.header("vary"), "accept-encoding");
        assert_eq!(answer.header("cache-control"), "max-age=31536000, immutable");
        let tag = answer.header("etag");
        let again = get(SCRIPT, &[("accept-encoding", accepted), ("if-none-match", tag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{accepted}");
    }
    let part = get(SCRIPT, &[("range", "bytes=0-5")]).await;
    assert_eq!((part.status, &part.body[..]), (StatusCode::PARTIAL_CONTENT, &b"export"[..]));
    let refused = get("/icons/icon.svg", &[("accept-encoding", "identity;q=0")]).await;
    assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE);
}

#[test]
fn a_program_with_half_a_page_does_not_start() {
    let site = Site::new();
    static NO_PAGE: &[(&str, &[u8])] = &[("app.js", b"x")];
    static NO_LIST: &[(&str, &[u8])] = &[("index.html", b"x"), ("build.json", b"{")];
    for (files, expected) in [(NO_PAGE, "it has no index.html"), (NO_LIST, "EOF while parsing")] {
        let app = App::BuiltIn(BuiltIn::new(files));
        let error = clip_rs_server::app(&Config { app, ..site.config() }).expect_err("damaged").to_string();
        assert!(error.contains(expected) && error.contains("cargo xtask server"), "{error}");
    }
}

#[test]
fn the_build_lists_every_file_of_a_page_with_its_siblings() {
    let site = Site::new();
    site.write("app/icons/icon.svg", b"<svg/>");
    site.write("app/app.js.br", b"packed");
    site.write("app/.hidden", b"not served, so not carried");
    let list = build::list_of(Some(&site.path("app"))).expect("listed");
    let names: Vec<&str> =
        list.lines().filter_map(|line| line.trim().strip_prefix("(\"")?.split('"').next()).collect();
    let expected = [
        "app-0123456789abcdef.js",
        "app-0123456789abcdef_bg.wasm",
        "app.js.br",
        "app.webmanifest",
        "build.json",
        "icons/icon.svg",
        "index.html",
        "sw.js",
    ];
    assert_eq!(names, expected, "{list}");
    let whole = format!("(\"index.html\", include_bytes!({:?}).as_slice()),", site.path("app/index.html"));
    assert!(list.contains(&whole), "{list}");
    assert_eq!(build::list_of(None).expect("none"), "&[\n]\n", "the plain program has no page");
    fs::remove_file(site.path("app/index.html")).expect("removed");
    for folder in [site.path("app"), "app".into()] {
        let error = build::list_of(Some(&folder)).expect_err("no page").to_string();
        assert!(error.contains("CLIP_RS_PAGE") && error.contains("full path"), "{error}");
    }
}
