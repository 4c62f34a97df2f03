//! The good catalogs of the packet. Their items are chosen so that each usual misreading finds another first hit: what
//! those are is in `fixtures/decoys.json`.

use clip_rs_catalog::{
    Date, Detail, Digest, ImageKind, ListedFile, ListedPicture, ListedTile, Manifest, PictureSet, TileId,
    TileSet,
};

use crate::maker::{Files, Made, Maker, item};

/// Every catalog that the packet has, by the name of its folder.
pub fn all() -> Vec<(&'static str, Files)> {
    vec![
        ("tiles", tiles()),
        ("pictures", pictures()),
        ("antimeridian", antimeridian()),
        ("shards", shards()),
        ("empty", empty()),
        ("future", future()),
    ]
}

/// Adds the files of tiles, of kinds and folders in turn, and gives their listing.
fn listed(maker: &mut Maker, tiles: &[&str], folders: &[&str]) -> Vec<ListedTile> {
    let mut listed = Vec::new();
    for (at, tile) in tiles.iter().enumerate() {
        let (folder, kind) = (at % folders.len(), ImageKind::ALL[at % ImageKind::ALL.len()]);
        let content = format!("{tile} of {}", folders[folder]).into_bytes();
        let tile: TileId = tile.parse().expect("a tile");
        maker.files.insert(format!("{}/{tile}.{kind}", folders[folder]), content.clone());
        let file = ListedFile::of(&content, folder as u16).expect("a short file");
        listed.push(ListedTile { tile, kind, file });
    }
    listed
}

fn tile_set(maker: &mut Maker, tiles: &[&str], folders: &[&str], zoom: u8, page_rows: usize) -> TileSet {
    let listed = listed(maker, tiles, folders);
    let zooms = || listed.iter().map(|one| one.tile.z());
    let (minzoom, maxzoom) = (zooms().min().expect("tiles"), zooms().max().expect("tiles"));
    let mut kinds: Vec<ImageKind> = listed.iter().map(|one| one.kind).collect();
    kinds.dedup();
    kinds.truncate(4);
    let count = listed.len();
    TileSet {
        folders: folders.iter().map(|folder| (*folder).to_owned()).collect(),
        kinds,
        minzoom,
        maxzoom,
        zoom,
        tile_size: 512,
        count,
        listing: maker.tile_pages(listed, page_rows),
    }
}

const TWO_FOLDERS: [&str; 2] = ["tiles-0123456789abcdef", "tiles-fedcba9876543210"];

fn tiles() -> Files {
    let mut maker = Maker::new();
    let dated = Detail {
        place: Some("Place of 9/129/128".into()),
        address: Some("1 Mill Road".into()),
        address_m: Some(87),
        captured: Date::new(2024, 2, 29).ok(),
        source: Some("county 2024".into()),
    };
    let items = [
        item("9/128/128", [127, 0, 0, 0]),
        Made { detail: dated, ..item("9/129/128", [100, 127, 0, 0]) },
        item("9/128/129+2", [-127, 20, 0, 0]),
        item("9/129/129", [0, 0, 127, 0]),
        Made { duplicate_of: Some(3), detail: Detail::default(), ..item("9/128/130", [0, 0, 127, 0]) },
        item("9/130/128+3", [0, -1, 0, -127]),
        item("9/130/383", [0, 1, 0, -127]),
        item("10/256/256", [60, -127, 0, 0]),
    ];
    let shard = maker.shard(&items, 3, Some([-90.0, -66.6, -87.0, 66.6]));
    let tiles = [
        "0/0/0",
        "9/128/128",
        "9/129/128",
        "9/128/129",
        "9/129/129",
        "9/128/130",
        "9/130/128",
        "9/130/383",
        "10/256/256",
    ];
    let tiles = tile_set(&mut maker, &tiles, &TWO_FOLDERS, 9, 4);
    maker.finish("tiles", Some(tiles), None, vec![shard])
}

fn pictures() -> Files {
    let mut maker = Maker::new();
    let at = |lng: f64, lat: f64| Some([lng, lat, lng, lat]);
    let items = [
        Made { footprint: at(10.5, 50.25), ..item("a/one.jpg", [127, 0, 0, 0]) },
        item("a/one.jpg#xywh=0,512,256,256", [0, 127, 0, 0]),
        Made { footprint: at(50.25, 10.5), ..item("b/two.png", [126, 10, 0, 127]) },
        item("Москва.jpg", [0, 0, 127, 0]),
        Made { footprint: Some([179.5, -18.0, -179.75, -17.0]), ..item("fiji (1).webp", [127, 0, 0, 127]) },
    ];
    let shard = maker.shard(&items, 4096, Some([10.5, -18.0, -179.75, 50.25]));
    let folder = "pictures-0123456789abcdef";
    let mut file = |path: String| {
        let content = path.clone().into_bytes();
        maker.files.insert(format!("{folder}/{path}"), content.clone());
        ListedFile::of(&content, 0)
    };
    let mut pictures = Vec::new();
    for (name, width, original) in [
        ("a/one.jpg", 1024, true),
        ("b/two.png", 100, false),
        ("Москва.jpg", 640, true),
        ("fiji (1).webp", 300, true),
    ] {
        let mut thumbnail = |edge: u32| if width > edge { file(format!("{edge}/{name}.jpg")) } else { None };
        let thumbnails = vec![thumbnail(64), thumbnail(512)];
        let original = if original { file(format!("original/{name}")) } else { None };
        pictures.push(ListedPicture { name: name.into(), width, height: 768, original, thumbnails });
    }
    let count = pictures.len();
    let listing = maker.picture_pages(pictures, 3);
    let set = PictureSet { folders: vec![folder.into()], thumbnails: vec![64, 512], count, listing };
    maker.finish("pictures", None, Some(set), vec![shard])
}

fn antimeridian() -> Files {
    let mut maker = Maker::new();
    let items = [
        item("5/0/15", [100, 100, 0, 127]),
        item("5/16/15", [127, 0, 0, 0]),
        item("5/31/15+2", [126, 30, 0, 0]),
    ];
    let shard = maker.shard(&items, 2, Some([168.75, -11.2, -168.75, 11.2]));
    let tiles = ["5/0/15", "5/31/15", "5/0/16", "5/31/16", "5/16/15"];
    let tiles = tile_set(&mut maker, &tiles, &TWO_FOLDERS[..1], 5, 100);
    maker.finish("antimeridian", Some(tiles), None, vec![shard])
}

fn shards() -> Files {
    let mut maker = Maker::new();
    let mut first =
        [item("3/0/0", [0, 127, 0, 0]), item("3/1/0", [127, 5, 0, 0]), item("3/1/1", [0, 0, 127, 0])];
    first[0].detail.address = Some("2 Mill Road".into());
    first[0].detail.address_m = Some(256);
    let second = [item("3/2/2", [127, 5, 0, 0]), item("3/3/2", [0, 0, 0, 127])];
    let shards = vec![
        maker.shard(&first, 2, Some([-180.0, 66.5, -90.0, 85.1])),
        maker.shard(&second, 2, Some([-90.0, 40.9, 0.0, 66.6])),
    ];
    let tiles = ["3/0/0", "3/1/0", "3/1/1", "3/2/2", "3/3/2"];
    let tiles = tile_set(&mut maker, &tiles, &TWO_FOLDERS[..1], 3, 2);
    maker.finish("shards", Some(tiles), None, shards)
}

/// A map on which there is nothing to be found.
fn empty() -> Files {
    let mut maker = Maker::new();
    let shard = maker.shard(&[], 4096, None);
    let tiles = tile_set(&mut maker, &["0/0/0"], &TWO_FOLDERS[..1], 0, 100);
    maker.finish("empty", Some(tiles), None, vec![shard])
}

/// The catalog `tiles` as a later version might write it: with keys and columns that nobody knows yet.
fn future() -> Files {
    let mut files = tiles();
    let mut text = String::from_utf8(files["catalog.json"].clone()).expect("text");
    let manifest = Manifest::from_json(text.as_bytes()).expect("good");
    for old in &manifest.files {
        if !["items", "details", "listing"].iter().any(|stem| old.name.starts_with(stem)) {
            continue;
        }
        let grown = with_column(&files[&old.name], "of_the_future", &[0xff, 0, 1]);
        let stem = old.name.split('.').next().unwrap_or_default();
        let new = clip_rs_catalog::FileRef::of(&grown, stem, "bin");
        files.remove(&old.name);
        text = text.replace(&old.name, &new.name).replace(&old.sha256.to_string(), &new.sha256.to_string());
        let length = |bytes: u64| format!("\"name\": \"{}\",\n      \"bytes\": {bytes}", new.name);
        text = text.replace(&length(old.bytes), &length(new.bytes));
        files.insert(new.name, grown);
    }
    text = text.replacen("\"title\"", "\"invented\": {\n    \"later\": [1]\n  },\n  \"title\"", 1);
    text = text.replace("\"page_rows\"", "\"offsets\": null,\n      \"page_rows\"");
    files.insert("catalog.json".into(), sealed(&text).into_bytes());
    files
}

/// A file of fewer than 127 columns with one more, in front of the others.
fn with_column(file: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    assert!(file[8] < 0x80 && file[9] < 0x7f && content.len() < 0x80, "numbers of one byte");
    let (mut at, mut contents) = (10, file.len());
    for _ in 0..file[9] {
        at += 1 + usize::from(file[at]);
        // The length of a column's content has a byte or two here.
        let (length, bytes) = match file[at] {
            low @ 0x80.. => (usize::from(low & 0x7f) | usize::from(file[at + 1]) << 7, 2),
            low => (usize::from(low), 1),
        };
        (at, contents) = (at + bytes, contents - length);
    }
    assert_eq!(at, contents, "the header ends where the contents begin");
    let header = [&[name.len() as u8][..], name.as_bytes(), &[content.len() as u8]].concat();
    [&file[..9], &[file[9] + 1], &header, &file[10..at], content, &file[at..]].concat()
}

/// A changed `catalog.json` with the digest that it has now.
pub fn sealed(text: &str) -> String {
    let at = text.rfind("\"digest\": \"").expect("a digest") + "\"digest\": \"".len();
    let mut sealed = text.to_owned();
    sealed.replace_range(at..at + 64, &"0".repeat(64));
    let digest = Digest::of(sealed.as_bytes()).to_string();
    sealed.replace_range(at..at + 64, &digest);
    sealed
}
