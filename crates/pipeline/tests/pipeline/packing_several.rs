//! A pack with several catalogs, and with those of other origins.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clip_rs_catalog::Catalogs;
use clip_rs_pipeline::verify::verify;
use sha2::{Digest, Sha384};

use crate::support::{catalog, clip_rs, copy_folder, said, snapshot};

const PAGE: &str = "<!doctype html><meta charset=\"utf-8\" /><meta http-equiv=\"Content-Security-Policy\" \
    content=\"default-src 'none'; connect-src 'self'\" /><title>CLIP-RS</title>";
const ELSEWHERE: &str = "https://maps.example:8443/river/catalog.json";

/// As the service worker has it.
fn digest(page: &[u8]) -> String {
    STANDARD.encode(Sha384::digest(page))
}

/// A folder with `catalog/`, `second/` and a page in `dist/`.
fn ground() -> tempfile::TempDir {
    let (folder, _) = catalog();
    copy_folder(&folder.path().join("catalog"), &folder.path().join("second"));
    let digest = digest(PAGE.as_bytes());
    let worker = format!("[{{url:\"index.html\",revision:\"{digest}\",integrity:\"sha384-{digest}\"}}]");
    let files = [
        ("index.html", PAGE),
        ("index.html.br", "packed"),
        ("sw.js", worker.as_str()),
        ("sw.js.gz", "packed"),
        ("_headers", "/\n  Content-Security-Policy: connect-src 'self'; frame-ancestors 'self'\n"),
        (
            "catalogs.json",
            "{ \"catalogs\": [{ \"title\": \"Catalog\", \"url\": \"catalog/catalog.json\" }] }",
        ),
        ("catalogs.json.br", "packed"),
        ("app-0123456789abcdef.js", "export default () => {};"),
    ];
    fs::create_dir_all(folder.path().join("dist")).expect("made");
    for (name, content) in files {
        fs::write(folder.path().join("dist").join(name), content).expect("written");
    }
    folder
}

fn pack(folder: &Path, catalogs: &[&str], more: &[&str], out: &str) -> std::process::Output {
    let words = [["pack"].as_slice(), catalogs, &["--app", "dist", "--out", out], more].concat();
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    for word in &mut words {
        for name in ["catalog", "second", "dist", "field"] {
            if word == name || word.ends_with(&format!("={name}")) {
                *word = word.replace(name, &folder.join(name).display().to_string());
            }
        }
    }
    clip_rs(words)
}

#[test]
fn each_catalog_is_whole_in_its_place_and_the_list_names_them() {
    let folder = ground();
    said(&pack(folder.path(), &["catalog", "river=second"], &[], "field"));
    let field = folder.path().join("field");
    for place in ["catalog", "catalogs/river"] {
        let verdict = verify(&field.join(place)).expect("a catalog");
        assert_eq!((verdict.faults, verdict.strangers), (vec![], vec![]), "{place}");
    }
    let files = snapshot(&field);
    let list = Catalogs::from_json(&files["catalogs.json"]).expect("a list");
    let urls: Vec<&str> = list.entries().iter().map(|listed| listed.url.as_str()).collect();
    assert_eq!(urls, ["catalog/catalog.json", "catalogs/river/catalog.json"]);
    assert!(list.entries().iter().all(|listed| listed.holds.is_some()), "each says where it is");
    assert_eq!(files["index.html"], PAGE.as_bytes(), "its own server's catalogs need no other page");
    assert!(files.contains_key("index.html.br") && !files.contains_key("catalogs.json.br"));
    let readme = String::from_utf8(files["README.txt"].clone()).expect("text");
    assert!(
        readme.contains("clip-rs-server --catalog catalog --catalog river=catalogs/river --app ."),
        "{readme}"
    );
    assert_eq!(readme.lines().count(), 6, "{readme}");
    let again = said(&pack(folder.path(), &["catalog"], &[], "field"));
    assert!(again.contains("in place of an earlier pack"), "{again}");
    assert!(!field.join("catalogs").exists(), "nothing is left of the second one");
}

#[test]
fn a_catalog_elsewhere_is_named_by_the_page_its_service_worker_and_the_headers() {
    let folder = ground();
    let title = format!("The river={ELSEWHERE}");
    said(&pack(folder.path(), &["catalog"], &["--catalog-from", &title], "field"));
    let files = snapshot(&folder.path().join("field"));
    let text = |name: &str| String::from_utf8(files[name].clone()).expect("text");
    let sources = "connect-src 'self' https://maps.example:8443";
    assert_eq!(text("index.html"), PAGE.replace("connect-src 'self'", sources));
    assert!(text("_headers").contains(&format!("{sources}; frame-ancestors 'self'\n")));
    let page = digest(&files["index.html"]);
    assert_eq!(text("sw.js").matches(&page).count(), 2, "{}", text("sw.js"));
    assert!(!text("sw.js").contains(&digest(PAGE.as_bytes())));
    for packed in ["index.html.br", "sw.js.gz"] {
        assert!(!files.contains_key(packed), "{packed} would be the page as it was");
    }
    let list = Catalogs::from_json(&files["catalogs.json"]).expect("a list");
    let last = list.entries().last().expect("an entry");
    assert_eq!((last.title.as_str(), last.url.as_str()), ("The river", ELSEWHERE));

    // A pack of that pack, without it.
    fs::rename(folder.path().join("dist"), folder.path().join("former")).expect("renamed");
    fs::rename(folder.path().join("field"), folder.path().join("dist")).expect("renamed");
    said(&pack(folder.path(), &["catalog"], &[], "field"));
    assert_eq!(fs::read(folder.path().join("field/index.html")).expect("read"), PAGE.as_bytes());
}

#[test]
fn what_cannot_be_packed_together_is_refused_with_the_reason() {
    let folder = ground();
    let refused = |catalogs: &[&str], more: &[&str]| {
        let output = pack(folder.path(), catalogs, more, "field");
        assert!(!output.status.success() && !folder.path().join("field").exists());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused(&["catalog", "second"], &[]).contains("NAME="));
    assert!(refused(&["a=catalog", "a=second"], &[]).contains("two catalogs are called a"));
    assert!(refused(&["catalog"], &["--catalog-from", "elsewhere"]).contains("catalog.json"));
    fs::write(folder.path().join("dist/sw.js"), "of another build").expect("written");
    assert!(
        refused(&["catalog"], &["--catalog-from", ELSEWHERE]).contains("sw.js does not keep this index.html")
    );
}
