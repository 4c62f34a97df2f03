//! Address points: the nearest is the true nearest anywhere on Earth, in every make of file, and what cannot be used
//! is said.

use std::fmt::Write as _;
use std::io::Write as _;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::sphere::distance_m;

type Read = Result<(AddressBook, TableReport), String>;

fn read_within(content: &[u8], areas: &[Bounds], reach_m: f64) -> Read {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), content).expect("write");
    let book = AddressBook::read(file.path(), areas, reach_m);
    book.map_err(|error| error.to_string().replace(&*file.path().to_string_lossy(), "file"))
}

fn read(text: &str) -> Read {
    read_within(text.as_bytes(), &[], AddressBook::REACH_M)
}

fn at(lng: f64, lat: f64) -> LngLat {
    LngLat::new(lng, lat).expect("a position")
}

/// The addresses at (1, 2).
fn address(text: &str) -> Option<String> {
    let (book, _) = read(text).unwrap_or_else(|error| panic!("{error} in {text:?}"));
    book.nearest(at(1.0, 2.0)).map(|(address, _)| address)
}

/// Positions within about `size` degrees of a place, on the grid to which points are rounded.
fn around(dice: &mut StdRng, lng: f64, lat: f64, size: f64) -> LngLat {
    let lng = lng + dice.random_range(-size..size) / lat.to_radians().cos().max(1e-3);
    let lat = (lat + dice.random_range(-size..size)).clamp(-90.0, 90.0);
    let rounded = |degrees: f64| (degrees * 1e7).round() / 1e7;
    at(rounded((lng + 180.0).rem_euclid(360.0) - 180.0), rounded(lat))
}

#[test]
fn the_nearest_address_is_the_one_that_brute_force_finds() {
    let seed = 7;
    let mut dice = StdRng::seed_from_u64(seed);
    let places = [
        (-77.5, 38.8),
        (180.0, 0.0),
        (180.0, 75.0),
        (-180.0, -60.0),
        (10.0, 89.999),
        (0.0, -90.0),
        (0.0, 0.0),
    ];
    for (lng, lat) in places {
        let points: Vec<LngLat> = (0..400).map(|_| around(&mut dice, lng, lat, 0.01)).collect();
        let mut text = "longitude,latitude,address\n".to_owned();
        for (n, point) in points.iter().enumerate() {
            writeln!(text, "{},{},{n} Main Street", point.lng(), point.lat()).expect("in memory");
        }
        let (book, report) = read(&text).expect("a table");
        assert_eq!((book.len(), report.used), (400, 400));
        let mut hits = 0;
        for _ in 0..400 {
            let here = around(&mut dice, lng, lat, 0.012);
            let distances = points.iter().map(|point| distance_m(here, *point));
            let least = distances.min_by(f64::total_cmp).filter(|least| *least <= AddressBook::REACH_M);
            let found = book.nearest(here);
            let distance = found.as_ref().map(|(_, distance)| *distance);
            assert_eq!(distance, least, "seed {seed}, {here:?}");
            if let Some((address, distance)) = found {
                let number: usize = address.split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
                assert_eq!(distance_m(here, points[number]), distance, "seed {seed}, {here:?}, {address}");
                hits += 1;
            }
        }
        assert!((100..=400).contains(&hits), "seed {seed}, {lng}, {lat}: {hits} hits say little");
    }
}

#[test]
fn an_address_out_of_reach_is_not_used_and_the_distance_is_stated() {
    let text = "lon,lat,address\n-77.5,38.8,1 High Street\n";
    for (reach, near, far) in [(150.0, -77.5017, -77.5018), (250.0, -77.5028, -77.5029)] {
        let (book, _) = read_within(text.as_bytes(), &[], reach).expect("a table");
        let (address, distance) = book.nearest(at(near, 38.8)).expect("in reach");
        assert_eq!(address, "1 High Street");
        // A degree of longitude is 86,658 m here.
        assert!((distance - (-77.5 - near) * 86_658.0).abs() < 0.1, "{distance}");
        assert_eq!(book.nearest(at(far, 38.8)), None);
    }
}

#[test]
fn addresses_under_the_names_that_counties_use_are_put_together() {
    for (text, expected) in [
        (
            "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n1,2,12,Oak Lane,,Leesburg,,VA,20175,,\n",
            "12 Oak Lane, Leesburg",
        ),
        ("lon,lat,number,street,unit,city\n1,2,12,Oak Lane,Apt 3,Leesburg\n", "12 Oak Lane, Apt 3, Leesburg"),
        ("X,Y,OBJECTID,FULLADDR\n1,2,7,12 OAK LN\n", "12 OAK LN"),
        ("\u{feff}Latitude;Longitude;Full Address\n2,0;1,0;12 Oak Ln\n", "12 Oak Ln"),
        ("POINT_X,POINT_Y,SITEADDRES,CITY\n1,2,12 OAK LN,LEESBURG\n", "12 OAK LN, LEESBURG"),
        (
            "LONGITUDE,LATITUDE,FULL_ADDRESS,CITY\n1,2,\"12 OAK LN, LEESBURG VA\",Leesburg\n",
            "12 OAK LN, LEESBURG VA",
        ),
        (
            "Longitude,Latitude,Add_Number,St_PreDir,St_Name,St_PosTyp,St_PosDir,Unit\n1,2,12,N,Oak,Lane,NW,3\n",
            "12 N Oak Lane NW, 3",
        ),
        ("x,y,LATITUDE,LONGITUDE,ADDRESS\n482311.2,4316020.1,2,1,12 Oak Ln\n", "12 Oak Ln"),
        ("lon,lat,addr:housenumber,addr:street,addr:city\n1,2,12a,Oak Lane,\n", "12a Oak Lane"),
        ("lon,lat,address,street\n1,2,12,Oak Lane\n", "Oak Lane"),
        (
            r#"{"type":"FeatureCollection","name":"a","features":[
            {"type":"Feature","properties":{"hash":"b","number":"12","street":"Oak Lane","unit":"","city":"Leesburg","region":"VA"},
             "geometry":{"type":"Point","coordinates":[1.0,2.0,30.5]}}],"crs":{"type":"name"}}"#,
            "12 Oak Lane, Leesburg",
        ),
        (
            "{\"type\":\"Feature\",\"properties\":{\"number\":12,\"street\":\"Oak Lane\",\"city\":null},\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}\n\n",
            "12 Oak Lane",
        ),
    ] {
        assert_eq!(address(text).as_deref(), Some(expected), "{text}");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).expect("in memory");
        let packed = packed.finish().expect("in memory");
        let (book, _) = read_within(&packed, &[], 1.0).expect("the same, packed");
        assert_eq!(
            book.nearest(at(1.0, 2.0)).map(|(address, _)| address).as_deref(),
            Some(expected),
            "{text}"
        );
        let half = read_within(&packed[..packed.len() - 12], &[], 1.0).map(|(book, _)| book.len());
        assert!(
            half.is_err_and(|error| error.starts_with("cannot read file: ")),
            "half of it is not taken for all"
        );
    }
}

#[test]
fn points_that_cannot_be_used_are_named_and_the_others_are_used() {
    let (book, report) = read(
        "lon,lat,address\n1,2,1 A St\n,,2 A St\n0,0,3 A St\n1,2,\n482311.2,4316020.1,5 A St\n2,100,6 A St\n",
    )
    .expect("one point is fine");
    assert_eq!((book.len(), report.used, report.left_out()), (1, 1, 5));
    let notes = report.notes().join("\n");
    for expected in
        ["line 3 (2 A St)", "line 4 (3 A St)", "line 5", "line 6 (5 A St: 482311.2", "changed places?"]
    {
        assert!(notes.contains(expected), "{expected} in {notes}");
    }
    let lines = "{\"type\":\"Feature\",\"properties\":{\"street\":\"A St\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}\n\
         {\"type\":\"Feature\",\"properties\":{\"street\":\"A St\"},\"geometry\":null}\n\
         {\"type\":\"Feature\",\"properties\":{\"street\":\"B St\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[1,3]]]}}\n\
         {\"type\":\"Feat\n\
         {\"type\":\"Feature\",\"properties\":null,\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}\n";
    let (book, report) = read(lines).expect("one point is fine");
    assert_eq!((book.len(), report.left_out()), (1, 4));
    let notes = report.notes().join("\n");
    for expected in [
        "2 rows not at a point are left out: line 2 (A St), line 3 (B St)",
        "line 4 (",
        "without an address is left out: line 5",
    ] {
        assert!(notes.contains(expected), "{expected} in {notes}");
    }
}

#[test]
fn a_file_without_a_single_address_is_refused_and_an_empty_table_finds_nothing() {
    for (text, expected) in [
        ("lon,lat\n1,2\n", "file, line 1: no column called address, street"),
        (
            "X,Y,ADDRESS\n482311.2,4316020.1,5 A St\n",
            "file: no row gives an address; 1 row with numbers too large",
        ),
        (
            "{\"type\":\"FeatureCollection\"}",
            "file: not a GeoJSON feature collection: missing field `features`",
        ),
        ("{\"features\":[{\"type\":\"Feature\",", "file: not a GeoJSON feature collection: EOF"),
        ("{\"features\":[]} and more", "file: not a GeoJSON feature collection: trailing characters"),
    ] {
        let error = read(text).map(|(book, _)| book.len()).expect_err(text);
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    let (book, _) = read("lon,lat,address\n").expect("a table without rows");
    assert!(book.is_empty() && book.nearest(at(0.0, 0.0)).is_none());
}

#[test]
fn only_points_within_reach_of_an_area_are_kept() {
    let text = "lon,lat,address\n179.9999,10,1 A St\n-179.9999,10,2 A St\n-179.9,10,3 A St\n20,89.9999,4 A St\n0,50,5 A St\n";
    let kept = |areas: &[[f64; 4]]| {
        let areas = areas.iter().map(|[west, south, east, north]| Bounds::new(*west, *south, *east, *north));
        let areas = areas.collect::<Result<Vec<_>, _>>().expect("bounds");
        let (book, report) = read_within(text.as_bytes(), &areas, 250.0).expect("a table");
        assert_eq!(report.used + report.elsewhere, 5);
        book.len()
    };
    assert_eq!(kept(&[]), 5);
    assert_eq!(kept(&[[179.5, 9.0, 179.999, 11.0]]), 2, "both sides of the antimeridian");
    assert_eq!(kept(&[[-179.9995, 9.0, -179.95, 11.0]]), 2, "the same from the other side");
    assert_eq!(kept(&[[179.9995, 9.0, -179.9995, 11.0]]), 2, "an area that crosses it");
    assert_eq!(kept(&[[-100.0, 89.999, -90.0, 90.0]]), 1, "around the pole");
    assert_eq!(kept(&[[0.001, 50.0, 0.002, 50.0], [0.001, 40.0, 0.002, 49.0]]), 1, "in the margin");
    assert_eq!(kept(&[[0.004, 50.0, 0.005, 50.0]]), 0, "beyond the margin");
}

#[test]
fn a_feature_that_does_not_end_is_refused_before_it_fills_the_memory() {
    let endless = format!(
        "{{\"features\":[{{\"type\":\"Feature\",\"properties\":{{\"street\":\"{}\"}}}}]}}",
        "x".repeat(20 << 20)
    );
    let error = read(&endless).map(|(book, _)| book.len()).expect_err("refused");
    assert!(error.starts_with("cannot read file: "), "{error}");
    assert!(error.contains("a feature of more than 16777216 bytes"), "{error}");
}

#[test]
fn all_tables_in_an_archive_are_read_and_nothing_else_in_it() {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    let mut archive = zip::ZipWriter::new(file.reopen().expect("the same"));
    let (stored, packed) = (zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated);
    for (name, method, text) in [
        ("us/va/a.csv", packed, "LON,LAT,NUMBER,STREET,UNIT,CITY\n1,2,7,Oak Lane,,Leesburg\n"),
        (
            "us/va/b.geojson",
            stored,
            r#"{"type": "Feature", "properties": {"number": "9", "street": "Elm Way"}, "geometry": {"type": "Point", "coordinates": [1, 2.0005]}}"#,
        ),
        ("LICENSE.txt", packed, "lon,lat,address\n1,2,None Of It\n"),
        ("__MACOSX/us/va/._a.csv", packed, "\u{0}\u{5}"),
    ] {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default().compression_method(method))
            .expect("begun");
        archive.write_all(text.as_bytes()).expect("written");
    }
    archive.finish().expect("an archive");
    let (book, report) = AddressBook::read(file.path(), &[], 250.0).expect("a book");
    assert_eq!((book.len(), report.left_out()), (2, 0));
    let nearest = |lat: f64| book.nearest(at(1.0, lat)).map(|(address, _)| address);
    assert_eq!(nearest(2.0).as_deref(), Some("7 Oak Lane, Leesburg"));
    assert_eq!(nearest(2.0005).as_deref(), Some("9 Elm Way"));
    let whole = std::fs::read(file.path()).expect("the archive");
    for at in 0..whole.len() {
        for (cut, flip) in [(at, 0), (whole.len(), 0xff)] {
            let mut damaged = whole[..cut].to_vec();
            damaged.get_mut(at).into_iter().for_each(|byte| *byte ^= flip);
            // Something or an error, never a panic.
            let _either = read_within(&damaged, &[], 250.0);
        }
    }
}
