//! CLIP in candle gives the vectors that our own kernels give: both run the same package, by the same weights. What is
//! tested on candle's CPU device is what a graphics processor runs.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clip_rs_search::model::{ImageEncoder, ModelConfig, TextEncoder};
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

#[test]
fn pictures_have_the_same_vectors_with_either_activation() {
    for name in ["hugging_face-f32", "open_clip-f32"] {
        let Package { config, image, .. } = package(name);
        let ours = ImageEncoder::from_gguf(&config, &image).expect("our tower");
        let candles = clip_rs_towers::image(&config, image, &Device::cpu()).expect("candle's tower");
        assert_eq!(candles.dim(), config.embed_dim);
        for file in ["noise.png", "ramp.png", "rings.png"] {
            let picture = image::open(folder().join(file)).expect("a picture").to_rgb8();
            let (a, b) =
                (ours.encode(&picture).expect("a vector"), candles.encode(&picture).expect("a vector"));
            assert!(a.cosine(&b) >= ALIKE, "{name}, {file}: {}", a.cosine(&b));
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
            assert_eq!(ours.tokenize(words), candles.tokenize(words));
            let (a, b) = (ours.encode(words).expect("a vector"), candles.encode(words).expect("a vector"));
            assert!(a.cosine(&b) >= EQUAL, "{name}, {words:?}: {}", a.cosine(&b));
        }
    }
}

#[test]
fn a_network_that_candle_does_not_have_is_refused_with_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/rs-small");
    let read = |file: &str| fs::read(folder.join(file)).expect("a file");
    let config = ModelConfig::from_json(&read("model.json")).expect("a sound description");
    let error = clip_rs_towers::image(&config, read("image.gguf"), &Device::cpu()).err().expect("refused");
    assert!(error.to_string().contains("--device cpu"), "{error}");
    let text = clip_rs_towers::text(&config, read("text.gguf"), &read("vocabulary.txt"));
    let error = text.err().expect("refused").to_string();
    assert!(error.contains("a table of tokens as wide as the tower"), "{error}");
}
