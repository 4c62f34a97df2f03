//! Catalogs of models that our own kernels do not know: indexed, searched by words and by picture, measured and checked by
//! the command. What the vectors are held to: `crates/training/tests/architectures.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use clip_rs_pipeline::query::{self, Asked, Subject};
use clip_rs_training::model::{Quantization, Said, import_as};

use crate::support::{clip_rs, picture, said, save};

/// The fixture as a package in `folder`.
fn package(name: &str, folder: &Path) -> PathBuf {
    let archive =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../towers/tests/fixtures").join(format!("{name}.tar.br"));
    let file = fs::File::open(archive).expect("a fixture");
    let (source, out) = (folder.join("source"), folder.join("package"));
    tar::Archive::new(brotli::Decompressor::new(file, 1 << 16)).unpack(&source).expect("a sound fixture");
    let vocabulary = Some(source.join("vocabulary.txt")).filter(|path| path.is_file());
    let said = Said { vocabulary, ..Said::default() };
    import_as(&source, &out, Quantization::Q8_0, &said).expect("a sound checkpoint");
    out
}

#[test]
fn a_catalog_of_any_architecture_is_made_searched_and_checked() {
    for (name, words) in [
        ("siglip", "a river"),
        ("chinese_clip", "一座桥跨过河流"),
        ("mobile_clip", "a river"),
        ("resnet", "a river"),
    ] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let model = package(name, folder.path());
        let (pictures, catalog) = (folder.path().join("pictures"), folder.path().join("catalog"));
        for seed in 0..6 {
            save(&pictures.join(format!("{seed}.png")), seed);
        }
        let strings = |words: &[&str]| words.iter().map(PathBuf::from).collect::<Vec<_>>();
        let mut args = strings(&["index", "--images"]);
        args.extend([pictures.clone(), "--model".into(), model.clone(), "--out".into(), catalog.clone()]);
        said(&clip_rs(args));
        said(&clip_rs([PathBuf::from("verify"), catalog.clone()]));

        let found = query::search(&catalog, &Asked::about(Subject::Text(words.to_owned()))).expect("answers");
        assert_eq!(found.len(), 6, "{name}");
        let own = pictures.join("3.png");
        let found = query::search(&catalog, &Asked::about(Subject::Image(own))).expect("answers");
        assert!(found[0].id.contains('3') && found[0].cosine > 0.99, "{name}: {found:?}");
        assert!(found[1].cosine < found[0].cosine, "{name}: {found:?}");
        let vectors = query::encode(&catalog, &[words.to_owned(), "x".to_owned()]).expect("vectors");
        assert_ne!(vectors[0], vectors[1], "{name}");

        let is_clips = matches!(name, "mobile_clip" | "resnet");
        let tokenizer = if is_clips { "vocabulary." } else { "tokenizer." };
        let manifest = fs::read_to_string(catalog.join("catalog.json")).expect("a manifest");
        assert!(manifest.contains(&format!("\"tokenizer\":\"{tokenizer}")) || manifest.contains(tokenizer));

        let info = said(&clip_rs([PathBuf::from("model"), "info".into(), model]));
        assert!(info.contains(&format!("{name}, computed by candle")), "{info}");
    }
}

#[test]
fn models_of_any_architecture_are_measured_side_by_side() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let model = package("chinese_clip", folder.path());
    let data = folder.path().join("classes");
    for (seed, class) in ["田野", "田野", "池塘", "池塘"].into_iter().enumerate() {
        save(&data.join(format!("{class}/{seed}.png")), seed as u64);
    }
    let args = ["evaluate", "--task", "classify", "--model"].map(PathBuf::from).into_iter();
    let told = said(&clip_rs(args.chain([model, "--data".into(), data])));
    // A model is called like the folder that it was imported from.
    assert!(told.lines().any(|line| line.starts_with("source ")), "{told}");
}

#[test]
fn a_processor_that_the_command_was_built_without_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    picture(1, 40).save(folder.path().join("1.png")).expect("written");
    let model = package("siglip", folder.path());
    for device in ["cuda", "metal"] {
        let args = ["index", "--device", device, "--images"].map(PathBuf::from).into_iter();
        let more = [folder.path().join("1.png"), "--model".into(), model.clone(), "--out".into()];
        let done = clip_rs(args.chain(more).chain([folder.path().join("catalog")]));
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && told.contains(device), "{told}");
        assert!(!folder.path().join("catalog").exists(), "nothing was written");
    }
}
