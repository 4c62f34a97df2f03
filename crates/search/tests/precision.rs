//! What rounding to 8 bits costs: the embedded model's towers against the same weights computed with in 32 bits.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

mod common;

use std::collections::HashMap;

use clip_rs_search::model::{ImageEncoder, ModelConfig, TensorSpec, TextEncoder};
use common::gguf::{self, Dtype, Stored};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

const CONFIG: &[u8] = include_bytes!("../../../models/rs-small/model.json");
const TEXT: &[u8] = include_bytes!("../../../models/rs-small/text.gguf");
const IMAGE: &[u8] = include_bytes!("../../../models/rs-small/image.gguf");
const VOCABULARY: &[u8] = include_bytes!("../../../models/rs-small/vocabulary.txt");
const PICTURES: [&[u8]; 3] = [
    include_bytes!("../../../models/rs-small/golden-gradient.png"),
    include_bytes!("../../../models/rs-small/golden-noise.png"),
    include_bytes!("../../../models/rs-small/golden-shapes.png"),
];
/// Real texts: what people type, one a line, before the colon.
const PHRASES: [&str; 2] = [
    include_str!("../../../models/train/phrases-rsicd.txt"),
    include_str!("../../../models/train/phrases-sample.txt"),
];

/// A tower's file with the same numbers in 32 bits.
fn in_full(architecture: &str, specs: &[TensorSpec], mut weights: HashMap<String, Vec<f32>>) -> Vec<u8> {
    let tensors: Vec<Stored> = specs
        .iter()
        .map(|spec| {
            let numbers = weights.remove(&spec.name).expect("a tensor of the list");
            Stored::new(&spec.name, spec.stored_shape(), Dtype::F32, &numbers)
        })
        .collect();
    gguf::file(architecture, &tensors)
}

#[test]
fn texts_keep_their_direction_in_8_bits() {
    let config = ModelConfig::from_json(CONFIG).expect("model.json");
    let weights = config.text_weights(TEXT).expect("weights");
    let full = in_full("clip-text", &config.text_tensors(), weights);
    let exact = TextEncoder::from_gguf(&config, full, VOCABULARY).expect("an encoder in 32 bits");
    let rounded = TextEncoder::from_gguf(&config, TEXT, VOCABULARY).expect("an encoder in 8 bits");
    let phrases: Vec<&str> = PHRASES
        .iter()
        .flat_map(|file| file.lines())
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(':').next())
        .filter(|phrase| !phrase.trim().is_empty())
        .collect();
    let texts: Vec<String> = phrases
        .iter()
        .zip(phrases.iter().cycle().skip(7))
        .flat_map(|(one, other)| {
            [(*one).to_owned(), format!("an aerial photograph of {one} next to {other} and some green trees")]
        })
        .collect();
    assert!(texts.len() >= 400);
    let cosines: Vec<f32> = texts
        .iter()
        .map(|text| rounded.encode(text).expect("a vector").cosine(&exact.encode(text).expect("a vector")))
        .collect();
    let (at, least) = cosines.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).expect("texts");
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    println!("cosines of {} texts: mean {mean:.5}, least {least:.5} ({:?})", texts.len(), texts[at]);
    assert!(*least >= 0.9989, "{:?}: {least}", texts[at]);
}

#[test]
fn pictures_keep_their_direction_in_8_bits() {
    let config = ModelConfig::from_json(CONFIG).expect("model.json");
    let weights = config.image_weights(IMAGE).expect("weights");
    let full = in_full("clip-image", &config.image_tensors(), weights);
    let exact = ImageEncoder::from_gguf(&config, full).expect("an encoder in 32 bits");
    let rounded = ImageEncoder::from_gguf(&config, IMAGE).expect("an encoder in 8 bits");
    for picture in PICTURES {
        let picture = image::load_from_memory(picture).expect("a PNG").into_rgb8();
        let cosine =
            rounded.encode(&picture).expect("a vector").cosine(&exact.encode(&picture).expect("a vector"));
        println!("cosine of a picture: {cosine:.5}");
        assert!(cosine >= 0.997, "{cosine}");
    }
}
