//! The damaged files of the packet, each with what was changed and the reason that a reader must give.
//!
//! A case is a file of a kind as hexadecimal digits, or an edit of the `catalog.json` of a good catalog: `find` replaced by
//! `put`, and sealed with its new digest where `seal` says so.

use std::fs;
use std::path::Path;

use clip_rs_catalog::index::IndexHeader;
use clip_rs_catalog::{CatalogError, Details, Items, Manifest, PictureListing, TileListing};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogs::sealed;
use crate::reading;

/// A damaged file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Case {
    /// `items`, `details`, `tiles` and `pictures` (pages of a listing), `index`, or `manifest`.
    pub kind: String,
    /// What was changed.
    pub changed: String,
    /// Words of the error.
    pub reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    bytes: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    catalog: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    find: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    put: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    seal: bool,
}

impl Case {
    /// Reads the damaged file with our decoder of its kind.
    pub fn read(&self, fixtures: &Path) -> Result<(), CatalogError> {
        let bytes = hex::decode(&self.bytes).expect("hexadecimal digits");
        match self.kind.as_str() {
            "items" => Items::from_bytes(&bytes).map(drop),
            "details" => Details::from_bytes(&bytes).map(drop),
            "tiles" => TileListing::from_bytes(&bytes).map(drop),
            "pictures" => PictureListing::from_bytes(&bytes).map(drop),
            "index" => {
                let count = IndexHeader::read(&bytes)?.0.count as usize;
                reading::read_index(&bytes, count).map(drop)
            }
            "manifest" => {
                let good =
                    fs::read_to_string(fixtures.join(&self.catalog).join("catalog.json")).expect("good");
                assert!(good.contains(&self.find), "{}: nothing to change", self.changed);
                let changed = good.replacen(&self.find, &self.put, 1);
                let text = if self.seal { sealed(&changed) } else { changed };
                Manifest::from_json(text.as_bytes()).map(drop)
            }
            other => unreachable!("a case of the unknown kind {other}"),
        }
    }
}

/// Every case, as `damaged.json` has them.
pub fn all() -> Value {
    let mut cases = Vec::new();
    of_columns(&mut cases);
    of_listings(&mut cases);
    of_index(&mut cases);
    of_manifest(&mut cases);
    serde_json::to_value(cases).expect("plain JSON")
}

/// A file of columns, written by hand so that it may be wrong.
fn columns(magic: &[u8; 8], rows: u8, columns: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = [&magic[..], &[rows, columns.len() as u8]].concat();
    for (name, content) in columns {
        file.push(name.len() as u8);
        file.extend(name.as_bytes());
        file.push(content.len() as u8);
    }
    columns.iter().for_each(|(_, content)| file.extend(*content));
    file
}

const ITEMS: &[u8; 8] = b"CRSITEM2";

/// Two squares: 3/1/2 and 3/2/1.
fn squares(span: &[u8]) -> Vec<u8> {
    columns(ITEMS, 2, &[("zoom", &[3, 3]), ("column", &[2, 2]), ("row", &[4, 1]), ("span", span)])
}

fn of_columns(cases: &mut Vec<Case>) {
    let good = squares(&[1, 1]);
    assert!(Items::from_bytes(&good).is_ok());
    let mut add =
        |changed: &str, reason: &str, bytes: Vec<u8>| cases.push(case("items", changed, reason, bytes));
    add("another magic", "file of this version", [b"CRSITEN2", &good[8..]].concat());
    add("version 1 in the magic", "written in format 1", [b"CRSITEM1", &good[8..]].concat());
    add("nothing but the magic", "ends within its header", good[..8].to_vec());
    add("cut in the header", "ends within its header", good[..20].to_vec());
    add("the last byte is gone", "ends within its columns", good[..good.len() - 1].to_vec());
    add("a byte too many", "something follows its columns", [&good[..], &[0]].concat());
    let zooms = |zooms: &[u8]| columns(ITEMS, 2, &[("zoom", zooms), ("column", &[2, 2]), ("row", &[4, 1])]);
    add("three zooms for two rows", "column zoom is too long", zooms(&[3, 3, 3]));
    add("one zoom for two rows", "column zoom is too short", zooms(&[3]));
    add("a number of 36 bits", "one of more than 32 bits", zooms(&[3, 0xff, 0xff, 0xff, 0xff, 0xff, 0]));
    add("a number without its end", "one of more than 32 bits", zooms(&[3, 0x83]));
    add(
        "zoom 2 for a tile in column 4",
        "x and y below 2^zoom",
        columns(ITEMS, 1, &[("zoom", &[2]), ("column", &[8]), ("row", &[0])]),
    );
    add("zoom 25", "0 to 24", columns(ITEMS, 1, &[("zoom", &[25]), ("column", &[0]), ("row", &[0])]));
    add(
        "a column of -1",
        "outside the pyramid",
        columns(ITEMS, 1, &[("zoom", &[3]), ("column", &[1]), ("row", &[0])]),
    );
    add("a span of 0", "inside the pyramid", squares(&[1, 0]));
    add("a span beyond the last row", "inside the pyramid", squares(&[7, 1]));
    add("no row", "column row is missing", columns(ITEMS, 1, &[("zoom", &[3]), ("column", &[2])]));
    add("zoom twice", "is there twice", columns(ITEMS, 1, &[("zoom", &[3]), ("zoom", &[3])]));
    add("257 columns", "at most 256 are possible", [&ITEMS[..], &[0, 0x81, 2], &[0; 514]].concat());
    let twin = |number| {
        columns(
            ITEMS,
            2,
            &[("zoom", &[3, 3]), ("column", &[2, 2]), ("row", &[4, 1]), ("duplicate_of", &[0, number])],
        )
    };
    assert!(Items::from_bytes(&twin(1)).is_ok());
    add("an item that is its own duplicate", "the duplicate of a later one", twin(2));
    let picture = |names: &[u8], west: &[u8], south: &[u8], height: &[u8]| {
        columns(
            ITEMS,
            1,
            &[("names", names), ("west", west), ("south", south), ("width", &[0]), ("height", height)],
        )
    };
    assert!(Items::from_bytes(&picture(&[1, 1, b'a'], &[0], &[0], &[0])).is_ok());
    add("a picture called ../a", "relative path", picture(&[1, 4, b'.', b'.', b'/', b'a'], &[0], &[0], &[0]));
    add("a name that is no UTF-8", "no UTF-8", picture(&[1, 1, 0xff], &[0], &[0], &[0]));
    add("a name longer than the column", "ends within its texts", picture(&[1, 9, b'a'], &[0], &[0], &[0]));
    add("a text too many", "goes on behind its texts", picture(&[1, 1, b'a', 1, b'b'], &[0], &[0], &[0]));
    add(
        "names of other number than items",
        "its items are not its pictures",
        columns(
            ITEMS,
            2,
            &[("names", &[1, 1, b'a']), ("west", &[0]), ("south", &[0]), ("width", &[0]), ("height", &[0])],
        ),
    );
    // 1,800,000,001 units zigzag coded, and 900,000,001.
    add(
        "a west edge beyond 180 degrees",
        "-180 to 180",
        picture(&[1, 1, b'a'], &[0x82, 0xc8, 0xce, 0xb4, 0x0d], &[0], &[0]),
    );
    add(
        "a box that goes on beyond the pole",
        "larger than the Earth",
        picture(&[1, 1, b'a'], &[0], &[0], &[0x81, 0xd2, 0x93, 0xad, 0x03]),
    );
    let part = |picture: u8| {
        columns(
            ITEMS,
            1,
            &[
                ("names", &[1, 1, b'a']),
                ("west", &[0]),
                ("south", &[0]),
                ("width", &[0]),
                ("height", &[0]),
                ("picture", &[picture]),
                ("x", &[0]),
                ("y", &[0]),
                ("side", &[9]),
            ],
        )
    };
    assert!(Items::from_bytes(&part(0)).is_ok());
    add("an item of picture 1 of one", "picture 1 of 1", part(1));
}

fn of_listings(cases: &mut Vec<Case>) {
    const DETAILS: &[u8; 8] = b"CRSDETL1";
    let details = |place: u8, day: &[u8]| {
        columns(DETAILS, 1, &[("texts", &[1, 1, b'a']), ("place", &[place]), ("captured", day)])
    };
    assert!(Details::from_bytes(&details(1, &[0])).is_ok());
    cases.push(case("details", "text 2 of one", "text 2 of 1", details(2, &[0])));
    // 20,230,229: no leap year.
    cases.push(case(
        "details",
        "29 February 2023",
        "a day of the calendar",
        details(1, &[0xd5, 0xe0, 0xd2, 0x09]),
    ));
    let rows = [&DETAILS[..], &[0x81, 0x80, 4, 1, 5], b"texts", &[1, 0]].concat();
    cases.push(case("details", "65,537 rows", "at most 65536 are possible", rows));
    const TILES: &[u8; 8] = b"CRSTILE1";
    let tiles = |zooms: [u8; 2], kinds: [u8; 2], lengths: [u8; 2], digests: &[u8]| {
        columns(
            TILES,
            2,
            &[
                ("zoom", &zooms),
                ("column", &[0, 0]),
                ("row", &[0, 0]),
                ("kind", &kinds),
                ("bytes", &lengths),
                ("digest", digests),
            ],
        )
    };
    assert!(TileListing::from_bytes(&tiles([0, 1], [0, 3], [1, 2], &[7; 32])).is_ok());
    let mut add = |changed: &str, reason: &str, bytes| cases.push(case("tiles", changed, reason, bytes));
    add("zoom 1 before zoom 0", "its tiles are not in order", tiles([1, 0], [0, 0], [1, 1], &[7; 32]));
    add("a tile twice", "its tiles are not in order", tiles([1, 1], [0, 0], [1, 1], &[7; 32]));
    add("kind 4", "a kind of picture that is not known", tiles([0, 1], [0, 4], [1, 1], &[7; 32]));
    add("a file of no bytes", "a tile without a file", tiles([0, 1], [0, 0], [1, 0], &[7; 32]));
    add("31 bytes of digests", "is not as long as there are rows", tiles([0, 1], [0, 0], [1, 1], &[7; 31]));
    const PICTURES: &[u8; 8] = b"CRSPICT1";
    let pictures =
        |names: &[u8]| columns(PICTURES, 2, &[("names", names), ("width", &[9, 9]), ("height", &[9, 9])]);
    assert!(PictureListing::from_bytes(&pictures(&[2, 1, b'a', 1, b'b'])).is_ok());
    let mut add = |changed: &str, reason: &str, bytes| cases.push(case("pictures", changed, reason, bytes));
    add("b before a", "its names are not in order", pictures(&[2, 1, b'b', 1, b'a']));
    add("one name for two rows", "not as many names as rows", pictures(&[1, 1, b'a']));
    add("a picture called .a", "relative path", pictures(&[2, 2, b'.', b'a', 1, b'b']));
}

fn of_index(cases: &mut Vec<Case>) {
    let index = |codes: &[u8], graph: &[u8]| {
        [&IndexHeader { dim: 2, count: 2, ef_search: 9, neighbours: 2 }.to_bytes()[..], codes, graph].concat()
    };
    let (codes, graph) = ([127, 0, 0, 127], [1, 0, 1, 1, 1, 0]);
    assert!(reading::read_index(&index(&codes, &graph), 2).is_ok());
    let mut add = |changed: &str, reason: &str, bytes| cases.push(case("index", changed, reason, bytes));
    add("cut in the header", "file of this version", index(&codes, &graph)[..23].to_vec());
    add("version 1 in the magic", "written in format 1", [b"CRSINDX1", &index(&codes, &graph)[8..]].concat());
    add("no third and fourth code", "its codes alone end at 28", index(&codes[..2], &[]));
    add("a neighbour that is no item", "its graph is damaged", index(&codes, &[1, 0, 1, 2, 1, 0]));
    add("no list of the last item", "its graph is damaged", index(&codes, &graph[..4]));
    add("an endless number", "its graph is damaged", index(&codes, &[1, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 0]));
}

fn of_manifest(cases: &mut Vec<Case>) {
    let mut add = |catalog: &str, changed: &str, (find, put): (&str, &str), seal, reason: &str| {
        let [catalog, changed, find, put, reason] = [catalog, changed, find, put, reason].map(str::to_owned);
        let bytes = String::new();
        cases.push(Case { kind: "manifest".into(), changed, reason, bytes, catalog, find, put, seal });
    };
    add("tiles", "a letter of the title", ("Fixture", "Fixtura"), false, "does not match its SHA-256");
    add(
        "tiles",
        "format 3, and nothing else fits",
        ("\"format\": 2", "\"format\": 3"),
        false,
        "written in format 3",
    );
    add(
        "tiles",
        "format 1 without a true digest",
        ("\"format\": 2", "\"format\": 1"),
        false,
        "written in format 1",
    );
    add("tiles", "no title", ("\"title\"", "\"titel\""), true, "missing field");
    add("tiles", "an id that is a path", ("\"id\": \"tiles\"", "\"id\": \"../up\""), true, "the id is not");
    add(
        "tiles",
        "deepest zoom 8 below zoom 9",
        ("\"maxzoom\": 10", "\"maxzoom\": 8"),
        true,
        "its zooms are not in order",
    );
    add(
        "tiles",
        "tiles of 8,192 pixels",
        ("\"tile_size\": 512", "\"tile_size\": 8192"),
        true,
        "its tile size is not 64 to 4096 pixels",
    );
    add("tiles", "no kinds", ("\"kinds\": [", "\"kinds\": [], \"sorts\": ["), true, "no kind");
    add(
        "tiles",
        "a folder of another name",
        ("\"tiles-0123456789abcdef\"", "\"tiles\""),
        true,
        "its folders are not called",
    );
    add(
        "tiles",
        "a page that begins with a later tile",
        ("\"first\": \"0/0/0\"", "\"first\": \"11/0/0\""),
        true,
        "the pages of its listing are not in order",
    );
    add(
        "tiles",
        "one page of details too few",
        ("\"page_rows\": 3", "\"page_rows\": 8"),
        true,
        "pages of details do not hold its items",
    );
    add(
        "tiles",
        "pages without rows",
        ("\"page_rows\": 3", "\"page_rows\": 0"),
        true,
        "pages of details do not hold its items",
    );
    add(
        "tiles",
        "a vector of three components",
        ("\"embed_dim\": 4", "\"embed_dim\": 3"),
        true,
        "centroid does not fit the model",
    );
    add(
        "tiles",
        "an index that is not among the files",
        ("\"index\": \"index.", "\"index\": \"other."),
        true,
        "it names no file",
    );
    add(
        "tiles",
        "a file whose name has another hash",
        ("\"name\": \"index.", "\"name\": \"index.0"),
        true,
        "does not carry the digest of its file",
    );
    add(
        "tiles",
        "pictures as well",
        (
            "\"pictures\": null",
            "\"pictures\": {\"folders\": [], \"thumbnails\": [], \"count\": 0, \"listing\": []}",
        ),
        true,
        "either tiles or pictures",
    );
    add(
        "pictures",
        "thumbnails that fall",
        ("\"thumbnails\": [\n      64", "\"thumbnails\": [\n      1024"),
        true,
        "thumbnails are not at most 4 ascending",
    );
}

fn case(kind: &str, changed: &str, reason: &str, bytes: Vec<u8>) -> Case {
    let [kind, changed, reason] = [kind, changed, reason].map(str::to_owned);
    Case { kind, changed, reason, bytes: hex::encode(bytes), ..Case::default() }
}
