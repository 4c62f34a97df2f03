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
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/rs-small").join(name);
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

    let text = TextEncoder::from_gguf(&config, &read(&config.text.file), &read(&config.tokenizer.file));
    let text = text.expect("the text tower");
    assert!(golden.texts.len() >= 8);
    for GoldenText { text: words, ids, vector } in golden.texts {
        assert_eq!(text.tokenize(&words), ids, "{words:?}");
        let found = cosine(&text.encode(&words).expect("an embedding"), vector);
        assert!(found >= 0.995, "{words:?}: cosine {found}");
    }

    let image = ImageEncoder::from_gguf(&config, &read(&config.image.file)).expect("the image tower");
    assert!(golden.images.len() >= 3);
    for GoldenImage { file, vector } in golden.images {
        let found = cosine(&image.encode(&read(&file)).expect("an embedding"), vector);
        assert!(found >= 0.995, "{file}: cosine {found}");
    }
}
