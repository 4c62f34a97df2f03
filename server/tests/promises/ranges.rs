//! Parts of files, for resumed downloads and archives that are read piece by piece.

use axum::http::StatusCode;

use crate::site::{Site, noise};

#[tokio::test]
async fn a_range_gets_exactly_its_bytes() {
    let site = Site::new();
    let path = format!("/catalog/{}", site.text);
    let whole = noise();
    let cases = [
        ("bytes=0-0", 0..1),
        ("bytes=70000-70099", 70_000..70_100),
        ("bytes=99990-", 99_990..100_000),
        ("bytes=-10", 99_990..100_000),
        ("bytes=99990-200000", 99_990..100_000),
    ];
    for (range, expected) in cases {
        let answer = site.get(&path, &[("range", range), ("accept-encoding", "br, gzip")]).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(answer.body, whole[expected.clone()], "{range}");
        let said = format!("bytes {}-{}/100000", expected.start, expected.end - 1);
        assert_eq!(answer.header("content-range"), said, "{range}");
        assert_eq!(answer.header("content-length"), expected.len().to_string(), "{range}");
        assert_eq!(answer.header("content-encoding"), "", "{range}");
        assert!(answer.header("cache-control").contains("immutable"), "{range}");
    }
}

#[tokio::test]
async fn a_range_that_cannot_be_met_says_how_long_the_file_is() {
    let site = Site::new();
    let path = format!("/catalog/{}", site.text);
    for range in ["bytes=100000-", "bytes=200000-300000", "bytes=5-1", "bytes=x", "bytes="] {
        let answer = site.get(&path, &[("range", range)]).await;
        assert_eq!(answer.status, StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
        assert_eq!(answer.header("content-range"), "bytes */100000", "{range}");
        assert_eq!(answer.header("cache-control"), "no-store", "{range}");
    }
}

#[tokio::test]
async fn several_ranges_or_other_units_get_the_whole_file() {
    let site = Site::new();
    let path = format!("/catalog/{}", site.text);
    for range in ["bytes=0-1,5-6", "items=0-5", "nonsense"] {
        let answer = site.get(&path, &[("range", range)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{range}");
        assert_eq!(answer.body.len(), 100_000, "{range}");
    }
}

#[tokio::test]
async fn a_download_resumes_only_on_the_same_version() {
    let site = Site::new();
    let path = format!("/catalog/{}", site.text);
    let first = site.get(&path, &[]).await;
    assert_eq!(first.header("accept-ranges"), "bytes");
    let tag = first.header("etag");
    let rest = site.get(&path, &[("range", "bytes=99999-"), ("if-range", tag)]).await;
    assert_eq!(rest.status, StatusCode::PARTIAL_CONTENT);
    for version in ["\"other\"", "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense"] {
        let rest = site.get(&path, &[("range", "bytes=99999-"), ("if-range", version)]).await;
        assert_eq!(rest.status, StatusCode::OK, "{version}");
        assert_eq!(rest.body.len(), 100_000, "{version}");
    }
    let weak = format!("W/{tag}");
    let rest = site.get(&path, &[("range", "bytes=99999-"), ("if-range", &weak)]).await;
    assert_eq!(rest.status, StatusCode::OK, "a weak tag does not promise the same bytes");
}

#[tokio::test]
async fn head_says_what_get_would_without_a_body() {
    let site = Site::new();
    let path = format!("/catalog/{}", site.text);
    let cases = [
        (path.as_str(), vec![]),
        ("/catalog/catalog.json", vec![]),
        ("/", vec![]),
        ("/catalog/catalog.json", vec![("accept-encoding", "br")]),
        ("/healthz", vec![]),
        ("/catalog/tilejson.json", vec![]),
        ("/missing.js", vec![]),
    ];
    for (path, headers) in cases {
        let get = site.get(path, &headers).await;
        let head = site.ask("HEAD", path, &headers).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.headers, get.headers, "{path}");
        assert!(head.body.is_empty(), "{path}");
    }
}
