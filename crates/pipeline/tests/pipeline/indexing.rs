//! Making and updating catalogs: what is in them, what is kept, what an interruption leaves.

use std::fs;
use std::time::Duration;

use clip_rs_catalog::ItemId;
use clip_rs_pipeline::catalog::Catalog;
use clip_rs_pipeline::index::{Request, index};
use clip_rs_pipeline::query::{Asked, Subject, search};
use clip_rs_pipeline::verify::verify;

use crate::support::{catalog, clip_rs, command, copy_folder, request, said, save, snapshot, tiles};

#[test]
fn a_sample_area_becomes_a_catalog_that_says_where_and_what_it_is() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let area = folder.path().join("area");
    let args = ["sample", "--size", "2", "--seed", "3", "--out"].map(std::ffi::OsString::from);
    said(&clip_rs(args.into_iter().chain([area.clone().into()])));
    let request = Request { tiles: vec![area], ..request(folder.path()) };
    let indexed = index(&request).expect("a catalog");
    assert_eq!((indexed.items, indexed.computed, indexed.skipped.len()), (4, 4, 0));

    let catalog = Catalog::open(&request.out).expect("a manifest");
    let manifest = &catalog.manifest;
    assert!(manifest.synthetic);
    assert_eq!((manifest.title.as_str(), manifest.id.as_str()), ("Sample county 3", "sample-county-3"));
    assert!(manifest.attribution.contains("Synthetic") && manifest.attribution.contains("GeoNames"));
    assert_eq!(manifest.examples.len(), 10);
    let set = manifest.tiles.as_ref().expect("tiles");
    assert_eq!((set.maxzoom, set.tile_size), (17, 256));
    let items = catalog.items(&manifest.shards[0]).expect("items");
    let quadkeys = items.ids().map(|id| match id {
        ItemId::Tiles(square) => square.tile().quadkey(),
        ItemId::Picture { name, .. } => panic!("{name} is no tile"),
    });
    assert!(quadkeys.is_sorted());
    for ordinal in 0..items.len() {
        let detail = catalog.detail(&manifest.shards[0], ordinal).expect("details");
        assert!(detail.place.as_deref().is_some_and(|place| place.ends_with(", US")), "{detail:?}");
    }
    assert_eq!(verify(&request.out).expect("checked").faults, []);
}

#[test]
fn a_second_run_embeds_nothing_and_changes_no_byte() {
    let (folder, indexed) = catalog();
    assert_eq!((indexed.items, indexed.computed), (6, 6));
    let before = snapshot(&folder.path().join("catalog"));
    let request = Request { tiles: vec![folder.path().join("tiles")], ..request(folder.path()) };
    assert_eq!(index(&request).expect("a catalog").computed, 0);
    assert_eq!(snapshot(&folder.path().join("catalog")), before);
}

#[test]
fn the_day_that_is_given_is_that_of_items_whose_source_tells_none() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let day = "2019-05-01".parse().ok();
    let request = Request { tiles: vec![tiles(folder.path())], captured: day, ..request(folder.path()) };
    index(&request).expect("a catalog");
    let catalog = Catalog::open(&request.out).expect("a manifest");
    let manifest = &catalog.manifest;
    assert_eq!(manifest.captured, day.map(|day| [day; 2]));
    let details = (0..6).map(|ordinal| catalog.detail(&manifest.shards[0], ordinal).expect("details"));
    assert!(details.into_iter().all(|detail| detail.captured == day));
    // Without it nothing is known, and nothing is embedded anew to say so.
    let indexed = index(&Request { captured: None, ..request.clone() }).expect("a catalog");
    assert_eq!(indexed.computed, 0);
    assert_eq!(Catalog::open(&request.out).expect("a manifest").manifest.captured, None);
}

#[test]
fn a_day_in_exif_goes_before_the_one_that_is_given() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let pictures = folder.path().join("pictures");
    save(&pictures.join("plain.jpg"), 1);
    save(&pictures.join("dated.jpg"), 2);
    let plain = fs::read(pictures.join("dated.jpg")).expect("read");
    fs::write(pictures.join("dated.jpg"), with_exif_day(&plain, "2014:10:19 12:30:00")).expect("write");
    let request =
        Request { images: vec![pictures], captured: "2019-05-01".parse().ok(), ..request(folder.path()) };
    index(&request).expect("a catalog");
    let catalog = Catalog::open(&request.out).expect("a manifest");
    let days = catalog.manifest.captured.map(|days| days.map(String::from));
    assert_eq!(days, Some(["2014-10-19".to_owned(), "2019-05-01".to_owned()]));
}

/// A JPEG with an EXIF block that says when it was taken, and nothing else.
fn with_exif_day(jpeg: &[u8], time: &str) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    // The first directory has one entry, where the EXIF directory is, and that one has one: DateTimeOriginal, 20 bytes.
    tiff.extend([0, 1, 0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0]);
    tiff.extend([0, 1, 0x90, 0x03, 0, 2, 0, 0, 0, 20, 0, 0, 0, 44, 0, 0, 0, 0]);
    tiff.extend(time.bytes().chain([0]));
    let length = (2 + 6 + tiff.len()) as u16;
    let head = [&[0xff, 0xe1][..], &length.to_be_bytes(), b"Exif\0\0", &tiff].concat();
    [&jpeg[..2], &head, &jpeg[2..]].concat()
}

#[test]
fn pictures_that_cannot_be_read_are_named_and_left_out() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = tiles(folder.path());
    let bad = [tiles.join("14/4701/6268.jpg"), tiles.join("13/2350/3133.jpg")];
    let whole = fs::read(&bad[0]).expect("read");
    fs::write(&bad[0], &whole[..40]).expect("write");
    fs::write(&bad[1], "no picture").expect("write");
    let request = Request { tiles: vec![tiles.clone()], ..request(folder.path()) };
    let indexed = index(&request).expect("a catalog");
    assert_eq!(indexed.items, 5);
    let mut named: Vec<_> = indexed.skipped.into_iter().map(|skipped| skipped.subject).collect();
    named.sort();
    assert_eq!(named, ["13/2350/3133", "14/4701/6268"]);
    assert_eq!(verify(&request.out).expect("checked").faults, []);

    for x in 4700..=4702 {
        for y in [6267, 6268] {
            fs::write(tiles.join(format!("14/{x}/{y}.jpg")), "no picture").expect("write");
        }
    }
    let error = index(&request).expect_err("nothing to index").to_string();
    assert!(error.contains("no picture can be read"), "{error}");
    assert_eq!(verify(&request.out).expect("checked").faults, [], "the former catalog is untouched");
}

#[test]
fn items_of_several_sources_say_which_they_come_from() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let first = tiles(folder.path());
    let second = folder.path().join("summer 2024");
    save(&second.join("14/4703/6267.jpg"), 77);
    // Of a tile that both have the first source's is taken.
    save(&second.join("14/4700/6267.jpg"), 78);
    let request = Request { tiles: vec![first, second], ..request(folder.path()) };
    index(&request).expect("a catalog");
    let asked = Asked { limit: 100, ..Asked::about(Subject::Text("a field".into())) };
    let answers = search(&request.out, &asked).expect("answers");
    let source = |id: &str| {
        let answer = answers.iter().find(|answer| answer.id == id).expect("an answer");
        answer.source.clone().expect("a source")
    };
    assert_eq!(source("14/4703/6267"), "summer 2024");
    assert_eq!((source("14/4700/6267"), source("14/4702/6268")), ("tiles".to_owned(), "tiles".to_owned()));
}

#[test]
fn a_folder_of_pictures_is_placed_by_its_table() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let images = folder.path().join("images");
    for (seed, name) in ["a.png", "sub/b&c.webp", "d.jpg"].into_iter().enumerate() {
        save(&images.join(name), seed as u64);
    }
    let table = folder.path().join("where.csv");
    fs::write(&table, "\u{feff}Latitude;Longitude;Name\r\n39,1157;-77,5636;a.png\r\n0;0;other.jpg\r\n48,14;11,58;b&c.webp\r\n")
        .expect("write");
    let addresses = folder.path().join("addresses.csv");
    fs::write(&addresses, "longitude,latitude,address\n-77.5640,39.1157,\"1 King Street, Leesburg\"\n")
        .expect("write");
    let request = Request {
        images: vec![images],
        locations: Some(table),
        addresses: Some(addresses),
        title: Some("Holiday".into()),
        ..request(folder.path())
    };
    let indexed = index(&request).expect("a catalog");
    assert_eq!(indexed.notes[0], "2 of 3 pictures have a position (2 in the table)");
    assert!(indexed.notes[1].contains("longitude 0, latitude 0") && indexed.notes[1].contains("other.jpg"));
    let addresses = "addresses.csv: 1 address point near the imagery; an item has the nearest within 250 m";
    assert!(indexed.notes.iter().any(|note| note == addresses), "{:?}", indexed.notes);
    let catalog = Catalog::open(&request.out).expect("a manifest");
    let manifest = &catalog.manifest;
    assert!(!manifest.synthetic && manifest.tiles.is_none() && manifest.pictures.is_some());
    let items = catalog.items(&manifest.shards[0]).expect("items");
    let found: Vec<_> = items
        .ids()
        .enumerate()
        .map(|(ordinal, id)| {
            let detail = catalog.detail(&manifest.shards[0], ordinal).expect("details");
            (id.to_string(), detail.place.unwrap_or_default(), detail.address)
        })
        .collect();
    let address = Some("1 King Street, Leesburg".to_owned());
    assert_eq!(found[0], ("a.png".into(), "Leesburg, Virginia, US".into(), address));
    assert_eq!((found[1].0.as_str(), &found[1].2), ("sub/b_c.webp", &None));
    assert!(found[1].1.ends_with(", DE"), "{found:?}");
    assert_eq!(found[2], ("d.jpg".into(), String::new(), None));
    assert_eq!(verify(&request.out).expect("checked").faults, []);
}

#[test]
fn a_failed_write_leaves_the_former_catalog_usable() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    save(&folder.path().join("tiles/14/4703/6267.jpg"), 77);
    let tiles = vec![folder.path().join("tiles")];
    // The same update of a copy tells the names that this one will write.
    let copy = folder.path().join("copy");
    copy_folder(&out, &copy);
    index(&Request { tiles: tiles.clone(), out: copy.clone(), ..request(folder.path()) }).expect("a catalog");
    let new = Catalog::open(&copy).expect("a manifest").manifest;
    let former = Catalog::open(&out).expect("a manifest").manifest;
    for blocked in [&new.listing()[0].file, &new.shards[0].index, &new.shards[0].items] {
        fs::create_dir(out.join(blocked)).expect("a folder where a file should be");
        let request = Request { tiles: tiles.clone(), ..request(folder.path()) };
        assert!(index(&request).is_err(), "{blocked} is in the way");
        assert_eq!(Catalog::open(&out).expect("a manifest").manifest, former);
        assert_eq!(verify(&out).expect("checked").faults, [], "{blocked}");
        fs::remove_dir(out.join(blocked)).expect("remove");
    }
    index(&Request { tiles, ..request(folder.path()) }).expect("nothing is in the way any more");
    assert_eq!(Catalog::open(&out).expect("a manifest").manifest, new);
    assert_eq!(verify(&out).expect("checked").faults, []);
}

#[test]
fn a_killed_run_leaves_a_whole_catalog_and_the_next_one_goes_on() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let mut args = vec!["index".into(), "--tiles".into(), folder.path().join("tiles").into_os_string()];
    args.extend([
        "--model".into(),
        crate::support::model().into(),
        "--out".into(),
        out.clone().into_os_string(),
    ]);
    for (round, delay_ms) in [1, 15, 40, 80, 150, 250, 400].into_iter().enumerate() {
        save(&folder.path().join(format!("tiles/14/47{:02}/6267.jpg", 10 + round)), 100 + round as u64);
        let mut running =
            command(&args).stderr(std::process::Stdio::null()).spawn().expect("the command starts");
        std::thread::sleep(Duration::from_millis(delay_ms));
        running.kill().expect("killed, or over");
        running.wait().expect("ended");
        assert_eq!(verify(&out).expect("checked").faults, [], "killed after {delay_ms} ms");
    }
    let said = said(&clip_rs(&args));
    assert!(said.contains("13 items"), "{said}");
    assert_eq!(verify(&out).expect("checked").faults, []);
}

#[test]
fn requests_that_cannot_be_met_are_refused_in_a_sentence() {
    let (folder, _) = catalog();
    let tiles = vec![folder.path().join("tiles")];
    let refusal = |request: Request| index(&request).expect_err("refused").to_string();
    let usual = || request(folder.path());

    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).expect("folder");
    fs::write(foreign.join("letter.txt"), "").expect("write");
    let error = refusal(Request { tiles: tiles.clone(), out: foreign.clone(), ..usual() });
    assert!(error.contains("letter.txt is in it"), "{error}");
    assert_eq!(fs::read_dir(&foreign).expect("folder").count(), 1, "nothing was written");

    let error = refusal(Request { tiles: tiles.clone(), model: foreign, ..usual() });
    assert!(error.contains("cannot read") && error.contains("model.json"), "{error}");
    let error = refusal(Request { tiles: tiles.clone(), images: tiles.clone(), ..usual() });
    assert!(error.contains("either --tiles or --images"), "{error}");
    let error = refusal(Request { tiles, id: Some("no spaces".into()), ..usual() });
    assert!(error.contains("id"), "{error}");

    let output = clip_rs(["index", "--tiles", "/nowhere", "--model", "/nowhere", "--out", "/nowhere/x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("clip-rs: cannot read"));
}
