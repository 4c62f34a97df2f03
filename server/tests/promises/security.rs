//! Other sites may read the catalog and nothing else; a page runs its own scripts and nothing else.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::site::{Site, TILE};

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let site = Site::new();
    let asked =
        ["/", "/sw.js", "/missing.js", "/%00", "/healthz", "/catalog/catalog.json", TILE, "/catalog/no"];
    for path in asked {
        for method in ["GET", "HEAD", "POST"] {
            let answer = site.ask(method, path, &[]).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{method} {path}");
            assert!(answer.header("permissions-policy").contains("geolocation=()"), "{method} {path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; "), "{method} {path}: {policy}");
            let whose = if path.starts_with("/catalog/") { "cross-origin" } else { "same-origin" };
            assert_eq!(answer.header("cross-origin-resource-policy"), whose, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_page_may_run_its_own_inline_script_only() {
    let site = Site::new();
    let allowed = |script: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
    let first = site.get("/", &[]).await;
    let policy = first.header("content-security-policy");
    let script = "import init from '/app-0123456789abcdef.js'; init();";
    let source = format!("script-src 'self' 'wasm-unsafe-eval' {};", allowed(script));
    assert!(policy.contains(&source), "{policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    for directive in [
        "style-src 'self';",
        "img-src 'self' blob: data:;",
        "connect-src 'self';",
        "worker-src 'self' blob:;",
        "manifest-src 'self';",
        "base-uri 'none';",
        "form-action 'none';",
        "frame-ancestors 'self'",
    ] {
        assert!(policy.contains(directive), "{directive} in {policy}");
    }

    let unchanged = site.get("/", &[("if-none-match", first.header("etag"))]).await;
    assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
    assert_eq!(unchanged.header("content-security-policy"), policy, "a cache updates headers from a 304");

    site.write("app/index.html", b"<script>second()</script>");
    let second = site.get("/", &[]).await;
    assert!(second.header("content-security-policy").contains(&allowed("second()")), "follows the page");
    assert!(!site.get("/sw.js", &[]).await.header("content-security-policy").contains("sha256"));
}

#[tokio::test]
async fn a_page_in_the_catalog_can_do_nothing() {
    let site = Site::new();
    site.write("catalog/page.html", b"<script>evil()</script>");
    let policy = site.get("/catalog/page.html", &[]).await.header("content-security-policy").to_owned();
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'; sandbox");
}

#[tokio::test]
async fn other_sites_may_read_the_catalog() {
    let site = Site::new();
    let origin = ("origin", "https://elsewhere.example");
    for path in ["/catalog/catalog.json", TILE, "/catalog/tilejson.json", "/catalog/missing.bin"] {
        let answer = site.get(path, &[origin]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-expose-headers").contains("content-range"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
    }
    for path in ["/", "/sw.js", "/healthz"] {
        assert_eq!(site.get(path, &[origin]).await.header("access-control-allow-origin"), "", "{path}");
    }
}

#[tokio::test]
async fn browsers_of_other_sites_may_ask_first() {
    let site = Site::new();
    let asked = [
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "range"),
    ];
    let answer = site.ask("OPTIONS", TILE, &asked).await;
    assert!(answer.status.is_success(), "{}", answer.status);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "GET,HEAD");
    assert!(answer.header("access-control-allow-headers").contains("range"));
    assert_eq!(answer.header("access-control-max-age"), "86400");
    let app = site.ask("OPTIONS", "/sw.js", &asked).await;
    assert_eq!(app.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.header("access-control-allow-origin"), "");
}
