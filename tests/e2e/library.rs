//! The search as a library in other people's sites: hosts on another origin, with a strict policy and a map of their own.
//!
//! The sites are those of `docs/library/`, handed out by a small server of the test with the page's address put in and the map
//! libraries beside them, as they would lie there.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clip_rs_tests::{Artifacts, Chromium, Page, Site};
use serde_json::{Value, json};

use crate::DESKTOP;

/// The page's address in the examples.
const EXAMPLE: &str = "https://maps.example";
/// Looks at the screen until something is seen there: more than the slowest machine needs.
const LOOKS: usize = 600;
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
    page: Page,
    chromium: Chromium,
    site: Site,
}

impl Host {
    /// Serves the page, lets the host read it, and opens a page of the host's.
    fn open(name: &str) -> Result<Self> {
        let artifacts = Artifacts::from_env()?;
        let listener = TcpListener::bind("127.0.0.1:0").context("binding the host's server")?;
        let address: SocketAddr = listener.local_addr()?;
        let origin = format!("http://{address}");
        let site = Site::start_with(&artifacts, &artifacts.catalog, &["--embed-from", &origin])?;
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
        Ok(Self { page, chromium, site })
    }

    /// A page of the host's in which `area` is the open catalog and `library` the module.
    fn with_area() -> Result<Self> {
        let host = Self::open("bare.html")?;
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

/// Searches in an example as a visitor does, and looks at all that it shows.
fn try_out(example: &str) -> Result<()> {
    let host = Host::open(example)?;
    let page = &host.page;
    page.wait_until("the area is open", "/2304 places/.test(document.querySelector('#said').textContent)")?;
    page.eval::<Value>("document.querySelector('[name=words]').value = 'pond'")?;
    page.click("#ask button")?;
    page.wait_until("there are results", "document.querySelectorAll('.hit').length === 20")?;
    let found: Vec<String> =
        page.eval("[...document.querySelectorAll('.hit')].map((row) => row.dataset.id)")?;

    let own = host.chromium.open(&host.site.url(""), DESKTOP.0, DESKTOP.1)?;
    let cards: Vec<String> = own.search("pond")?.into_iter().map(|card| card.id).collect();
    ensure!(cards.len() >= 5, "the page itself lists {cards:?}");
    assert_eq!(found[..cards.len()], cards, "the page itself finds the same");

    let on_map = "(() => { const map = document.querySelector('#map').getBoundingClientRect(); \
                  return [...document.querySelectorAll('#map .marker')].filter((marker) => { const { x, y } = marker.getBoundingClientRect(); \
                  return x > map.left - 30 && x < map.right && y > map.top - 30 && y < map.bottom; }).length; })()";
    page.wait_until("all markers are on the map", &format!("{on_map} === 20"))?;

    page.eval::<Value>(
        "document.querySelectorAll('.marker').forEach((marker) => (marker.style.visibility = 'hidden'))",
    )?;
    assert!(!is_yellow(below_first_marker(page)?), "a pond is no yellow square");
    page.click("#layer")?;
    page.wait_until("the layer is computed", "document.querySelector('#map').dataset.layer === '48 x 48'")?;
    let seen = (0..LOOKS).find_map(|_| below_first_marker(page).ok().filter(|colour| is_yellow(*colour)));
    ensure!(seen.is_some(), "the place that fits best is not painted: {:?}", below_first_marker(page)?);

    page.click(".hit button")?;
    page.wait_until("its picture is shown", "document.querySelector('#picture img').naturalWidth === 256")?;
    assert_eq!(page.eval::<String>("document.querySelector('#picture img').alt")?, found[0]);
    host.expect_quiet();
    Ok(())
}

/// The colour on the screen where the first marker stands.
fn below_first_marker(page: &Page) -> Result<[u8; 3]> {
    let (x, y): (f64, f64) = page.eval(
        "(() => { const marker = [...document.querySelectorAll('.marker')].find((marker) => marker.textContent === '1'); \
         const { x, y, width, height } = marker.getBoundingClientRect(); return [x + width / 2, y + height / 2]; })()",
    )?;
    let screen = image::load_from_memory(&page.png()?)?.to_rgb8();
    match screen.get_pixel_checked(x as u32, y as u32) {
        Some(pixel) => Ok(pixel.0),
        None => bail!("the marker is off the screen, at {x}, {y}"),
    }
}

/// Whether a colour is that of a high mark, over whatever lies below.
fn is_yellow([red, green, blue]: [u8; 3]) -> bool {
    red > 170 && green > 130 && i16::from(blue) < i16::from(green) - 30
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_site_with_leaflet_searches_marks_paints_and_shows() -> Result<()> {
    try_out("leaflet.html")
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_site_with_maplibre_searches_marks_paints_and_shows() -> Result<()> {
    try_out("maplibre.html")
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_site_with_openlayers_searches_marks_paints_and_shows() -> Result<()> {
    try_out("openlayers.html")
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn words_vectors_areas_and_what_is_not_wanted_are_searched_for() -> Result<()> {
    let host = Host::with_area()?;
    let facts: Value = host.run("return area.manifest")?;
    assert_eq!((&facts["count"], &facts["synthetic"]), (&2304.into(), &true.into()), "{facts}");
    assert_eq!(facts["tiles"]["maxzoom"], 17, "{facts}");
    let hits: Vec<Value> =
        host.run("window.hits = await area.search('  a   pond ', { limit: 30 }); return hits")?;
    assert_eq!(hits.len(), 30);
    for hit in &hits {
        let [west, south, east, north]: [f64; 4] = serde_json::from_value(hit["bounds"].clone())?;
        let [lng, lat]: [f64; 2] = serde_json::from_value(hit["lngLat"].clone())?;
        assert!(west < lng && lng < east && south < lat && lat < north, "{hit}");
        assert!(hit["likely"].is_boolean() && hit["place"].is_string(), "{hit}");
    }
    let marks = "hits.every((hit, at) => at === 0 || hit.mark <= hits[at - 1].mark) && hits.every((hit) => hit.likely === (hit.mark >= hits.likelyFrom))";
    assert!(host.run::<bool>(&format!("return {marks}"))?, "{hits:?}");

    // The vector that words have is the one that they are searched by.
    let off: f64 = host.run(
        "const vector = await area.encode('a pond'); \
         const length = Math.hypot(...vector); \
         const cosines = new Map((await area.search({ vector }, { limit: 2304 })).map((hit) => [hit.id, hit.similarity])); \
         return Math.max(Math.abs(length - 1), ...hits.map((hit) => Math.abs(hit.similarity - cosines.get(hit.id))))",
    )?;
    assert!(off < 1e-3, "{off}");

    let one: Vec<String> = host.run(
        "return (await area.search('a road', { bounds: hits[3].bounds })).map((hit) => hit.id === hits[3].id ? 'it' : hit.id)",
    )?;
    assert_eq!(one, ["it"], "only what lies in the box");
    let ring: Vec<String> = host.run(
        "const [w, s, e, n] = hits[3].bounds; \
         const area_ = { type: 'Polygon', coordinates: [[[w, s], [e, s], [e, n], [w, n], [w, s]]] }; \
         return (await area.search('a road', { area: area_ })).map((hit) => hit.id === hits[3].id ? 'it' : hit.id)",
    )?;
    assert_eq!(ring, ["it"], "only what lies in the polygon");
    let differ: bool = host.run(
        "const less = await area.search({ words: 'a pond', without: ['trees', 'houses'] }, { limit: 30 }); \
         return less.length === 30 && less.some((hit, at) => hit.id !== hits[at].id)",
    )?;
    assert!(differ, "what is not wanted counts");
    let like: bool =
        host.run("const like = await area.search({ item: hits[2].id }); return like[0].id === hits[2].id")?;
    assert!(like, "an item is most like itself");
    for (wrong, kind) in [
        ("area.search('   ')", "request"),
        ("area.search({})", "request"),
        ("area.search({ item: 'no such item' })", "request"),
        ("area.search({ terms: [{ words: 'a', weight: 0 }] })", "request"),
        ("area.search('a', { area: { type: 'Point', coordinates: [0, 0] } })", "request"),
        ("area.embed('https://elsewhere.example/a.jpg')", "picture"),
        ("area.embed(new Blob(['no picture']))", "picture"),
        ("area.item('17/0/0')", "request"),
    ] {
        let error = host.error(wrong)?;
        assert_eq!(error["kind"], kind, "{wrong}: {error}");
        assert_eq!(error["name"], "ClipRsError", "{wrong}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 20), "{wrong}: {error}");
    }
    host.expect_quiet();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn items_have_pictures_and_a_picture_finds_its_item() -> Result<()> {
    let host = Host::with_area()?;
    let same: bool = host.run(
        "const first = await area.items({ limit: 8 }); const later = await area.items({ offset: 5, limit: 3 }); \
         return first.total === 2304 && first.length === 8 && JSON.stringify(first.slice(5)) === JSON.stringify(later)",
    )?;
    assert!(same, "items come in one order");
    let (within, one): (Vec<String>, Value) = host.run(
        "window.it = (await area.items({ limit: 300 })).findLast((item) => item.duplicates === 0 && item.duplicateOf === null); \
         const within = await area.items({ bounds: it.bounds }); \
         return [within.map((item) => item.id === it.id ? 'it' : item.id), await area.item(it.id)]",
    )?;
    assert_eq!(within, ["it"]);
    let it: Value = host.run("return it")?;
    assert_eq!(one, it, "an item is the same however it is asked for");
    assert!(it["place"].is_string() && it.get("mark").is_none(), "{it}");

    let found: Vec<Value> = host.run(
        "window.blob = await area.picture(it.id); window.image = new Image(); image.src = URL.createObjectURL(blob); \
         window.canvas = document.createElement('canvas'); \
         await image.decode(); [canvas.width, canvas.height] = [image.width, image.height]; \
         canvas.getContext('2d').drawImage(image, 0, 0); \
         const hits = await area.search({ picture: blob }, { limit: 3 }); \
         return [blob.type.startsWith('image/'), image.width, hits[0].id === it.id, hits[0].likely, hits.likelyFrom]",
    )?;
    assert_eq!(found, [json!(true), json!(256), json!(true), Value::Null, Value::Null]);
    let least: f64 = host.run(
        "const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
         const forms = [blob, image, canvas, data, await createImageBitmap(blob)]; \
         const [first, ...others] = await Promise.all(forms.map((form) => area.embed(form))); \
         return Math.min(...others.map((other) => other.reduce((sum, x, at) => sum + x * first[at], 0)))",
    )?;
    assert!(least > 0.999, "a picture is the same in every form: {least}");
    // A tile of another zoom, which is no item, and a square that has to be put together.
    let (kind, edge): (String, u32) = host.run(
        "const [z, x, y] = it.id.split('/').map(Number); \
         const further = await area.picture(`${z - 1}/${x >> 1}/${y >> 1}`); \
         const square = await createImageBitmap(await area.picture(`${z}/${x}/${y}+2`, { pixels: 500 })); \
         return [further.type, square.width]",
    )?;
    assert!(kind.starts_with("image/"), "{kind}");
    assert_eq!(edge, 500);
    let error = host.error("area.picture('17/0/0')")?;
    assert_eq!(error["kind"], "missing", "{error}");
    host.expect_quiet();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_layer_says_how_well_every_place_fits() -> Result<()> {
    let host = Host::with_area()?;
    let layer: Value = host.run(
        "window.layer = await area.layer('a pond'); window.hits = await area.search('a pond', { limit: 1 }); \
         const { values, ...rest } = layer; return { ...rest, cells: values.length, most: Math.max(...values), best: hits[0].mark, \
         likely: hits.likelyFrom, empty: values.filter(Number.isNaN).length }",
    )?;
    assert_eq!((&layer["columns"], &layer["rows"]), (&48.into(), &48.into()), "{layer}");
    assert_eq!((&layer["cells"], &layer["items"]), (&2304.into(), &2304.into()), "{layer}");
    assert_eq!((&layer["likelyFrom"], &layer["empty"]), (&layer["likely"], &0.into()), "{layer}");
    let (most, best) = (layer["most"].as_f64().unwrap_or_default(), layer["best"].as_f64().unwrap_or(1.0));
    assert!((most - best).abs() < 1.0 / 250.0, "the best place is the best hit: {layer}");
    let far: f64 = host.run(
        "return Math.max(...layer.bounds.map((edge, at) => Math.abs(edge - area.manifest.bounds[at])))",
    )?;
    assert!(far < 1e-9, "{far}");
    // The best hit's cell is opaque, and what is painted is what is at least the threshold.
    let painted: bool = host.run(
        "const canvas = library.paintLayer(layer, { from: 0.5 }); \
         const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
         return canvas.width === 48 && layer.values.every((value, at) => (data[at * 4 + 3] > 0) === (value >= 0.5)) \
         && layer.values.some((value) => value >= 0.5)",
    )?;
    assert!(painted);
    let signs: Vec<bool> = host.run(
        "const { values, isDifference, likelyFrom } = await area.layer('a pond', { against: 'houses' }); \
         return [isDifference, likelyFrom === null, values.some((value) => value < -0.1), values.some((value) => value > 0.1), \
         values.every((value) => value >= -1 && value <= 1)]",
    )?;
    assert_eq!(signs, [true; 5]);
    host.expect_quiet();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_is_no_longer_wanted_ends_and_what_breaks_says_so() -> Result<()> {
    let host = Host::with_area()?;
    let maps = host.site.url("");
    let aborted: Vec<String> = host.run(&format!(
        "const name = (promise) => promise.then(() => 'no error', (error) => error.name); \
         const stop = new AbortController(); const asked = name(area.search('a road', {{ signal: stop.signal }})); stop.abort(); \
         const loading = new AbortController(); \
         const opening = name(library.open('{maps}catalog/', {{ signal: loading.signal, onProgress: () => loading.abort() }})); \
         return [await asked, await opening, await name(area.embed(new Blob(), {{ signal: stop.signal }}))]"
    ))?;
    assert_eq!(aborted, ["AbortError"; 3]);
    assert_eq!(host.run::<u32>("return alive.size")?, 1, "an area that was not opened leaves no worker");
    assert_eq!(
        host.run::<usize>("return (await area.search('a road')).length")?,
        20,
        "the area still answers"
    );

    // Two at once do not know of each other.
    let two: Vec<Value> = host.run(&format!(
        "window.told = []; window.other = await library.open(new URL('{maps}catalog/catalog.json'), {{ onProgress: (news) => told.push(news) }}); \
         const [a, b] = await Promise.all([area.search('a road'), other.search('a road')]); \
         const last = told.at(-1); \
         return [a.map((hit) => hit.id).join() === b.map((hit) => hit.id).join(), alive.size, last.preparing && last.loaded === last.total]"
    ))?;
    assert_eq!(two, [json!(true), json!(2), json!(true)]);
    let closed: Vec<String> = host.run(
        "await other.items({ limit: 1 }); const before = alive.size; const waiting = other.search('a pond'); other.close(); \
         const kind = (promise) => promise.then(() => 'no error', (error) => error.kind); \
         return [await kind(waiting), await kind(other.search('a pond')), await kind(other.item('17/0/0')), `${before} ${alive.size}`]",
    )?;
    assert_eq!(closed, ["closed", "closed", "closed", "3 1"], "both of its workers end");

    // A worker that breaks fails what waits for it; the next call starts another.
    let broken: Vec<Value> = host.run(
        "const waiting = area.search('a pond').catch(({ kind, message }) => ({ kind, message })); \
         [...alive][0].dispatchEvent(new ErrorEvent('error', { message: 'out of memory' })); \
         return [await waiting, (await area.search('a pond')).length, alive.size]",
    )?;
    assert_eq!(broken[0]["kind"], "worker", "{broken:?}");
    let said = broken[0]["message"].as_str().unwrap_or_default();
    assert!(said.contains("stopped working") && said.contains("out of memory"), "{said}");
    assert_eq!(broken[1..], [json!(20), json!(1)]);
    host.expect_quiet();

    // What is not there is named; the browser tells the console of it, too.
    let missing = host.error(&format!("library.open('{maps}nothing/')"))?;
    assert_eq!(
        (&missing["kind"], &missing["file"]),
        (&"missing".into(), &"catalog.json".into()),
        "{missing}"
    );
    let said = missing["message"].as_str().unwrap_or_default();
    assert!(said.contains(&format!("{maps}nothing/catalog.json")) && said.contains("404"), "{said}");
    let elsewhere = host.error(&format!("library.open('{maps}catalog/', {{ assets: '{maps}catalog/' }})"))?;
    assert_eq!((&elsewhere["kind"], &elsewhere["file"]), (&"missing".into(), &"engine.json".into()));
    let refused = host.error("library.open('http://127.0.0.1:1/catalog/')")?;
    assert_eq!(refused["kind"], "network", "{refused}");
    assert_eq!(host.run::<u32>("return alive.size")?, 1, "failures leave no worker");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_declared_types_hold_for_a_host_and_name_what_the_module_exports() -> Result<()> {
    let root = repository();
    let output = Command::new("node")
        .arg(root.join("node_modules/typescript/bin/tsc"))
        .args(["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022"])
        .args(["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom"])
        .arg(root.join("tests/e2e/library_host.ts"))
        .output()
        .context("running node: run these tests with `cargo xtask test`")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the types do not hold:\n{said}");
    let host = Host::with_area()?;
    let exported: Vec<String> = host.run("return Object.keys(library).sort()")?;
    assert_eq!(exported, ["ClipRsError", "open", "paintLayer"]);
    let area = "['search', 'encode', 'embed', 'items', 'item', 'layer', 'picture', 'close'].filter((name) => typeof area[name] !== 'function')";
    assert_eq!(host.run::<Vec<String>>(&format!("return {area}"))?, Vec::<String>::new());
    Ok(())
}
