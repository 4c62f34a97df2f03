//! Other sites frame the page and read what is served only where the operator lets them.

use axum::{Router, http::StatusCode};

use crate::site::{Answer, POLICY, Site, TILE, request, send};

const FRIEND: &str = "https://maps.example.org";
const STRANGER: &str = "https://elsewhere.example";

async fn get(router: &Router, path: &str, origin: Option<&str>) -> Answer {
    let headers: Vec<(&str, &str)> = origin.map(|origin| ("origin", origin)).into_iter().collect();
    send(router.clone(), request("GET", path, &headers)).await
}

/// All values of `Vary` together.
fn varies(answer: &Answer) -> String {
    let values = answer.headers.get_all("vary").iter().map(|value| value.to_str().expect("ASCII"));
    values.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn by_default_no_other_site_reads_or_frames_anything() {
    let site = Site::new();
    let router = site.router();
    for path in ["/", "/sw.js", "/healthz", "/catalog/catalog.json", TILE, "/catalog/missing.bin"] {
        let answer = get(&router, path, Some(STRANGER)).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(!varies(&answer).contains("origin"), "{path}: the same for all");
    }
    let policy = get(&router, "/", None).await.header("content-security-policy").to_owned();
    assert_eq!(policy, format!("{POLICY}; frame-ancestors 'self'"));
}

#[tokio::test]
async fn only_the_origins_that_are_named_may_embed() {
    let site = Site::new();
    let router = site.embedded_from(&["https://maps.example.org:443", "http://localhost:3000"]);
    for path in ["/", "/sw.js", "/catalog/catalog.json", TILE, TILE, "/catalog/tilejson.json", "/catalog/no"]
    {
        let friend = get(&router, path, Some(FRIEND)).await;
        assert_eq!(friend.header("access-control-allow-origin"), FRIEND, "{path}");
        assert!(friend.header("access-control-expose-headers").contains("content-range"), "{path}");
        for origin in [Some(STRANGER), Some("null"), Some("https://maps.example.org.evil.example"), None] {
            let answer = get(&router, path, origin).await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{path} {origin:?}");
            assert!(varies(&answer).contains("origin"), "{path} {origin:?}: caches keep them apart");
            assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        }
    }
    let policy = get(&router, "/", None).await.header("content-security-policy").to_owned();
    assert_eq!(
        policy,
        format!("{POLICY}; frame-ancestors 'self' https://maps.example.org http://localhost:3000")
    );
    let json = get(&router, "/catalog/catalog.json", Some(FRIEND)).await;
    assert_eq!(
        json.header("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'; sandbox",
        "what is in a catalog is framed by nobody"
    );
}

#[tokio::test]
async fn what_is_packed_varies_by_coding_and_by_origin() {
    let site = Site::new();
    let router = site.embedded_from(&[FRIEND]);
    let script = get(&router, crate::site::SCRIPT, Some(FRIEND)).await;
    assert_eq!(varies(&script), "accept-encoding, origin");
}

#[tokio::test]
async fn any_lets_every_site_in() {
    let site = Site::new();
    let router = site.embedded_from(&["any"]);
    for path in ["/", "/catalog/catalog.json", TILE, "/catalog/missing.bin"] {
        for origin in [Some(STRANGER), None] {
            let answer = get(&router, path, origin).await;
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path} {origin:?}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        }
    }
    let policy = get(&router, "/", None).await.header("content-security-policy").to_owned();
    assert_eq!(policy, format!("{POLICY}; frame-ancestors *"));
}

#[tokio::test]
async fn browsers_of_named_sites_may_ask_first() {
    let site = Site::new();
    let ask = async |words: &[&str], origin: &str, path: &str| {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "range"),
        ];
        send(site.embedded_from(words), request("OPTIONS", path, &asked)).await
    };
    for (words, origin, allowed) in [
        (&["any"][..], STRANGER, "*"),
        (&[FRIEND], FRIEND, FRIEND),
        (&[FRIEND], STRANGER, ""),
        (&[], FRIEND, ""),
    ] {
        let answer = ask(words, origin, TILE).await;
        assert!(answer.status.is_success(), "{}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{words:?} {origin}");
        assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD");
        assert!(answer.header("access-control-allow-headers").contains("range"));
        assert_eq!(answer.header("access-control-max-age"), "86400");
    }
    assert_eq!(ask(&["any"], STRANGER, "/sw.js").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn other_sites_may_read_the_refusals_of_the_catalog() {
    let site = Site::new();
    let router = site.embedded_from(&["any"]);
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
        let answer = send(router.clone(), request(method, path, &headers)).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{status}");
        assert_eq!(answer.header("cache-control"), "no-store", "{status}");
    }
}
