//! Whatever a request tries, the answer is a clean refusal, never a file from outside or a fault of ours.

use axum::http::{HeaderValue, StatusCode, Uri, Version};
use clip_rs_server::App;

use crate::site::{Site, TILE, request, send};

/// Ways to leave a folder; each is tried below the app and below the catalog.
const ESCAPES: [&str; 22] = [
    "../secret.txt",
    "../../secret.txt",
    "%2e%2e/secret.txt",
    "%2E%2E/secret.txt",
    ".%2e/secret.txt",
    "..%2fsecret.txt",
    "%2e%2e%2fsecret.txt",
    "..%5csecret.txt",
    "%2e%2e%5csecret.txt",
    "%252e%252e/secret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "a/../../secret.txt",
    "./../secret.txt",
    "/secret.txt",
    "//secret.txt",
    "%2fsecret.txt",
    "c:/secret.txt",
    "secret.txt%00.jpg",
    "%00",
    "%ff%fe",
    "%",
    "%zz",
];

#[tokio::test]
async fn no_path_leaves_the_folder() {
    let site = Site::new();
    for escape in ESCAPES {
        for base in ["/", "/catalog/"] {
            let path = format!("{base}{escape}");
            for headers in [&[][..], &[("accept", "application/json")]] {
                let answer = site.get(&path, headers).await;
                assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
                assert_ne!(&answer.body[..], b"secret", "{path}");
            }
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn symbolic_links_are_followed_inside_only() {
    let site = Site::new();
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(site.path(target), site.path(name)).expect("linked");
    };
    link("secret.txt", "catalog/out.txt");
    link("", "catalog/up");
    link("catalog/loop", "catalog/loop");
    link("secret.txt", "app/app-0123456789abcdef.js.br");
    link("catalog/catalog.json", "catalog/in.json");
    for path in ["/catalog/out.txt", "/catalog/up/secret.txt", "/catalog/loop"] {
        assert_eq!(site.get(path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(site.get("/catalog/in.json", &[]).await.status, StatusCode::OK);
    let script = site.get(crate::site::SCRIPT, &[("accept-encoding", "br")]).await;
    assert_ne!(&script.body[..], b"secret", "a packed sibling is a file inside, too");

    link("catalog", "current");
    let router = crate::site::router(&site.path("current"), App::None).expect("a link to a catalog is one");
    let request = request("GET", TILE, &[]);
    assert_eq!(send(router, request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn hidden_files_and_folders_are_not_there() {
    let site = Site::new();
    site.write("catalog/.env", b"secret");
    site.write("app/.git/config", b"secret");
    for path in ["/catalog/.env", "/catalog/%2eenv", "/.git/config", "/.git", "/catalog/.", "/catalog/"] {
        assert!(site.get(path, &[]).await.status.is_client_error(), "{path}");
    }
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let site = Site::new();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "X", "get"] {
        for (path, allowed) in [
            ("/", "GET, HEAD"),
            ("/healthz", "GET, HEAD"),
            ("/missing", "GET, HEAD"),
            (TILE, "GET, HEAD, OPTIONS"),
            ("/catalog/tilejson.json", "GET, HEAD, OPTIONS"),
        ] {
            let answer = site.ask(method, path, &[("content-length", "5")]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        }
    }
    assert_eq!(site.ask("OPTIONS", "/", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn targets_that_are_no_path_are_refused() {
    let site = Site::new();
    for (method, target) in
        [("OPTIONS", "*"), ("CONNECT", "a.example:443"), ("GET", "a.example:443"), ("GET", "*")]
    {
        let uri: Uri = target.parse().expect("a target");
        let mut request = request(method, "/", &[]);
        *request.uri_mut() = uri;
        let status = send(site.router(), request).await.status;
        assert!(status.is_client_error(), "{method} {target}: {status}");
    }
    let absolute = site.get("http://a.example/catalog/catalog.json", &[]).await;
    assert_eq!(absolute.status, StatusCode::OK, "proxies ask like this");
}

#[tokio::test]
async fn bodies_and_long_urls_are_refused() {
    let site = Site::new();
    for header in [("content-length", "1"), ("content-length", "x"), ("transfer-encoding", "chunked")] {
        assert_eq!(site.get("/", &[header]).await.status, StatusCode::PAYLOAD_TOO_LARGE, "{header:?}");
    }
    assert_eq!(site.get("/", &[("content-length", "0")]).await.status, StatusCode::OK);
    for path in [format!("/{}", "a".repeat(9000)), format!("/?{}", "a".repeat(9000))] {
        assert_eq!(site.get(&path, &[]).await.status, StatusCode::URI_TOO_LONG);
    }
    for path in [format!("/{}.js", "a".repeat(2000)), "/a".repeat(2000), format!("/{}", "%61".repeat(300))] {
        assert_eq!(site.get(&path, &[]).await.status, StatusCode::NOT_FOUND, "longer than any file's name");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_regular_file_is_not_there() {
    let site = Site::new();
    let socket = std::os::unix::net::UnixListener::bind(site.path("catalog/socket.bin")).expect("bound");
    assert_eq!(site.get("/catalog/socket.bin", &[]).await.status, StatusCode::NOT_FOUND);
    drop(socket);
    std::fs::create_dir(site.path("catalog/folder.json")).expect("made");
    assert_eq!(site.get("/catalog/folder.json", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn odd_header_values_do_no_harm() {
    let site = Site::new();
    let names =
        ["if-none-match", "if-modified-since", "if-range", "range", "accept", "accept-encoding", "host"];
    for name in names.into_iter().chain(["if-match", "x-forwarded-proto", "origin"]) {
        for value in
            [&b""[..], b"\xff\xfe", b",,,", b"\"", b"bytes=--", b"bytes=99999999999999999999-", b";q=x"]
        {
            for path in ["/", "/catalog/catalog.json", "/catalog/tilejson.json", TILE, "/healthz"] {
                let mut odd = request("GET", path, &[("range", "bytes=0-3")]);
                odd.headers_mut().insert(name, HeaderValue::from_bytes(value).expect("a value"));
                let answer = send(site.router(), odd).await;
                assert!(!answer.status.is_server_error(), "{name}: {value:?} {path} {}", answer.status);
            }
        }
    }
}

#[tokio::test]
async fn a_request_names_one_host() {
    let site = Site::new();
    let status = async |version: Version, hosts: &[&str]| {
        let mut request = request("GET", TILE, &[]);
        *request.version_mut() = version;
        request.headers_mut().remove("host");
        for host in hosts {
            request.headers_mut().append("host", host.parse().expect("a value"));
        }
        send(site.router(), request).await.status
    };
    assert_eq!(status(Version::HTTP_11, &["a.example"]).await, StatusCode::OK);
    assert_eq!(status(Version::HTTP_11, &[""]).await, StatusCode::OK, "where there is no name to give");
    assert_eq!(status(Version::HTTP_10, &[]).await, StatusCode::OK, "which knew no hosts");
    for hosts in
        [&[][..], &["a.example", "a.example"], &["a.example", "b.example"], &["a b"], &["a/b"], &["u@a"]]
    {
        assert_eq!(status(Version::HTTP_11, hosts).await, StatusCode::BAD_REQUEST, "{hosts:?}");
    }
    assert_eq!(status(Version::HTTP_10, &["a", "b"]).await, StatusCode::BAD_REQUEST);
}
