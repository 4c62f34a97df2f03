//! Replacing catalogs: what is new is added, what was there stays for a while, and nothing of somebody else's is touched.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use clip_rs_catalog::MANIFEST_NAME;
use clip_rs_pipeline::catalog::Catalog;
use clip_rs_pipeline::index::{Request, index};
use clip_rs_pipeline::prune::{GRACE, prune};
use clip_rs_pipeline::verify::verify;

use crate::support::{catalog, clip_rs, copy_folder, request, said, save, snapshot};

/// Indexes the tiles beside the catalog again.
fn update(folder: &Path) -> Catalog {
    let request = Request { tiles: vec![folder.join("tiles")], ..request(folder) };
    index(&request).expect("a catalog");
    assert_eq!(verify(&request.out).expect("checked").faults, []);
    Catalog::open(&request.out).expect("a manifest")
}

/// Makes all superseded catalogs as old as this.
fn age(out: &Path, age: Duration) {
    for (name, _) in
        snapshot(out).into_iter().filter(|(name, _)| name.starts_with("catalog.") && name != MANIFEST_NAME)
    {
        let file = fs::File::options().write(true).open(out.join(&name)).expect("open");
        file.set_modified(SystemTime::now() - age).expect("a time");
    }
}

#[test]
fn new_imagery_for_some_tiles_changes_only_their_files() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let before = snapshot(&out);
    let first = Catalog::open(&out).expect("a manifest").manifest.folders().to_vec();
    save(&folder.path().join("tiles/14/4703/6267.jpg"), 77);
    save(&folder.path().join("tiles/14/4700/6267.jpg"), 78);
    let catalog = update(folder.path());
    let folders = catalog.manifest.folders();
    assert_eq!((folders.len(), &folders[0]), (2, &first[0]));
    let after = snapshot(&out);
    let added: BTreeSet<&str> =
        after.keys().filter_map(|name| name.strip_prefix(folders[1].as_str())).collect();
    // With the overviews of the tile that is new; the other lies below an overview that the source has.
    let expected = ["/12/1175/1566.webp", "/13/2351/3133.webp", "/14/4700/6267.jpg", "/14/4703/6267.jpg"];
    assert_eq!(added, expected.into());
    // Everything that was there is there still, for those who read the former catalog.
    for (name, content) in before.iter().filter(|(name, _)| *name != MANIFEST_NAME) {
        assert_eq!(after.get(name), Some(content), "{name}");
    }
    assert_eq!(verify(&out).expect("checked").strangers, [""; 0]);
}

#[test]
fn what_was_replaced_goes_when_its_time_is_over_and_nothing_else_does() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    save(&folder.path().join("tiles/14/4700/6267.jpg"), 78);
    update(folder.path());
    fs::write(out.join("notes.txt"), "mine").expect("write");
    let tiles = Catalog::open(&out).expect("a manifest").manifest.folders()[0].clone();
    let mine = format!("{tiles}/14/4700/mine.txt");
    fs::write(out.join(&mine), "mine too").expect("write");
    fs::write(out.join(".unfinished-1-index.bin"), "left behind").expect("write");

    let both = snapshot(&out);
    let pruned = prune(&out, GRACE).expect("pruned");
    assert_eq!((pruned.files, pruned.kept, pruned.strangers), (1, 1, vec!["notes.txt".to_owned()]));
    assert_eq!(snapshot(&out).len(), both.len() - 1, "only what an interrupted write left is gone");

    age(&out, GRACE + Duration::from_secs(60));
    let pruned = prune(&out, GRACE).expect("pruned");
    assert_eq!(pruned.kept, 0);
    let left = snapshot(&out);
    assert!(pruned.files > 0 && !left.contains_key(&format!("{tiles}/14/4700/6267.jpg")), "{left:?}");
    assert!(left.contains_key("notes.txt") && left.contains_key(&mine));
    let gone: u64 =
        both.iter().filter(|(name, _)| !left.contains_key(*name)).map(|(_, c)| c.len() as u64).sum();
    assert_eq!(pruned.bytes, gone - "left behind".len() as u64);
    let verdict = verify(&out).expect("checked");
    assert_eq!((verdict.faults.as_slice(), verdict.strangers.len()), (&[][..], 2));

    // A catalog that was never updated has the same files but for the names of its folders.
    let kind = |name: &String| name.split(['.', '-', '/']).next().unwrap_or_default().to_owned();
    let kinds = |names: &mut dyn Iterator<Item = &String>| names.map(kind).collect::<BTreeSet<_>>();
    let fresh = folder.path().join("fresh");
    index(&Request {
        tiles: vec![folder.path().join("tiles")],
        out: fresh.clone(),
        ..request(folder.path())
    })
    .expect("a catalog");
    let mut ours = left.keys().filter(|name| name.as_str() != "notes.txt");
    assert_eq!(kinds(&mut ours), kinds(&mut snapshot(&fresh).keys()));
}

#[test]
fn the_command_prunes_at_once_or_after_days_and_says_what_it_did() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    save(&folder.path().join("tiles/14/4703/6267.jpg"), 77);
    update(folder.path());
    age(&out, Duration::from_secs(2 * 24 * 60 * 60));
    let run = |more: &[&str]| {
        said(&clip_rs(
            ["prune".as_ref(), out.as_os_str()].into_iter().chain(more.iter().map(std::ffi::OsStr::new)),
        ))
    };
    assert!(run(&[]).contains("0 files removed, 0.0 MB; 1 replaced catalogs are kept"));
    assert!(run(&["--keep", "3"]).contains("0 files removed"));
    let text = run(&["--keep", "1"]);
    assert!(!text.contains(" 0 files removed") && text.contains("0 replaced catalogs"), "{text}");
    let left = snapshot(&out);
    assert!(run(&["--now"]).contains("0 files removed"));
    assert_eq!(snapshot(&out), left);
}

#[test]
fn pruning_a_folder_that_is_no_sound_catalog_removes_nothing() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let whole = fs::read(out.join(MANIFEST_NAME)).expect("read");
    fs::write(out.join(".unfinished-1-index.bin"), "left behind").expect("write");
    for damage in [&b"{}"[..], &whole[..whole.len() / 2], b""] {
        fs::write(out.join(MANIFEST_NAME), damage).expect("write");
        let before = snapshot(&out);
        let error = prune(&out, Duration::ZERO).expect_err("refused").to_string();
        assert!(error.contains("catalog.json"), "{error}");
        assert_eq!(snapshot(&out), before);
    }
    assert!(prune(&folder.path().join("tiles"), Duration::ZERO).is_err());
}

#[test]
fn imagery_that_comes_back_is_not_there_twice() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let first = fs::read(out.join(MANIFEST_NAME)).expect("read");
    let tile = folder.path().join("tiles/14/4703/6267.jpg");
    save(&tile, 77);
    update(folder.path());
    fs::remove_file(&tile).expect("remove");
    let catalog = update(folder.path());
    let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
    assert_eq!(text(&fs::read(out.join(MANIFEST_NAME)).expect("read")), text(&first));
    prune(&out, Duration::ZERO).expect("pruned");
    assert_eq!(verify(&out).expect("checked").strangers, [""; 0]);
    let fresh = folder.path().join("fresh");
    let request =
        Request { tiles: vec![folder.path().join("tiles")], out: fresh.clone(), ..request(folder.path()) };
    index(&Request { title: Some(catalog.manifest.title.clone()), ..request }).expect("a catalog");
    assert_eq!(snapshot(&out), snapshot(&fresh));
}

#[test]
fn a_damaged_tile_or_listing_is_mended_by_indexing_again() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let whole = snapshot(&out);
    for name in whole.keys().filter(|name| name.contains("tiles-") || name.starts_with("listing.")) {
        fs::write(out.join(name), "damaged").expect("write");
        update(folder.path());
        assert_eq!(snapshot(&out), whole, "{name}");
        fs::remove_file(out.join(name)).expect("remove");
        update(folder.path());
        assert_eq!(snapshot(&out), whole, "{name}");
    }
}

#[test]
fn somebody_elses_catalog_json_is_never_replaced() {
    let (folder, _) = catalog();
    let whole = fs::read_to_string(folder.path().join("catalog/catalog.json")).expect("read");
    let stac =
        r#"{"type": "Catalog", "stac_version": "1.1.0", "id": "mine", "description": "d", "links": []}"#;
    for (round, content) in
        [stac, "", "no JSON", r#"{"format": 2}"#, r#"{"format": 3, "shards": []}"#].iter().enumerate()
    {
        let out = folder.path().join(format!("foreign-{round}"));
        fs::create_dir(&out).expect("folder");
        fs::write(out.join(MANIFEST_NAME), content).expect("write");
        fs::write(out.join("item.json"), "{}").expect("write");
        let before = snapshot(&out);
        let request =
            Request { tiles: vec![folder.path().join("tiles")], out: out.clone(), ..request(folder.path()) };
        let error = index(&request).expect_err("refused").to_string();
        assert!(error.contains("not made by clip-rs") && error.contains("choose another folder"), "{error}");
        assert_eq!(snapshot(&out), before, "{content}");
        assert!(!folder.path().join(format!("foreign-{round}.work")).exists(), "nothing was begun");
    }
    // A damaged one of ours is known by its form, and its files stay for a while too.
    let out = folder.path().join("catalog");
    fs::write(out.join(MANIFEST_NAME), whole.replacen("\"id\"", "\"ID\"", 1)).expect("write");
    let before = snapshot(&out);
    save(&folder.path().join("tiles/14/4700/6267.jpg"), 78);
    update(folder.path());
    let after = snapshot(&out);
    for (name, content) in before.iter().filter(|(name, _)| *name != MANIFEST_NAME) {
        assert_eq!(after.get(name), Some(content), "{name}");
    }
}

#[test]
fn the_catalog_may_lie_among_the_pictures_and_is_never_read_as_some() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let images = folder.path().join("images");
    save(&images.join("a.jpg"), 1);
    save(&images.join("b.jpg"), 2);
    let request =
        Request { images: vec![images.clone()], out: images.join("catalog"), ..request(folder.path()) };
    assert_eq!(index(&request).expect("a catalog").items, 2);
    let before = snapshot(&request.out);
    assert_eq!(index(&request).expect("a catalog").items, 2);
    assert_eq!(snapshot(&request.out), before);
    // Nor is another catalog that lies there.
    assert_eq!(index(&Request { out: folder.path().join("other"), ..request }).expect("a catalog").items, 2);
}

#[test]
fn a_catalog_of_format_1_is_refused_with_what_to_do_and_replaced_by_indexing() {
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/tests/conformance/fixtures/format-1");
    let folder = tempfile::tempdir().expect("temporary folder");
    let out = folder.path().join("catalog");
    copy_folder(&fixture, &out);
    // What its `catalog.json` names; the content is of no matter to whoever cannot read the format.
    for name in ["index.1bc04b5291c26a46.bin", "items.5f3c4f8580d392e4.bin", "listing.0fc4dfc4feb3b154.bin"] {
        fs::write(out.join(name), name).expect("write");
    }
    save(&out.join("tiles-0123456789abcdef/17/37487/50141.jpg"), 3);
    let old = snapshot(&out);
    for args in [vec!["search", "a pond"], vec!["verify"], vec!["prune"]] {
        let output = clip_rs(
            [args[0].as_ref(), out.as_os_str()].into_iter().chain(args[1..].iter().map(std::ffi::OsStr::new)),
        );
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(text.contains("format 1") && text.contains("clip-rs index"), "{text}");
    }
    assert_eq!(snapshot(&out), old);
    crate::support::tiles(folder.path());
    update(folder.path());
    let new = snapshot(&out);
    for (name, content) in old.iter().filter(|(name, _)| *name != MANIFEST_NAME) {
        assert_eq!(new.get(name), Some(content), "{name} stays for a while");
    }
    prune(&out, Duration::ZERO).expect("pruned");
    assert!(old.keys().filter(|name| name.contains("tiles-")).all(|name| !out.join(name).exists()));
    assert_eq!(verify(&out).expect("checked").strangers, [""; 0]);
}
