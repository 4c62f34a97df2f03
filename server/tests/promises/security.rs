//! Other sites may read the catalog and nothing else; a page runs its own scripts and nothing else.

use axum::http::StatusCode;

use crate::site::{PAGE, POLICY, Site, TILE};

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
            assert!(answer.header("permissions-policy").contains("geolocation=(self)"), "{method} {path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; "), "{method} {path}: {policy}");
            let whose = if path.starts_with("/catalog/") { "cross-origin" } else { "same-origin" };
            assert_eq!(answer.header("cross-origin-resource-policy"), whose, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_page_brings_its_policy_and_is_framed_by_its_own_server_only() {
    let site = Site::new();
    let policy_of = async |headers: &[(&str, &str)]| {
        site.get("/", headers).await.header("content-security-policy").to_owned()
    };
    let expected = format!("{POLICY}; frame-ancestors 'self'");
    assert_eq!(policy_of(&[]).await, expected);
    assert_eq!(policy_of(&[("if-none-match", "*")]).await, expected, "a cache updates headers from a 304");
    site.write("app/index.html", PAGE.replace("sha256-x", "sha256-y").as_bytes());
    assert!(policy_of(&[]).await.contains("'sha256-y'; frame-ancestors 'self'"), "follows the page");
    site.write("app/index.html", b"<script>second()</script>");
    assert_eq!(policy_of(&[]).await, "frame-ancestors 'self'", "of a page without a policy");
    let worker = site.get("/sw.js", &[]).await.header("content-security-policy").to_owned();
    assert!(worker.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"), "{worker}");
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
async fn other_sites_may_read_the_refusals_of_the_catalog() {
    let site = Site::new();
    let long = format!("/catalog/{}", "a".repeat(9000));
    let refused = [
        ("POST", "/catalog/catalog.json", vec![], 405),
        ("GET", &long, vec![], 414),
        ("GET", "/catalog/catalog.json", vec![("content-length", "1")], 413),
        ("GET", "/catalog", vec![], 404),
        ("GET", "/catalog/", vec![], 404),
        ("GET", "/catalog/%00", vec![], 400),
        ("GET", "/catalog/catalog.json", vec![("host", "a b")], 400),
        ("GET", TILE, vec![("accept-encoding", "identity;q=0")], 406),
        ("GET", TILE, vec![("if-match", "\"other\"")], 412),
        ("GET", TILE, vec![("range", "bytes=5000-")], 416),
    ];
    for (method, path, headers, status) in refused {
        let answer = site.ask(method, path, &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{status}");
        assert_eq!(answer.header("cache-control"), "no-store", "{status}");
    }
    assert_eq!(site.get("/catalogue", &[]).await.header("access-control-allow-origin"), "");
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
    assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD");
    assert!(answer.header("access-control-allow-headers").contains("range"));
    assert_eq!(answer.header("access-control-max-age"), "86400");
    let app = site.ask("OPTIONS", "/sw.js", &asked).await;
    assert_eq!(app.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.header("access-control-allow-origin"), "");
}
