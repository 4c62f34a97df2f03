//! The embedded model against the vectors that its trainer computed in f32, before it was quantised.
#![cfg(not(target_arch = "wasm32"))]

use std::path::PathBuf;

use clip_rs_search::Embedding;
use clip_rs_search::model::{ImageEncoder, ModelConfig, TextEncoder};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    texts: Vec<GoldenText>,
    images: Vec<GoldenImage>,
}

#[derive(Deserialize)]
struct GoldenText {
    text: String,
    ids: Vec<u32>,
    vector: Vec<f32>,
}

#[derive(Deserialize)]
struct GoldenImage {
    file: String,
    vector: Vec<f32>,
}

fn read(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/rs-small").join(name);
    let content = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()));
    content.expect("the embedded model and its golden vectors")
}

fn cosine(found: &Embedding, expected: Vec<f32>) -> f32 {
    found.cosine(&Embedding::new(expected).expect("a direction"))
}

#[test]
fn the_embedded_model_gives_its_trainers_vectors() {
    let golden: Golden = serde_json::from_slice(&read("golden.json")).expect("golden.json");
    let config = ModelConfig::from_json(&read("model.json")).expect("model.json");

    let text = TextEncoder::from_gguf(&config, read(&config.text.file), &read(&config.tokenizer.file));
    let text = text.expect("the text tower");
    assert!(golden.texts.len() >= 8);
    for GoldenText { text: words, ids, vector } in golden.texts {
        assert_eq!(text.tokenize(&words), ids, "{words:?}");
        let found = cosine(&text.encode(&words).expect("an embedding"), vector);
        assert!(found >= 0.995, "{words:?}: cosine {found}");
    }

    let encoder = ImageEncoder::from_gguf(&config, read(&config.image.file)).expect("the image tower");
    assert!(golden.images.len() >= 3);
    for GoldenImage { file, vector } in golden.images {
        let picture = image::load_from_memory(&read(&file)).expect("a PNG").into_rgb8();
        let found = cosine(&encoder.encode(&picture).expect("an embedding"), vector);
        assert!(found >= 0.995, "{file}: cosine {found}");
    }
}

/// Words that neither a caption nor the thesaurus of the training names: half of them real, half made up.
const UNHEARD: [&str; 24] = [
    "accordion",
    "saxophone",
    "dinosaur skeleton",
    "chess tournament",
    "electron microscope",
    "wedding cake",
    "parliament debate",
    "violin concerto",
    "tax return",
    "knitting needles",
    "philosophy lecture",
    "volcanic eruption",
    "brontle",
    "quaxifer",
    "mellivine",
    "drosk",
    "ulanthic",
    "perriwock",
    "zibbet",
    "thrumple",
    "vexolant",
    "gorbish",
    "snarf",
    "opquelle",
];

#[test]
fn words_never_seen_in_training_do_not_collapse_to_one_vector() {
    let config = ModelConfig::from_json(&read("model.json")).expect("model.json");
    let text = TextEncoder::from_gguf(&config, read(&config.text.file), &read(&config.tokenizer.file));
    let text = text.expect("the text tower");
    let vectors: Vec<_> = UNHEARD.iter().map(|word| text.encode(word).expect("an embedding")).collect();
    let mut pairs: Vec<(f32, &str, &str)> = Vec::new();
    for (i, left) in vectors.iter().enumerate() {
        for (j, right) in vectors.iter().enumerate().skip(i + 1) {
            pairs.push((left.cosine(right), UNHEARD[i], UNHEARD[j]));
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mean = pairs.iter().map(|pair| pair.0).sum::<f32>() / pairs.len() as f32;
    println!("mean cosine {mean:.3}, most alike {:?}", &pairs[..3]);
    // All of them at one point would be 1; the model that this was written for gives 0.63.
    assert!(mean < 0.75, "unheard words are nearly one: mean cosine {mean}");
    assert!(pairs[0].0 < 0.98, "indistinguishable: {:?}", pairs[0]);
}
