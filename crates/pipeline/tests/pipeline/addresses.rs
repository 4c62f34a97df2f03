//! Address points that people publish: GeoParquet among `--addresses`, and `clip-rs addresses`, which downloads them and keeps those
//! of an area.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, mpsc};

use arrow_array::{ArrayRef, BinaryArray, Float64Array, Int32Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;

use crate::fetching::{killed_after, said};
use crate::stand_in::{Asked, Reply, StandIn};
use crate::support::{catalog, clip_rs, model};

/// Middles of three of the tiles of [`crate::support::tiles`], and a place far from them.
const POINTS: [(f64, f64); 4] =
    [(-76.7175, 38.8996), (-76.6955, 38.8996), (-76.6735, 38.8996), (2.35, 48.85)];

/// Writes a Parquet table of these columns, with what GeoParquet says.
fn parquet(path: &Path, columns: Vec<(&str, ArrayRef)>, geo: Option<&str>) {
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let mut writer =
        ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    if let Some(geo) = geo {
        writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_owned()));
    }
    writer.close().expect("closed");
}

/// The points in WKB.
fn wkb() -> ArrayRef {
    let point = |(lng, lat): &(f64, f64)| {
        [&[1][..], &1_u32.to_le_bytes(), &lng.to_le_bytes(), &lat.to_le_bytes()].concat()
    };
    let points: Vec<Vec<u8>> = POINTS.iter().map(point).collect();
    Arc::new(BinaryArray::from_iter_values(points))
}

/// The points as GeoArrow has them.
fn pairs() -> ArrayRef {
    let column = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let field = |name: &str| Arc::new(Field::new(name, DataType::Float64, false));
    let (lng, lat) = POINTS.iter().copied().unzip();
    Arc::new(StructArray::from(vec![(field("x"), column(lng)), (field("y"), column(lat))]))
}

fn geo(column: &str, encoding: &str, more: &str) -> String {
    format!(
        r#"{{"version": "1.1.0", "primary_column": "{column}", "columns": {{"{column}": {{"encoding": "{encoding}", "geometry_types": ["Point"]{more}}}}}}}"#
    )
}

fn index(tiles: &Path, addresses: &Path, out: &Path) -> Output {
    let paths = [tiles, addresses, &model(), out].map(|path| path.to_str().expect("a path").to_owned());
    clip_rs([
        "index",
        "--tiles",
        &paths[0],
        "--addresses",
        &paths[1],
        "--model",
        &paths[2],
        "--out",
        &paths[3],
        "--address-distance",
        "3000",
    ])
}

#[test]
fn address_points_come_as_geoparquet_too() {
    let (folder, _) = catalog();
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("again"));
    let at = |name: &str| folder.path().join(name);
    let texts = |texts: [&str; 4]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    let number = || Arc::new(Int32Array::from(vec![7, 9, 11, 13])) as ArrayRef;
    let street = || texts(["Oak Lane", "Oak Lane", "Elm Way", "Rue de Rivoli"]);
    let [lng, lat]: [Vec<f64>; 2] = [POINTS.map(|at| at.0).to_vec(), POINTS.map(|at| at.1).to_vec()];
    let degrees = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
    parquet(
        &at("wkb.parquet"),
        vec![("number", number()), ("street", street()), ("geometry", wkb())],
        Some(&geo("geometry", "WKB", "")),
    );
    parquet(
        &at("pairs.parquet"),
        vec![("number", number()), ("street", street()), ("place", pairs())],
        Some(&geo("place", "point", "")),
    );
    parquet(
        &at("plain.parquet"),
        vec![
            ("address", texts(["7 Oak Lane", "9 Oak Lane", "11 Elm Way", "13 Rue"])),
            ("lon", degrees(lng)),
            ("lat", degrees(lat)),
        ],
        None,
    );
    for name in ["wkb.parquet", "pairs.parquet", "plain.parquet"] {
        let done = index(&tiles, &at(name), &out);
        let told = said(&done);
        assert!(
            done.status.success() && told.contains(&format!("{name}: 3 address points near the imagery")),
            "{told}"
        );
        assert!(told.contains("1 rows are out of reach"), "{told}");
        let csv = at(&format!("{name}.csv"));
        let words = [
            "export",
            out.to_str().expect("a path"),
            "--format",
            "csv",
            "--out",
            csv.to_str().expect("a path"),
        ];
        assert!(clip_rs(words).status.success());
        let places = fs::read_to_string(&csv).expect("a table");
        assert!(places.contains("7 Oak Lane") && places.contains("11 Elm Way"), "{places}");
    }
    let projected =
        r#", "crs": {"name": "NAD83 / Virginia North", "id": {"authority": "EPSG", "code": 2283}}"#;
    parquet(
        &at("feet.parquet"),
        vec![("street", street()), ("geometry", wkb())],
        Some(&geo("geometry", "WKB", projected)),
    );
    parquet(
        &at("nameless.parquet"),
        vec![("height", number()), ("geometry", wkb())],
        Some(&geo("geometry", "WKB", "")),
    );
    parquet(&at("placeless.parquet"), vec![("street", street())], None);
    for (name, word) in
        [("feet", "Virginia North"), ("nameless", "no column address"), ("placeless", "no geometry")]
    {
        let done = index(&tiles, &at(&format!("{name}.parquet")), &at("none"));
        assert!(!done.status.success() && said(&done).contains(word), "{name}: {}", said(&done));
    }
}

/// Address points as OpenAddresses publishes them: a feature a line, packed; every tenth of them near Manassas.
fn published() -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::none());
    for at in 0..4000 {
        let (lng, lat) = if at % 10 == 0 {
            (-77.4753 + f64::from(at) * 1e-7, 38.7509)
        } else {
            (-79.0, 37.0 + f64::from(at) * 1e-4)
        };
        writeln!(
            packer,
            r#"{{"type":"Feature","properties":{{"hash":"{at:016x}","number":"{at}","street":"OAK LANE","unit":"","city":"MANASSAS","district":"","region":"VA","postcode":"20110","id":""}},"geometry":{{"type":"Point","coordinates":[{lng},{lat}]}}}}"#
        )
        .expect("in memory");
    }
    packer.finish().expect("packed")
}

/// The file as a server gives it that knows parts, or not; of each answer only so many bytes come.
fn give(file: &[u8], asked: &Asked, knows_parts: bool, sent: usize) -> Reply {
    let total = file.len();
    let headers = "ETag: \"one\"\r\n".to_owned();
    let from =
        asked.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match from.filter(|_| knows_parts && asked.header("if-range") == Some("\"one\"")) {
        Some(from) if from >= total => Reply::Status(416, format!("Content-Range: bytes */{total}\r\n")),
        Some(from) => {
            let rest = file[from..].to_vec();
            let sent = sent.min(rest.len());
            Reply::Part(
                206,
                format!("{headers}Content-Range: bytes {from}-{}/{total}\r\n", total - 1),
                rest,
                sent,
            )
        }
        None => Reply::Part(200, headers, file.to_vec(), sent.min(total)),
    }
}

fn command(url: &str, area: &str, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clip-rs"));
    command.args(["addresses", "--url", url, "--area", area, "--out"]).arg(out);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn published_address_points_are_downloaded_part_by_part_and_those_of_the_area_kept() {
    let file = published();
    let total = file.len();
    let stand_in = StandIn::answering(move |asked, _| give(&file, asked, true, total / 3));
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("addresses.csv.gz");
    let url = format!("{}/us/va/manassas.geojson.gz?key=hunter2", stand_in.origin());
    let done = command(&url, "Manassas, Virginia", &out).output().expect("it starts");
    let told = said(&done);
    assert!(
        done.status.success()
            && told.contains("400 address points in or beside Manassas, Virginia, US; 3600 elsewhere"),
        "{told}"
    );
    assert!(told.contains("licence of whoever made them") && !told.contains("hunter2"), "{told}");
    let ranges: Vec<String> =
        stand_in.asked().iter().filter_map(|asked| asked.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges.first(), Some(&format!("bytes={}-", total / 3)), "{ranges:?}");
    let mut text = String::new();
    MultiGzDecoder::new(File::open(&out).expect("a file")).read_to_string(&mut text).expect("a table");
    assert_eq!(text.lines().count(), 401);
    assert!(
        text.starts_with("longitude,latitude,address\n") && text.contains(",\"10 OAK LANE, MANASSAS\"\n"),
        "{}",
        &text[..200]
    );
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
    let again = command(&url, "Manassas, Virginia", &out).output().expect("it starts");
    assert!(!again.status.success() && said(&again).contains("already there"), "{}", said(&again));
}

#[test]
fn a_download_that_was_killed_goes_on_where_the_server_gives_parts_and_begins_anew_where_not() {
    for knows_parts in [true, false] {
        let file = published();
        let total = file.len();
        let (asks, asked) = mpsc::channel();
        let stand_in = StandIn::answering(move |asked, before| {
            let reply = match before {
                0 => give(&file, asked, knows_parts, total / 4),
                // While it is being killed nothing comes, whether the server knows parts or not.
                1 => Reply::Hang,
                _ => give(&file, asked, knows_parts, total),
            };
            // The test may be over.
            let _over = asks.send(());
            reply
        });
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("addresses.csv");
        let url = format!("{}/a.geojson.gz", stand_in.origin());
        let area = "-77.6,38.7,-77.4,38.8";
        // Killed when it asks for the rest: a quarter has come.
        let was_running = killed_after(command(&url, area, &out).spawn().expect("it starts"), &asked, 2);
        assert!(was_running && !out.exists());
        let done = command(&url, area, &out).output().expect("it starts");
        assert!(done.status.success() && said(&done).contains("400 address points"), "{}", said(&done));
        let last = stand_in.asked().pop().expect("a request");
        let from = last
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        assert!(from.is_some_and(|from| from >= total / 4), "{:?}", last.headers);
        assert_eq!(fs::read_to_string(&out).expect("a table").lines().count(), 401, "{knows_parts}");
    }
}

#[test]
fn what_is_no_file_of_address_points_of_the_area_is_said_and_nothing_of_others_is_replaced() {
    let file = published();
    let stand_in = StandIn::answering(move |asked, _| match asked.path.as_str() {
        "/a.geojson.gz" => give(&file, asked, true, file.len()),
        "/page" => Reply::Ok("text/html", b"<html>log in first</html>".to_vec()),
        "/moved" => Reply::Status(302, "Location: /a.geojson.gz\r\n".to_owned()),
        "/refused" => Reply::Status(403, String::new()),
        _ => Reply::Status(404, String::new()),
    });
    let folder = tempfile::tempdir().expect("a folder");
    let run = |path: &str, area: &str, out: &str| {
        let url = format!("{}{path}", stand_in.origin());
        let done = command(&url, area, &folder.path().join(out)).output().expect("it starts");
        (done.status.success(), said(&done))
    };
    let area = "-77.6,38.7,-77.4,38.8";
    for (path, area, out, word) in [
        ("/a.geojson.gz", "10,50,11,51", "elsewhere.csv", "none of its address points lies in the area"),
        ("/page", area, "page.csv", "longitude"),
        ("/refused", area, "refused.csv", "refuses"),
        ("/missing", area, "missing.csv", "nothing is at this address"),
    ] {
        let (succeeded, told) = run(path, area, out);
        assert!(!succeeded && told.contains(word), "{path}: {told}");
        assert!(!folder.path().join(out).exists(), "{path}");
    }
    assert!(run("/moved", area, "moved.csv").0);
    let mine = folder.path().join("mine.csv.download");
    fs::write(&mine, "mine").expect("a file");
    let (succeeded, told) = run("/a.geojson.gz", area, "mine.csv");
    assert!(!succeeded && told.contains("somebody's file"), "{told}");
    assert_eq!(fs::read(&mine).expect("the file"), b"mine");
}
