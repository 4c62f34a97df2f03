//! Pictures that are no tiles: with places and without, large and small, upright or not.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result};
use clip_rs_tests::{Artifacts, Chromium, Site};
use image::{ImageFormat, Rgb, RgbImage};

use crate::anywhere::index;
use crate::{DESKTOP, expect_quiet};

/// A picture whose upper half is reddish and whose lower half is bluish, with waves so that it is no flat colour.
fn picture(number: u32, width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = (f64::from(x * (number + 2)) * 0.05).sin() * 40.0 + (f64::from(y) * 0.07).sin() * 20.0;
        let base = if y < height / 2 { [190.0, 60.0, 50.0] } else { [40.0, 70.0, 190.0] };
        Rgb(base.map(|value: f64| (value + wave).clamp(0.0, 255.0) as u8))
    })
}

fn jpeg(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}

/// An EXIF block (Exif 2.32) with these entries of IFD 0 and of the GPS IFD, big-endian.
fn exif(orientation: u16, position: Option<(f64, f64)>) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    let count: u16 = if position.is_some() { 2 } else { 1 };
    tiff.extend(count.to_be_bytes());
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1]);
    tiff.extend(orientation.to_be_bytes());
    tiff.extend([0, 0]);
    if let Some((lng, lat)) = position {
        let gps = 8 + 2 + 2 * 12 + 4;
        tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1]);
        tiff.extend((gps as u32).to_be_bytes());
        tiff.extend([0; 4]);
        let values = gps + 2 + 4 * 12 + 4;
        tiff.extend(4_u16.to_be_bytes());
        let letter = |tag: u8, letter: u8| [0, tag, 0, 2, 0, 0, 0, 2, letter, 0, 0, 0];
        let degrees = |tag: u8, at: usize| {
            let mut entry = vec![0, tag, 0, 5, 0, 0, 0, 3];
            entry.extend((at as u32).to_be_bytes());
            entry
        };
        tiff.extend(letter(1, if lat < 0.0 { b'S' } else { b'N' }));
        tiff.extend(degrees(2, values));
        tiff.extend(letter(3, if lng < 0.0 { b'W' } else { b'E' }));
        tiff.extend(degrees(4, values + 24));
        tiff.extend([0; 4]);
        for value in [lat.abs(), lng.abs()] {
            // Degrees as a fraction, no minutes, no seconds.
            for (above, below) in [((value * 1e6).round() as u32, 1_000_000_u32), (0, 1), (0, 1)] {
                tiff.extend(above.to_be_bytes());
                tiff.extend(below.to_be_bytes());
            }
        }
    } else {
        tiff.extend([0; 4]);
    }
    tiff
}

/// `jpeg` with the EXIF block `tiff` as its first segment.
fn with_exif(jpeg: &[u8], tiff: &[u8]) -> Vec<u8> {
    let length = (2 + 6 + tiff.len()) as u16;
    [&jpeg[..2], &[0xff, 0xe1], &length.to_be_bytes(), b"Exif\0\0", tiff, &jpeg[2..]].concat()
}

/// What the page shows of a folder of pictures.
struct Gallery {
    chromium: Chromium,
    page: clip_rs_tests::Page,
    site: Site,
    said: String,
}

fn open(images: &Path, words: &[&str]) -> Result<Gallery> {
    let artifacts = Artifacts::from_env()?;
    let out = images.with_file_name("catalog");
    let said = index(&artifacts, "--images", images, &out, words)?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    Ok(Gallery { chromium, page, site, said })
}

/// A JavaScript condition: every result's picture has arrived.
const ALL_SHOWN: &str = "(() => { const cards = [...document.querySelectorAll('[data-testid=result]')]; \
                         return cards.length > 0 && cards.every(card => [...card.querySelectorAll('img')].some(i => i.complete && i.naturalWidth > 0)); })()";

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn twenty_large_pictures_cost_kilobytes_and_the_wall_needs_no_map() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let images = folder.path().join("images");
    fs::create_dir(&images)?;
    for number in 0..20 {
        fs::write(images.join(format!("large {number}.jpg")), jpeg(&picture(number, 2000, 1500))?)?;
    }
    let originals: u64 =
        fs::read_dir(&images)?.map(|entry| Ok(entry?.metadata()?.len())).sum::<Result<u64>>()?;
    let gallery = open(&images, &[])?;
    let before = gallery.chromium.recorder().seen().len();
    assert_eq!(gallery.page.search("a lake")?.len(), 20);
    gallery.page.wait_until("all pictures are shown", ALL_SHOWN)?;
    let seen = gallery.chromium.recorder().seen();
    let pictures: Vec<_> =
        seen[before..].iter().filter(|request| request.url.contains("/pictures-")).collect();
    let received: u64 = pictures.iter().map(|request| request.received).sum();
    assert!(pictures.len() >= 20, "{} pictures were fetched", pictures.len());
    assert!(received < 20 * 40_000, "{received} bytes for 20 cards; the originals have {originals}");
    assert!(
        pictures.iter().all(|request| !request.url.contains("/original/")),
        "no original is loaded for a card"
    );
    let map: f64 = gallery.page.eval(
        "(() => { const map = document.querySelector('[data-testid=map]')?.getBoundingClientRect(); return map ? map.width * map.height : 0; })()",
    )?;
    assert_eq!(map, 0.0, "without positions there is no empty map");
    expect_quiet(&gallery.chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_link_to_more_like_a_picture_finds_it_in_a_catalog_of_cells() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let images = folder.path().join("images");
    fs::create_dir(&images)?;
    for number in 0..40 {
        fs::write(images.join(format!("{number}.jpg")), jpeg(&picture(number, 224, 224))?)?;
    }
    let gallery = open(&images, &["--cells", "always"])?;
    let (page, chromium) = (&gallery.page, &gallery.chromium);
    let seen = chromium.recorder().seen();
    let of =
        |part: &str| seen.iter().filter(|seen| seen.url.ends_with(".bin") && seen.url.contains(part)).count();
    assert_eq!((of("/centroids."), of("/index.")), (1, 0), "it is searched by its cells");
    // Nobody has found it before: its name says nothing about where it is.
    for number in [17, 33] {
        page.go("about:blank")?;
        page.go(&gallery.site.url(&format!("#like={number}.jpg")))?;
        page.wait_for_state("results")?;
        assert_eq!(page.results()?[0].id, format!("{number}.jpg"));
    }
    page.go("about:blank")?;
    page.go(&gallery.site.url("#like=missing.jpg"))?;
    page.wait_for_state("failed")?;
    let said: String = page.eval("document.body.innerText")?;
    assert!(said.contains("missing.jpg"), "{said}");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn photographs_are_where_and_as_upright_as_their_cameras_say() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let images = folder.path().join("images");
    fs::create_dir(&images)?;
    let upright = picture(1, 160, 120);
    // Turned so that orientation 6 (turn right) brings it back.
    let lying = jpeg(&image::imageops::rotate270(&upright))?;
    fs::write(images.join("lying.jpg"), with_exif(&lying, &exif(6, Some((-77.5636, 39.1157)))))?;
    fs::write(
        images.join("standing.jpg"),
        with_exif(&jpeg(&upright)?, &exif(1, Some((151.2093, -33.8688)))),
    )?;
    fs::write(images.join("nowhere.jpg"), jpeg(&picture(3, 160, 120))?)?;
    fs::write(images.join("notes.txt"), "no picture")?;
    fs::write(images.join("broken.jpg"), &lying[..lying.len() / 2])?;
    let gallery = open(&images, &[])?;
    assert!(gallery.said.contains("broken.jpg") && gallery.said.contains(".txt"), "{}", gallery.said);
    let page = &gallery.page;
    let results = page.search("a lake")?;
    assert_eq!(results.len(), 3);
    let card = |name: &str| results.iter().find(|card| card.id == name).with_context(|| format!("no {name}"));
    assert!(card("lying.jpg")?.text.contains("Leesburg"), "{:?}", card("lying.jpg")?);
    assert!(card("standing.jpg")?.text.contains("AU"), "{:?}", card("standing.jpg")?);
    page.wait_until("all pictures are shown", ALL_SHOWN)?;
    // The thumbnail is upright: wider than high, and red above blue.
    let shape: [f64; 2] = page.eval(
        "(() => { const i = document.querySelector(\"[data-testid=result][data-id='lying.jpg'] img\"); return [i.naturalWidth, i.naturalHeight]; })()",
    )?;
    assert!(shape[0] > shape[1], "{shape:?}");
    let upper: [f64; 3] = page.eval(
        "(() => { const i = document.querySelector(\"[data-testid=result][data-id='lying.jpg'] img\"); const c = document.createElement('canvas'); \
         c.width = i.naturalWidth; c.height = i.naturalHeight; const d = c.getContext('2d'); d.drawImage(i, 0, 0); \
         return [...d.getImageData(c.width / 2, c.height / 4, 1, 1).data].slice(0, 3); })()",
    )?;
    assert!(upper[0] > upper[2] + 50.0, "the upper half is red: {upper:?}");
    let marks = page.count("[data-testid=footprint]")?;
    assert_eq!(marks, 2, "a mark for each known position");
    // The same picture lying and standing looks the same to the search.
    page.eval::<serde_json::Value>("location.hash = '#like=standing.jpg'")?;
    page.wait_until(
        "the other one is the nearest",
        "document.querySelectorAll('[data-testid=result]')[1]?.dataset.id === 'lying.jpg'",
    )?;
    expect_quiet(&gallery.chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_table_places_pictures_and_originals_can_stay_at_home() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let images = folder.path().join("images");
    fs::create_dir_all(images.join("a"))?;
    fs::create_dir_all(images.join("b"))?;
    fs::write(images.join("a/1.jpg"), jpeg(&picture(1, 700, 500))?)?;
    fs::write(images.join("b/1.jpg"), jpeg(&picture(2, 700, 500))?)?;
    let table = folder.path().join("where.csv");
    fs::write(
        &table,
        "sep=;\r\nName;Breite;Latitude;Longitude\r\nA/1.JPG;;39,1157;-77,5636;\r\nother.jpg;;;\r\n",
    )?;
    let gallery = open(&images, &["--locations", &table.to_string_lossy(), "--no-originals"])?;
    assert!(gallery.said.contains("other.jpg"), "the row that matches no picture is named: {}", gallery.said);
    let results = gallery.page.search("a lake")?;
    assert_eq!(results.len(), 2);
    gallery.page.wait_until("all pictures are shown", ALL_SHOWN)?;
    assert_eq!(gallery.page.count("[data-testid=footprint]")?, 1);
    let catalog = images.with_file_name("catalog");
    let kept = walk(&catalog)?;
    assert!(kept.iter().all(|path| !path.contains("/original/")), "{kept:?}");
    Ok(())
}

fn walk(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(walk(&path)?);
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(found)
}
