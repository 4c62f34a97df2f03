//! Every answer is safe to show; a page runs its own scripts and nothing else.

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
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{method} {path}");
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
