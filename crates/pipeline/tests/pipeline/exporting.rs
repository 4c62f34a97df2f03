//! `clip-rs export`: what is written says what the catalog says, and the tools that people have can read it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clip_rs_catalog::Digest;
use clip_rs_imagery::{Kind, Wanted, open};
use clip_rs_pipeline::catalog::Catalog;
use clip_rs_pipeline::index::{Request, index};
use exif::experimental::Writer;
use exif::{Field, In, Rational};
use image::ImageFormat;
use serde_json::Value;
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::RGB8;
use tiff::tags::Tag;

use crate::support::{catalog, clip_rs, picture, request, said, save};

/// The exit status by which the script says that its tools are missing.
const MISSING: i32 = 42;

/// Everything that a catalog is exported as.
struct Exports {
    folder: tempfile::TempDir,
    has_tiles: bool,
}

impl Exports {
    fn of(catalog: &Path, half: bool) -> Self {
        let exports = Self {
            folder: tempfile::tempdir().expect("a folder"),
            has_tiles: Catalog::open(catalog).expect("a catalog").manifest.tiles.is_some(),
        };
        for format in exports.formats() {
            let mut words =
                vec![OsStr::new("export"), catalog.as_os_str(), "--format".as_ref(), format.as_ref()];
            words.extend(half.then_some(OsStr::new("--half")));
            let out = exports.path(format);
            words.extend([OsStr::new("--out"), out.as_os_str()]);
            said(&clip_rs(words));
        }
        exports
    }

    fn formats(&self) -> Vec<&'static str> {
        let all = ["geoparquet", "stac", "geojson", "csv", "kml", "pmtiles"];
        all.into_iter().filter(|format| self.has_tiles || *format != "pmtiles").collect()
    }

    fn path(&self, format: &str) -> PathBuf {
        let name = match format {
            "geoparquet" => "area.parquet".to_owned(),
            "stac" => "stac".to_owned(),
            other => format!("area.{other}"),
        };
        self.folder.path().join(name)
    }

    /// What other people's tools read; none, said aloud, where they are not installed.
    fn read(&self, query: &Path) -> Option<Value> {
        let python = std::env::var_os("CLIP_RS_READERS").unwrap_or_else(|| "python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reader/exports.py");
        let mut command = Command::new(python);
        command
            .arg("-B")
            .arg(script)
            .arg(query)
            .args(self.formats().into_iter().map(|format| self.path(format)));
        let done: Output = match command.output() {
            Ok(done) if done.status.code() != Some(MISSING) => done,
            missing => {
                let why = missing
                    .map(|done| String::from_utf8_lossy(&done.stderr).into_owned())
                    .unwrap_or_default();
                eprintln!("SKIPPED: the tools that read exports are not all here ({})", why.trim());
                return None;
            }
        };
        Some(serde_json::from_str(&said(&done)).expect("JSON"))
    }
}

/// Identifiers, embeddings and footprints as the catalog has them.
pub fn items(catalog: &Path) -> Vec<(String, Vec<f32>, Option<[f64; 4]>)> {
    let catalog = Catalog::open(catalog).expect("a catalog");
    let mut all = Vec::new();
    for shard in &catalog.manifest.shards {
        let (index, items) = (catalog.index(shard).expect("an index"), catalog.items(shard).expect("items"));
        for ordinal in 0..items.len() {
            let embedding = index.embedding(ordinal).expect("an item").expect("a vector");
            let footprint = items.footprint(ordinal).map(Into::into);
            all.push((
                items.id(ordinal).expect("a name").to_string(),
                embedding.as_slice().to_vec(),
                footprint,
            ));
        }
    }
    all.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    all
}

fn check(catalog: &Path, half: bool) {
    let (exports, expected) = (Exports::of(catalog, half), items(catalog));
    let geojson = fs::read_to_string(exports.path("geojson")).expect("a file");
    assert_eq!(geojson.matches(r#""type":"Feature""#).count(), expected.len());
    let query = exports.path("json");
    let text = OsStr::new("a pond beside a field");
    fs::write(&query, said(&clip_rs([OsStr::new("encode"), catalog.as_os_str(), text]))).expect("a file");
    let Some(read) = exports.read(&query) else { return };
    let mut rows = read["pyarrow"]["rows"].as_array().expect("rows").clone();
    rows.sort_by_key(|row| row["id"].as_str().map(str::to_owned));
    assert_eq!(rows.len(), expected.len());
    let most_off = if half { 6e-4 } else { 0.0 };
    for (row, (id, embedding, footprint)) in rows.iter().zip(&expected) {
        assert_eq!(row["id"], **id);
        let found: Vec<f64> =
            row["embedding"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
        assert_eq!(found.len(), embedding.len());
        // In single precision: on their way as text numbers may lose the last digit of a double.
        let off = found.iter().zip(embedding).map(|(a, b)| (*a as f32 - b).abs()).fold(0.0, f32::max);
        assert!(off <= most_off, "{id}: {off}");
        let bbox = ["xmin", "ymin", "xmax", "ymax"].map(|edge| row["bbox"][edge].as_f64());
        let edges = footprint.map_or([None; 4], |edges| edges.map(Some));
        let near = |(found, edge): (Option<f64>, Option<f64>)| match found.zip(edge) {
            Some((found, edge)) => (found - edge).abs() < 1e-9,
            None => found == edge,
        };
        assert!(bbox.into_iter().zip(edges).all(near), "{id}: {bbox:?} and {edges:?}");
    }
    let kind = read["pyarrow"]["type"].as_str().expect("a type");
    let component = if half { "halffloat" } else { "float" };
    assert!(
        kind.starts_with("fixed_size_list<") && kind.contains(&format!("item: {component} not null>[24]")),
        "{kind}"
    );
    assert_eq!(read["pyarrow"]["keys"]["geo"]["version"], "1.1.0");
    assert_eq!(read["pyarrow"]["keys"]["emb"]["dimensions"], 24);

    let flags = ["--exact", "--json", "--limit", "10"].map(OsStr::new);
    let ours = said(&clip_rs([&[OsStr::new("search"), catalog.as_os_str(), text][..], &flags].concat()));
    let ours: Vec<Value> = serde_json::from_str(&ours).expect("JSON");
    let ours: Vec<&Value> = ours.iter().map(|answer| &answer["id"]).collect();
    // Of a photograph and its squares we show the best.
    let mut seen = HashSet::new();
    let photograph = |name: &Value| name.as_str()?.split('#').next().map(str::to_owned);
    let is_first = |name: &&Value| seen.insert(photograph(name));
    let theirs: Vec<&Value> = read["duckdb"].as_array().expect("names").iter().filter(is_first).collect();
    // Half precision may turn two neighbours around.
    assert!(if half { ours[0] == theirs[0] } else { ours == theirs }, "{ours:?} and {theirs:?}");
    let placed = expected.iter().filter(|(.., footprint)| footprint.is_some()).count();
    assert_eq!(read["geopandas"]["crs"], "CRS84");
    assert_eq!(read["geopandas"]["count"], expected.len());
    assert_eq!(read["geopandas"]["all_valid"], true);
    if let Some(verdict) = read["validator"].as_object() {
        assert_eq!(verdict["passed"], true, "{}", verdict["said"].as_str().unwrap_or_default());
    }
    assert_eq!(read["pystac"]["errors"], Value::Array(Vec::new()));
    assert!(
        read["pystac"]["assets"]
            .as_array()
            .is_some_and(|assets| !assets.is_empty() && assets.iter().all(|there| there == true))
    );
    assert_eq!(read["pystac"]["extra"]["emb:dimensions"], 24);
    for list in ["geojson", "csv"] {
        assert_eq!(read[list].as_array().map(Vec::len), Some(expected.len()), "{list}");
    }
    assert_eq!(read["kml"].as_array().map(Vec::len), Some(placed));
    if exports.has_tiles {
        let count = Catalog::open(catalog).expect("a catalog").manifest.tiles.expect("tiles").count;
        assert_eq!(read["pmtiles"]["tiles"], count);
    }
}

#[test]
fn tiles_of_a_map_are_exported_and_read_by_other_tools() {
    let (folder, _) = catalog();
    let catalog = folder.path().join("catalog");
    check(&catalog, false);
    check(&catalog, true);
}

#[test]
fn photographs_with_and_without_a_place_are_exported() {
    let folder = tempfile::tempdir().expect("a folder");
    let pictures = folder.path().join("pictures");
    for (seed, name) in ["a & b.png", "flight/über <1>.png", "no place.png"].into_iter().enumerate() {
        save(&pictures.join(name), seed as u64);
    }
    let table = folder.path().join("places.csv");
    fs::write(&table, "name,longitude,latitude\na & b.png,-77.5,38.7\nflight/über <1>.png,179.99999,-17\n")
        .expect("a table");
    let request = Request { images: vec![pictures], locations: Some(table), ..request(folder.path()) };
    index(&request).expect("indexed");
    check(&folder.path().join("catalog"), false);
}

/// A raster of 320 x 320 pixels of 1.2 m in UTM zone 18 north, in Northern Virginia.
fn geotiff(path: &Path) {
    let (left, top, pixel) = (283_000.0, 4_290_000.0, 1.2);
    let mut encoder = TiffEncoder::new(fs::File::create(path).expect("a file")).expect("an encoder");
    let mut image = encoder.new_image::<RGB8>(320, 320).expect("an image");
    // Projected, pixels are areas, EPSG:32618.
    let keys = [1_u16, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32618];
    let tags = image.encoder();
    tags.write_tag(Tag::ModelPixelScaleTag, &[pixel, pixel, 0.0][..]).expect("a tag");
    tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, left, top, 0.0][..]).expect("a tag");
    tags.write_tag(Tag::GeoKeyDirectoryTag, &keys[..]).expect("a tag");
    image.write_data(&picture(5, 320)).expect("written samples");
}

#[test]
fn a_geotiff_is_exported_where_it_lies() {
    let folder = tempfile::tempdir().expect("a folder");
    let raster = folder.path().join("ortho.tif");
    geotiff(&raster);
    index(&Request { tiles: vec![raster], ..request(folder.path()) }).expect("indexed");
    let catalog = folder.path().join("catalog");
    let footprints: Vec<[f64; 4]> = items(&catalog).into_iter().filter_map(|(.., edges)| edges).collect();
    // By PROJ: the corners of 383 m in UTM zone 18 north.
    let around = footprints.iter().fold([180.0, 90.0, -180.0, -90.0_f64], |all, one: &[f64; 4]| {
        [all[0].min(one[0]), all[1].min(one[1]), all[2].max(one[2]), all[3].max(one[3])]
    });
    assert!(footprints.len() >= 4, "{footprints:?}");
    assert!(around[0] > -77.52 && around[2] < -77.48 && around[1] > 38.71 && around[3] < 38.75, "{around:?}");
    check(&catalog, false);
    check(&catalog, true);
}

/// A photograph of a flight: a JPEG whose EXIF says where the camera stood, in the west and north, and when.
fn photograph(path: &Path, seed: u64, lng: f64, lat: f64) {
    let rational = |degrees: f64| {
        let parts = [(degrees.abs() * 1e7).round() as u32, 0, 0].into_iter().zip([10_000_000, 1, 1]);
        exif::Value::Rational(parts.map(|(num, denom)| Rational { num, denom }).collect())
    };
    let text = |text: &str| exif::Value::Ascii(vec![text.as_bytes().to_vec()]);
    let fields = [
        (exif::Tag::GPSLatitude, rational(lat)),
        (exif::Tag::GPSLatitudeRef, text("N")),
        (exif::Tag::GPSLongitude, rational(lng)),
        (exif::Tag::GPSLongitudeRef, text("W")),
        (exif::Tag::DateTimeOriginal, text("2026:06:21 12:30:00")),
    ];
    let fields = fields.map(|(tag, value)| Field { tag, ifd_num: In::PRIMARY, value });
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).expect("an EXIF block");
    let block = block.into_inner();
    let mut plain = Cursor::new(Vec::new());
    picture(seed, 160).write_to(&mut plain, ImageFormat::Jpeg).expect("a picture");
    let plain = plain.into_inner();
    let length = u16::try_from(block.len() + 8).expect("short").to_be_bytes();
    fs::create_dir_all(path.parent().expect("parent")).expect("a folder");
    let whole = [&plain[..2], &[0xff, 0xe1], &length, b"Exif\0\0", &block, &plain[2..]].concat();
    fs::write(path, whole).expect("a file");
}

#[test]
fn a_flight_is_exported_with_its_squares_at_the_places_of_its_camera() {
    let folder = tempfile::tempdir().expect("a folder");
    let card = folder.path().join("CARD");
    for at in 0..3_u32 {
        let path = card.join(format!("DCIM/100MEDIA/DJI_{at:04}.jpg"));
        photograph(&path, u64::from(at), -77.5 - f64::from(at) * 1e-3, 38.7);
    }
    index(&Request { images: vec![card], ..request(folder.path()) }).expect("indexed");
    let catalog = folder.path().join("catalog");
    let items = items(&catalog);
    let placed = |(id, _, edges): &(String, Vec<f32>, Option<[f64; 4]>)| {
        let number = id.split("DJI_").nth(1).and_then(|rest| rest[..4].parse::<f64>().ok());
        let expected = -77.5 - number.expect("a number") * 1e-3;
        edges.is_some_and(|[west, south, ..]| (west - expected).abs() < 1e-6 && (south - 38.7).abs() < 1e-6)
    };
    assert!(items.len() > 6 && items.iter().all(placed), "{items:?}");
    check(&catalog, false);
    let csv = folder.path().join("flight.csv");
    let words =
        [OsStr::new("export"), catalog.as_os_str(), "--format".as_ref(), "csv".as_ref(), "--out".as_ref()];
    said(&clip_rs(words.into_iter().chain([csv.as_os_str()])));
    let text = fs::read_to_string(csv).expect("a table");
    assert_eq!(text.matches("2026-06-21").count(), items.len(), "{text}");
}

#[test]
fn the_imagery_comes_back_out_of_an_archive_as_it_was() {
    let (folder, _) = catalog();
    let catalog = folder.path().join("catalog");
    let archive = folder.path().join("out.pmtiles");
    said(&clip_rs([
        OsStr::new("export"),
        catalog.as_os_str(),
        "--format".as_ref(),
        "pmtiles".as_ref(),
        "--out".as_ref(),
        archive.as_os_str(),
    ]));
    let opened = |path: &Path| {
        open(&Wanted { paths: vec![path.to_owned()], kind: Kind::Tiles, scheme: None, exclude: Vec::new() })
            .expect("a source")
    };
    let (from, to) = (opened(&folder.path().join("tiles")), opened(&archive));
    let mut digests = Vec::new();
    for entry in &from.inventory().entries {
        let content = from.read(entry).expect("a tile");
        assert_eq!(to.read(entry).expect("a tile"), content, "{}", entry.id);
        digests.push((entry.id.to_string(), Value::from(Digest::of(&content).to_string())));
    }
    let Some(read) = in_browsers(&archive, digests.iter().map(|(tile, _)| tile.as_str())) else { return };
    assert_eq!(read["tiles"], Value::Object(digests.into_iter().collect()));
}

/// What the reader that web maps have finds in an archive; none, said aloud, where it is not installed.
fn in_browsers<'a>(archive: &Path, tiles: impl Iterator<Item = &'a str>) -> Option<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reader/pmtiles.mjs");
    match Command::new("node").arg(script).arg(archive).args(tiles).output() {
        Ok(done) if done.status.code() != Some(MISSING) => {
            Some(serde_json::from_str(&said(&done)).expect("JSON"))
        }
        _ => {
            eprintln!("SKIPPED: npm's reader of PMTiles is not here");
            None
        }
    }
}

#[test]
fn nothing_that_is_there_is_replaced() {
    let (folder, _) = catalog();
    let catalog = folder.path().join("catalog");
    let mine = folder.path().join("mine.csv");
    fs::write(&mine, "mine").expect("a file");
    let done = clip_rs([
        OsStr::new("export"),
        catalog.as_os_str(),
        "--format".as_ref(),
        "csv".as_ref(),
        "--out".as_ref(),
        mine.as_os_str(),
    ]);
    assert!(!done.status.success() && String::from_utf8_lossy(&done.stderr).contains("already there"));
    assert_eq!(fs::read(&mine).expect("the file"), b"mine");
}
