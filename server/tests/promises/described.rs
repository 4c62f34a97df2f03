//! What the server says of the catalog: as TileJSON, as health, and at start.

use axum::http::StatusCode;
use clip_rs_catalog::{Bounds, FileRef, ImageKind};
use clip_rs_server::App;
use serde_json::json;

use crate::site::{Site, listing, request, router};

#[tokio::test]
async fn the_map_is_described_as_tilejson() {
    let site = Site::new();
    let answer = site.get("/catalog/tilejson.json", &[("host", "maps.example:8080")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-cache");
    let expected = json!({
        "tilejson": "3.0.0",
        "name": "Sample county",
        "description": "Synthetic imagery: generated, it shows no real place.",
        "attribution": "CLIP-RS &amp; friends (synthetic imagery)",
        "scheme": "xyz",
        "tiles": ["http://maps.example:8080/catalog/tiles-0123456789abcdef/{z}/{x}/{y}.jpg"],
        "minzoom": 11,
        "maxzoom": 17,
        "bounds": [-77.5, 38.7, -77.4, 38.8],
        "center": [(-77.5 - 77.4) / 2.0, (38.7 + 38.8) / 2.0, 11],
        "tileSize": 256,
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn the_tiles_address_is_the_one_by_which_the_client_came() {
    let site = Site::new();
    let url = async |headers: &[(&str, &str)]| {
        site.get("/catalog/tilejson.json", headers).await.json()["tiles"][0].as_str().map(str::to_owned)
    };
    let tiles = "tiles-0123456789abcdef/{z}/{x}/{y}.jpg";
    let host = ("host", "maps.example");
    for scheme in ["https", "HTTPS", "https, http", "https,http"] {
        let forwarded = [host, ("x-forwarded-proto", scheme), ("x-forwarded-prefix", "/county/")];
        let expected = format!("https://maps.example/county/catalog/{tiles}");
        assert_eq!(url(&forwarded).await, Some(expected), "{scheme}");
    }
    assert_eq!(url(&[host]).await, Some(format!("http://maps.example/catalog/{tiles}")));
    assert_eq!(url(&[("host", "")]).await.as_deref(), Some(tiles), "relative to the TileJSON itself");
    let answer = site.get("/catalog/tilejson.json", &[]).await;
    assert_eq!(answer.header("vary"), "x-forwarded-prefix, x-forwarded-proto");
    let known = [("if-none-match", answer.header("etag"))];
    assert_eq!(site.get("/catalog/tilejson.json", &known).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn an_area_on_both_sides_of_the_antimeridian_has_a_true_centre() {
    let site = Site::new();
    let mut manifest = site.manifest();
    manifest.bounds = Bounds::new(179.5, -17.0, -179.0, -16.0).ok();
    site.publish(&manifest);
    let described = site.get("/catalog/tilejson.json", &[]).await.json();
    assert_eq!(described["bounds"], json!([-180.0, -17.0, 180.0, -16.0]), "TileJSON's do not wrap around");
    assert_eq!(described["center"], json!([-179.75, -16.5, 11]));
}

#[tokio::test]
async fn tiles_of_several_folders_and_kinds_have_one_address() {
    let site = Site::new();
    let (old, new): (&[u8], &[u8]) = (&[0xff; 5000], b"a PNG");
    let page = listing(&[("17/1/2", ImageKind::Jpeg, old, 0), ("17/1/3", ImageKind::Png, new, 1)]);
    let file = FileRef::of(&page, "listing", "bin");
    site.write(&format!("catalog/{}", file.name), &page);
    site.write("catalog/tiles-fedcba9876543210/17/1/3.png", new);
    // A former version, which the listing does not name.
    site.write("catalog/tiles-0123456789abcdef/17/1/3.jpg", b"former");
    let mut manifest = site.manifest();
    let tiles = manifest.tiles.as_mut().expect("tiles");
    tiles.folders.push("tiles-fedcba9876543210".into());
    tiles.kinds.push(ImageKind::Png);
    tiles.listing[0].file = file.name.clone();
    manifest.files = [&manifest.files[..], std::slice::from_ref(&file)].concat().into();
    site.publish(&manifest);

    let described = site.get("/catalog/tilejson.json", &[("host", "a")]).await.json();
    assert_eq!(described["tiles"], json!(["http://a/catalog/tiles/{z}/{x}/{y}"]));
    for (path, content, media_type) in
        [("/catalog/tiles/17/1/2", old, "image/jpeg"), ("/catalog/tiles/17/1/3", new, "image/png")]
    {
        let answer = site.get(path, &[]).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, content), "{path}");
        assert_eq!(answer.header("content-type"), media_type, "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}: no digest in the address");
    }
    for path in ["/catalog/tiles/17/1/4", "/catalog/tiles/17/1", "/catalog/tiles/17/1/2.jpg"] {
        assert_eq!(site.get(path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    site.write(&format!("catalog/{}", file.name), b"damaged");
    assert_eq!(site.get("/catalog/tiles/17/1/2", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_catalog_of_pictures_has_no_map() {
    let site = Site::new();
    let mut manifest = site.manifest();
    let tiles = manifest.tiles.take().expect("tiles");
    manifest.pictures = Some(clip_rs_catalog::PictureSet {
        folders: vec!["pictures-0123456789abcdef".into()],
        thumbnails: vec![160],
        count: 1,
        listing: tiles.listing,
    });
    site.publish(&manifest);
    assert_eq!(site.get("/catalog/tilejson.json", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/healthz", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn health_says_which_catalog_is_served() {
    let site = Site::new();
    let answer = site.get("/healthz", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let expected = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "catalog": "sample-7" });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn health_tells_when_the_catalog_breaks() {
    let site = Site::new();
    let router = site.router();
    let get = |path: &str| crate::site::send(router.clone(), request("GET", path, &[]));
    std::fs::write(site.manifest_path(), b"{}").expect("written");
    assert_eq!(
        site.get("/", &[]).await.status,
        StatusCode::OK,
        "a new server, too, starts and shows the page"
    );
    let sick = get("/healthz").await;
    assert_eq!(sick.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(sick.json()["catalog"], json!(null));
    assert_eq!(get("/catalog/tilejson.json").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get("/").await.status, StatusCode::OK, "the app still loads, and can say what is wrong");
    std::fs::remove_file(site.manifest_path()).expect("removed");
    assert_eq!(get("/healthz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get("/catalog/catalog.json").await.status, StatusCode::NOT_FOUND);
}

#[test]
fn what_is_missing_at_start_is_named_with_the_way_to_make_it() {
    let site = Site::new();
    let complaint = |catalog: &str, app: Option<&str>| {
        let app = app.map_or(App::None, |app| App::Folder(site.path(app)));
        router(&site.path(catalog), app).expect_err("incomplete").to_string()
    };
    for catalog in ["app", "nowhere", "secret.txt"] {
        let said = complaint(catalog, None);
        assert!(said.contains("has no catalog.json") && said.contains("clip-rs index --tiles"), "{said}");
    }
    for app in ["catalog", "nowhere"] {
        let said = complaint("catalog", Some(app));
        assert!(said.contains("has no index.html") && said.contains("cargo xtask"), "{said}");
    }
}
