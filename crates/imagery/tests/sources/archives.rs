//! Tiles in one file: MBTiles and PMTiles.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clip_rs_imagery::{Kind, Scheme, Wanted, open};
use flate2::{Compression, write::GzEncoder};
use image::ImageFormat;
use pmtiles::{PmTilesWriter, TileCoord, TileType};
use rusqlite::{Connection, params};

use crate::suite::{check, lies_in, names, says};
use crate::write::{file, folder, jpeg, picture, wanted};

fn refusal(wanted: &Wanted) -> String {
    open(wanted).err().expect("a refusal").to_string()
}

/// The two tables that tools which store equal tiles once make, with a view that shows them as `tiles`.
const DEDUPLICATED: &str = "
    CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_id TEXT);
    CREATE TABLE images (tile_id TEXT, tile_data BLOB);
    CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data
        FROM map JOIN images ON images.tile_id = map.tile_id;
    CREATE TABLE metadata (name TEXT, value TEXT);";

fn database(path: &Path, metadata: &[(&str, &str)], rows: &[(i64, i64, i64, &[u8])]) {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch(DEDUPLICATED).expect("tables");
    for (name, value) in metadata {
        connection.execute("INSERT INTO metadata VALUES (?1, ?2)", params![name, value]).expect("insert");
    }
    for (z, x, y, data) in rows {
        let id = format!("{z}/{x}/{y}");
        connection.execute("INSERT INTO map VALUES (?1, ?2, ?3, ?4)", params![z, x, y, id]).expect("insert");
        connection.execute("INSERT INTO images VALUES (?1, ?2)", params![id, data]).expect("insert");
    }
}

#[test]
fn mbtiles_rows_are_counted_from_the_south_and_nothing_is_written() {
    let root = folder();
    let path = root.path().join("50%? #1.mbtiles");
    let tile = picture(512, [3, 90, 4], ImageFormat::Png);
    let rows: [(i64, i64, i64, &[u8]); 5] = [
        (17, 37488, 80929, &tile),
        (17, 37489, 80929, &tile),
        (16, 18744, 40464, &tile),
        (17, 37490, 80929, b""),
        (30, 1, 1, &tile),
    ];
    database(&path, &[("name", "Mall"), ("attribution", "USGS"), ("bounds", "-78,38,-76,40")], &rows);
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(names(source.as_ref()), ["17/37488/50142", "17/37489/50142", "16/18744/25071"]);
    assert_eq!(source.inventory().tile_size, Some(512));
    assert_eq!(source.inventory().about.title.as_deref(), Some("Mall"));
    assert_eq!(source.inventory().about.attribution.as_deref(), Some("USGS"));
    assert_eq!(source.inventory().kinds[".png"], 3);
    let skipped: Vec<&str> = source.inventory().skipped.iter().map(|s| s.why.as_str()).collect();
    assert_eq!(skipped, ["it is empty", "no tile of zoom 0 to 24"]);
    let files = std::fs::read_dir(root.path()).expect("a folder").count();
    assert_eq!(files, 1, "reading leaves nothing behind");
}

#[test]
fn mbtiles_written_the_other_way_round_are_known_by_their_bounds_or_as_asked() {
    let root = folder();
    let path = root.path().join("a.mbtiles");
    let tile = jpeg();
    database(&path, &[("bounds", "-78,38,-76,40")], &[(17, 37488, 50142, &tile)]);
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(names(source.as_ref()), ["17/37488/50142"]);
    assert!(says(source.as_ref(), "counted from the north (XYZ): only so"));
    let asked = check(&Wanted { scheme: Some(Scheme::Tms), ..wanted(Kind::Tiles, &path) });
    assert_eq!(names(asked.as_ref()), ["17/37488/80929"]);
}

#[test]
fn mbtiles_are_read_while_their_log_is_not_yet_written_back() {
    let root = folder();
    let path = root.path().join("a.mbtiles");
    let writer = Connection::open(&path).expect("a database");
    writer.pragma_update(None, "journal_mode", "WAL").expect("a log");
    writer.execute_batch(DEDUPLICATED).expect("tables");
    writer.execute("INSERT INTO map VALUES (3, 1, 1, 'a')", []).expect("insert");
    writer.execute("INSERT INTO images VALUES ('a', ?1)", [jpeg()]).expect("insert");
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(names(source.as_ref()), ["3/1/6"]);
}

#[test]
fn mbtiles_that_are_vectors_or_no_tiles_or_damaged_are_refused_in_words() {
    let root = folder();
    let path = root.path().join("v.mbtiles");
    database(&path, &[("format", "pbf")], &[(3, 1, 1, b"\x1f\x8b")]);
    assert!(refusal(&wanted(Kind::Tiles, &path)).contains("vector tiles (pbf)"));
    assert!(refusal(&wanted(Kind::Pictures, &path)).contains("use --tiles"));
    let other = root.path().join("other.db");
    Connection::open(&other).and_then(|c| c.execute_batch("CREATE TABLE t (a)")).expect("a database");
    let message = refusal(&wanted(Kind::Tiles, &other));
    assert!(message.contains("no such table: tiles"), "{message}");
    let cut = std::fs::read(&path).expect("read");
    let damaged = file(root.path(), "cut.mbtiles", &cut[..cut.len() / 3]);
    assert!(open(&wanted(Kind::Tiles, damaged)).is_err());
}

/// Tiles of zoom 10 in rows and columns from 300 on; `picture_of` gives the bytes of each.
fn archive(path: &Path, kind: TileType, edge: u32, picture_of: impl Fn(u32, u32) -> Vec<u8>) {
    let metadata = r#"{"name": "Somewhere", "attribution": "public domain"}"#;
    let mut writer = PmTilesWriter::new(kind)
        .metadata(metadata)
        .create(File::create(path).expect("a file"))
        .expect("a writer");
    for x in 300..300 + edge {
        for y in 300..300 + edge {
            let coord = TileCoord::new(10, x, y).expect("a tile");
            writer.add_tile(coord, &picture_of(x, y)).expect("a tile");
        }
    }
    writer.finalize().expect("an archive");
}

#[test]
fn pmtiles_are_read_with_runs_and_their_own_words() {
    let root = folder();
    let path = root.path().join("a.pmtiles");
    let (sea, land) = (picture(8, [0, 0, 99], ImageFormat::WebP), picture(8, [9, 99, 0], ImageFormat::WebP));
    archive(&path, TileType::Webp, 6, |x, _| if x < 303 { sea.clone() } else { land.clone() });
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(source.inventory().entries.len(), 36);
    for entry in &source.inventory().entries {
        let expected = if entry.id.tile().expect("a tile").x() < 303 { &sea } else { &land };
        assert_eq!(source.read(entry).expect("readable"), *expected, "{}", entry.id);
    }
    assert_eq!(source.inventory().about.title.as_deref(), Some("Somewhere"));
    assert_eq!((source.inventory().tile_size, source.inventory().kinds[".webp"]), (Some(8), 36));
    assert!(lies_in(source.as_ref(), [-76.0, 53.0, -70.0, 60.0]));
}

#[test]
fn pmtiles_with_leaf_directories_list_every_tile() {
    let root = folder();
    let path = root.path().join("a.pmtiles");
    let shape = picture(4, [1, 2, 3], ImageFormat::Png);
    // Bytes after a PNG's end are no part of the picture, so every tile has bytes of its own.
    archive(&path, TileType::Png, 140, |x, y| {
        let mut bytes = shape.clone();
        bytes.extend(std::iter::repeat_n(x as u8, (x * 31 + y * 17) as usize % 97));
        bytes.extend([x as u8, y as u8, (x * y) as u8]);
        bytes
    });
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(source.inventory().entries.len(), 140 * 140);
}

#[test]
fn pmtiles_that_are_vectors_or_cut_off_are_refused_in_words() {
    let root = folder();
    let path: PathBuf = root.path().join("v.pmtiles");
    archive(&path, TileType::Mvt, 1, |_, _| vec![1, 2, 3]);
    assert!(refusal(&wanted(Kind::Tiles, &path)).contains("vector tiles"));
    archive(&path, TileType::Jpeg, 2, |_, _| jpeg());
    let whole = std::fs::read(&path).expect("read");
    for length in [8, 100, 127, 140] {
        let cut = file(root.path(), "cut.pmtiles", &whole[..length]);
        assert!(refusal(&wanted(Kind::Tiles, cut)).contains("PMTiles"), "{length}");
    }
}

#[test]
fn a_pmtiles_directory_that_unpacks_without_end_is_refused_unread() {
    let root = folder();
    let path = root.path().join("bomb.pmtiles");
    archive(&path, TileType::Jpeg, 2, |_, _| jpeg());
    let mut bytes = std::fs::read(&path).expect("read");
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    (0..65).for_each(|_| packer.write_all(&zeros).expect("packed"));
    let bomb = packer.finish().expect("packed");
    // Offset and length of the root directory stand at bytes 8 and 16 of the header.
    let (offset, length) = (bytes.len() as u64, bomb.len() as u64);
    bytes[8..16].copy_from_slice(&offset.to_le_bytes());
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    bytes.extend(bomb);
    let bomb = file(root.path(), "bomb.pmtiles", &bytes);
    let message = refusal(&wanted(Kind::Tiles, bomb));
    assert!(message.contains("unpacks to more than 64 MB"), "{message}");
}
