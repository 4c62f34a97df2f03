//! What decoders allocate: in proportion to the bytes that they are given, whatever these say; and what items take in
//! memory. Also, on every mutated file of the conformance packet: no panic.
//!
//! All of it is measured by an allocator that counts, which is why these tests have a binary of their own and run one at a
//! time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clip_rs_catalog::index::{IndexHeader, take_list};
use clip_rs_catalog::{
    Bounds, Crop, Detail, Details, ItemId, Items, ItemsBuilder, LngLat, Manifest, PictureListing, TileId,
    TileListing, TileSquare,
};
use peak_alloc::PeakAlloc;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes that a decoder may allocate for each byte of a file, at its peak and with what it returns.
const FOR_A_BYTE: usize = 64;
/// Bytes that a decoder may allocate for any file: frames of columns, and messages.
const FOR_A_FILE: usize = 32 << 10;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `work` gives, and the most memory that it held at a time.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = work();
    (result, MEMORY.peak_usage() - before)
}

/// Reads a file by what its name says, and looks at everything that was read, a row at a time.
fn read(name: &str, bytes: &[u8]) {
    let kind = name.split('.').next().unwrap_or_default();
    match kind {
        "catalog" => drop(Manifest::from_json(bytes)),
        "items" => {
            if let Ok(items) = Items::from_bytes(bytes) {
                assert_eq!(items.ids().count(), items.len());
                for at in 0..=items.len() {
                    let (_, earlier) = (items.centre(at), items.duplicate_of(at));
                    assert!(earlier.is_none_or(|earlier| earlier < at));
                }
            }
        }
        "details" => {
            if let Ok(details) = Details::from_bytes(bytes) {
                (0..details.len()).for_each(|at| assert!(details.get(at).is_some()));
            }
        }
        "listing" => {
            if let Ok(listing) = TileListing::from_bytes(bytes) {
                listing.iter().for_each(|listed| assert_eq!(listing.get(listed.tile), Some(listed)));
            }
            if let Ok(listing) = PictureListing::from_bytes(bytes) {
                listing.iter().for_each(|listed| assert_eq!(listing.get(&listed.name), Some(listed)));
            }
        }
        "index" => {
            if let Ok((header, end)) = IndexHeader::read(bytes) {
                let (mut graph, mut ordinals) = (&bytes[end..], Vec::new());
                while take_list(&mut graph, header.count, 1 << 20, &mut ordinals).is_some() {}
            }
        }
        _ => {}
    }
}

fn check(name: &str, bytes: &[u8], what: &str) {
    let ((), most) = peak(|| read(name, bytes));
    let bound = FOR_A_BYTE * bytes.len() + FOR_A_FILE;
    assert!(most <= bound, "{name}, {} bytes, {what}: {most} bytes of memory, at most {bound}", bytes.len());
}

/// Every file of the packet's catalogs that has a decoder.
fn packet() -> Vec<(String, Vec<u8>)> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/fixtures");
    let entries = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    };
    let catalogs = entries(&fixtures).into_iter().filter(|path| path.is_dir());
    let mut files = Vec::new();
    for path in catalogs.flat_map(|catalog| entries(&catalog)).filter(|path| path.is_file()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        files.push((name, fs::read(&path).expect("a file")));
    }
    files.sort();
    assert!(files.len() > 40, "only {} files", files.len());
    files
}

/// One to three changes: bytes set, turned, doubled, cut out or put in from another place.
fn mutate(bytes: &mut Vec<u8>, dice: &mut StdRng) {
    for _ in 0..dice.random_range(1..=3) {
        if bytes.is_empty() {
            return;
        }
        let at = dice.random_range(0..bytes.len());
        let end = dice.random_range(at..bytes.len().min(at + 16)) + 1;
        match dice.random_range(0..6) {
            0 => bytes[at] = dice.random(),
            1 => bytes[at] ^= 1 << dice.random_range(0..8),
            2 => bytes[at..end].fill([0, 0x7f, 0x80, 0xff][dice.random_range(0..4)]),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            _ => {
                let piece = bytes[at..end].to_vec();
                let place = dice.random_range(0..=bytes.len());
                drop(bytes.splice(place..place, piece));
            }
        }
    }
}

#[test]
fn mutated_files_never_panic_and_take_memory_in_proportion() {
    let _alone = alone();
    let seed = 41;
    let mut dice = StdRng::seed_from_u64(seed);
    for (name, good) in packet() {
        check(&name, &good, "as it is");
        for round in 0..3000 {
            let mut bytes = good.clone();
            mutate(&mut bytes, &mut dice);
            let what = format!("seed {seed}, round {round}");
            check(&name, &bytes, &what);
        }
    }
}

fn number(mut number: usize, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A file of columns that says it has so many rows.
fn columns(magic: &[u8; 8], rows: usize, columns: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut file = magic.to_vec();
    number(rows, &mut file);
    number(columns.len(), &mut file);
    for (name, content) in columns {
        number(name.len(), &mut file);
        file.extend(name.as_bytes());
        number(content.len(), &mut file);
    }
    columns.iter().for_each(|(_, content)| file.extend(content));
    file
}

fn one_text(text: &str) -> Vec<u8> {
    let mut bytes = vec![1];
    number(text.len(), &mut bytes);
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn crafted_files_take_memory_in_proportion() {
    let _alone = alone();
    // 150 kB in which each of many items has the same text of 85 kB: as texts of their own they would take 5.6 GB.
    let rows = 65_536;
    let shared =
        columns(b"CRSDETL1", rows, &[("texts", one_text(&"x".repeat(85_000))), ("place", vec![1; rows])]);
    assert!(shared.len() > 150_000 && Details::from_bytes(&shared).is_ok_and(|page| page.len() == rows));
    check("details", &shared, "many items that share one long text");
    let many = 100_000;
    let zeros = || vec![0; many];
    let crops = [("picture", zeros()), ("x", zeros()), ("y", zeros()), ("side", vec![1; many])];
    let place = ["west", "south", "width", "height"].map(|name| (name, vec![0]));
    let named = ("names", one_text(&"x".repeat(512)));
    let crops = columns(b"CRSITEM2", many, &[&[named][..], &place, &crops].concat());
    assert!(Items::from_bytes(&crops).is_ok_and(|items| items.len() == many));
    check("items", &crops, "many squares of a picture of a long name");
    let squares = [("zoom", zeros()), ("column", zeros()), ("row", zeros())];
    check("items", &columns(b"CRSITEM2", many, &squares), "many squares in the least bytes");
    let short: Vec<u8> = (0..many).flat_map(|_| [1, b'a']).collect();
    let mut names = Vec::new();
    number(many, &mut names);
    names.extend(short);
    let pictures = ["west", "south", "width", "height"].map(|name| (name, zeros()));
    check(
        "items",
        &columns(b"CRSITEM2", many, &[&[("names", names)][..], &pictures].concat()),
        "short names",
    );
    for magic in [b"CRSITEM2", b"CRSDETL1", b"CRSTILE1", b"CRSPICT1"] {
        let name = if magic == b"CRSITEM2" { "items" } else { "details" };
        for rows in [1 << 16, 1 << 31, u32::MAX as usize] {
            let empty = columns(magic, rows, &[("zoom", vec![]), ("texts", vec![0]), ("names", vec![0])]);
            check(name, &empty, "rows that are not there");
            check("listing", &empty, "rows that are not there");
        }
        let nameless = [&magic[..], &[0, 0xff, 0xff, 3], &[0; 200_000]].concat();
        check(name, &nameless, "columns without names");
    }
    for list in ["\"details\": [", "\"examples\": [", "\"centroid\": [", "\"a\": ["] {
        let one = if list.contains("centroid") { "1," } else { "\"\"," };
        let text = format!("{{\"format\": 2, \"shards\": [{{{list}{}", one.repeat(300_000));
        check("catalog.json", text.as_bytes(), list);
    }
    check("catalog.json", "[".repeat(1 << 20).as_bytes(), "lists in lists");
    let endless = IndexHeader { dim: 0, count: u32::MAX, ef_search: 1, neighbours: u32::MAX }.to_bytes();
    check("index", &[&endless[..], &[0xff; 4096]].concat(), "items that are not there");
}

/// Memory that the builder's items take once they have been written and read.
fn held(builder: ItemsBuilder) -> usize {
    let bytes = builder.build().to_bytes().expect("few enough");
    let without = MEMORY.current_usage();
    let read = Items::from_bytes(&bytes).expect("good");
    let with = MEMORY.current_usage();
    assert_eq!(read.len(), MILLION);
    with - without
}

const MILLION: usize = 1_000_000;

#[test]
fn a_million_squares_take_at_most_24_bytes_each_and_4_for_duplicates() {
    let _alone = alone();
    for duplicates in [false, true] {
        let mut builder = ItemsBuilder::default();
        for at in 0..MILLION as u32 {
            let square = TileSquare::new(TileId::new(17, at % 1000, at / 1000).expect("a tile"), 2);
            builder.push(&ItemId::Tiles(square.expect("a square")), None).expect("an item");
        }
        if duplicates {
            builder.mark_duplicate(MILLION - 1, 0).expect("an earlier item");
        }
        let read = held(builder);
        let bound = MILLION * (24 + 4 * usize::from(duplicates));
        assert!(read <= bound, "{read} bytes, at most {bound}");
    }
}

#[test]
fn a_million_pictures_or_squares_of_them_take_at_most_24_bytes_each_and_every_name_once() {
    let _alone = alone();
    for squares in [1, 4] {
        let mut builder = ItemsBuilder::default();
        let mut names = 0;
        for picture in 0..MILLION / squares {
            let name = format!("flight/{picture:07}.jpg");
            names += name.len();
            let at = Bounds::from(LngLat::new(8.5, 47.0).expect("on Earth"));
            for square in 0..squares as u32 {
                let crop = (square > 0).then_some(Crop { x: square, y: 0, side: 256 });
                builder.push(&ItemId::Picture { name: name.clone(), crop }, Some(at)).expect("an item");
            }
        }
        let read = held(builder);
        let bound = MILLION * 24 + names;
        assert!(read <= bound, "{squares} of a picture: {read} bytes, at most {bound}");
    }
}

#[test]
fn a_page_of_details_has_each_text_once() {
    let _alone = alone();
    let detail = Detail { place: Some("x".repeat(10_000)), ..Detail::default() };
    let page = Details::new(&vec![detail; 4096]).and_then(|page| page.to_bytes()).expect("small");
    let (read, most) = peak(|| Details::from_bytes(&page).expect("good"));
    assert_eq!(read.len(), 4096);
    assert!(most < 60_000, "{most} bytes");
}
