//! Catalogs whose models our own kernels do not know: the page starts the workers with the general engine, and finds by words
//! and by picture what the command finds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clip_rs_tests::{Artifacts, Chromium, Site};
use image::{Rgb, RgbImage};
use serde::Deserialize;

use crate::asking::giving;
use crate::{DESKTOP, Visit, expect_quiet};

/// Pictures of a catalog.
const PICTURES: u32 = 6;
/// The file that only a general engine has.
const GENERAL: &str = "general_bg.wasm";

/// JavaScript: whether the service worker has the engine and the model, which the page loaded before it was there.
const IS_KEPT: &str = "(async () => {
    if (!navigator.serviceWorker.controller) return false;
    const base = new URL('catalog/', location);
    const { model } = await (await fetch(new URL('catalog.json', base))).json();
    const loader = document.querySelector('meta[name=general]').content;
    const engine = ['_loader.js', '.js', '_bg.wasm'].map((end) => new URL(loader.replace('_loader.js', end), location));
    const wanted = [...engine, ...['catalog.json', model.text, model.tokenizer].map((name) => new URL(name, base))];
    const kept = wanted.map((url) => caches.match(url, { cacheName: 'clip-rs-seen' }));
    return (await Promise.all(kept)).every(Boolean);
})()";

#[derive(Deserialize)]
struct Answer {
    id: String,
}

/// Runs `clip-rs` and returns what it printed.
fn clip_rs(artifacts: &Artifacts, words: &[&Path]) -> Result<String> {
    let output = Command::new(&artifacts.clip_rs).args(words).output().context("starting clip-rs")?;
    ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// A catalog of random pictures by a random model of that architecture, from its authors' files.
pub fn catalog(artifacts: &Artifacts, name: &str, folder: &Path) -> Result<PathBuf> {
    let archive =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../crates/towers/tests/fixtures/{name}.tar.br"));
    let (source, model, out) = (folder.join("source"), folder.join("model"), folder.join("catalog"));
    tar::Archive::new(brotli::Decompressor::new(fs::File::open(archive)?, 1 << 16)).unpack(&source)?;
    let vocabulary = source.join("vocabulary.txt");
    let mut import = ["model", "import", "--out"].map(Path::new).to_vec();
    import.extend([model.as_path(), source.as_path()]);
    if vocabulary.is_file() {
        import.extend([Path::new("--vocabulary"), vocabulary.as_path()]);
    }
    clip_rs(artifacts, &import)?;
    let pictures = folder.join("pictures");
    fs::create_dir(&pictures)?;
    for n in 0..PICTURES {
        let wave = |x: u32, k: u32| (128.0 + 100.0 * (x as f32 * (0.1 + 0.07 * (n + k) as f32)).sin()) as u8;
        let paint = |x, y| Rgb([wave(x, n), wave(y, 2 * n), wave(x + y, 1)]);
        RgbImage::from_fn(96, 80, paint).save(pictures.join(format!("picture {n}.png")))?;
    }
    let index = ["index", "--images"].map(Path::new);
    let more = [pictures.as_path(), Path::new("--model"), &model, Path::new("--out"), &out];
    clip_rs(artifacts, &[&index[..], &more].concat())?;
    Ok(out)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn catalogs_of_four_architectures_are_searched_by_words_and_by_picture() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    for (name, words) in [
        ("siglip", "a river"),
        ("chinese_clip", "一座桥跨过河流"),
        ("mobile_clip", "a river"),
        ("resnet", "a river"),
    ] {
        let folder = tempfile::tempdir()?;
        let catalog = catalog(&artifacts, name, folder.path())?;
        let site = Site::start(&artifacts, &catalog)?;
        let chromium = Chromium::start(&artifacts, &site)?;
        let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("ready").with_context(|| name.to_owned())?;
        let found = page.search(words)?;
        let told = clip_rs(&artifacts, &["search".as_ref(), &catalog, words.as_ref(), "--json".as_ref()])?;
        let answers: Vec<Answer> = serde_json::from_str(&told)?;
        let expected: Vec<&str> = answers.iter().map(|answer| answer.id.as_str()).collect();
        let ids: Vec<&str> = found.iter().map(|card| card.id.as_str()).collect();
        assert_eq!(ids, expected, "{name}");

        // The picture alone, without the words.
        let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("ready")?;
        let own = folder.path().join("pictures/picture 4.png");
        assert!(page.eval::<bool>(&giving("drop", &fs::read(own)?, "own.png"))?, "{name}: it is taken");
        page.wait_until("it is searched for", "location.hash.includes('own.png')")?;
        page.wait_for_state("results")?;
        let first = "document.querySelector('[data-testid=result]').dataset.id.includes('4')";
        page.wait_until("the picture itself is first", first).with_context(|| name.to_owned())?;
        assert!(chromium.recorder().seen().iter().any(|request| request.url.contains(GENERAL)));
        expect_quiet(&chromium);
    }
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_was_visited_of_such_a_catalog_answers_without_the_network() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let site = Site::start(&artifacts, &catalog(&artifacts, "siglip", folder.path())?)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    let online: Vec<String> = page.search("a river")?.into_iter().map(|card| card.id).collect();
    page.wait_until("the service worker has what it needs", IS_KEPT)?;
    drop(site);
    page.reload()?;
    page.wait_for_state("results")?;
    let offline: Vec<String> = page.results()?.into_iter().map(|card| card.id).collect();
    assert_eq!(offline, online);
    assert_eq!(page.search("a bridge")?.len(), PICTURES as usize, "words that were not asked before");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_of_our_own_model_loads_nothing_of_the_general_engine() -> Result<()> {
    let visit = Visit::ready("")?;
    visit.page.search("a pond")?;
    assert!(!visit.chromium.recorder().seen().iter().any(|request| request.url.contains("general")));
    Ok(())
}
