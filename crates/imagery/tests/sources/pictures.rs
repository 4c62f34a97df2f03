//! Pictures with a place: EXIF and world files.

use std::io::Cursor;

use clip_rs_catalog::{Bounds, LngLat};
use clip_rs_imagery::{Entry, Kind, Source};
use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use image::ImageFormat;

use crate::suite::{check, names, says};
use crate::write::{file, folder, jpeg, picture, wanted};

/// A JPEG whose EXIF has these degrees, minutes and seconds, hemispheres and date; an empty text is left out.
fn photograph(
    latitude: [(u32, u32); 3],
    north: &str,
    longitude: [(u32, u32); 3],
    east: &str,
    date: &str,
) -> Vec<u8> {
    let rational = |parts: [(u32, u32); 3]| {
        Value::Rational(parts.iter().map(|&(num, denom)| Rational { num, denom }).collect())
    };
    let text = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let mut fields = vec![(Tag::GPSLatitude, rational(latitude)), (Tag::GPSLongitude, rational(longitude))];
    for (tag, content) in
        [(Tag::GPSLatitudeRef, north), (Tag::GPSLongitudeRef, east), (Tag::DateTimeOriginal, date)]
    {
        if !content.is_empty() {
            fields.push((tag, text(content)));
        }
    }
    let fields: Vec<Field> =
        fields.into_iter().map(|(tag, value)| Field { tag, ifd_num: In::PRIMARY, value }).collect();
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).expect("an EXIF block");
    let block = block.into_inner();
    let plain = jpeg();
    let length = u16::try_from(block.len() + 8).expect("short").to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, b"Exif\0\0", &block, &plain[2..]].concat()
}

fn entry<'a>(source: &'a dyn Source, name: &str) -> &'a Entry {
    source
        .inventory()
        .entries
        .iter()
        .find(|entry| entry.id.to_string() == name)
        .expect("the picture is there")
}

fn centre(source: &dyn Source, name: &str) -> Option<LngLat> {
    entry(source, name).footprint.map(|footprint| footprint.centre())
}

#[test]
fn photographs_lie_where_the_camera_stood_in_all_hemispheres() {
    let root = folder();
    let (latitude, longitude) = ([(33, 1), (51, 1), (3600, 100)], [(151, 1), (12, 1), (0, 1)]);
    for (name, north, east) in [("se.jpg", "S", "E"), ("nw.jpg", "N", "W"), ("sw.jpg", "S", "W")] {
        file(root.path(), name, &photograph(latitude, north, longitude, east, "2014:10:19 12:30:00"));
    }
    // All in the minutes, with seconds of 0/0.
    let minutes = [(38, 1), (48_000_000, 1_000_000), (0, 0)];
    file(root.path(), "minutes.jpg", &photograph(minutes, "N", [(77, 1), (24, 1), (0, 0)], "W", ""));
    let source = check(&wanted(Kind::Pictures, root.path()));
    for (name, lng, lat) in [
        ("se.jpg", 151.2, -33.86),
        ("nw.jpg", -151.2, 33.86),
        ("sw.jpg", -151.2, -33.86),
        ("minutes.jpg", -77.4, 38.8),
    ] {
        let found = centre(source.as_ref(), name).expect("a position");
        assert!((found.lng() - lng).abs() < 1e-9 && (found.lat() - lat).abs() < 1e-9, "{name}: {found:?}");
    }
    assert_eq!(
        entry(source.as_ref(), "se.jpg").captured.map(|date| date.to_string()).as_deref(),
        Some("2014-10-19")
    );
    assert!(says(source.as_ref(), "4 pictures (such as minutes.jpg): placed where the camera stood"));
}

#[test]
fn positions_that_are_none_are_not_used_and_counted() {
    let root = folder();
    let zero = [(0, 1); 3];
    let north = [(40, 1), (0, 1), (0, 1)];
    file(root.path(), "zero.jpg", &photograph(zero, "N", zero, "E", ""));
    file(root.path(), "far.jpg", &photograph([(140, 1), (0, 1), (0, 1)], "N", north, "E", ""));
    file(root.path(), "side.jpg", &photograph(north, "", north, "E", ""));
    file(root.path(), "nothing.jpg", &photograph([(0, 0); 3], "N", north, "E", ""));
    file(root.path(), "plain.jpg", &jpeg());
    let source = check(&wanted(Kind::Pictures, root.path()));
    assert!(source.inventory().entries.iter().all(|entry| entry.footprint.is_none()));
    for fault in
        ["(zero.jpg)", "it is 0, 0", "(far.jpg)", "is out of range", "which hemisphere", "it is no number"]
    {
        assert!(says(source.as_ref(), fault), "{fault}: {:?}", source.inventory().notes);
    }
}

#[test]
fn world_files_give_the_ground_that_a_picture_shows() {
    let root = folder();
    let degrees = picture(100, [1, 2, 3], ImageFormat::Png);
    file(root.path(), "a.png", &degrees);
    file(root.path(), "a.pgw", b"0.01\n0\n0\n-0.01\n10.005\n49.995\n");
    file(root.path(), "sub/b.JPG", &jpeg());
    file(root.path(), "sub/b.jgw", b"5\n0\n0\n-5\n500002.5\n5199997.5\n");
    let prj = r#"PROJCS["NAD83 / UTM zone 14N",GEOGCS["NAD83",DATUM["North_American_Datum_1983",SPHEROID["GRS 1980",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",-99],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]"#;
    file(root.path(), "sub/b.prj", prj.as_bytes());
    file(root.path(), "c.jpg", &jpeg());
    file(root.path(), "c.wld", b"5\n0\n0\n-5\n500002.5\n5199997.5\n");
    file(root.path(), "d.jpg", &jpeg());
    file(root.path(), "d.jgw", b"five");
    file(root.path(), "pacific.png", &degrees);
    file(root.path(), "pacific.pngw", b"0.01\n0\n0\n-0.01\n179.505\n0.495\n");
    let source = check(&wanted(Kind::Pictures, root.path()));
    assert_eq!(names(source.as_ref()).len(), 5);
    let bounds = |name: &str| entry(source.as_ref(), name).footprint;
    let near = |found: Option<Bounds>, expected: [f64; 4]| {
        let found: [f64; 4] = found.expect("a box").into();
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {expected:?}");
    };
    near(bounds("a.png"), [10.0, 49.0, 11.0, 50.0]);
    near(bounds("pacific.png"), [179.5, -0.5, -179.5, 0.5]);
    // By PROJ 9: the corners of 80 m from easting 500000, northing 5200000 down.
    near(bounds("sub/b.JPG"), [-99.0, 46.952_809_3, -98.998_948_7, 46.953_529_2]);
    assert_eq!((bounds("c.jpg"), bounds("d.jpg")), (None, None));
    assert!(says(source.as_ref(), "(c.jpg): the world file is not used: it has no .prj"));
    assert!(says(source.as_ref(), "(d.jpg): the world file is not used: it has not six"));
    assert!(source.inventory().unread.is_empty(), "world files are no strangers");
}

#[test]
fn one_picture_may_be_named_by_itself() {
    let root = folder();
    file(root.path(), "a.png", &picture(100, [1, 2, 3], ImageFormat::Png));
    file(root.path(), "a.pgw", b"0.01\n0\n0\n-0.01\n10.005\n49.995\n");
    file(root.path(), "b.jpg", &jpeg());
    let source = check(&wanted(Kind::Pictures, root.path().join("a.png")));
    assert_eq!(names(source.as_ref()), ["a.png"]);
    assert!(entry(source.as_ref(), "a.png").footprint.is_some());
}
