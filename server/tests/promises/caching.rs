//! Caches keep what cannot change, and ask about what can.

use std::{fs, time::SystemTime};

use axum::http::StatusCode;

use crate::site::{SCRIPT, Site, TILE};

const FOR_EVER: &str = "public, max-age=31536000, immutable";

#[tokio::test]
async fn files_named_by_content_are_kept_for_ever() {
    let site = Site::new();
    let text = format!("/catalog/{}", site.text);
    for path in [&text, TILE, SCRIPT, "/app-0123456789abcdef_bg.wasm"] {
        let answer = site.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), FOR_EVER, "{path}");
        let again = site.get(path, &[("if-none-match", answer.header("etag"))]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(again.header("cache-control"), FOR_EVER, "{path}");
        assert!(again.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn files_that_may_change_are_revalidated() {
    let site = Site::new();
    for path in ["/catalog/catalog.json", "/", "/index.html", "/sw.js", "/app.webmanifest"] {
        let answer = site.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
        assert_eq!(answer.header("last-modified"), "", "{path}: times of change can lie");
        let tag = answer.header("etag");
        for known in [tag, tag.trim_start_matches("W/"), &format!("\"other\", {tag}"), "*"] {
            let again = site.get(path, &[("if-none-match", known)]).await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path} {known}");
            assert_eq!(again.header("etag"), tag, "{path} {known}");
            assert_eq!(again.header("cache-control"), "no-cache", "{path} {known}");
            assert!(again.body.is_empty(), "{path} {known}");
        }
        let changed = site.get(path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(changed.status, StatusCode::OK, "{path}");
        assert_eq!(changed.body, answer.body, "{path}");
    }
}

#[tokio::test]
async fn a_new_version_of_the_same_length_and_time_is_noticed() {
    let site = Site::new();
    let path = site.path("app/sw.js");
    let write = |content: &[u8]| {
        fs::write(&path, content).expect("written");
        let file = fs::File::options().write(true).open(&path).expect("opened");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("set");
    };
    write(b"first();");
    let first = site.get("/sw.js", &[]).await;
    write(b"other();");
    let since = ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT");
    for headers in [vec![("if-none-match", first.header("etag"))], vec![since]] {
        let second = site.get("/sw.js", &headers).await;
        assert_eq!(second.status, StatusCode::OK);
        assert_eq!(&second.body[..], b"other();");
    }
}

#[tokio::test]
async fn a_catalog_replaced_while_running_is_served_at_once() {
    let site = Site::new();
    let router = site.router();
    let get = |path: &'static str, tag: &str| {
        let request = axum::http::Request::get(path).header("if-none-match", tag);
        crate::site::send(router.clone(), request.body(axum::body::Body::empty()).expect("a request"))
    };
    let before = get("/catalog/catalog.json", "").await;
    let mut manifest = site.manifest();
    manifest.id = "sample-8".into();
    manifest.title = "Another county".into();
    site.publish(&manifest);
    let after = get("/catalog/catalog.json", before.header("etag")).await;
    assert_eq!(after.status, StatusCode::OK);
    assert_eq!(after.json()["id"], "sample-8");
    assert_eq!(get("/catalog/tilejson.json", "").await.json()["name"], "Another county");
    assert_eq!(get("/healthz", "").await.json()["catalog"], "sample-8");
}

#[tokio::test]
async fn answers_without_a_file_are_not_kept() {
    let site = Site::new();
    for path in ["/missing.js", "/catalog/missing-0123456789abcdef.bin", "/%00", "/healthz"] {
        assert_eq!(site.get(path, &[]).await.header("cache-control"), "no-store", "{path}");
    }
}
