//! Fetching from services on loopback, with everything that goes wrong on the way.

mod nginx;
mod refresh;
mod stand_in;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use clip_rs_catalog::{Bounds, TileId};
use clip_rs_fetch::{Area, Client, Cover, FetchError, Outcome, Request, Service, fetch};
use clip_rs_imagery::{Entry, Kind, Wanted, open};
use image::{ImageFormat, Rgb, RgbImage};

use stand_in::{Reply, StandIn};

/// A picture that no other tile has.
fn tile_jpeg(tile: TileId) -> Vec<u8> {
    let (x, y) = (tile.x() % 256, tile.y() % 256);
    let image = RgbImage::from_fn(64, 64, |i, j| {
        Rgb([(i * 4) as u8 ^ x as u8, (j * 4) as u8 ^ y as u8, ((i * j) % 251) as u8])
    });
    encoded(&image)
}

fn encoded(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Jpeg).expect("a picture");
    bytes
}

/// The tile of a path `/z/x/y`.
fn tile_of(path: &str) -> Option<TileId> {
    let path = path.split('?').next().unwrap_or_default();
    let numbers: Option<Vec<u32>> =
        path.trim_start_matches('/').split('/').map(|part| part.parse().ok()).collect();
    let [z, x, y] = numbers?.try_into().ok()?;
    TileId::new(u8::try_from(z).ok()?, x, y).ok()
}

fn good(path: &str) -> Reply {
    tile_of(path).map_or(Reply::Status(404, String::new()), |tile| Reply::Ok("image/jpeg", tile_jpeg(tile)))
}

/// Six tiles across and four down at zoom 16.
fn area() -> Area {
    let corner = |x, y| TileId::new(16, x, y).expect("a tile").bounds();
    let (first, last) = (corner(18_744, 25_072), corner(18_749, 25_075));
    Area::of_box(Bounds::new(first.west(), last.south(), last.east(), first.north()).expect("a box"))
}

fn run(stand_in: &StandIn, out: &Path, without_missing: bool) -> Result<Outcome, FetchError> {
    run_from(&format!("{}/{{z}}/{{x}}/{{y}}", stand_in.origin()), out, without_missing, false)
}

fn run_from(source: &str, out: &Path, without_missing: bool, refresh: bool) -> Result<Outcome, FetchError> {
    let client = Client::new(Some("tests@example.org"));
    let service = Service::open(source, None, &client)?;
    fetch(&Request {
        service: &service,
        area: &area(),
        zooms: 16..=16,
        out,
        client: &client,
        pace: NonZeroU32::new(1000).expect("a pace"),
        at_once: 4,
        first_wait: Duration::from_millis(1),
        refresh,
        without_missing,
    })
}

/// The tiles of an archive.
fn archive(path: &Path) -> BTreeMap<TileId, Vec<u8>> {
    let wanted =
        Wanted { paths: vec![path.to_owned()], kind: Kind::Tiles, scheme: None, exclude: Vec::new() };
    let source = open(&wanted).expect("an archive");
    let tile = |entry: &Entry| (entry.id.tile().expect("a tile"), source.read(entry).expect("bytes"));
    source.inventory().entries.iter().map(tile).collect()
}

#[test]
fn an_area_becomes_an_archive_and_each_tile_is_asked_for_once() {
    let (stand_in, folder) = (StandIn::start(|path, _| good(path)), tempfile::tempdir().expect("a folder"));
    let out = folder.path().join("area.pmtiles");
    let outcome = run(&stand_in, &out, false).expect("fetched");
    assert_eq!((outcome.counts.pictures, outcome.asked, outcome.known), (24, 24, 0));
    let expected: BTreeMap<TileId, Vec<u8>> =
        Cover::of(&area(), 16..=16).expect("a cover").tiles().map(|tile| (tile, tile_jpeg(tile))).collect();
    assert_eq!(archive(&out), expected);
    let mut once = stand_in.paths();
    once.dedup();
    assert_eq!((once.len(), stand_in.paths().len()), (24, 24));
    let agent = &stand_in.asked()[0].user_agent;
    assert!(agent.contains("clip-rs/") && agent.contains("tests@example.org"), "{agent}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
}

#[test]
fn whatever_goes_wrong_once_is_asked_for_again() {
    let stand_in = StandIn::start(|path, before| {
        let tile = tile_of(path).expect("a tile");
        let whole = tile_jpeg(tile);
        match (before, (tile.x() + tile.y()) % 8) {
            (0, 0) => Reply::Status(500, String::new()),
            (0, 1) => Reply::Cut(whole),
            (0, 2) => Reply::Ok("text/html", b"<html>Our service is being updated</html>".to_vec()),
            (0, 3) => Reply::Ok("image/jpeg", whole[..whole.len() * 2 / 3].to_vec()),
            (0, 4) => Reply::Hang,
            (0, 5) => Reply::Ok(
                "image/png",
                b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06\0\0\0".to_vec(),
            ),
            (0, 6) if !path.contains('?') => Reply::Status(302, format!("Location: {path}?again=1\r\n")),
            _ => Reply::Ok("image/jpeg", whole),
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("area.pmtiles");
    let outcome = run(&stand_in, &out, false).expect("fetched");
    assert_eq!((outcome.counts.pictures, outcome.missing), (24, 0));
    for (tile, bytes) in archive(&out) {
        assert_eq!(bytes, tile_jpeg(tile), "{tile}");
    }
}

#[test]
fn a_busy_service_is_left_alone_for_as_long_as_it_asks() {
    let stand_in = StandIn::start(|path, before| {
        let is_first = tile_of(path).is_some_and(|tile| tile.x() == 18_744 && tile.y() == 25_072);
        if is_first && before == 0 { Reply::Status(429, "Retry-After: 2\r\n".to_owned()) } else { good(path) }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let outcome = run(&stand_in, &folder.path().join("area.pmtiles"), false).expect("fetched");
    assert_eq!(outcome.counts.pictures, 24);
    let asked = stand_in.asked();
    let busy = asked.iter().find(|asked| asked.path == "/16/18744/25072").expect("the first tile");
    let soon =
        asked.iter().filter(|one| one.at > busy.at && one.at < busy.at + Duration::from_millis(1900)).count();
    assert!(soon <= 4, "{soon} requests came before, which were on their way");
}

#[test]
fn what_a_service_does_not_have_is_no_tile() {
    let sorry = RgbImage::from_fn(64, 64, |i, j| {
        if (i / 8 + j / 8) % 2 == 0 { Rgb([230, 230, 230]) } else { Rgb([120, 120, 120]) }
    });
    let (sorry, white) = (encoded(&sorry), encoded(&RgbImage::from_pixel(64, 64, Rgb([255; 3]))));
    let water = encoded(&RgbImage::from_pixel(64, 64, Rgb([30, 60, 90])));
    let stand_in = StandIn::start(move |path, _| match tile_of(path).map(TileId::x) {
        Some(18_744) => Reply::Ok("image/jpeg", sorry.clone()),
        Some(18_745) => Reply::Ok("image/jpeg", white.clone()),
        Some(18_746) => Reply::Status(404, String::new()),
        Some(18_747) => Reply::Ok("image/jpeg", water.clone()),
        _ => good(path),
    });
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("area.pmtiles");
    let counts = run(&stand_in, &out, false).expect("fetched").counts;
    assert_eq!((counts.pictures, counts.nothing, counts.blank, counts.no_imagery), (12, 4, 4, 4));
    assert!(archive(&out).keys().all(|tile| tile.x() >= 18_747), "open water is ground");
}

#[test]
fn tiles_that_fail_for_good_are_said_and_the_next_run_asks_for_them_alone() {
    let fails = |path: &str| path.ends_with("/25073");
    let bad = StandIn::start(
        move |path, _| if fails(path) { Reply::Status(500, String::new()) } else { good(path) },
    );
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("area.pmtiles");
    let said = run(&bad, &out, false).expect_err("tiles are missing").to_string();
    assert!(said.starts_with("6 of 24 tiles could not be had") && said.contains("500"), "{said}");
    assert!(!out.exists());
    let before = bad.asked().len();
    run(&bad, &out, false).expect_err("they are missing still");
    assert!(bad.asked()[before..].iter().all(|asked| fails(&asked.path)), "the others are known");
    let outcome = run(&bad, &out, true).expect("without them");
    assert_eq!((outcome.counts.pictures, outcome.missing, outcome.known), (18, 6, 18));
}

#[test]
fn a_service_that_refuses_or_sends_elsewhere_ends_the_run_at_once() {
    let other = StandIn::start(|path, _| good(path));
    let elsewhere = format!("Location: {}/16/1/1\r\n", other.origin());
    for (status, headers, word) in
        [(403, String::new(), "refuses"), (401, String::new(), "key"), (302, elsewhere, "another site")]
    {
        let stand_in = StandIn::start(move |_, _| Reply::Status(status, headers.clone()));
        let folder = tempfile::tempdir().expect("a folder");
        let said =
            run(&stand_in, &folder.path().join("area.pmtiles"), false).expect_err("refused").to_string();
        assert!(said.contains(word), "{said}");
        assert!(stand_in.asked().len() <= 8, "{} requests", stand_in.asked().len());
    }
    assert_eq!(other.asked().len(), 0, "nobody asked for that one");
}

#[test]
fn a_service_that_is_not_there_ends_the_run_and_keeps_what_came() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = Client::new(None);
    let description = folder.path().join("tiles.json");
    // A port that was free, and that nobody listens at.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port").port();
    let text = format!(
        r#"{{"tilejson": "3.0.0", "name": "Gone", "tiles": ["http://127.0.0.1:{port}/{{z}}/{{x}}/{{y}}"]}}"#
    );
    std::fs::write(&description, text).expect("a file");
    let service = Service::open(description.to_str().expect("a path"), None, &client).expect("a service");
    assert_eq!(service.title, "Gone");
    let small = Area::of_box(TileId::new(16, 18_744, 25_072).expect("a tile").bounds());
    let request = Request {
        service: &service,
        area: &small,
        zooms: 16..=16,
        out: &folder.path().join("area.pmtiles"),
        client: &client,
        pace: NonZeroU32::new(1000).expect("a pace"),
        at_once: 1,
        first_wait: Duration::from_millis(1),
        refresh: false,
        without_missing: false,
    };
    let said = fetch(&request).expect_err("nobody is there").to_string();
    assert!(said.starts_with("1 of 1 tiles could not be had"), "{said}");
}

#[test]
fn a_run_that_is_refused_ends_though_the_service_asked_to_be_left_alone() {
    // One of four threads is told to wait for ten minutes, which nobody waits for when another one is refused.
    let stand_in = StandIn::start(|path, _| match tile_of(path).map(|tile| (tile.x(), tile.y())) {
        Some((18_744, 25_072)) => Reply::Status(403, String::new()),
        _ => Reply::Status(429, "Retry-After: 600\r\n".to_owned()),
    });
    let folder = tempfile::tempdir().expect("a folder");
    let said = run(&stand_in, &folder.path().join("area.pmtiles"), false).expect_err("refused").to_string();
    assert!(said.contains("refuses"), "{said}");
}

#[test]
fn ground_that_a_service_does_not_have_is_not_asked_for() {
    let stand_in = StandIn::start(|path, _| good(path));
    let folder = tempfile::tempdir().expect("a folder");
    let description = folder.path().join("tiles.json");
    let bounds = TileId::new(16, 18_748, 25_074).expect("a tile").bounds();
    let fetched = |edges: [f64; 4]| {
        let text = serde_json::json!({
            "tilejson": "3.0.0", "bounds": edges, "tiles": [format!("{}/{{z}}/{{x}}/{{y}}", stand_in.origin())],
        });
        std::fs::write(&description, text.to_string()).expect("a file");
        run_from(description.to_str().expect("a path"), &folder.path().join("area.pmtiles"), false, false)
    };
    let said = fetched([10.0, 50.0, 11.0, 51.0]).expect_err("elsewhere").to_string();
    assert!(said.contains("lies outside of that") && said.contains("10 to 11"), "{said}");
    assert_eq!(stand_in.paths(), [""; 0]);
    let outcome = fetched([bounds.west(), bounds.south(), bounds.east(), bounds.north()]).expect("fetched");
    assert_eq!((outcome.counts.pictures, stand_in.paths()), (1, vec!["/16/18748/25074".to_owned()]));
}
