//! Models of other architectures than CLIP: imported from the files that a hub would have, they give the vectors that
//! transformers and open_clip compute. The fixtures are described in `crates/towers/tests/fixtures/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use clip_rs_package::CONFIG_FILE;
use clip_rs_search::model::{Activation, Architecture, ImagePixels, ModelConfig};
use clip_rs_search::{Embedding, Engine};
use clip_rs_stage::StageError;
use clip_rs_training::evaluate::{Shortening, shorten};
use clip_rs_training::model::{Package, Quantization, Said, import_as};

/// Least cosine to the reference's vectors when nothing is rounded, and when weights have 8 bits.
const F32: f32 = 0.9999;
const Q8_0: f32 = 0.995;

const NAMES: [&str; 6] = ["siglip", "siglip_pieces", "siglip2", "chinese_clip", "mobile_clip", "resnet"];

/// A fixture's folder, unpacked into `folder`.
fn unpacked(name: &str, folder: &Path) -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../towers/tests/fixtures").join(format!("{name}.tar.br"));
    let file = fs::File::open(&path).expect("a fixture");
    let out = folder.join(name);
    tar::Archive::new(brotli::Decompressor::new(file, 1 << 16)).unpack(&out).expect("a sound fixture");
    out
}

fn said(source: &Path) -> Said {
    let vocabulary = Some(source.join("vocabulary.txt")).filter(|path| path.is_file());
    Said { vocabulary, ..Said::default() }
}

/// The fixture as a package in `folder`.
fn imported(name: &str, folder: &Path, quantization: Quantization) -> PathBuf {
    let source = unpacked(name, folder);
    let out = folder.join("package");
    import_as(&source, &out, quantization, &said(&source)).expect("a sound checkpoint");
    out
}

fn refused(source: &Path) -> String {
    let out = source.join("package");
    import_as(source, &out, Quantization::F32, &said(source)).expect_err("refused").to_string()
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("text");
    assert!(text.contains(from), "{} has no {from}", path.display());
    fs::write(path, text.replace(from, to)).expect("written");
}

#[test]
fn packages_give_the_vectors_of_the_reference_implementations() {
    for name in NAMES {
        for (quantization, enough) in [(Quantization::F32, F32), (Quantization::Q8_0, Q8_0)] {
            let folder = tempfile::tempdir().expect("temporary folder");
            let source = unpacked(name, folder.path());
            let out = folder.path().join("package");
            let made = import_as(&source, &out, quantization, &said(&source));
            let agreement = made.expect("a sound checkpoint").agreement.expect("golden vectors");
            assert!(
                agreement.texts >= enough && agreement.pictures >= enough,
                "{name}, {quantization:?}: {agreement:?}"
            );
        }
    }
}

/// Pictures of two classes, and a thesaurus.
fn material(folder: &Path) -> (PathBuf, PathBuf) {
    let (data, names) = (folder.join("classes"), folder.join("thesaurus.ini"));
    for (class, colour) in [("forest", [30, 120, 40]), ("water", [30, 60, 200])] {
        fs::create_dir_all(data.join(class)).expect("a folder");
        for n in 0..4_u32 {
            let level = |x: u32, y: u32| colour.map(|level: u8| level + ((x * y + n * x) % 37) as u8);
            let picture = image::RgbImage::from_fn(40, 40, |x, y| image::Rgb(level(x, y)));
            picture.save(data.join(class).join(format!("{n}.png"))).expect("a picture");
        }
    }
    fs::write(&names, "[pond]\nsee: pond, lake, river\n[forest]\nsee: forest, trees, green trees\n")
        .expect("text");
    (data, names)
}

/// Cosines of texts to each other and to a picture.
fn cosines(package: &Path) -> Vec<f32> {
    let package = Package::read(package).expect("a package");
    let (text, image) = (package.text_encoder().expect("a tower"), package.image_encoder().expect("a tower"));
    let picture = image::RgbImage::from_fn(50, 50, |x, y| image::Rgb([(x * 5) as u8, (y * 5) as u8, 90]));
    let pixels = ImagePixels::from_rgb(image.config(), &picture).expect("pixels");
    let mut all: Vec<Embedding> =
        ["a pond", "green trees", "the river"].map(|words| text.encode(words).expect("a vector")).into();
    all.extend(image.encode_batch(&[pixels]).expect("a vector"));
    (0..all.len()).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| all[a].cosine(&all[b])).collect()
}

#[test]
fn embeddings_of_any_model_that_ends_in_projections_can_be_shortened() {
    for name in ["chinese_clip", "mobile_clip", "resnet"] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let model = imported(name, folder.path(), Quantization::F32);
        let (data, names) = material(folder.path());
        let shortened = |dim: Option<usize>, out: &str| {
            let out = folder.path().join(out);
            let (data, names, model) = (data.clone(), names.clone(), model.clone());
            let request = Shortening { model, data, split: None, names, dim, loss: 0.01, out: out.clone() };
            (shorten(&request).expect("a shorter package"), out)
        };
        // Turned and not cut, all is where it was to each other.
        let (turned, out) = shortened(Some(usize::MAX), "turned");
        assert_eq!((turned.dim, turned.before), (turned.before, turned.before), "{name}");
        for (found, expected) in cosines(&out).iter().zip(cosines(&model)) {
            assert!((found - expected).abs() < 1e-4, "{name}: {found}, expected {expected}");
        }
        // The few vectors lie in few directions.
        let (cut, out) = shortened(None, "cut");
        assert!(cut.dim < cut.before && cut.lost <= 0.01, "{name}: {cut:?}");
        let package = Package::read(&out).expect("a package");
        assert_eq!(package.config.embed_dim, cut.dim);
        assert_eq!(
            package.text_encoder().expect("a tower").encode("a pond").expect("a vector").dim(),
            cut.dim
        );
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let model = imported("siglip", folder.path(), Quantization::F32);
    let (data, names) = material(folder.path());
    let out = folder.path().join("out");
    let request = Shortening { model, data, split: None, names, dim: None, loss: 0.01, out };
    let refused = shorten(&request).expect_err("no projection").to_string();
    assert!(refused.contains("does not end in a projection"), "{refused}");
}

#[test]
fn a_model_says_by_its_description_who_computes_it() {
    for (name, architecture) in [
        ("siglip2", Architecture::Siglip),
        ("chinese_clip", Architecture::ChineseClip),
        ("mobile_clip", Architecture::MobileClip),
        ("resnet", Architecture::ClipResnet),
    ] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let out = imported(name, folder.path(), Quantization::Q8_0);
        let json = fs::read_to_string(out.join(CONFIG_FILE)).expect("a description");
        assert!(json.contains(&format!("\"architecture\": \"{}\"", architecture.name())), "{json}");
        let config = ModelConfig::from_json(json.as_bytes()).expect("a sound description");
        assert_eq!(config.architecture, Some(architecture));
        let file = if architecture.has_own_tokenizer() { "tokenizer.json" } else { "vocabulary.txt" };
        assert_eq!(config.tokenizer.file, file);
        let error = clip_rs_search::model::TextEncoder::from_gguf(
            &config,
            &fs::read(out.join("text.gguf")).expect("a tower")[..],
            &[],
        );
        let error = error.err().expect("another engine's").to_string();
        assert!(error.contains(architecture.name()), "{error}");
    }
}

#[test]
fn long_texts_are_cut_and_it_is_said() {
    for name in NAMES {
        let folder = tempfile::tempdir().expect("temporary folder");
        let package = Package::read(&imported(name, folder.path(), Quantization::Q8_0)).expect("a package");
        let text = package.text_encoder().expect("a tower");
        assert!(text.reads_all("a river") && !text.reads_all(&"油罐 river ".repeat(60)), "{name}");
        assert!(!text.reads_all(&"x".repeat(100_000)), "{name}");
        for odd in ["", " ", "\u{0}\u{fffd}\u{202e}", &"🌍".repeat(5000)] {
            let vector = text.encode(odd).expect("a vector");
            assert_eq!(vector.dim(), package.config.embed_dim, "{name}, {odd:?}");
        }
        assert_eq!(
            text.tokenize(&"river ".repeat(500)).expect("tokens").len(),
            package.config.text.context_length,
            "{name}"
        );
    }
}

#[test]
fn a_tower_of_another_model_is_refused_by_the_engine() -> Result<(), StageError> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let package = Package::read(&imported("chinese_clip", folder.path(), Quantization::Q8_0))?;
    let mut other = package.config.clone();
    other.embed_dim += 1;
    let error = Engine::new(&other, package.text_encoder()?, Vec::new()).err().expect("refused").to_string();
    assert_eq!(error, "the text tower has vectors of 48 components, the model has 49");
    Ok(())
}

#[test]
fn descriptions_that_ask_for_too_much_or_do_not_fit_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (name, field, value) in [
        ("siglip", "/tokenizer/vocab_size", "4000000000"),
        ("siglip", "/tokenizer/pad", "300"),
        ("siglip", "/embed_dim", "65"),
        ("siglip", "/text/layers", "1000"),
        ("siglip", "/image/tower/patch", "7"),
        ("siglip", "/architecture", "\"mobile_clip\""),
        ("chinese_clip", "/text/context_length", "100000"),
        ("chinese_clip", "/image/image_size", "1000000"),
        ("mobile_clip", "/image/tower/width", "1000000"),
        ("mobile_clip", "/image/tower/mlp_ratio", "1000"),
        ("mobile_clip", "/image/tower/blocks/2", "4000000000"),
        ("mobile_clip", "/image/image_size", "65"),
        ("resnet", "/architecture", "\"mobile_clip\""),
        ("resnet", "/image/tower/blocks/0", "3"),
        ("resnet", "/image/tower/width", "16"),
    ] {
        let out = folder.path().join(name);
        if !out.exists() {
            fs::create_dir(&out).expect("folder");
            imported(name, &out, Quantization::Q8_0);
        }
        let path = out.join("package").join(CONFIG_FILE);
        let content = fs::read(&path).expect("a description");
        let mut described: serde_json::Value = serde_json::from_slice(&content).expect("JSON");
        *described.pointer_mut(field).expect("the field") = serde_json::from_str(value).expect("JSON");
        fs::write(&path, described.to_string()).expect("written");
        let refused = Package::read(&out.join("package"))
            .and_then(|package| package.text_encoder().and(package.image_encoder()).map(drop));
        assert!(refused.is_err(), "{name}, {field} is {value}");
        fs::write(&path, content).expect("written");
    }
}

#[test]
fn a_residual_network_of_sizes_that_would_cost_too_much_is_refused_with_the_field() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let out = imported("resnet", folder.path(), Quantization::Q8_0);
    let content = fs::read(out.join(CONFIG_FILE)).expect("a description");
    for (changes, expected) in [
        (&[("width", "1000000")][..], "image.tower.width is 1000000"),
        (&[("width", "7")], "image.tower.width is 7"),
        (&[("blocks", "[1, 1, 1, 4000000000]")], "image.tower.blocks is 4000000000"),
        (&[("blocks", "[1, 0, 1, 1]")], "image.tower.blocks is 0"),
        (&[("heads", "0")], "image.tower.heads is 0"),
        (&[("heads", "5")], "image.tower.heads is 5"),
        (&[("width", "256"), ("image_size", "1024")], "numbers of a feature map"),
        (&[("image_size", "48")], "image.image_size is 48"),
    ] {
        let mut described: serde_json::Value = serde_json::from_slice(&content).expect("JSON");
        for (field, value) in changes {
            let within = if *field == "image_size" { "/image" } else { "/image/tower" };
            let field = format!("{within}/{field}");
            *described.pointer_mut(&field).expect("the field") = serde_json::from_str(value).expect("JSON");
        }
        let error = ModelConfig::from_json(described.to_string().as_bytes()).expect_err("refused");
        assert!(error.to_string().contains(expected), "{changes:?}: {error}");
    }
}

#[test]
fn texts_beside_a_residual_network_have_the_activation_of_its_description() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let source = unpacked("resnet", folder.path());
    let agreement = |out: &str| {
        let made = import_as(&source, &folder.path().join(out), Quantization::F32, &said(&source));
        made.expect("a sound checkpoint").agreement.expect("golden vectors").texts
    };
    // GELU and QuickGELU differ little: these vectors by a few parts in a hundred thousand.
    let found = agreement("quick_gelu");
    assert!(found >= 0.999_998, "{found}");
    replace(&source.join("open_clip_config.json"), "\"quick_gelu\": true", "\"quick_gelu\": false");
    let found = agreement("gelu");
    assert!(found < 0.999_99, "{found}");
}

#[test]
fn a_state_dict_alone_makes_the_towers_that_its_folder_makes() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let source = unpacked("resnet", folder.path());
    let state_dict = source.join("open_clip_model.safetensors");
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let name = Some("resnet".to_owned());
    let mut said = Said { name, ..said(&source) };
    import_as(&source, &a, Quantization::Q8_0, &said).expect("a sound folder");
    let error = import_as(&state_dict, &b, Quantization::Q8_0, &said).expect_err("refused").to_string();
    assert!(error.contains("--activation"), "{error}");
    said.activation = Some(Activation::QuickGelu);
    import_as(&state_dict, &b, Quantization::Q8_0, &said).expect("a sound file");
    for file in ["text.gguf", "image.gguf", "vocabulary.txt"] {
        let [a, b] = [&a, &b].map(|out| fs::read(out.join(file)).expect("a file"));
        assert!(a == b, "{file} is another");
    }
    let [a, b] = [&a, &b].map(|out| {
        let json = fs::read(out.join(CONFIG_FILE)).expect("a description");
        ModelConfig::from_json(&json).expect("a sound description")
    });
    assert_eq!((a.architecture, a.text, a.image), (b.architecture, b.text, b.image));
}

#[test]
fn folders_that_cannot_be_imported_say_why() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (n, (name, file, from, to, expected)) in [
        ("siglip", "config.json", "\"hidden_size\": 64", "\"hidden_size\": 128", "expected shape"),
        ("siglip", "preprocessor_config.json", "\"resample\": 3", "\"resample\": 1", "resample is 1"),
        ("siglip", "preprocessor_config.json", "\"height\": 32", "\"height\": 48", "size is another"),
        ("siglip", "tokenizer.json", "\"Unigram\"", "\"Trigram\"", "vocabulary: "),
        (
            "chinese_clip",
            "config.json",
            "\"projection_dim\": 48",
            "\"projection_dim\": \"x\"",
            "projection_dim",
        ),
        ("chinese_clip", "vocab.txt", "[CLS]", "[CLF]", "has no word [CLS]"),
        ("mobile_clip", "open_clip_config.json", "fastvit_mci0", "vit_base_mci_224", "fastvit_mci2"),
        (
            "mobile_clip",
            "open_clip_config.json",
            "\"heads\": 2, ",
            "",
            "has no field model_cfg.text_cfg.heads",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let source = unpacked(name, &folder.path().join(n.to_string()));
        replace(&source.join(file), from, to);
        let error = refused(&source);
        assert!(error.contains(expected), "{name}, {file}: {error}");
    }
    let source = unpacked("siglip", &folder.path().join("pointer"));
    fs::write(source.join("tokenizer.json"), "version https://git-lfs.github.com/spec/v1\n")
        .expect("written");
    assert!(refused(&source).contains("run git lfs pull"));
    fs::remove_file(source.join("tokenizer.json")).expect("removed");
    assert!(refused(&source).contains("has none of tokenizer.json"));
    fs::write(source.join("spiece.model"), "\u{1}").expect("written");
    assert!(refused(&source).contains("not a SentencePiece model"));
}
