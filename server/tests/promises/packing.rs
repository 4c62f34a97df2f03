//! Text travels packed; what is packed already travels as it is.

use std::time::{Duration, SystemTime};

use axum::http::StatusCode;

use crate::site::{SCRIPT, Site, TILE};

#[tokio::test]
async fn a_packed_sibling_stands_in_for_the_file() {
    let site = Site::new();
    site.write("app/app-0123456789abcdef.js.br", b"packed by brotli");
    site.write("app/app-0123456789abcdef.js.gz", b"packed by gzip");
    let plain = site.get(SCRIPT, &[]).await;
    assert_eq!(plain.body.len(), 25 * 200);
    let cases = [
        ("br, gzip", "br", "packed by brotli"),
        ("gzip", "gzip", "packed by gzip"),
        ("gzip;q=0.5, br;q=0.1", "gzip", "packed by gzip"),
        ("br;q=0, gzip", "gzip", "packed by gzip"),
    ];
    for (accepted, encoding, body) in cases {
        let answer = site.get(SCRIPT, &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{accepted}");
        assert_eq!(answer.header("content-encoding"), encoding, "{accepted}");
        assert_eq!(answer.body, body, "{accepted}");
        assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8", "{accepted}");
        assert!(answer.header("vary").contains("accept-encoding"), "{accepted}");
        assert_ne!(answer.header("etag"), plain.header("etag"), "{accepted}");
        let again = [("accept-encoding", accepted), ("if-none-match", answer.header("etag"))];
        assert_eq!(site.get(SCRIPT, &again).await.status, StatusCode::NOT_MODIFIED, "{accepted}");
    }
    let unknown = site.get(SCRIPT, &[("accept-encoding", "identity, zstd")]).await;
    assert_eq!(unknown.body, plain.body);
}

#[tokio::test]
async fn text_without_a_sibling_is_packed_while_it_is_sent() {
    let site = Site::new();
    for path in [SCRIPT, "/app-0123456789abcdef_bg.wasm", "/catalog/catalog.json"] {
        let plain = site.get(path, &[]).await;
        for encoding in ["br", "gzip"] {
            let answer = site.get(path, &[("accept-encoding", encoding)]).await;
            assert_eq!(answer.header("content-encoding"), encoding, "{path}");
            assert!(answer.body.len() < plain.body.len() / 2, "{path} {encoding} {}", answer.body.len());
            assert_ne!(answer.header("etag"), plain.header("etag"), "{path}: other bytes, so another tag");
            assert!(answer.header("vary").contains("accept-encoding"), "{path}");
            let again = [("accept-encoding", encoding), ("if-none-match", answer.header("etag"))];
            assert_eq!(site.get(path, &again).await.status, StatusCode::NOT_MODIFIED, "{path}");
        }
    }
}

#[tokio::test]
async fn what_does_not_get_smaller_or_takes_long_is_sent_as_it_is() {
    let site = Site::new();
    let text = format!("/catalog/{}", site.text);
    site.write("app/large.wasm", &[0; 2_000_000]);
    for path in [TILE, &text, "/sw.js", "/large.wasm"] {
        let answer = site.get(path, &[("accept-encoding", "br, gzip")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-encoding"), "", "{path}");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn a_packed_sibling_of_an_older_version_is_not_used() {
    let site = Site::new();
    site.write("app/index.html.br", b"packed");
    let set_time = |name: &str, seconds: u64| {
        let file = std::fs::File::options().write(true).open(site.path(name)).expect("opened");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).expect("set");
    };
    let get = async || site.get("/", &[("accept-encoding", "br")]).await;
    for (page, sibling) in [(5, 5), (5, 6)] {
        set_time("app/index.html", page);
        set_time("app/index.html.br", sibling);
        let answer = get().await;
        assert_eq!(answer.body, "packed", "{page} {sibling}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with(crate::site::POLICY), "of the page as it is unpacked: {policy}");
    }
    set_time("app/index.html", 7);
    assert_eq!(get().await.body, crate::site::PAGE);
}

#[tokio::test]
async fn who_takes_no_coding_that_there_is_gets_a_refusal_that_is_not_kept() {
    let site = Site::new();
    site.write("app/app-0123456789abcdef.js.br", b"packed by brotli");
    for path in [SCRIPT, TILE, "/", "/sw.js", "/catalog/catalog.json"] {
        for accepted in ["identity;q=0", "*;q=0", "identity;q=0, zstd"] {
            let answer = site.get(path, &[("accept-encoding", accepted)]).await;
            assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE, "{path} {accepted}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path} {accepted}");
            assert_eq!(answer.header("vary"), "accept-encoding", "{path} {accepted}");
        }
    }
    let packed = site.get(SCRIPT, &[("accept-encoding", "identity;q=0, br")]).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (StatusCode::OK, "br"));
}
