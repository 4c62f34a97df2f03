//! Small random models for tests, and the towers once more: in plain loops and f64, straight from the papers.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub mod gguf;
pub mod naive;

use std::collections::HashMap;

use clip_rs_search::model::{ModelConfig, TensorKind, TensorSpec};
use gguf::{Dtype, Stored};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Six merge rules after the title: enough for words to become several tokens.
pub const VOCABULARY: &[u8] = b"#version: test\nt h\nth e</w>\ni n\na n\nr i\nri v\n";

/// Configuration of a tiny model; `token_dim` factorises the table.
pub fn config(token_dim: Option<usize>, activation: &str, tower: &str) -> ModelConfig {
    let token_dim = token_dim.map_or(String::new(), |dim| format!("\"token_dim\": {dim},"));
    let json = format!(
        r#"{{"format": 1, "name": "tiny", "embed_dim": 24, "logit_scale": 30.0,
            "tokenizer": {{"file": "vocabulary.txt", "vocab_size": 520, "start": 518, "end": 519}},
            "text": {{"file": "text.gguf", "context_length": 12, {token_dim} "width": 64, "layers": 2, "heads": 4,
                     "mlp": 96, "activation": "{activation}", "layer_norm_eps": 1e-5}},
            "image": {{"file": "image.gguf", "image_size": 32, "mean": [0.48, 0.45, 0.4], "std": [0.26, 0.27, 0.28],
                      "resize": "bicubic", "fit": "short_side_centre_crop", "tower": {tower}}}}}"#
    );
    ModelConfig::from_json(json.as_bytes()).expect("a valid configuration")
}

pub const RESNET: &str = r#"{"kind": "resnet", "stem": [16, 32], "stages": [{"width": 32, "blocks": 2}, {"width": 64, "blocks": 1}], "kernel": 3}"#;
pub const VIT: &str = r#"{"kind": "vit", "patch": 8, "width": 64, "layers": 2, "heads": 2, "mlp": 128,
    "activation": "quick_gelu", "layer_norm_eps": 1e-5}"#;

/// A tower's weights as the file holds them (after quantisation), by name.
pub type Weights = HashMap<String, Vec<f32>>;

/// Random weights for `specs` as a GGUF file and as numbers; matrices in Q8_0 where they can be, if so wanted.
pub fn random_weights(
    architecture: &str,
    specs: &[TensorSpec],
    quantise: bool,
    seed: u64,
) -> (Vec<u8>, Weights) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut tensors = Vec::new();
    let mut weights = Weights::new();
    for spec in specs {
        let shape = spec.stored_shape();
        let spread = match spec.kind {
            TensorKind::Plain => 0.3,
            _ => (3.0 / shape[1] as f32).sqrt(),
        };
        let norm = spec.name.contains("norm") && spec.name.ends_with("weight");
        // Numbers of names are above 0.
        let middle = if norm || spec.name == "concepts.names" { 1.0 } else { 0.0 };
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count).map(|_| middle + rng.random_range(-spread..spread)).collect();
        let dtype = match spec.kind {
            TensorKind::Plain => Dtype::F32,
            _ if !quantise => Dtype::F32,
            _ if spec.fits_blocks() => Dtype::Q8_0,
            _ => Dtype::F16,
        };
        let stored = Stored::new(&spec.name, shape, dtype, &values);
        weights.insert(spec.name.clone(), stored.values.clone());
        tensors.push(stored);
    }
    (gguf::file(architecture, &tensors), weights)
}
