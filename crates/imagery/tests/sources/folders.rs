//! Folders of tiles and of pictures.

use clip_rs_imagery::{Kind, Scheme, Wanted, open};
use image::ImageFormat;

use crate::suite::{check, lies_in, names, says};
use crate::write::{file, folder, jpeg, picture, wanted};

#[test]
fn tiles_of_all_kinds_in_one_pyramid_are_read_together() {
    let root = folder();
    let png = picture(512, [1, 2, 3], ImageFormat::Png);
    file(root.path(), "17/37488/50142.jpg", &jpeg());
    file(root.path(), "17/37488/50143.jpeg", &jpeg());
    file(root.path(), "17/37489/50142.PNG", &png);
    file(root.path(), "17/37489/50143.webp", &picture(512, [1, 2, 3], ImageFormat::WebP));
    file(root.path(), "17/37490/50143@2x.png", &png);
    file(root.path(), "16/18744/25071.png", &png);
    file(root.path(), "16/007/1.png", &png);
    file(root.path(), "17/37491/1.jpg", b"");
    file(root.path(), "index.html", b"<html>");
    file(root.path(), ".DS_Store", b"");
    let source = check(&wanted(Kind::Tiles, root.path()));
    assert_eq!(source.inventory().entries.len(), 6);
    assert_eq!(source.inventory().zooms(), Some((16, 17)));
    assert_eq!(
        source.inventory().entries[5].id.to_string(),
        "16/18744/25071",
        "the deepest zoom comes first"
    );
    assert_eq!(source.inventory().tile_size, Some(512));
    assert!(says(source.as_ref(), "several sizes: 16x16, 512x512"));
    assert_eq!(source.inventory().hidden, 1);
    assert_eq!(source.inventory().unread[".html"].first, ["index.html"]);
    let skipped: Vec<&str> = source.inventory().skipped.iter().map(|s| s.subject.as_str()).collect();
    assert_eq!(skipped, ["16/007/1.png", "17/37491/1.jpg"]);
}

#[test]
fn of_a_tile_in_two_sizes_the_larger_is_taken_and_that_is_said() {
    let root = folder();
    file(root.path(), "3/1/1.jpg", &jpeg());
    file(root.path(), "3/1/1@2x.jpg", &picture(32, [9, 9, 9], ImageFormat::Jpeg));
    let source = check(&wanted(Kind::Tiles, root.path()));
    assert_eq!(source.inventory().tile_size, Some(32));
    assert!(says(source.as_ref(), "{y}.jpg beside {y}@2x.jpg: the latter is taken"));
}

#[test]
fn rows_from_the_south_are_asked_for_or_recognised_and_otherwise_hinted_at() {
    let root = folder();
    file(root.path(), "t/17/37488/80929.jpg", &jpeg());
    let tiles = root.path().join("t");
    let plain = check(&wanted(Kind::Tiles, &tiles));
    assert!(says(plain.as_ref(), "lies near 38.89") && says(plain.as_ref(), "--scheme tms"));
    assert_eq!(names(plain.as_ref()), ["17/37488/80929"]);
    let asked = check(&Wanted { scheme: Some(Scheme::Tms), ..wanted(Kind::Tiles, &tiles) });
    assert_eq!(names(asked.as_ref()), ["17/37488/50142"]);

    let bounds = file(root.path(), "t/metadata.json", br#"{"bounds": "-78,38,-76,39.5", "name": "Mall"}"#);
    let recognised = check(&wanted(Kind::Tiles, &tiles));
    assert!(lies_in(recognised.as_ref(), [-78.0, 38.0, -76.0, 39.5]));
    assert_eq!(recognised.inventory().about.title.as_deref(), Some("Mall"));
    std::fs::write(bounds, br#"{"scheme": "tms"}"#).expect("write");
    assert_eq!(names(check(&wanted(Kind::Tiles, &tiles)).as_ref()), ["17/37488/50142"]);

    std::fs::remove_file(tiles.join("metadata.json")).expect("remove");
    let map = r#"<?xml version="1.0"?><TileMap version="1.0.0"><Title>x</Title><TileSets profile="mercator"/></TileMap>"#;
    file(&tiles, "tilemapresource.xml", map.as_bytes());
    let recognised = check(&wanted(Kind::Tiles, &tiles));
    assert_eq!(names(recognised.as_ref()), ["17/37488/50142"]);
    assert!(says(recognised.as_ref(), "tilemapresource.xml says"));
    file(&tiles, "tilemapresource.xml", map.replace("mercator", "geodetic").as_bytes());
    let refused = open(&wanted(Kind::Tiles, &tiles)).err().expect("another projection").to_string();
    assert!(refused.contains("only Web Mercator"), "{refused}");
}

#[test]
fn pictures_keep_their_paths_and_what_is_not_read_is_said() {
    let root = folder();
    for name in ["north/a.jpg", "south/a.jpg", "Müllers Hof.JPG"] {
        file(root.path(), name, &jpeg());
    }
    file(root.path(), "empty.jpg", b"");
    for name in ["ortho.tif", "photo.heic", "b.heic", "LICENSE"] {
        file(root.path(), name, b"II*\0");
    }
    file(root.path(), ".git/x.jpg", &jpeg());
    let source = check(&wanted(Kind::Pictures, root.path()));
    assert_eq!(names(source.as_ref()), ["Müllers Hof.JPG", "north/a.jpg", "south/a.jpg"]);
    let inventory = source.inventory();
    assert_eq!(inventory.kinds[".jpg"], 3);
    assert_eq!((inventory.unread[".heic"].count, inventory.unread[".tif"].count), (2, 1));
    assert_eq!(inventory.unread["without an ending"].first, ["LICENSE"]);
    assert_eq!((inventory.hidden, inventory.skipped.len()), (1, 1));
    assert!(says(source.as_ref(), "with --tiles"));
}

#[cfg(unix)]
#[test]
fn one_bad_entry_never_ends_a_run() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    let root = folder();
    file(root.path(), "a.jpg", &jpeg());
    symlink("/nowhere/gone.jpg", root.path().join("gone.jpg")).expect("a link");
    symlink(root.path(), root.path().join("circle")).expect("a link");
    let odd = std::ffi::OsStr::from_bytes(b"M\xfcn.jpg");
    std::fs::write(root.path().join(odd), jpeg()).expect("write");
    let source = check(&wanted(Kind::Pictures, root.path()));
    assert_eq!(names(source.as_ref()), ["a.jpg"]);
    let reasons: Vec<String> =
        source.inventory().skipped.iter().map(|s| format!("{}: {}", s.subject, s.why)).collect();
    assert_eq!(
        reasons,
        [
            "M\u{fffd}n.jpg: its name is not Unicode",
            "circle: a link to a folder that holds it",
            "gone.jpg: a link to nothing"
        ]
    );
}

#[test]
fn catalogs_and_the_folder_that_is_written_to_are_not_entered() {
    let root = folder();
    file(root.path(), "a.jpg", &jpeg());
    file(root.path(), "made/catalog.json", b"{\n  \"format\": 1,\n \"id\": \"x\"}");
    file(root.path(), "made/pictures/a.jpg", &jpeg());
    file(root.path(), "out/pictures/a.jpg", &jpeg());
    file(root.path(), "stac/catalog.json", br#"{"type": "Catalog", "stac_version": "1.0.0"}"#);
    file(root.path(), "stac/b.jpg", &jpeg());
    let exclude = vec![root.path().join("out"), root.path().join("not there yet")];
    let source = check(&Wanted { exclude, ..wanted(Kind::Pictures, root.path()) });
    assert_eq!(names(source.as_ref()), ["a.jpg", "stac/b.jpg"]);
    assert!(says(source.as_ref(), "folder made was not entered: it is a catalog"));
    assert!(says(source.as_ref(), "folder out was not entered: it is where the catalog is written"));
}

#[test]
fn several_folders_make_one_source_and_pictures_of_one_name_stay_apart() {
    let root = folder();
    file(root.path(), "x/may/a.jpg", &jpeg());
    file(root.path(), "y/may/a.jpg", &picture(8, [1, 1, 1], ImageFormat::Jpeg));
    let paths = vec![root.path().join("x/may"), root.path().join("y/may")];
    let source = check(&Wanted { paths, ..wanted(Kind::Pictures, root.path()) });
    assert_eq!(names(source.as_ref()), ["may-2/a.jpg", "may/a.jpg"]);
    let of = |place: usize| source.read(&source.inventory().entries[place]).expect("readable");
    assert_ne!(of(0), of(1));

    file(root.path(), "s/3/1/1.jpg", &jpeg());
    file(root.path(), "t/3/1/1.jpg", &jpeg());
    file(root.path(), "t/3/1/2.jpg", &jpeg());
    let paths = vec![root.path().join("s"), root.path().join("t")];
    let joined = open(&Wanted { paths, ..wanted(Kind::Tiles, root.path()) }).expect("two pyramids");
    assert_eq!(names(joined.as_ref()), ["3/1/1", "3/1/2"]);
    assert!(says(joined.as_ref(), "1 tiles are in several sources"));
}

#[test]
fn what_holds_nothing_to_read_is_refused_with_what_is_there() {
    let root = folder();
    file(root.path(), "photo.heic", b"x");
    let message = |kind| open(&wanted(kind, root.path())).err().expect("nothing").to_string();
    assert!(message(Kind::Tiles).contains("no tiles named {z}/{x}/{y}.jpg"), "{}", message(Kind::Tiles));
    assert!(message(Kind::Tiles).contains("photo.heic"));
    assert!(message(Kind::Pictures).contains("1 files .heic"));
    assert!(open(&wanted(Kind::Tiles, root.path().join("no"))).is_err());
    assert!(open(&wanted(Kind::Tiles, "https://tiles.example/{z}/{x}/{y}.jpg")).is_err());
}
