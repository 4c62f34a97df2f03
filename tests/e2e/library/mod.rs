//! The search as a library in other people's sites: hosts on another origin, with a strict policy and a map of their own.
//!
//! The sites are those of `docs/library/`, handed out by a small server of the test with the page's address put in and the map
//! libraries beside them, as they would lie there.

mod asking;
mod sites;
mod trouble;
mod types;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use clip_rs_tests::{Artifacts, Chromium, Page, Site};
use serde_json::Value;

use crate::DESKTOP;

/// The page's address in the examples.
const EXAMPLE: &str = "https://maps.example";
/// A host's page without anything, whose policy allows what docs/LIBRARY.md says and no more.
const BARE: &str = r#"<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"
content="default-src 'none'; script-src https://maps.example 'wasm-unsafe-eval'; worker-src blob:; connect-src https://maps.example; img-src blob:">
<title>Host</title><p>Nothing is here.</p>"#;
/// In every document before its own scripts: which workers live.
const WORKERS: &str = r"
window.alive = new Set();
window.Worker = class extends Worker {
  constructor(...settings) { super(...settings); alive.add(this); }
  terminate() { alive.delete(this); super.terminate(); }
};";

/// A host's site on a port of its own.
struct Host {
    origin: String,
    page: Page,
    chromium: Chromium,
    site: Site,
}

impl Host {
    /// Serves the page, lets the host read it, and opens a page of the host's.
    fn open(name: &str) -> Result<Self> {
        Self::open_on(&Artifacts::from_env()?.catalog, name)
    }

    /// The same with another catalog.
    fn open_on(catalog: &Path, name: &str) -> Result<Self> {
        let artifacts = Artifacts::from_env()?;
        let listener = TcpListener::bind("127.0.0.1:0").context("binding the host's server")?;
        let address: SocketAddr = listener.local_addr()?;
        let origin = format!("http://{address}");
        let site = Site::start_with(&artifacts, catalog, &["--embed-from", &origin])?;
        let (maps, dist) = (site.url("").trim_end_matches('/').to_owned(), artifacts.dist.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that the browser drops half way is no fault of the host's.
                let _dropped = answer(client, &maps, &dist);
            }
        });
        let chromium = Chromium::start(&artifacts, &site)?;
        chromium.recorder().also_pass(address);
        let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
        page.before_load(WORKERS)?;
        page.go(&format!("{origin}/{name}"))?;
        Ok(Self { origin, page, chromium, site })
    }

    /// A page of the host's in which `area` is the open catalog and `library` the module.
    fn with_area() -> Result<Self> {
        Self::with_area_of(&Artifacts::from_env()?.catalog)
    }

    /// The same with another catalog.
    fn with_area_of(catalog: &Path) -> Result<Self> {
        let host = Self::open_on(catalog, "bare.html")?;
        let maps = host.site.url("");
        host.page.eval::<Value>(&format!(
            "import('{maps}library/clip-rs.js').then(async (module) => {{ \
             window.library = module; window.area = await module.open('{maps}catalog/'); }})"
        ))?;
        Ok(host)
    }

    /// What the body of an asynchronous function in the host's page returns.
    fn run<T: serde::de::DeserializeOwned>(&self, body: &str) -> Result<T> {
        self.page.eval(&format!("(async () => {{ {body} }})()"))
    }

    /// Kind, file and message of the error that a promise is rejected with.
    fn error(&self, promise: &str) -> Result<Value> {
        let told = format!(
            "return await {promise}.then(() => 'no error', ({{ name, kind, file, message }}) => ({{ name, kind, file, message }}))"
        );
        self.run(&told)
    }

    /// Fails when anything was written to the console but information, and what the software in the place of a graphics card says.
    fn expect_quiet(&self) {
        let console = self.chromium.console();
        let is_loud = |line: &&String| !line.contains(":INFO:CONSOLE") && !line.contains("GL Driver Message");
        let loud: Vec<_> = console.iter().filter(is_loud).collect();
        assert!(loud.is_empty(), "the console says {loud:#?}");
    }
}

/// Answers one request with a file of the examples, of a map library, or of the host's copy of our library.
fn answer(mut client: TcpStream, maps: &str, dist: &Path) -> Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().context("a request")??;
    while !lines.next().context("a header")??.is_empty() {}
    let name = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let content = match name {
        "favicon.ico" => Some(Vec::new()),
        "bare.html" => Some(BARE.into()),
        _ => file(name, dist).and_then(|path| std::fs::read(path).ok()),
    };
    let (status, content) =
        content.map_or(("404 Not Found", Vec::new()), |content| ("200 OK", with_address(content, maps)));
    let kind = match name.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript",
        Some("css") => "text/css",
        Some("ico") => "image/x-icon",
        Some("png") => "image/png",
        _ => "text/html; charset=utf-8",
    };
    let length = content.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    client.write_all(&content)?;
    Ok(())
}

/// A text with the page's address in the place of the examples'.
fn with_address(content: Vec<u8>, maps: &str) -> Vec<u8> {
    match String::from_utf8(content) {
        Ok(text) => text.replace(EXAMPLE, maps).into_bytes(),
        Err(bytes) => bytes.into_bytes(),
    }
}

/// Where a file of the host's lies in the repository.
fn file(name: &str, dist: &Path) -> Option<PathBuf> {
    let packages = repository().join("node_modules");
    if name.split('/').any(|part| part == "..") {
        return None;
    }
    Some(match name.split_once('/') {
        Some(("leaflet", name)) => packages.join("leaflet/dist").join(name),
        Some(("maplibre-gl", name)) => packages.join("maplibre-gl/dist").join(name),
        Some(("ol", "ol.js")) => packages.join("ol/dist/ol.js"),
        Some(("ol", name)) => packages.join("ol").join(name),
        Some(("clip-rs", name)) => dist.join("library").join(name),
        _ => repository().join("docs/library").join(name),
    })
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
