//! What is an item and what is only shown: windows, empty tiles, overviews, thumbnails, duplicates.

use std::fs;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{ListedPicture, ListedTile};
use clip_rs_imagery::decode::{Decoder, Picture};
use clip_rs_pipeline::catalog::{Catalog, ListingPage};
use clip_rs_pipeline::index::{Indexed, Request, index};
use clip_rs_pipeline::query::{Asked, Subject, search};
use clip_rs_pipeline::verify::verify;
use image::{Rgb, RgbImage, Rgba, RgbaImage};

use crate::support::{picture, request, save, snapshot};

/// 4 x 4 tiles of zoom 14, which fill one tile of zoom 12.
fn block(folder: &Path) -> PathBuf {
    let tiles = folder.join("tiles");
    for at in 0..16 {
        save(&tile(&tiles, at), u64::from(at));
    }
    tiles
}

fn tile(tiles: &Path, at: u32) -> PathBuf {
    tiles.join(format!("14/{}/{}.png", 4700 + at % 4, 6268 + at / 4))
}

fn indexed(request: &Request) -> (Indexed, Catalog) {
    let indexed = index(request).expect("a catalog");
    assert_eq!(verify(&request.out).expect("checked").faults, []);
    (indexed, Catalog::open(&request.out).expect("a manifest"))
}

fn names(catalog: &Catalog) -> Vec<String> {
    let items = catalog.items(&catalog.manifest.shards[0]).expect("items");
    items.ids().map(|id| id.to_string()).collect()
}

fn listed_tiles(catalog: &Catalog) -> Vec<ListedTile> {
    match catalog.listing_page(&catalog.manifest.listing()[0].file).expect("a page") {
        ListingPage::Tiles(page) => page.iter().copied().collect(),
        ListingPage::Pictures(_) => Vec::new(),
    }
}

fn listed_pictures(catalog: &Catalog) -> Vec<ListedPicture> {
    match catalog.listing_page(&catalog.manifest.listing()[0].file).expect("a page") {
        ListingPage::Pictures(page) => page.iter().cloned().collect(),
        ListingPage::Tiles(_) => Vec::new(),
    }
}

/// A tile of the map, decoded as pages show it.
fn shown(request: &Request, catalog: &Catalog, name: &str) -> Picture {
    let listed = listed_tiles(catalog).into_iter().find(|listed| listed.tile.to_string() == name);
    let listed = listed.expect("the tile is on the map");
    let set = catalog.manifest.tiles.as_ref().expect("tiles");
    let path = set.path(listed.tile, listed.kind, &listed.file).expect("a path");
    let file = fs::read(request.out.join(path)).expect("a file");
    Decoder::new(16 << 20).decode(&file).expect("a picture")
}

fn mean(picture: &RgbImage, left: u32, top: u32, side: u32) -> [f64; 3] {
    let part = image::imageops::crop_imm(picture, left, top, side, side).to_image();
    let mut sums = [0.0; 3];
    for Rgb(levels) in part.pixels() {
        sums.iter_mut().zip(levels).for_each(|(sum, level)| *sum += f64::from(*level));
    }
    sums.map(|sum| sum / f64::from(side * side))
}

#[test]
fn one_zoom_alone_gets_the_overviews_that_a_map_needs() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let request = Request { tiles: vec![block(folder.path())], ..request(folder.path()) };
    let (indexed, catalog) = indexed(&request);
    assert_eq!((indexed.items, indexed.shown), (16, 16 + 4 + 1));
    let set = catalog.manifest.tiles.as_ref().expect("tiles");
    assert_eq!((set.minzoom, set.zoom, set.maxzoom, set.count), (12, 14, 14, 21));
    let overview = shown(&request, &catalog, "13/2350/3134").rgb;
    assert_eq!(overview.dimensions(), (64, 64));
    for (at, (x, y)) in [(0, (0, 0)), (1, (32, 0)), (4, (0, 32)), (5, (32, 32))] {
        let (whole, reduced) = (mean(&picture(at, 64), 0, 0, 64), mean(&overview, x, y, 32));
        let off = whole.iter().zip(reduced).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < 4.0, "tile {at}: {whole:?} became {reduced:?}");
    }
    let before = snapshot(&request.out);
    assert_eq!(index(&request).expect("a catalog").computed, 0);
    assert_eq!(snapshot(&request.out), before, "a second run makes the same bytes");
}

#[test]
fn overviews_of_the_source_are_never_replaced_and_gaps_are_filled() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = block(folder.path());
    save(&tiles.join("13/2350/3134.png"), 99);
    let request = Request { tiles: vec![tiles], ..request(folder.path()) };
    let (_, catalog) = indexed(&request);
    assert_eq!(shown(&request, &catalog, "13/2350/3134").rgb, picture(99, 64));
    shown(&request, &catalog, "13/2351/3134");
    shown(&request, &catalog, "12/1175/1567");
    assert_eq!(listed_tiles(&catalog).len(), 21);
}

#[test]
fn half_an_overview_is_named_and_another_is_made_in_its_place() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = block(folder.path());
    let half = tiles.join("13/2350/3134.jpg");
    save(&half, 99);
    let whole = fs::read(&half).expect("read");
    fs::write(&half, &whole[..whole.len() / 2]).expect("write");
    let request = Request { tiles: vec![tiles], ..request(folder.path()) };
    let (indexed, catalog) = indexed(&request);
    let skipped: Vec<&str> = indexed.skipped.iter().map(|skipped| skipped.subject.as_str()).collect();
    assert_eq!(skipped, ["13/2350/3134"]);
    assert_eq!(shown(&request, &catalog, "13/2350/3134").rgb.dimensions(), (64, 64));
    assert_eq!(verify(&request.out).expect("checked").faults, []);
    let before = snapshot(&request.out);
    assert_eq!(index(&request).expect("again").skipped.len(), 1);
    assert_eq!(snapshot(&request.out), before);
}

#[test]
fn empty_tiles_stay_on_the_map_and_are_not_searched() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = block(folder.path());
    for at in 8..12 {
        RgbaImage::new(64, 64).save(tile(&tiles, at)).expect("write");
    }
    RgbImage::from_pixel(64, 64, Rgb([20, 40, 90])).save(tile(&tiles, 15)).expect("write");
    let request = Request { tiles: vec![tiles], ..request(folder.path()) };
    let (indexed, catalog) = indexed(&request);
    assert_eq!((indexed.items, indexed.empty, indexed.shown), (11, 5, 21));
    let said = "On the map and not searched: 5 empty tiles".to_owned();
    assert!(indexed.notes.contains(&said), "{:?}", indexed.notes);
    assert!(!names(&catalog).contains(&"14/4703/6271".to_owned()));
    assert!(shown(&request, &catalog, "14/4703/6271").is_single_coloured());
    let overview = shown(&request, &catalog, "13/2350/3135");
    let mask = overview.shown.expect("what lies below shows nothing in the north");
    assert_eq!((mask.get_pixel(5, 5).0[0], mask.get_pixel(5, 50).0[0]), (0, 255));
    assert_eq!(index(&request).expect("again").empty, 5, "what is empty is known from the first run");
}

#[test]
fn a_tile_that_is_half_hidden_is_searched_as_if_what_it_shows_went_on() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = block(folder.path());
    let shows = picture(3, 64);
    let half = RgbaImage::from_fn(64, 64, |x, y| {
        let Rgb([r, g, b]) = *shows.get_pixel(x, y);
        Rgba([r, g, b, if x < 32 { 255 } else { 0 }])
    });
    half.save(tile(&tiles, 5)).expect("write");
    let goes_on = folder.path().join("goes on.png");
    RgbImage::from_fn(64, 64, |x, y| *shows.get_pixel(x.min(63 - x), y)).save(&goes_on).expect("write");
    let request = Request { tiles: vec![tiles], ..request(folder.path()) };
    indexed(&request);
    let answers = search(&request.out, &Asked { exact: true, ..Asked::about(Subject::Image(goes_on)) });
    let first = &answers.expect("answers")[0];
    assert_eq!(first.id, "14/4701/6269");
    assert!(first.cosine > 0.9999, "{}", first.cosine);
}

#[test]
fn nothing_but_empty_tiles_is_no_catalog() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = folder.path().join("tiles");
    for at in 0..2 {
        fs::create_dir_all(tile(&tiles, at).parent().expect("parent")).expect("folder");
        RgbaImage::new(64, 64).save(tile(&tiles, at)).expect("write");
    }
    let error = index(&Request { tiles: vec![tiles], ..request(folder.path()) }).expect_err("nothing");
    assert!(error.to_string().contains("2 tiles have one colour or no data"), "{error}");
}

#[test]
fn windows_of_a_scale_are_items_and_only_those_on_changed_tiles_are_embedded_again() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = block(folder.path());
    // A tile is about 1,900 m wide, and the model looks at 16 pixels: windows of 2 x 2 tiles.
    let request = Request { tiles: vec![tiles.clone()], scales: vec![238.0], ..request(folder.path()) };
    let (first, catalog) = indexed(&request);
    // 3 x 3 windows inside, and 3 at each side of which half is covered.
    assert_eq!((first.items, first.computed), (16 + 9 + 12, 16 + 9 + 12));
    let found = names(&catalog);
    assert!(found.contains(&"14/4701/6269+2".to_owned()) && found.contains(&"14/4699/6269+2".to_owned()));
    assert!(!found.contains(&"14/4699/6267+2".to_owned()), "a quarter is covered: {found:?}");
    save(&tile(&tiles, 0), 77);
    let (second, _) = indexed(&request);
    // The tile, and the windows that begin there, west of there, and north of there.
    assert_eq!((second.items, second.computed), (first.items, 4));
}

#[test]
fn tiles_too_small_to_be_shown_are_refused_before_anything_is_embedded() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = folder.path().join("tiles");
    fs::create_dir_all(tiles.join("14/4700")).expect("folder");
    picture(1, 32).save(tiles.join("14/4700/6268.png")).expect("write");
    let request = Request { tiles: vec![tiles], ..request(folder.path()) };
    let error = index(&request).expect_err("too small").to_string();
    assert_eq!(error, "the tiles have 32 pixels a side; 64 to 4096 can be searched and shown");
    assert!(!request.out.exists());
}

#[test]
fn scales_that_tiles_cannot_give_are_refused_before_anything_is_embedded() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = block(folder.path());
    let request = Request { tiles: vec![tiles], scales: vec![0.001], ..request(folder.path()) };
    let error = index(&request).expect_err("too fine").to_string();
    assert!(error.contains("--scales 0.001") && error.contains("are the least"), "{error}");
    assert!(!request.out.join("catalog.json").exists());
}

#[test]
fn deeper_tiles_are_searched_beside_those_of_the_zoom_that_covers_the_area() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = block(folder.path());
    for (seed, name) in [(50, "15/9400/12536"), (51, "15/9401/12536")] {
        save(&tiles.join(format!("{name}.png")), seed);
    }
    let request = Request { tiles: vec![tiles], ..request(folder.path()) };
    let (indexed, catalog) = indexed(&request);
    assert_eq!(indexed.items, 18);
    assert_eq!(catalog.manifest.tiles.as_ref().map(|set| (set.zoom, set.maxzoom)), Some((14, 15)));
    assert!(names(&catalog).contains(&"15/9401/12536".to_owned()));
}

#[test]
fn pictures_have_thumbnails_that_are_smaller_than_they_are_and_originals_can_be_left_out() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let images = folder.path().join("images");
    fs::create_dir(&images).expect("folder");
    picture(1, 300).save(images.join("large.png")).expect("write");
    picture(2, 100).save(images.join("small.png")).expect("write");
    let request = Request { images: vec![images], ..request(folder.path()) };
    let (_, catalog) = indexed(&request);
    let pictures = listed_pictures(&catalog);
    assert_eq!(catalog.manifest.pictures.as_ref().expect("pictures").thumbnails, [128, 256, 512]);
    let there = |at: usize| pictures[at].thumbnails.iter().map(Option::is_some).collect::<Vec<_>>();
    assert_eq!((there(0), there(1)), (vec![true, true, false], vec![false; 3]));
    let set = catalog.manifest.pictures.as_ref().expect("pictures");
    let path =
        set.thumbnail_path("large.png", 1, &pictures[0].thumbnails[1].expect("there")).expect("a path");
    let thumbnail = image::open(request.out.join(path)).expect("a picture");
    assert_eq!((thumbnail.width(), thumbnail.height()), (256, 256));
    assert!(pictures.iter().all(|picture| picture.original.is_some()));

    let (_, catalog) = indexed(&Request { no_originals: true, ..request });
    let pictures = listed_pictures(&catalog);
    assert!(pictures.iter().all(|picture| picture.original.is_none()));
    assert!(pictures.iter().all(|picture| picture.thumbnails[0].is_some()), "each can be shown");
}

#[test]
fn pictures_that_look_the_same_are_marked() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let images = folder.path().join("images");
    for (name, seed) in [("a.png", 1), ("b.png", 2), ("c.png", 1)] {
        save(&images.join(name), seed);
    }
    let mut brighter = picture(2, 64);
    brighter.pixels_mut().for_each(|Rgb(levels)| levels[0] = levels[0].saturating_add(1));
    brighter.save(images.join("d.png")).expect("write");
    let request = Request { images: vec![images], ..request(folder.path()) };
    let (indexed, catalog) = indexed(&request);
    assert_eq!((indexed.items, indexed.duplicates), (4, 2));
    let items = catalog.items(&catalog.manifest.shards[0]).expect("items");
    let marked: Vec<_> = (0..4).map(|ordinal| items.duplicate_of(ordinal)).collect();
    assert_eq!(names(&catalog), ["a.png", "b.png", "c.png", "d.png"]);
    assert_eq!(marked, [None, None, Some(0), Some(1)]);
}

#[test]
fn large_pictures_are_searched_in_windows_too() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let images = folder.path().join("images");
    fs::create_dir(&images).expect("folder");
    // The model looks at 16 pixels.
    picture(1, 100).save(images.join("large.png")).expect("write");
    picture(2, 64).save(images.join("small.png")).expect("write");
    let request = Request { images: vec![images], ..request(folder.path()) };
    let (indexed, catalog) = indexed(&request);
    assert_eq!((indexed.items, indexed.shown), (2 + 9, 2));
    let found = names(&catalog);
    for name in ["large.png", "large.png#xywh=0,0,60,60", "large.png#xywh=40,40,60,60", "small.png"] {
        assert!(found.contains(&name.to_owned()), "{name} in {found:?}");
    }
    assert_eq!(index(&request).expect("again").computed, 0);
}
