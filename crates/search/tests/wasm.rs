//! In a browser: the SIMD kernels against their definition, both towers against plain loops, and imported checkpoints
//! against the libraries that made them.
#![cfg(target_arch = "wasm32")]

mod common;

use clip_rs_search::index::IndexParams;
use clip_rs_search::model::{ImageEncoder, ImagePixels, ModelConfig, TextEncoder};
use clip_rs_search::{Code, Embedding, Index};
use common::{RESNET, VIT, VOCABULARY, config, naive, random_weights};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn cosine(found: &Embedding, expected: &[f64]) -> f64 {
    found.as_slice().iter().zip(expected).map(|(a, b)| f64::from(*a) * b).sum()
}

#[wasm_bindgen_test]
fn the_cosine_of_codes_is_that_of_their_integers() {
    let seed = 1;
    let mut rng = StdRng::seed_from_u64(seed);
    for dim in (1..70).chain([255, 256, 512, 768, 8192]) {
        let mut codes =
            || -> Vec<i8> { (0..dim).map(|_| rng.random_range(-127..=127)).chain([127]).take(dim).collect() };
        let (a, b) = (codes(), codes());
        let (Ok(code_a), Ok(code_b)) = (Code::try_from(a.clone()), Code::try_from(b.clone())) else {
            continue;
        };
        let dot =
            |a: &[i8], b: &[i8]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
        let expected = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
        let found = f64::from(code_a.cosine(&code_b));
        assert!((found - expected).abs() < 1e-6, "seed {seed}, dim {dim}: {found}, expected {expected}");
    }
}

#[wasm_bindgen_test]
fn the_text_tower_gives_what_plain_loops_give() {
    for (token_dim, activation) in [(None, "gelu"), (Some(32), "quick_gelu")] {
        let config = config(token_dim, activation, RESNET);
        let (file, weights) = random_weights("clip-text", &config.text_tensors(), true, 2);
        let encoder = TextEncoder::from_gguf(&config, &file, VOCABULARY).expect("an encoder");
        for text in ["the river", "", "THE RIVER in an old town, with 3 bridges 🌊"] {
            let expected = naive::text(&config, &weights, &encoder.tokenize(text));
            let found = cosine(&encoder.encode(text).expect("an embedding"), &expected);
            assert!(found >= 0.999, "{text:?}: {found}");
        }
    }
}

#[wasm_bindgen_test]
fn both_image_towers_give_what_plain_loops_give() {
    for tower in [RESNET, VIT] {
        let config = config(None, "gelu", tower);
        let (file, weights) = random_weights("clip-image", &config.image_tensors(), true, 3);
        let encoder = ImageEncoder::from_gguf(&config, &file).expect("an encoder");
        let mut rng = StdRng::seed_from_u64(3);
        let picture = image::RgbImage::from_fn(32, 32, |_, _| image::Rgb(rng.random()));
        let pixels = ImagePixels::from_rgb(&config.image, &picture).expect("pixels");
        let expected = naive::image(&config, &weights, picture.as_raw());
        let found = cosine(&encoder.encode_pixels(&pixels).expect("an embedding"), &expected);
        assert!(found >= 0.999, "{tower}: {found}");
    }
}

#[wasm_bindgen_test]
fn an_index_is_built_read_and_searched() {
    let mut rng = StdRng::seed_from_u64(4);
    let mut vector =
        || Embedding::new((0..32).map(|_| rng.random_range(-1.0..1.0)).collect()).expect("a direction");
    let embeddings: Vec<_> = (0..300).map(|_| vector()).collect();
    let built = Index::build(&embeddings, IndexParams::default()).expect("an index");
    let index = Index::from_bytes(built.to_bytes()).expect("an index");
    let query = Code::new(&vector()).expect("a code");
    assert_eq!(index.search(&query, 5), index.exact(&query, 5, |_| true));
}

/// A part of the fixtures that models/parity/make_fixtures.py made.
macro_rules! fixture {
    ($path:expr) => {
        include_bytes!(concat!("../../../models/parity/fixtures/packages/", $path)).as_slice()
    };
}

/// The parts of a package, towers compressed.
macro_rules! package {
    ($name:literal) => {
        [
            fixture!(concat!($name, "/model.json")),
            fixture!(concat!($name, "/text.gguf.br")),
            fixture!(concat!($name, "/image.gguf.br")),
            fixture!(concat!($name, "/vocabulary.txt")),
        ]
    };
}

#[derive(serde::Deserialize)]
struct Golden {
    texts: Vec<GoldenText>,
    images: Vec<GoldenImage>,
}

#[derive(serde::Deserialize)]
struct GoldenText {
    text: String,
    ids: Vec<u32>,
    vector: Vec<f64>,
}

#[derive(serde::Deserialize)]
struct GoldenImage {
    file: String,
    vector: Vec<f64>,
}

fn unpacked(mut compressed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    brotli::BrotliDecompress(&mut compressed, &mut content).expect("a sound fixture");
    content
}

fn compare([config, text, image, vocabulary]: [&[u8]; 4], golden: &[u8], enough: f64) {
    let config = ModelConfig::from_json(config).expect("model.json");
    let golden: Golden = serde_json::from_slice(golden).expect("golden vectors");
    assert!(golden.texts.len() >= 6 && golden.images.len() >= 3);
    let text = TextEncoder::from_gguf(&config, unpacked(text), vocabulary).expect("the text tower");
    for GoldenText { text: words, ids, vector } in golden.texts {
        assert_eq!(text.tokenize(&words), ids, "{words:?}");
        let found = cosine(&text.encode(&words).expect("an embedding"), &vector);
        assert!(found >= enough, "{}, {words:?}: {found}", config.name);
    }
    let encoder = ImageEncoder::from_gguf(&config, unpacked(image)).expect("the image tower");
    for GoldenImage { file, vector } in golden.images {
        let picture = match file.as_str() {
            "noise.png" => fixture!("noise.png"),
            "ramp.png" => fixture!("ramp.png"),
            _ => fixture!("rings.png"),
        };
        let picture = image::load_from_memory(picture).expect("a PNG").into_rgb8();
        let found = cosine(&encoder.encode(&picture).expect("an embedding"), &vector);
        assert!(found >= enough, "{}, {file}: {found}", config.name);
    }
}

#[wasm_bindgen_test]
fn imported_checkpoints_give_the_vectors_of_the_reference() {
    let (hugging_face, open_clip) = (fixture!("hugging_face.json"), fixture!("open_clip.json"));
    compare(package!("hugging_face-f32"), hugging_face, 0.99999);
    compare(package!("hugging_face-q8_0"), hugging_face, 0.995);
    compare(package!("open_clip-f32"), open_clip, 0.99999);
    compare(package!("open_clip-q8_0"), open_clip, 0.995);
}
