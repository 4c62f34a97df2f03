//! The app's addresses: pages of the app are one file, and what is missing is missing.

use axum::http::StatusCode;
use clip_rs_server::App;

use crate::site::{PAGE, Site, request, router, send};

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn the_page_is_at_one_address() {
    let site = Site::new();
    for path in ["/", "/?q=a", "/index.html"] {
        for accept in [BROWSER, ("accept", "*/*")] {
            let answer = site.get(path, &[accept]).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert_eq!(answer.body, PAGE, "{path}");
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
            assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_a_page() {
    let site = Site::new();
    let missing =
        ["/app.js", "/app-fedcba9876543210.js", "/a/b.png", "/.git/config", "/catalog", "/catalog/"];
    // The page's addresses are relative: elsewhere it would look for its files in the wrong folder.
    let elsewhere = ["/some/page", "/about", "/about/", "//", "///", "//about", "/index.html/"];
    let in_catalog = ["/catalog/missing", "/catalog/tiles-0123456789abcdef/17/1", "/catalog//catalog.json"];
    for path in missing.into_iter().chain(elsewhere).chain(in_catalog) {
        let answer = site.get(path, &[BROWSER]).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (StatusCode::NOT_FOUND, "no-store"),
            "{path}"
        );
    }
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
    let router = router(&site.path("catalog"), App::None).expect("a catalog is enough");
    let get = |path: &str| send(router.clone(), request("GET", path, &[BROWSER]));
    assert_eq!(get("/catalog/catalog.json").await.status, StatusCode::OK);
    let answer = get("/").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(said.contains("--app") && said.contains("cargo xtask server"), "{said}");
}
