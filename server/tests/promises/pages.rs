//! The app's addresses: pages of the app are one file, and what is missing is missing.

use axum::http::StatusCode;

use crate::site::{PAGE, Site, router, send};

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn every_page_of_the_app_is_the_same_file() {
    let site = Site::new();
    for path in ["/", "/?q=a", "/about", "/place/fairfax", "/about/", "/index.html"] {
        let answer = site.get(path, &[BROWSER]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.body, PAGE, "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
    }
    assert_eq!(site.get("/", &[("accept", "*/*")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_missing_file_is_not_a_page() {
    let site = Site::new();
    let missing =
        ["/app.js", "/app-fedcba9876543210.js", "/a/b.png", "/.git/config", "/catalog", "/catalog/"];
    for path in missing.into_iter().chain(["/catalog/missing", "/catalog/tiles-0123456789abcdef/17/1"]) {
        assert_eq!(site.get(path, &[BROWSER]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(site.get("/about", &[("accept", "*/*")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/about", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn files_have_their_types() {
    let site = Site::new();
    let text = format!("/catalog/{}", site.text);
    let cases = [
        ("/app-0123456789abcdef_bg.wasm", "application/wasm"),
        ("/app.webmanifest", "application/manifest+json"),
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/catalog/catalog.json", "application/json"),
        ("/catalog/tiles-0123456789abcdef/17/1/2.jpg", "image/jpeg"),
        (text.as_str(), "application/octet-stream"),
    ];
    for (path, media_type) in cases {
        assert_eq!(site.get(path, &[]).await.header("content-type"), media_type, "{path}");
    }
}

#[tokio::test]
async fn without_an_app_only_the_catalog_is_served() {
    let site = Site::new();
    let router = router(&site.path("catalog"), None).expect("a catalog is enough");
    let get = |path: &str| {
        let request = axum::http::Request::get(path).header(BROWSER.0, BROWSER.1);
        send(router.clone(), request.body(axum::body::Body::empty()).expect("a request"))
    };
    assert_eq!(get("/catalog/catalog.json").await.status, StatusCode::OK);
    let answer = get("/").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(String::from_utf8_lossy(&answer.body).contains("--app"));
}
