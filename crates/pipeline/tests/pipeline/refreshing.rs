//! Newer imagery for some tiles: `fetch --refresh` replaces these, and `index` embeds only these and changes only their files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};

use clip_rs_catalog::MANIFEST_NAME;
use clip_rs_pipeline::catalog::Catalog;
use clip_rs_pipeline::verify::verify;

use crate::fetching::{command, killed_after, picture, said};
use crate::stand_in::{Asked, Reply, StandIn};
use crate::support::{clip_rs, model, snapshot};

/// Three tiles across and two down at zoom 16.
const AREA: &str = "-77.0352,38.8894,-77.0200,38.8965";

/// Answers with the picture of the path, or of another one where it is newer; and not at all if that is what was sent before.
fn answer(asked: &Asked, newer: &BTreeSet<String>) -> Reply {
    let is_newer = newer.contains(&asked.path);
    let etag = format!("\"{is_newer}\"");
    if asked.header("if-none-match") == Some(etag.as_str()) {
        return Reply::Status(304, String::new());
    }
    let of = if is_newer { format!("{} again", asked.path) } else { asked.path.clone() };
    let Reply::Ok(_, bytes) = picture(&of) else { return Reply::Hang };
    let length = bytes.len();
    Reply::Part(200, format!("ETag: {etag}\r\n"), bytes, length)
}

fn index(tiles: &Path, out: &Path) -> String {
    let paths = [tiles, &model(), out].map(|path| path.to_str().expect("a path").to_owned());
    let done = clip_rs(["index", "--tiles", &paths[0], "--model", &paths[1], "--out", &paths[2]]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(verify(out).expect("a verdict").faults, []);
    said(&done)
}

#[test]
fn a_later_fetch_embeds_and_changes_only_the_tiles_that_changed_though_it_was_killed() {
    let newer: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let (asks, asked) = mpsc::channel();
    let stand_in = {
        let newer = newer.clone();
        StandIn::answering(move |asked, _| {
            // The test may be over.
            let _over = asks.send(());
            answer(asked, &newer.lock().expect("a lock"))
        })
    };
    let origin = format!("{}/{{z}}/{{x}}/{{y}}", stand_in.origin());
    let fetch =
        ["fetch", "--source", &origin, "--area", AREA, "--zoom", "16", "--pace", "100", "--at-once", "2"];
    let refresh: Vec<&str> = fetch.iter().copied().chain(["--refresh"]).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let (tiles, out) = (folder.path().join("area.pmtiles"), folder.path().join("catalog"));
    let done = command(&fetch, &tiles).output().expect("it starts");
    assert!(done.status.success(), "{}", said(&done));
    let all = stand_in.paths();
    let count = all.len();
    assert!((4..=12).contains(&count), "{count} tiles");
    assert!(index(&tiles, &out).contains(&format!("{count} items, {count} embedded now")));
    let (first, before) = (Catalog::open(&out).expect("a catalog").manifest, snapshot(&out));

    let done = command(&fetch, &tiles).output().expect("it starts");
    assert!(!done.status.success() && said(&done).contains("--refresh"), "{}", said(&done));
    newer.lock().expect("a lock").extend([all[1].clone(), all[count - 1].clone()]);
    let whole = fs::read(&tiles).expect("an archive");
    while asked.try_recv().is_ok() {}
    let mut kills = 0;
    for count in [1, 2] {
        kills +=
            usize::from(killed_after(command(&refresh, &tiles).spawn().expect("it starts"), &asked, count));
        while asked.try_recv().is_ok() {}
        assert_eq!(fs::read(&tiles).expect("an archive"), whole, "it stays as it was until all is there");
    }
    let done = command(&refresh, &tiles).output().expect("it starts");
    let told = format!("2 tiles changed, 0 new, 0 gone, {} as before", count - 2);
    assert!(done.status.success() && said(&done).contains(&told), "{}", said(&done));
    let asked_again = stand_in.paths().len() - count;
    assert!(
        kills > 0 && asked_again <= count + 3 * kills,
        "{asked_again} requests for {count} tiles, {kills} kills"
    );

    let said_now = index(&tiles, &out);
    assert!(said_now.contains(&format!("{count} items, 2 embedded now")), "{said_now}");
    let (catalog, after) = (Catalog::open(&out).expect("a catalog"), snapshot(&out));
    let folders = catalog.manifest.folders();
    assert_eq!((folders.len(), &folders[0]), (2, &first.folders()[0]));
    let added: BTreeSet<String> = after
        .keys()
        .filter_map(|name| name.strip_prefix(&format!("{}/", folders[1])))
        .map(str::to_owned)
        .collect();
    let expected: BTreeSet<String> = newer
        .lock()
        .expect("a lock")
        .iter()
        .map(|path| format!("{}.jpg", path.trim_start_matches('/')))
        .collect();
    // Their own pictures, and besides these only the overviews in which they are.
    let of_zoom = |added: &BTreeSet<String>| -> BTreeSet<String> {
        added.iter().filter(|name| name.starts_with("16/")).cloned().collect()
    };
    assert_eq!(of_zoom(&added), expected, "{added:?}");
    let is_above = |name: &String| {
        let numbers = |name: &str| -> Vec<u32> {
            name.split(['/', '.']).filter_map(|part| part.parse().ok()).collect()
        };
        let above = numbers(name);
        expected.iter().map(|name| numbers(name)).any(|tile| {
            let up = 16 - above[0];
            (tile[1] >> up, tile[2] >> up) == (above[1], above[2])
        })
    };
    assert!(added.iter().all(is_above), "{added:?}");
    for (name, content) in before.iter().filter(|(name, _)| *name != MANIFEST_NAME) {
        assert_eq!(after.get(name), Some(content), "{name}");
    }
    let done = command(&refresh, &tiles).output().expect("it starts");
    assert!(said(&done).contains("0 tiles changed, 0 new, 0 gone"), "{}", said(&done));
    assert!(index(&tiles, &out).contains("0 embedded now"));
}
