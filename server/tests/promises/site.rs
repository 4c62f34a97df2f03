//! A small catalog and app in a temporary folder, and the few words to ask a router for them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode},
};
use clip_rs_catalog::{
    Bounds, FileRef, ImageKind, ListedFile, ListedTile, MANIFEST_NAME, Manifest, ModelRef, Page, Shard,
    TileListing, TileSet,
};
use clip_rs_page::given::Placed;
use clip_rs_server::{App, Config, EmbedFrom};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tower::ServiceExt;

/// The policy of the page.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-x'";

/// A page with an inline script and its policy, as `cargo xtask dist` writes it.
pub const PAGE: &str = "<!doctype html><meta charset=\"utf-8\" />\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
    script-src 'self' 'wasm-unsafe-eval' 'sha256-x'\" /><title>CLIP-RS</title>\
    <script type=\"module\">import init from '/app-0123456789abcdef.js'; init();</script>";

/// Path of a tile in the catalog.
pub const TILE: &str = "/catalog/tiles-0123456789abcdef/17/1/2.jpg";

/// Path of a script of the app that is named by its content.
pub const SCRIPT: &str = "/app-0123456789abcdef.js";

/// The folders that a test's server serves.
pub struct Site {
    root: TempDir,
    /// File name of the catalog's `text` file, 100,000 bytes that do not compress.
    pub text: String,
}

/// An answer with its whole body.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The header `name`, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

impl Site {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut site = Self { root, text: String::new() };
        let tile = [0xff; 5000];
        let stems = ["model", "text", "image", "vocabulary", "index", "items", "details", "listing"];
        let files = stems.map(|stem| {
            let content = match stem {
                "text" => noise(),
                "listing" => listing(&[("17/1/2", ImageKind::Jpeg, &tile, 0)]),
                _ => stem.as_bytes().to_vec(),
            };
            let extension = if stem == "text" { "gguf" } else { "bin" };
            let file = FileRef::of(&content, stem, extension);
            site.write(&format!("catalog/{}", file.name), &content);
            file
        });
        site.text = files[1].name.clone();
        site.write("catalog/tiles-0123456789abcdef/17/1/2.jpg", &tile);
        site.publish(&manifest("sample-7", &files));
        site.write("app/index.html", PAGE.as_bytes());
        site.write("app/sw.js", b"self.skipWaiting();");
        site.write("app/app.webmanifest", b"{}");
        site.write("app/app-0123456789abcdef.js", "export default () => {};\n".repeat(200).as_bytes());
        site.write("app/app-0123456789abcdef_bg.wasm", &[0; 3000]);
        let immutable = ["app-0123456789abcdef.js", "app-0123456789abcdef_bg.wasm"];
        site.write("app/build.json", serde_json::json!({ "immutable": immutable }).to_string().as_bytes());
        site.write("secret.txt", b"secret");
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }

    /// Writes the manifest as the pipeline does: under another name, then renamed.
    pub fn publish(&self, manifest: &Manifest) {
        self.write("catalog/.new", manifest.to_json().expect("valid").as_bytes());
        fs::rename(self.path("catalog/.new"), self.manifest_path()).expect("renamed");
    }

    pub fn manifest_path(&self) -> PathBuf {
        self.path("catalog").join(MANIFEST_NAME)
    }

    pub fn manifest(&self) -> Manifest {
        Manifest::from_json(&fs::read(self.manifest_path()).expect("read")).expect("valid")
    }

    pub fn config(&self) -> Config {
        let app = App::Folder(self.path("app"));
        let catalogs = vec![Placed::own(self.path("catalog"))];
        Config { catalogs, elsewhere: Vec::new(), app, embed_from: EmbedFrom::Nobody }
    }

    /// The server when the operator lets these others embed it: `any`, or origins.
    pub fn embedded_from(&self, words: &[&str]) -> Router {
        let embed_from = EmbedFrom::from_words(words).expect("origins");
        clip_rs_server::app(&Config { embed_from, ..self.config() }).expect("a complete site")
    }

    pub fn router(&self) -> Router {
        clip_rs_server::app(&self.config()).expect("a complete site")
    }

    /// What a GET of `path` with `headers` answers.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers).await
    }

    /// What any method answers.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(self.router(), request(method, path, headers)).await
    }
}

/// A request for `path`, with a `Host` unless `headers` have one.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "test");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).expect("a request")
}

/// Sends any request.
pub async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// The server with this app.
pub fn router(catalog: &Path, app: App) -> Result<Router, clip_rs_server::StartError> {
    let catalogs = vec![Placed::own(catalog.to_path_buf())];
    clip_rs_server::app(&Config { catalogs, elsewhere: Vec::new(), app, embed_from: EmbedFrom::Nobody })
}

/// 100,000 bytes, each its position times an odd number: it would show if any were shifted.
pub fn noise() -> Vec<u8> {
    let scrambled = |i: u32| i.wrapping_mul(2_654_435_761).to_be_bytes()[0];
    (0..100_000).map(scrambled).collect()
}

/// A page of a listing with these tiles, each with its content and its folder's number.
pub fn listing(tiles: &[(&str, ImageKind, &[u8], u16)]) -> Vec<u8> {
    let listed = tiles.iter().map(|(tile, kind, content, folder)| ListedTile {
        tile: tile.parse().expect("a tile"),
        kind: *kind,
        file: ListedFile::of(content, *folder).expect("content"),
    });
    TileListing::new(listed.collect()).expect("tiles").to_bytes().expect("valid")
}

fn manifest(id: &str, files: &[FileRef; 8]) -> Manifest {
    let name = |i: usize| files[i].name.clone();
    Manifest {
        format: 2,
        id: id.into(),
        title: "Sample county".into(),
        attribution: "CLIP-RS & friends".into(),
        licence: "CC0".into(),
        synthetic: true,
        bounds: Bounds::new(-77.5, 38.7, -77.4, 38.8).ok(),
        captured: None,
        tiles: Some(TileSet {
            folders: vec!["tiles-0123456789abcdef".into()],
            kinds: vec![ImageKind::Jpeg],
            minzoom: 11,
            maxzoom: 17,
            zoom: 17,
            tile_size: 256,
            count: 1,
            listing: vec![Page { first: "17/1/2".into(), file: name(7) }],
        }),
        pictures: None,
        model: ModelRef {
            name: "rs-small".into(),
            embed_dim: 2,
            config: name(0),
            text: name(1),
            image: name(2),
            tokenizer: name(3),
        },
        shards: vec![Shard {
            count: 3,
            bounds: None,
            centroid: vec![0.5, 0.5],
            index: name(4),
            items: name(5),
            details: vec![name(6)],
            page_rows: 3,
        }],
        cells: None,
        files: files.to_vec().into(),
        examples: vec!["storage tanks".into()],
        digest: String::new(),
    }
}
