//! Checkpoints made by transformers and open_clip give the vectors that these libraries compute.
//!
//! The fixtures are made by `models/parity/make_fixtures.py`: two Hugging Face folders (QuickGELU with sharded
//! safetensors, GELU with a PyTorch file), and one set of weights as open_clip, a training script, OpenAI's layout in
//! safetensors and TorchScript would store it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use candle_core::{DType, Device, Tensor};
use clip_rs_search::Embedding;
use clip_rs_search::model::Activation;
use clip_rs_training::model::{Package, Quantization, Said, import, import_as};
use serde::Deserialize;

use crate::support::{clip_rs, pixels, said};

/// Least cosine to the reference's vectors when nothing is rounded, and when weights have 8 bits.
const F32: f32 = 0.99999;
const Q8_0: f32 = 0.995;

const STATE_DICTS: [&str; 4] = ["plain.pt", "nested.pt", "plain.safetensors", "script.pt"];

#[derive(Deserialize)]
struct Golden {
    texts: Vec<Text>,
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
    vector: Vec<f32>,
}

#[derive(Deserialize)]
struct Image {
    file: String,
    vector: Vec<f32>,
}

fn committed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/parity/fixtures").join(path)
}

fn unpacked(path: &Path) -> Vec<u8> {
    let file =
        fs::File::open(path).map_err(|error| format!("{}: {error}", path.display())).expect("a fixture");
    let mut content = Vec::new();
    brotli::Decompressor::new(file, 1 << 16).read_to_end(&mut content).expect("a sound fixture");
    content
}

/// The fixtures, unpacked once.
fn fixtures() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("temporary folder");
        let archive = unpacked(&committed("models.tar.br"));
        tar::Archive::new(archive.as_slice()).unpack(folder.path()).expect("a sound archive");
        folder
    });
    folder.path()
}

fn tiny(activation: Activation) -> Said {
    let vocabulary = Some(fixtures().join("open_clip/vocabulary.txt"));
    Said { activation: Some(activation), vocabulary, ..Said::default() }
}

/// Least cosine between a package's vectors and the reference's, after checking the tokens.
fn nearness(package: &Path, golden: &Path) -> f32 {
    let pictures = golden.parent().expect("a folder");
    let golden: Golden = serde_json::from_slice(&fs::read(golden).expect("golden vectors")).expect("JSON");
    assert!(golden.texts.len() >= 6 && golden.images.len() >= 3);
    let package = Package::read(package).expect("a package");
    let (words, eyes) = (package.text_encoder().expect("a tower"), package.image_encoder().expect("a tower"));
    let mut least = 1.0_f32;
    let mut compare = |found: Embedding, expected: Vec<f32>| {
        least = least.min(found.cosine(&Embedding::new(expected).expect("a direction")));
    };
    for Text { text, ids, vector } in golden.texts {
        assert_eq!(words.tokenize(&text).expect("tokens"), ids, "{text:?}");
        compare(words.encode(&text).expect("a vector"), vector);
    }
    for Image { file, vector } in golden.images {
        compare(eyes.encode(&pixels(&pictures.join(file))).expect("a vector"), vector);
    }
    least
}

#[test]
fn hugging_face_folders_give_the_vectors_of_transformers() {
    for name in ["hf-quick-gelu", "hf-gelu"] {
        let source = fixtures().join(name);
        for (quantization, enough) in [(Quantization::F32, F32), (Quantization::Q8_0, Q8_0)] {
            let out = tempfile::tempdir().expect("temporary folder");
            import(&source, out.path(), quantization).expect("a sound checkpoint");
            let found = nearness(out.path(), &source.join("golden.json"));
            assert!(found >= enough, "{name}, {quantization:?}: {found}");
        }
    }
}

#[test]
fn state_dicts_in_every_wrapping_give_the_vectors_of_open_clip() {
    let folder = fixtures().join("open_clip");
    for (activation, name) in [(Activation::QuickGelu, "quick_gelu"), (Activation::Gelu, "gelu")] {
        for file in STATE_DICTS {
            for (quantization, enough) in [(Quantization::F32, F32), (Quantization::Q8_0, Q8_0)] {
                let out = tempfile::tempdir().expect("temporary folder");
                import_as(&folder.join(file), out.path(), quantization, &tiny(activation)).expect("imported");
                let found = nearness(out.path(), &folder.join(format!("golden-{name}.json")));
                assert!(found >= enough, "{file}, {name}, {quantization:?}: {found}");
            }
        }
    }
}

#[test]
fn four_bits_are_coarse_but_point_the_same_way_and_take_half_the_room() {
    let folder = fixtures().join("open_clip");
    let (eight, four) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let said = tiny(Activation::Gelu);
    let source = folder.join("plain.pt");
    let in_eight = import_as(&source, eight.path(), Quantization::Q8_0, &said).expect("imported");
    let in_four = import_as(&source, four.path(), Quantization::Q4_0, &said).expect("imported");
    let found = nearness(four.path(), &folder.join("golden-gelu.json"));
    assert!(found >= 0.85, "{found}");
    assert!(in_four.image_bytes * 10 < in_eight.image_bytes * 6, "{in_four:?}, {in_eight:?}");
}

#[test]
fn the_activation_matters_and_is_asked_for() {
    let folder = fixtures().join("open_clip");
    let out = tempfile::tempdir().expect("temporary folder");
    let vocabulary = tiny(Activation::Gelu).vocabulary;
    let unsaid = Said { vocabulary, ..Said::default() };
    let error =
        import_as(&folder.join("plain.pt"), out.path(), Quantization::F32, &unsaid).expect_err("unsaid");
    let error = error.to_string();
    assert!(error.contains("plain.pt") && error.contains("--activation quick_gelu"), "{error}");
    import_as(&folder.join("plain.pt"), out.path(), Quantization::F32, &tiny(Activation::Gelu))
        .expect("imported");
    let other = nearness(out.path(), &folder.join("golden-quick_gelu.json"));
    assert!(other < F32, "the two activations cannot be told apart by these fixtures: {other}");
}

#[test]
fn a_folder_with_open_clips_description_needs_no_hints_but_the_vocabulary() {
    let fixture = fixtures().join("open_clip");
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::copy(fixture.join("open_clip_config.json"), folder.path().join("open_clip_config.json"))
        .expect("copied");
    fs::copy(fixture.join("plain.safetensors"), folder.path().join("open_clip_model.safetensors"))
        .expect("copied");
    let out = folder.path().join("package");
    let unsaid = import(folder.path(), &out, Quantization::F32).expect_err("700 tokens").to_string();
    assert!(unsaid.contains("--vocabulary"), "{unsaid}");
    let said = Said { activation: None, ..tiny(Activation::Gelu) };
    import_as(folder.path(), &out, Quantization::F32, &said).expect("imported");
    let found = nearness(&out, &fixture.join("golden-gelu.json"));
    assert!(found >= F32, "{found}");
}

#[test]
fn the_command_imports_a_checkpoint_and_says_what_the_package_is() {
    let out = tempfile::tempdir().expect("temporary folder");
    let source = fixtures().join("open_clip/nested.pt");
    let vocabulary = fixtures().join("open_clip/vocabulary.txt");
    let args = ["model", "import", &source.to_string_lossy(), "--out", &out.path().to_string_lossy()]
        .map(String::from);
    let more = [
        "--activation",
        "gelu",
        "--quantize",
        "q4_0",
        "--licence",
        "CC0-1.0",
        "--name",
        "nest",
        "--vocabulary",
    ];
    let more = more.map(String::from).into_iter().chain([vocabulary.to_string_lossy().into_owned()]);
    said(&clip_rs(args.into_iter().chain(more)));
    let info = said(&clip_rs(["model".as_ref(), "info".as_ref(), out.path().as_os_str()]));
    for part in [
        "nest (nest)",
        "vision transformer, 2 layers of width 128, 2 heads, patches of 8 pixels, GELU",
        "(Q4_0 ",
        "vocabulary: 700 tokens",
        "pictures: 32 x 32 pixels",
        "provenance: Imported from nested.pt (SHA-256 ",
        "licence: CC0-1.0",
        "package: SHA-256 ",
    ] {
        assert!(info.contains(part), "{part:?} is not in\n{info}");
    }
}

/// A copy of the safetensors state dict, changed.
fn changed(folder: &Path, change: impl FnOnce(&mut std::collections::HashMap<String, Tensor>)) -> PathBuf {
    let source = fixtures().join("open_clip/plain.safetensors");
    let mut tensors = candle_core::safetensors::load(source, &Device::Cpu).expect("tensors");
    change(&mut tensors);
    let path = folder.join("changed.safetensors");
    candle_core::safetensors::save(&tensors, &path).expect("written");
    path
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused_by_its_own_names() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).expect("a tensor");
    let projection = "transformer.resblocks.0.attn.in_proj_weight";
    let changes: [(&str, Option<Tensor>, &str); 6] = [
        (
            projection,
            None,
            "tensor transformer.resblocks.0.attn.in_proj_weight: missing, expected shape [384, 128]",
        ),
        (projection, Some(zeros(&[128, 128])), "in_proj_weight: expected shape [384, 128], found [128, 128]"),
        (
            "visual.proj",
            Some(zeros(&[48, 128])),
            "tensor visual.proj: expected shape [128, 48], found [48, 128]",
        ),
        ("logit_shift", Some(zeros(&[])), "tensor logit_shift of shape [] is no part of a CLIP"),
        ("visual.positional_embedding", Some(zeros(&[16, 128])), "found 16 rows"),
        ("visual.conv1.weight", None, "tensor visual.conv1.weight: missing"),
    ];
    for (name, tensor, expected) in changes {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = changed(folder.path(), |tensors| {
            tensors.remove(name);
            tensors.extend(tensor.map(|tensor| (name.to_owned(), tensor)));
        });
        let out = folder.path().join("package");
        let error =
            import_as(&path, &out, Quantization::F32, &tiny(Activation::Gelu)).expect_err(name).to_string();
        assert!(error.contains("changed.safetensors") && error.contains(expected), "{error}");
        assert!(!out.exists(), "nothing was written");
    }
}

#[test]
fn what_training_scripts_add_changes_nothing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = changed(folder.path(), |tensors| {
        let wrapped = |(name, tensor)| (format!("model.module.{name}"), tensor);
        *tensors = std::mem::take(tensors).into_iter().map(wrapped).collect();
        let bias = Tensor::zeros((), DType::F32, &Device::Cpu).expect("a tensor");
        tensors.insert("logit_bias".to_owned(), bias);
    });
    let out = folder.path().join("package");
    import_as(&path, &out, Quantization::F32, &tiny(Activation::Gelu)).expect("imported");
    let found = nearness(&out, &fixtures().join("open_clip/golden-gelu.json"));
    assert!(found >= F32, "{found}");
}

#[test]
fn what_is_no_checkpoint_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let refused = |path: &Path| {
        let out = folder.path().join("package");
        import_as(path, &out, Quantization::F32, &tiny(Activation::Gelu)).expect_err("refused").to_string()
    };
    for (name, content, expected) in [
        ("old.pt", &b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."[..], "write it again with torch.save"),
        ("text.bin", b"no tensors at all", "neither a safetensors nor a PyTorch file"),
        (
            "pointer.pt",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "run git lfs pull",
        ),
        ("page.safetensors", b"<!DOCTYPE html><html>", "a web page instead of the file"),
        ("empty.pt", b"", "neither a safetensors nor a PyTorch file"),
        ("long.safetensors", b"\xff\xff\xff\x0f\0\0\0\0{}", "announces a header of"),
        ("cut.safetensors", b"\x02\0\0\0\0\0\0\0{", "announces a header of"),
        ("broken.pt", b"PK\x03\x04 and no more", "not a PyTorch file that can be read"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("written");
        let error = refused(&path);
        assert!(error.contains(name) && error.contains(expected), "{error}");
    }
    let flax = folder.path().join("flax");
    fs::create_dir(&flax).expect("folder");
    fs::write(flax.join("config.json"), r#"{"model_type": "clip"}"#).expect("written");
    fs::write(flax.join("flax_model.msgpack"), "").expect("written");
    let error = refused(&flax);
    assert!(error.contains("from_flax=True"), "{error}");
    let error = refused(&fixtures().join("hf-gelu/pytorch_model.bin"));
    assert!(error.contains("give its folder"), "{error}");
}

#[test]
fn a_folder_that_prepares_pictures_otherwise_is_refused() {
    for (file, from, to, expected) in [
        ("preprocessor_config.json", "\"resample\": 3", "\"resample\": 5", "resample is 5"),
        ("preprocessor_config.json", "\"shortest_edge\": 32", "\"shortest_edge\": 40", "size is another"),
        ("config.json", "\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"", "hidden_act \"relu\""),
        ("config.json", "\"model_type\": \"clip\"", "\"model_type\": \"blip\"", "model_type is \"blip\""),
        ("tokenizer.json", "\"!\": 0", "\"!\": 9", "token \"!\" is number 9"),
    ] {
        let folder = tempfile::tempdir().expect("temporary folder");
        for entry in fs::read_dir(fixtures().join("hf-gelu")).expect("a folder") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
        }
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).expect("text");
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(&path, text.replace(from, to)).expect("written");
        let error =
            import(folder.path(), &folder.path().join("out"), Quantization::F32).expect_err(to).to_string();
        assert!(error.contains(file) && error.contains(expected), "{error}");
    }
}

#[test]
fn damaged_files_are_refused_and_nothing_panics() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for name in ["plain.pt", "plain.safetensors"] {
        let content = fs::read(fixtures().join("open_clip").join(name)).expect("a fixture");
        for n in 0..60_usize {
            let mut damaged = content.clone();
            // Cut it, or spoil what describes it: the beginning and the end.
            match n % 3 {
                0 => damaged.truncate(content.len() / 60 * n),
                1 => damaged[n * 13] ^= 1 << (n % 8),
                _ => damaged[content.len() - 1 - n * 7] ^= 0x41,
            }
            let path = folder.path().join(name);
            fs::write(&path, damaged).expect("written");
            let out = folder.path().join("package");
            // A changed weight is a model like any other; everything else has to be an error that names the file.
            if let Err(error) = import_as(&path, &out, Quantization::F32, &tiny(Activation::Gelu)) {
                assert!(error.to_string().contains(name), "{name}, {n}: {error}");
            }
        }
    }
}

#[test]
fn the_packages_that_browser_tests_use_are_what_import_makes() {
    for (name, source, said) in [
        ("hugging_face", "hf-gelu", Said::default()),
        ("open_clip", "open_clip/plain.pt", tiny(Activation::QuickGelu)),
    ] {
        for (stored, quantization) in [("f32", Quantization::F32), ("q8_0", Quantization::Q8_0)] {
            let out = tempfile::tempdir().expect("temporary folder");
            let said = Said { name: Some(name.to_owned()), ..said.clone() };
            import_as(&fixtures().join(source), out.path(), quantization, &said).expect("imported");
            for file in ["text.gguf", "image.gguf"] {
                let expected = unpacked(&committed(&format!("packages/{name}-{stored}/{file}.br")));
                let found = fs::read(out.path().join(file)).expect("written");
                assert!(
                    found == expected,
                    "{name}-{stored}/{file}: make_fixtures.py --packages makes it again"
                );
            }
        }
    }
}
