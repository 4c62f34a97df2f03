//! Several catalogs behind one page, and catalogs of other origins: the list, the addresses, and whom the page may read from.

use std::fs;

use axum::{Router, http::StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clip_rs_catalog::{Catalogs, MANIFEST_NAME};
use clip_rs_page::given::{NamedFolder, elsewhere, placed};
use clip_rs_server::{App, BuiltIn, Config};
use sha2::{Digest, Sha384};

use crate::site::{Answer, PAGE, Site, TILE, request, send};

const ELSEWHERE: &str = "https://maps.example:8443/river/catalog.json";
const SOURCES: &str = "connect-src 'self' https://maps.example:8443";
/// The page with a policy that says whom it may fetch from.
const READING: &str = "<!doctype html><meta charset=\"utf-8\" />\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; connect-src 'self'\" />";

/// As the service worker has it.
fn digest(page: &[u8]) -> String {
    STANDARD.encode(Sha384::digest(page))
}

fn service_worker(page: &str) -> String {
    let digest = digest(page.as_bytes());
    format!("[{{url:\"index.html\",revision:\"{digest}\",integrity:\"sha384-{digest}\"}}]")
}

/// A site with a second catalog in the folder `second`, whose title is another.
fn site() -> Site {
    let site = Site::new();
    for name in ["catalog.json", &TILE["/catalog/".len()..], &site.text] {
        let content = fs::read(site.path("catalog").join(name)).expect("read");
        site.write(&format!("second/{name}"), &content);
    }
    let manifest =
        clip_rs_catalog::Manifest { title: "The river".into(), id: "river-1".into(), ..site.manifest() };
    site.write("second/catalog.json", manifest.to_json().expect("valid").as_bytes());
    site.write("app/index.html", READING.as_bytes());
    site.write("app/sw.js", service_worker(READING).as_bytes());
    site
}

fn config(site: &Site, urls: &[&str]) -> Config {
    let own = format!("{}", site.path("catalog").display());
    let second = format!("river={}", site.path("second").display());
    let given = [second, own].map(|word| word.parse::<NamedFolder>().expect("infallible"));
    let catalogs = placed(given.into(), urls.len()).expect("two");
    let elsewhere = urls.iter().map(|url| elsewhere(url).expect("an address")).collect();
    Config { catalogs, elsewhere, ..site.config() }
}

async fn get(router: &Router, path: &str) -> Answer {
    send(router.clone(), request("GET", path, &[])).await
}

#[tokio::test]
async fn each_catalog_has_an_address_of_its_own() {
    let site = site();
    let router = clip_rs_server::app(&config(&site, &[])).expect("complete");
    for (address, title) in [("/catalog", "Sample county"), ("/catalogs/river", "The river")] {
        let manifest = get(&router, &format!("{address}/{MANIFEST_NAME}")).await;
        assert_eq!((manifest.status, manifest.json()["title"].as_str()), (StatusCode::OK, Some(title)));
        assert!(manifest.header("content-security-policy").contains("sandbox"), "as files of a catalog are");
        let described = get(&router, &format!("{address}/tilejson.json")).await.json();
        let tiles = described["tiles"][0].as_str().expect("an address").to_owned();
        assert!(tiles.starts_with(&format!("http://test{address}/tiles-")), "{tiles}");
        let tile = get(&router, &TILE.replacen("/catalog", address, 1)).await;
        assert_eq!(tile.header("cache-control"), "max-age=31536000, immutable", "{address}");
    }
    for path in [
        "/catalogs",
        "/catalogs/",
        "/catalogs/river",
        "/catalogs/other/catalog.json",
        "/catalogs/river2/catalog.json",
    ] {
        assert_eq!(get(&router, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let asked = [("origin", "https://a.example"), ("access-control-request-method", "GET")];
    let asked = send(router.clone(), request("OPTIONS", "/catalogs/river/catalog.json", &asked)).await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT, "browsers of other sites may ask");
}

#[tokio::test]
async fn the_list_names_all_by_their_titles_of_now_and_keeps_up() {
    let site = site();
    // What the build has for a list is not the operator's.
    site.write("app/catalogs.json", b"of the build");
    let router = clip_rs_server::app(&config(&site, &[&format!("A lake={ELSEWHERE}")])).expect("complete");
    let list = get(&router, "/catalogs.json").await;
    assert_eq!((list.header("cache-control"), list.header("content-type")), ("no-cache", "application/json"));
    let told = |list: &Answer| {
        let list = Catalogs::from_json(&list.body).expect("a list");
        let told = list.entries().iter().map(|listed| (listed.title.clone(), listed.url.to_string()));
        told.collect::<Vec<_>>()
    };
    let pair = |title: &str, url: &str| (title.to_owned(), url.to_owned());
    let mut expected = vec![
        pair("Sample county", "catalog/catalog.json"),
        pair("The river", "catalogs/river/catalog.json"),
        pair("A lake", ELSEWHERE),
    ];
    assert_eq!(told(&list), expected);
    let read = Catalogs::from_json(&list.body).expect("a list");
    let is_comparable = read.entries().iter().map(|listed| listed.can_be_compared_with(&site.manifest()));
    assert_eq!(
        is_comparable.collect::<Vec<_>>(),
        [true, true, false],
        "of what is elsewhere nothing is known"
    );
    let unchanged = [("if-none-match", list.header("etag"))];
    let again = send(router.clone(), request("GET", "/catalogs.json", &unchanged)).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    site.publish(&clip_rs_catalog::Manifest { title: "Another county".into(), ..site.manifest() });
    expected[0].0 = "Another county".into();
    assert_eq!(told(&get(&router, "/catalogs.json").await), expected);
    assert_eq!(get(&router, "/healthz").await.status, StatusCode::OK);
    site.write("second/catalog.json", b"damaged");
    expected[1].0 = "catalogs/river/catalog.json".into();
    assert_eq!(told(&get(&router, "/catalogs.json").await), expected);
    assert_eq!(get(&router, "/healthz").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_page_with_one_catalog_is_sent_as_it_was_built_with_a_list_of_one() {
    let site = Site::new();
    let list = site.get("/catalogs.json", &[]).await;
    assert_eq!(Catalogs::from_json(&list.body).expect("a list").entries().len(), 1);
    assert_eq!(site.get("/", &[]).await.body, PAGE);
    let policy = site.get("/sw.js", &[]).await.header("content-security-policy").to_owned();
    assert!(policy.contains("connect-src 'self';"), "{policy}");
}

#[tokio::test]
async fn the_page_and_its_workers_may_read_from_the_other_origins_and_nobody_else() {
    let site = site();
    let router = clip_rs_server::app(&config(&site, &[ELSEWHERE])).expect("complete");
    for path in ["/", "/index.html"] {
        let page = get(&router, path).await;
        assert_eq!(page.body, READING.replace("connect-src 'self'", SOURCES), "{path}");
        assert_eq!(
            page.header("content-security-policy"),
            format!("default-src 'none'; {SOURCES}; frame-ancestors 'self'")
        );
        assert_eq!(
            (page.header("cache-control"), page.header("content-type")),
            ("no-cache", "text/html; charset=utf-8")
        );
    }
    for path in ["/sw.js", "/app-0123456789abcdef.js"] {
        let policy = get(&router, path).await.header("content-security-policy").to_owned();
        assert!(policy.contains(&format!("{SOURCES};")), "{path}: {policy}");
    }
    assert!(
        !get(&router, "/catalog/catalog.json")
            .await
            .header("content-security-policy")
            .contains("maps.example")
    );
}

#[tokio::test]
async fn the_service_worker_keeps_the_page_that_is_sent_and_changes_with_it() {
    let site = site();
    let router = clip_rs_server::app(&config(&site, &[ELSEWHERE])).expect("complete");
    let (page, worker) = (get(&router, "/").await.body, get(&router, "/sw.js").await);
    let text = |answer: &Answer| String::from_utf8(answer.body.to_vec()).expect("text");
    assert_eq!(text(&worker).matches(&digest(&page)).count(), 2, "{}", text(&worker));
    let other = clip_rs_server::app(&config(&site, &["https://a.example/catalog.json"])).expect("complete");
    assert_ne!(
        get(&other, "/sw.js").await.header("etag"),
        worker.header("etag"),
        "another list, another version"
    );

    // A new build in the same folder.
    let next = format!("{READING}<title>Next</title>");
    site.write("app/index.html", next.as_bytes());
    site.write("app/sw.js", service_worker(&next).as_bytes());
    let (page, worker) = (get(&router, "/").await.body, get(&router, "/sw.js").await);
    assert!(page.ends_with(b"<title>Next</title>") && text(&worker).contains(&digest(&page)));
}

#[tokio::test]
async fn a_page_inside_the_program_reads_other_catalogs_too() {
    static WORKER: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let worker: &'static str = WORKER.get_or_init(|| service_worker(READING));
    let files: &'static [(&str, &[u8])] = Box::leak(Box::new([
        ("index.html", READING.as_bytes()),
        ("index.html.br", b"packed as it was built".as_slice()),
        ("sw.js", worker.as_bytes()),
    ]));
    let site = site();
    let app = App::BuiltIn(BuiltIn::new(files));
    let router = clip_rs_server::app(&Config { app, ..config(&site, &[ELSEWHERE]) }).expect("complete");
    let page = send(router.clone(), request("GET", "/", &[("accept-encoding", "br")])).await;
    assert_eq!(page.body, READING.replace("connect-src 'self'", SOURCES));
    assert!(get(&router, "/sw.js").await.body.windows(64).any(|part| part == digest(&page.body).as_bytes()));
}

#[test]
fn a_page_that_cannot_read_other_catalogs_does_not_start() {
    let site = site();
    site.write("app/sw.js", b"of another build");
    let error = clip_rs_server::app(&config(&site, &[ELSEWHERE])).expect_err("mixed").to_string();
    assert!(error.contains("--catalog-from") && error.contains("sw.js does not keep"), "{error}");
    site.write("app/index.html", b"<!doctype html>");
    let error = clip_rs_server::app(&config(&site, &[ELSEWHERE])).expect_err("no policy").to_string();
    assert!(error.contains("no policy"), "{error}");
    fs::remove_file(site.path("second/catalog.json")).expect("removed");
    let error = clip_rs_server::app(&config(&site, &[])).expect_err("half").to_string();
    assert!(error.contains("second has no catalog.json"), "{error}");
}
