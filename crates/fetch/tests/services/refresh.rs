//! Asking again for imagery that is there: what did not change is not sent, and what changed replaces its own tile alone.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use clip_rs_catalog::TileId;
use clip_rs_fetch::{Changes, FetchError, Outcome};

use crate::stand_in::{Asked, Reply, StandIn};
use crate::{archive, run_from, tile_jpeg, tile_of};

/// By what a service lets itself be asked whether a tile changed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Etag,
    Modified,
    Neither,
}

/// A service some of whose tiles have newer pictures.
struct Service {
    stand_in: StandIn,
    newer: Arc<Mutex<HashSet<TileId>>>,
}

impl Service {
    fn start(way: Way) -> Self {
        let newer: Arc<Mutex<HashSet<TileId>>> = Arc::default();
        let of_service = newer.clone();
        let stand_in = StandIn::answering(move |asked, _| {
            let Some(tile) = tile_of(&asked.path) else { return Reply::Status(404, String::new()) };
            let is_newer = of_service.lock().expect("a lock").contains(&tile);
            answer(way, asked, tile, is_newer)
        });
        Self { stand_in, newer }
    }

    fn fetch(&self, out: &Path, refresh: bool) -> Result<Outcome, FetchError> {
        run_from(&format!("{}/{{z}}/{{x}}/{{y}}", self.stand_in.origin()), out, false, refresh)
    }

    /// Requests so far.
    fn asked(&self) -> usize {
        self.stand_in.asked().len()
    }
}

fn picture(tile: TileId, is_newer: bool) -> Vec<u8> {
    // That of a tile far away.
    let other = TileId::new(tile.z(), tile.x() + 97, tile.y() + 61).expect("a tile");
    tile_jpeg(if is_newer { other } else { tile })
}

fn answer(way: Way, asked: &Asked, tile: TileId, is_newer: bool) -> Reply {
    let (header, value) = match way {
        Way::Etag => ("ETag", format!("\"{tile}-{is_newer}\"")),
        Way::Modified => {
            ("Last-Modified", format!("Sun, 0{} Nov 2026 08:49:37 GMT", 1 + u8::from(is_newer) * 7))
        }
        Way::Neither => ("X-Nothing", "said".to_owned()),
    };
    let condition = if way == Way::Etag { "if-none-match" } else { "if-modified-since" };
    if asked.header(condition) == Some(value.as_str()) {
        return Reply::Status(304, format!("{header}: {value}\r\n"));
    }
    let bytes = picture(tile, is_newer);
    let length = bytes.len();
    Reply::Part(200, format!("{header}: {value}\r\n"), bytes, length)
}

#[test]
fn only_what_changed_is_sent_and_replaced() {
    for way in [Way::Etag, Way::Modified, Way::Neither] {
        let service = Service::start(way);
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("area.pmtiles");
        let first = service.fetch(&out, false).expect("fetched");
        assert_eq!((first.counts.pictures, first.changes), (24, None));
        let before = archive(&out);

        let bytes = std::fs::read(&out).expect("an archive");
        let again = service.fetch(&out, true).expect("fetched");
        let nothing = Changes { same: 24, ..Changes::default() };
        assert_eq!((again.asked, again.changes), (24, Some(nothing)), "{way:?}");
        assert_eq!(again.bytes == 0, way != Way::Neither, "{way:?}");
        assert_eq!(std::fs::read(&out).expect("an archive"), bytes, "it stays as it was");

        let newer: Vec<TileId> = before.keys().copied().step_by(9).collect();
        service.newer.lock().expect("a lock").extend(&newer);
        let later = service.fetch(&out, true).expect("fetched");
        let changes = Changes { changed: 3, same: 21, ..Changes::default() };
        assert_eq!(later.changes, Some(changes), "{way:?}");
        let expected: BTreeMap<TileId, Vec<u8>> =
            before.keys().map(|tile| (*tile, picture(*tile, newer.contains(tile)))).collect();
        assert_eq!(archive(&out), expected, "{way:?}");
        // And by what was said of the newer ones.
        let last = service.fetch(&out, true).expect("fetched");
        assert_eq!((last.bytes == 0, last.changes), (way != Way::Neither, Some(nothing)), "{way:?}");
        let files = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(files, if way == Way::Neither { 1 } else { 2 }, "{way:?}");
    }
}

#[test]
fn a_refresh_that_was_ended_goes_on_and_leaves_the_archive_whole_until_then() {
    let service = Service::start(Way::Etag);
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("area.pmtiles");
    service.fetch(&out, false).expect("fetched");
    let (before, bytes) = (archive(&out), std::fs::read(&out).expect("an archive"));
    let newer: Vec<TileId> = before.keys().copied().step_by(5).collect();
    service.newer.lock().expect("a lock").extend(&newer);
    // The same tiles from a service that fails after ten of them.
    let count = Arc::new(Mutex::new(0));
    let failing = {
        let (count, newer) = (count.clone(), newer.clone());
        StandIn::answering(move |asked, _| {
            let mut count = count.lock().expect("a lock");
            *count += 1;
            let tile = tile_of(&asked.path).expect("a tile");
            if *count > 10 {
                Reply::Status(403, String::new())
            } else {
                answer(Way::Etag, asked, tile, newer.contains(&tile))
            }
        })
    };
    // Its archive has another origin, so it is fetched from there first.
    let (failing_source, other) =
        (format!("{}/{{z}}/{{x}}/{{y}}", failing.origin()), folder.path().join("other.pmtiles"));
    // Whatever is kept beside the archive, it says itself where it is from.
    std::fs::remove_file(folder.path().join("area.pmtiles.fetched")).expect("removed");
    let said = run_from(&failing_source, &out, false, true).expect_err("another service").to_string();
    assert!(said.contains("give another --out"), "{said}");
    *count.lock().expect("a lock") = -14;
    run_from(&failing_source, &other, false, false).expect("fetched");
    let whole = std::fs::read(&other).expect("an archive");
    *count.lock().expect("a lock") = 0;
    run_from(&failing_source, &other, false, true).expect_err("it is refused");
    assert_eq!(std::fs::read(&other).expect("an archive"), whole, "the archive stays as it was");
    assert!(folder.path().join("other.pmtiles.fetching").exists());
    let before_last = failing.asked().len();
    *count.lock().expect("a lock") = -100;
    let outcome = run_from(&failing_source, &other, false, true).expect("fetched");
    assert_eq!(outcome.changes.map(|changes| changes.changed + changes.same), Some(24));
    assert!(outcome.known >= 8, "{outcome:?}");
    assert_eq!(failing.asked().len() - before_last, 24 - outcome.known as usize, "nothing is asked twice");
    assert_eq!(std::fs::read(&out).expect("an archive"), bytes);
    assert_eq!(service.asked(), 24);
}

#[test]
fn tiles_that_come_and_go_and_those_of_other_ground_are_kept_apart() {
    let gone: Arc<Mutex<bool>> = Arc::default();
    let stand_in = {
        let gone = gone.clone();
        StandIn::answering(move |asked, _| {
            let tile = tile_of(&asked.path).expect("a tile");
            // One column at first, another one later.
            let column = if *gone.lock().expect("a lock") { 18_745 } else { 18_744 };
            if tile.x() == column {
                Reply::Status(404, String::new())
            } else {
                answer(Way::Etag, asked, tile, false)
            }
        })
    };
    let source = format!("{}/{{z}}/{{x}}/{{y}}", stand_in.origin());
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("area.pmtiles");
    run_from(&source, &out, false, false).expect("fetched");
    *gone.lock().expect("a lock") = true;
    let changes = run_from(&source, &out, false, true).expect("fetched").changes;
    assert_eq!(changes, Some(Changes { added: 4, gone: 4, same: 16, changed: 0 }));
    let tiles: Vec<TileId> = archive(&out).into_keys().collect();
    assert!(tiles.len() == 20 && tiles.iter().all(|tile| tile.x() != 18_745));

    // A refresh of one tile leaves the others, and what was said of them.
    *gone.lock().expect("a lock") = false;
    let description = folder.path().join("tiles.json");
    let bounds = TileId::new(16, 18_745, 25_073).expect("a tile").bounds();
    let edges = [bounds.west(), bounds.south(), bounds.east(), bounds.north()];
    let text = serde_json::json!({ "tilejson": "3.0.0", "bounds": edges, "tiles": [source] });
    std::fs::write(&description, text.to_string()).expect("a file");
    let changes =
        run_from(description.to_str().expect("a path"), &out, false, true).expect("fetched").changes;
    assert_eq!(changes, Some(Changes { added: 1, ..Changes::default() }));
    let all = archive(&out);
    assert_eq!(all.len(), 21);
    assert!(all.iter().all(|(tile, bytes)| *bytes == picture(*tile, false)));
    let last = run_from(&source, &out, false, true).expect("fetched");
    assert_eq!(last.changes, Some(Changes { added: 3, gone: 4, same: 17, changed: 0 }));
    assert_eq!(last.counts.pictures, 20);
}
