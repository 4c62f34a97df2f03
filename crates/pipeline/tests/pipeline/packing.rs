//! A pack holds the page and what the catalog names, byte for byte, and takes the place of nothing but an earlier pack.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use clip_rs_page::given::Placed;
use clip_rs_pipeline::index::{Request as IndexRequest, index};
use clip_rs_pipeline::pack::{Marker, Packed, Request, pack};
use clip_rs_pipeline::verify::verify;
use clip_rs_stage::StageError;
use zip::{CompressionMethod, ZipArchive};

use crate::support::{catalog, clip_rs, request, said, save, snapshot};

/// The files of a page, as `dist` writes them.
const PAGE: [(&str, &str); 4] = [
    ("index.html", "<!doctype html><title>CLIP-RS</title>"),
    ("app-0123456789abcdef.js", "export default () => {};"),
    ("app-0123456789abcdef.js.br", "packed"),
    ("icons/icon.png", "a picture"),
];

/// A folder with `catalog/` and a page in `dist/`.
struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let (folder, _) = catalog();
        for (name, content) in PAGE {
            let path = folder.path().join("dist").join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, content).expect("written");
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pack(&self, out: &str) -> Result<Packed, StageError> {
        let catalogs = vec![Placed::own(self.path("catalog"))];
        let (app, out) = (self.path("dist"), self.path(out));
        pack(&Request { catalogs, elsewhere: Vec::new(), app, out })
    }

    /// Why packing fails; nothing is left of the attempt.
    fn refusal(&self, out: &str) -> String {
        let before = self.beside();
        let error = self.pack(out).expect_err(out).to_string();
        assert_eq!(self.beside(), before, "{error}");
        error
    }

    /// Names of all that is in the folder.
    fn beside(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.path()).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    /// The file of the catalog whose name holds `what`.
    fn of_catalog(&self, what: &str) -> (String, PathBuf) {
        let all = snapshot(&self.path("catalog"));
        let name = all.keys().find(|name| name.contains(what) && !name.ends_with(".br")).expect(what).clone();
        let path = self.path("catalog").join(&name);
        (name, path)
    }
}

/// Every file of a zip, with its content and how it is stored.
fn unzip(path: &Path) -> BTreeMap<String, (Vec<u8>, CompressionMethod)> {
    let mut zip = ZipArchive::new(File::open(path).expect("opened")).expect("a zip file");
    let mut found = BTreeMap::new();
    for number in 0..zip.len() {
        let mut file = zip.by_index(number).expect("a file");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("sound");
        let name = file.name().expect("UTF-8").into_owned();
        found.insert(name, (content, file.compression()));
    }
    found
}

#[test]
fn a_pack_holds_the_page_and_what_the_catalog_names_and_nothing_else() {
    let ground = Ground::new();
    // What no catalog.json names, and what the page's folder holds of an earlier attempt to publish.
    save(&ground.path("tiles/14/4703/6268.jpg"), 77);
    let tiles = vec![ground.path("tiles")];
    index(&IndexRequest { tiles, ..request(ground.folder.path()) }).expect("updated");
    fs::write(ground.path("catalog/notes.txt"), "mine").expect("written");
    fs::create_dir_all(ground.path("dist/catalog")).expect("made");
    fs::write(ground.path("dist/catalog/catalog.json"), "another").expect("written");
    fs::write(ground.path("dist/.hidden"), "").expect("written");

    let packed = ground.pack("field").expect("packed");
    let files = snapshot(&ground.path("field"));
    for (name, content) in PAGE {
        assert_eq!(files[name], content.as_bytes(), "{name}");
    }
    let verdict = verify(&ground.path("field/catalog")).expect("a catalog");
    assert_eq!((verdict.faults, verdict.strangers), (vec![], vec![]), "whole, and nothing besides");
    assert!(!files.keys().any(|name| name.contains("notes.txt") || name.contains(".hidden")));
    let superseded = |name: &String| name.contains("catalog.") && !name.ends_with("catalog.json");
    assert!(snapshot(&ground.path("catalog")).keys().any(superseded) && !files.keys().any(superseded));
    for (name, content) in snapshot(&ground.path("catalog")) {
        if let Some(copy) = files.get(&format!("catalog/{name}")) {
            assert_eq!(*copy, content, "{name}");
        }
    }
    let marker: Marker = serde_json::from_slice(&files["pack.json"]).expect("a marker");
    assert_eq!(marker, packed.marker);
    assert_eq!(marker.files, files.len() - 1);
    let bytes: usize =
        files.iter().filter(|(name, _)| *name != "pack.json").map(|(_, file)| file.len()).sum();
    assert_eq!(marker.bytes, bytes as u64);
    assert_eq!((marker.items, marker.pictures), (verdict.items, verdict.pictures));
    assert!(!packed.replaced);
    assert!(marker.date.starts_with("20") && marker.date.len() == 10, "{}", marker.date);
    let readme = String::from_utf8(files["README.txt"].clone()).expect("text");
    assert_eq!(readme.lines().count(), 5, "{readme}");
    for words in
        ["python3 -m http.server", "clip-rs-server --catalog catalog --app .", "browsers refuse workers"]
    {
        assert!(readme.contains(words), "{words}: {readme}");
    }
}

#[test]
fn a_zip_file_holds_the_same_in_one_folder_and_stores_what_is_compressed() {
    let ground = Ground::new();
    ground.pack("field").expect("packed");
    ground.pack("field.zip").expect("packed");
    let zipped = unzip(&ground.path("field.zip"));
    let folder = snapshot(&ground.path("field"));
    let names: Vec<String> = folder.keys().map(|name| format!("field/{name}")).collect();
    assert_eq!(zipped.keys().cloned().collect::<Vec<_>>(), names);
    for (name, content) in &folder {
        let (unpacked, method) = &zipped[&format!("field/{name}")];
        assert_eq!(unpacked, content, "{name}");
        let is_compressed =
            [".jpg", ".png", ".webp", ".br", ".gz"].iter().any(|ending| name.ends_with(ending));
        let expected = if is_compressed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        assert_eq!(*method, expected, "{name}");
    }
    let packed = ground.pack("my field (1).zip").expect("packed");
    let top = format!("{}/", packed.marker.catalog);
    let named = unzip(&ground.path("my field (1).zip"));
    assert!(named.keys().all(|name| name.starts_with(&top)), "a name that is plain everywhere");
}

#[test]
fn damage_to_any_kind_of_file_is_named_and_nothing_is_packed() {
    let ground = Ground::new();
    for what in ["index.", "text.", "listing.", "14/4701/6268.jpg"] {
        let (name, path) = ground.of_catalog(what);
        let content = fs::read(&path).expect("read");
        let mut changed = content.clone();
        let last = changed.len() - 1;
        changed[last / 2] ^= 1;
        for out in ["field", "field.zip"] {
            for damaged in [&changed[..], &content[..last], &[content.clone(), vec![0]].concat()] {
                fs::write(&path, damaged).expect("written");
                let said = ground.refusal(out);
                assert!(said.contains(&name), "{name}: {said}");
            }
            fs::remove_file(&path).expect("removed");
            let said = ground.refusal(out);
            assert!(said.contains(&name), "{name}: {said}");
        }
        fs::write(&path, &content).expect("written");
    }
    ground.pack("field").expect("whole again");
}

#[test]
fn an_earlier_pack_is_replaced_as_a_whole() {
    let ground = Ground::new();
    for out in ["field", "field.zip"] {
        assert!(!ground.pack(out).expect("packed").replaced);
        fs::rename(ground.path("dist/icons/icon.png"), ground.path("dist/icons/other.png")).expect("renamed");
        assert!(ground.pack(out).expect("packed again").replaced, "{out}");
        fs::rename(ground.path("dist/icons/other.png"), ground.path("dist/icons/icon.png")).expect("renamed");
    }
    let names = snapshot(&ground.path("field"));
    assert!(names.contains_key("icons/other.png") && !names.contains_key("icons/icon.png"));
    assert!(unzip(&ground.path("field.zip")).keys().any(|name| name.ends_with("icons/other.png")));
    let beside = ground.beside();
    assert!(!beside.iter().any(|name| name.starts_with('.')), "nothing is left of it: {beside:?}");
    fs::write(ground.path("field/.DS_Store"), "").expect("written");
    ground.pack("field").expect("what a file browser left is nobody's");
}

#[test]
fn what_is_not_a_pack_of_ours_is_never_touched() {
    let ground = Ground::new();
    fs::create_dir(ground.path("mine")).expect("made");
    fs::write(ground.path("mine/a.txt"), "mine").expect("written");
    fs::write(ground.path("mine.zip"), "mine").expect("written");
    fs::write(ground.path("file"), "mine").expect("written");
    fs::create_dir(ground.path("folder.zip")).expect("made");
    ground.pack("field").expect("packed");
    ground.pack("field.zip").expect("packed");
    fs::create_dir(ground.path("claims")).expect("made");
    fs::write(ground.path("claims/pack.json"), "{\"format\": 1}").expect("written");
    for out in ["mine", "mine.zip", "file", "folder.zip", "claims"] {
        let said = ground.refusal(out);
        assert!(said.contains("not a pack that `clip-rs pack` made"), "{out}: {said}");
    }
    assert_eq!(fs::read(ground.path("mine/a.txt")).expect("read"), b"mine");

    // Whatever somebody did to a pack is theirs.
    let index = ground.path("field/index.html");
    let whole = fs::read(&index).expect("read");
    let changes: [(&str, &dyn Fn()); 3] = [
        ("added", &|| fs::write(ground.path("field/notes.txt"), "mine").expect("written")),
        ("changed", &|| fs::write(&index, "my own page").expect("written")),
        ("taken away", &|| fs::remove_file(&index).expect("removed")),
    ];
    for (what, change) in changes {
        change();
        let said = ground.refusal("field");
        assert!(said.contains("added, changed or taken away"), "{what}: {said}");
        fs::write(&index, &whole).expect("written");
        if what == "added" {
            assert_eq!(fs::read(ground.path("field/notes.txt")).expect("still there"), b"mine");
            fs::remove_file(ground.path("field/notes.txt")).expect("removed");
        }
    }
    ground.pack("field").expect("as it was packed");
}

#[test]
fn a_pack_lies_apart_from_what_is_packed() {
    let ground = Ground::new();
    for out in ["catalog/field", "dist/field", "dist/a/b/field.zip", "catalog", "dist"] {
        let said = ground.refusal(out);
        assert!(said.contains("choose another place"), "{out}: {said}");
    }
    fs::remove_file(ground.path("dist/index.html")).expect("removed");
    assert!(ground.refusal("field").contains("cargo xtask dist"));
    fs::remove_dir_all(ground.path("catalog")).expect("removed");
    assert!(ground.refusal("field").contains("clip-rs index"));
}

#[test]
fn what_an_interrupted_run_left_is_swept_and_what_it_had_put_aside_comes_back() {
    let ground = Ground::new();
    ground.pack("field").expect("packed");
    // As if the power had failed between the two moves.
    fs::rename(ground.path("field"), ground.path(".unfinished-packed-field")).expect("renamed");
    fs::create_dir_all(ground.path(".unfinished-pack-field/half")).expect("made");
    fs::write(ground.path(".unfinished-pack-field/half/done"), "").expect("written");
    let page = fs::read(ground.path("dist/index.html")).expect("read");
    let (_, tile) = ground.of_catalog("14/4701/6268.jpg");
    let content = fs::read(&tile).expect("read");
    fs::write(&tile, "damaged").expect("written");
    ground.pack("field").expect_err("damaged");
    assert_eq!(fs::read(ground.path("field/index.html")).expect("the earlier pack is back"), page);
    fs::write(&tile, content).expect("written");
    assert!(ground.pack("field").expect("packed").replaced);
    assert!(!ground.path("field/half").exists());
    assert!(!ground.beside().iter().any(|name| name.starts_with('.')));
}

#[test]
fn the_command_says_what_it_packed_or_why_not() {
    let ground = Ground::new();
    let run = |out: &str| {
        let words = ["pack".into(), ground.path("catalog"), "--app".into(), ground.path("dist")];
        clip_rs(words.into_iter().chain(["--out".into(), ground.path(out)]))
    };
    let text = said(&run("area.zip"));
    assert!(
        text.contains("area.zip: ") && text.contains("12 pictures") && text.contains("README.txt"),
        "{text}"
    );
    assert!(said(&run("area.zip")).contains("in place of an earlier pack"));
    fs::write(ground.of_catalog("14/4701/6268.jpg").1, "damaged").expect("written");
    let output = run("area.zip");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("14/4701/6268.jpg: 7 bytes long"), "{told}");
    assert!(told.contains("`clip-rs verify` names all"), "{told}");
}
