//! CLIP in candle gives the vectors that our own kernels give: both run the same package, by the same weights. What is
//! tested on candle's CPU device is what a graphics processor runs.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use clip_rs_search::model::{ImageEncoder, ImageTower, ModelConfig, TensorSpec, TextEncoder, TextTower};
use clip_rs_towers::Device;

/// Least cosine: weights are in f32 here, and only the order of sums differs.
const ALIKE: f32 = 0.9999;
/// The same where GELU has to be told from QuickGELU, which is hardly another.
const EQUAL: f32 = 0.999_998;

/// The folder of packages that the tests in a browser use, too (`models/parity/README.md`).
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/parity/fixtures/packages")
}

struct Package {
    config: ModelConfig,
    text: Vec<u8>,
    image: Vec<u8>,
    vocabulary: Vec<u8>,
}

fn package(name: &str) -> Package {
    let folder = folder().join(name);
    let unpacked = |file: &str| {
        let mut content = Vec::new();
        let file = fs::File::open(folder.join(file)).expect("a file");
        brotli::Decompressor::new(file, 1 << 16).read_to_end(&mut content).expect("a sound file");
        content
    };
    let config = fs::read(folder.join("model.json")).expect("a description");
    Package {
        config: ModelConfig::from_json(&config).expect("a sound description"),
        text: unpacked("text.gguf.br"),
        image: unpacked("image.gguf.br"),
        vocabulary: fs::read(folder.join("vocabulary.txt")).expect("a vocabulary"),
    }
}

/// A picture has vectors of at least this cosine by both.
fn expect_alike(ours: &ImageEncoder, candles: &dyn ImageTower, picture: &Path, enough: f32) {
    let rgb = image::open(picture).expect("a picture").to_rgb8();
    let (a, b) = (ours.encode(&rgb).expect("a vector"), candles.encode(&rgb).expect("a vector"));
    assert!(a.cosine(&b) >= enough, "{}: {}", picture.display(), a.cosine(&b));
}

/// A text has the same tokens and as good as the same vector by both.
fn expect_equal(ours: &TextEncoder, candles: &dyn TextTower, words: &str) {
    assert_eq!(ours.tokenize(words), candles.tokenize(words).expect("tokens"));
    let (a, b) = (ours.encode(words).expect("a vector"), candles.encode(words).expect("a vector"));
    assert!(a.cosine(&b) >= EQUAL, "{words:?}: {}", a.cosine(&b));
}

#[test]
fn pictures_have_the_same_vectors_with_either_activation() {
    for name in ["hugging_face-f32", "open_clip-f32"] {
        let Package { config, image, .. } = package(name);
        let ours = ImageEncoder::from_gguf(&config, &image).expect("our tower");
        let candles = clip_rs_towers::image(&config, image, &Device::cpu()).expect("candle's tower");
        assert_eq!(candles.dim(), config.embed_dim);
        for file in ["noise.png", "ramp.png", "rings.png"] {
            expect_alike(&ours, &*candles, &folder().join(file), ALIKE);
        }
    }
}

#[test]
fn texts_have_the_same_vectors_with_either_activation() {
    for name in ["hugging_face-f32", "open_clip-f32"] {
        let Package { config, text, vocabulary, .. } = package(name);
        let ours = TextEncoder::from_gguf(&config, &text, &vocabulary).expect("our tower");
        let candles = clip_rs_towers::text(&config, text, &vocabulary).expect("candle's tower");
        for words in ["a river with a bridge", "", "storage tanks storage tanks", &"the ".repeat(50)] {
            expect_equal(&ours, &*candles, words);
        }
    }
}

/// A tower's file with the same numbers in 32 bits, with which our kernels compute as candle does.
fn in_full(architecture: &str, specs: &[TensorSpec], weights: &HashMap<String, Vec<f32>>) -> Vec<u8> {
    let tensor = |spec: &TensorSpec| {
        let numbers = Tensor::new(weights[&spec.name].as_slice(), &candle_core::Device::Cpu)?;
        Ok((spec.name.clone(), QTensor::quantize(&numbers.reshape(spec.stored_shape())?, GgmlDType::F32)?))
    };
    let tensors: candle_core::Result<Vec<(String, QTensor)>> = specs.iter().map(tensor).collect();
    let tensors = tensors.expect("tensors");
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let architecture = gguf_file::Value::String(architecture.into());
    let mut file = std::io::Cursor::new(Vec::new());
    gguf_file::write(&mut file, &[("general.architecture", &architecture)], &tensors).expect("a GGUF file");
    file.into_inner()
}

#[test]
fn the_embedded_model_has_the_same_vectors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/rs-small");
    let read = |file: &str| fs::read(folder.join(file)).expect("a file");
    let config = ModelConfig::from_json(&read("model.json")).expect("a sound description");
    let weights = config.image_weights(&read("image.gguf")).expect("weights");
    let image = in_full("clip-image", &config.image_tensors(), &weights);
    let ours = ImageEncoder::from_gguf(&config, &image).expect("our tower");
    let candles = clip_rs_towers::image(&config, image, &Device::cpu()).expect("candle's tower");
    for file in ["golden-gradient.png", "golden-noise.png", "golden-shapes.png"] {
        expect_alike(&ours, &*candles, &folder.join(file), EQUAL);
    }
    let weights = config.text_weights(&read("text.gguf")).expect("weights");
    let text = in_full("clip-text", &config.text_tensors(), &weights);
    let vocabulary = read("vocabulary.txt");
    let ours = TextEncoder::from_gguf(&config, &text, &vocabulary).expect("our tower");
    let candles = clip_rs_towers::text(&config, text, &vocabulary).expect("candle's tower");
    for words in ["a river with a bridge", "", "storage tanks", &"green trees ".repeat(40)] {
        expect_equal(&ours, &*candles, words);
    }
}
