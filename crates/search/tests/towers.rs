//! Both towers against the same towers in plain loops, on small random models.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use clip_rs_search::Embedding;
use clip_rs_search::model::{ImageEncoder, ImagePixels, ModelConfig, TextEncoder};
use common::{RESNET, VIT, VOCABULARY, config, naive, random_weights};
use image::RgbImage;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const TEXTS: [&str; 5] =
    ["the river", "a", "", "THE RIVER in an old town, with 3 bridges", "Straße é 河 🌊 <end_of_text> the"];

fn cosine(found: &Embedding, expected: &[f64]) -> f64 {
    found.as_slice().iter().zip(expected).map(|(a, b)| f64::from(*a) * b).sum()
}

/// How near the engine must come: f32 rounding, or 8-bit rounding of what enters each product.
fn nearness(quantised: bool) -> f64 {
    if quantised { 0.999 } else { 0.999_999 }
}

#[test]
fn the_text_tower_gives_what_plain_loops_give() {
    for (seed, (token_dim, activation)) in
        [(None, "gelu"), (None, "quick_gelu"), (Some(32), "gelu"), (Some(96), "quick_gelu")]
            .into_iter()
            .enumerate()
    {
        let config = config(token_dim, activation, RESNET);
        for quantised in [false, true] {
            let (file, weights) = random_weights("clip-text", &config.text_tensors(), quantised, seed as u64);
            let encoder = TextEncoder::from_gguf(&config, &file, VOCABULARY).expect("an encoder");
            for text in TEXTS {
                let tokens = encoder.tokenize(text);
                let expected = naive::text(&config, &weights, &tokens);
                let found = cosine(&encoder.encode(text).expect("an embedding"), &expected);
                assert!(
                    found >= nearness(quantised),
                    "seed {seed}, quantised {quantised}, {text:?}: {found}"
                );
            }
        }
    }
}

fn pictures(config: &ModelConfig, seed: u64, count: usize) -> Vec<RgbImage> {
    let size = config.image.image_size as u32;
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count).map(|_| RgbImage::from_fn(size, size, |_, _| image::Rgb(rng.random()))).collect()
}

#[test]
fn the_mean_with_the_transpose_is_the_same_for_a_picture_and_its_transpose() {
    let mut config = config(None, "gelu", RESNET);
    let (file, _) = random_weights("clip-image", &config.image_tensors(), false, 4);
    let plain = ImageEncoder::from_gguf(&config, &file).expect("an encoder");
    config.image.average_transpose = true;
    let encoder = ImageEncoder::from_gguf(&config, &file).expect("an encoder");
    for picture in pictures(&config, 4, 3) {
        let pixels = ImagePixels::from_rgb(&config.image, &picture).expect("pixels");
        let turned = pixels.transposed();
        let [own, other] =
            [&pixels, &turned].map(|pixels| plain.encode_pixels(pixels).expect("an embedding"));
        let sum: Vec<f64> =
            own.as_slice().iter().zip(other.as_slice()).map(|(a, b)| f64::from(a + b)).collect();
        let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
        let expected: Vec<f64> = sum.iter().map(|x| x / length).collect();
        let found = encoder.encode_batch(&[pixels, turned]).expect("embeddings");
        for found in found {
            assert!(cosine(&found, &expected) >= 0.999_999, "seed 4");
        }
        assert!(cosine(&own, &expected) < 0.999_9, "seed 4: the transpose changes nothing");
    }
}

#[test]
fn both_image_towers_give_what_plain_loops_give() {
    for tower in [RESNET, VIT] {
        let config = config(None, "gelu", tower);
        for (seed, quantised) in [(1, false), (2, true)] {
            let (file, weights) = random_weights("clip-image", &config.image_tensors(), quantised, seed);
            let encoder = ImageEncoder::from_gguf(&config, &file).expect("an encoder");
            let pictures = pictures(&config, seed, 3);
            let pixels: Vec<_> = pictures
                .iter()
                .map(|picture| ImagePixels::from_rgb(&config.image, picture).expect("pixels"))
                .collect();
            let together = encoder.encode_batch(&pixels).expect("embeddings");
            for ((picture, pixels), together) in pictures.iter().zip(&pixels).zip(&together) {
                let expected = naive::image(&config, &weights, picture.as_raw());
                let alone = encoder.encode_pixels(pixels).expect("an embedding");
                for found in [together, &alone] {
                    let found = cosine(found, &expected);
                    assert!(
                        found >= nearness(quantised),
                        "seed {seed}, quantised {quantised}, {tower}: {found}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_error_names_the_tensor_and_both_shapes() {
    let small = config(None, "gelu", RESNET);
    let (file, _) = random_weights("clip-text", &small.text_tensors(), true, 1);
    let mut wide = small.clone();
    wide.text.mlp = 128;
    let error = TextEncoder::from_gguf(&wide, &file, VOCABULARY).err().expect("an error").to_string();
    let expected =
        "tensor text_model.encoder.layers.0.mlp.fc1.weight: expected shape [128, 64], found [96, 64]";
    assert_eq!(error, expected);

    let mut deep = small.clone();
    deep.text.layers = 3;
    let error = TextEncoder::from_gguf(&deep, &file, VOCABULARY).err().expect("an error").to_string();
    assert_eq!(error, "tensor text_model.encoder.layers.2.layer_norm1.weight: missing, expected shape [64]");

    let error = ImageEncoder::from_gguf(&small, &file).err().expect("an error").to_string();
    assert_eq!(error, "GGUF file: general.architecture is \"clip-text\", expected \"clip-image\"");
}

#[test]
fn damaged_model_files_are_errors_or_models_but_never_panics() {
    let config = config(Some(32), "gelu", RESNET);
    let (file, _) = random_weights("clip-text", &config.text_tensors(), true, 3);
    let header = file.windows(16).rposition(|w| w == b"projection.weigh").expect("the last name") + 64;
    for length in (0..header).step_by(7).chain([file.len() / 2, file.len() - 33]) {
        let cut = &file[..length];
        assert!(TextEncoder::from_gguf(&config, cut, VOCABULARY).is_err(), "cut to {length} bytes");
    }
    let seed = 11;
    let mut rng = StdRng::seed_from_u64(seed);
    for round in 0..1500 {
        let mut damaged = file.clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..header);
            damaged[at] = [0, 0xff, 0x7f, rng.random()][rng.random_range(0..4)];
        }
        let outcome = std::panic::catch_unwind(|| {
            TextEncoder::from_gguf(&config, &damaged, VOCABULARY)
                .map(|encoder| encoder.encode("the river").is_ok())
        });
        assert!(outcome.is_ok(), "seed {seed}, round {round}");
    }
}

#[test]
fn a_file_with_an_alignment_of_zero_is_refused() {
    let config = config(None, "gelu", RESNET);
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    file.extend(0_u64.to_le_bytes());
    file.extend(1_u64.to_le_bytes());
    file.extend(17_u64.to_le_bytes());
    file.extend(b"general.alignment");
    file.extend(4_u32.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    let error = TextEncoder::from_gguf(&config, &file, VOCABULARY).err().expect("an error");
    assert_eq!(error.to_string(), "GGUF file: general.alignment is 0");
}

#[test]
fn a_token_outside_the_vocabulary_is_an_error() {
    for token_dim in [None, Some(32)] {
        let config = config(token_dim, "gelu", RESNET);
        let (file, _) = random_weights("clip-text", &config.text_tensors(), true, 1);
        let encoder = TextEncoder::from_gguf(&config, &file, VOCABULARY).expect("an encoder");
        assert!(encoder.encode_tokens(&[518, 519]).is_ok());
        for token in [520, 65_535, u32::MAX] {
            let error = encoder.encode_tokens(&[518, token, 519]).expect_err("an error");
            assert_eq!(error.to_string(), format!("token {token} for a model of 520 tokens"));
        }
    }
}

#[test]
fn towers_that_would_ask_for_a_lot_of_memory_are_refused() {
    let wide = r#"{"kind": "resnet", "stem": [256], "stages": [{"width": 256, "blocks": 0}], "kernel": 3}"#;
    let many = r#"{"kind": "vit", "patch": 32, "width": 64, "layers": 1, "heads": 2, "mlp": 16384,
        "activation": "gelu", "layer_norm_eps": 1e-5}"#;
    for (tower, field, numbers) in [
        (wide, "a map's pixels, by its width,", 512 * 512 * 256),
        (many, "patches of a picture, by the widest layer,", 1025 * 16_384),
    ] {
        let mut config = config(None, "gelu", tower);
        config.image.image_size = 1024;
        let (file, _) = random_weights("clip-image", &config.image_tensors(), true, 1);
        let error = ImageEncoder::from_gguf(&config, &file).err().expect("an error").to_string();
        assert!(
            error.starts_with(&format!("model.json: image.tower: {field} is {numbers}, expected")),
            "{error}"
        );
    }
}

#[test]
fn sizes_whose_attention_or_maps_no_memory_would_hold_are_refused_as_they_are_read() {
    let heads = r#"{"kind": "vit", "patch": 32, "width": 64, "layers": 1, "heads": 64, "mlp": 64,
        "activation": "gelu", "layer_norm_eps": 1e-5}"#;
    let maps = r#"{"kind": "fastvit", "width": 64, "blocks": [1, 1, 1, 1], "mlp_ratio": 3}"#;
    for (tower, refusal) in [
        (heads, "model.json: image.tower.heads is 64, expected at most 16 for 1024 tokens"),
        (maps, "model.json: numbers of a feature map is 16777216, expected 1 to 8388608"),
    ] {
        let mut large = config(None, "gelu", VIT);
        large.image.tower = serde_json::from_str(tower).expect("a tower");
        large.image.image_size = 1024;
        let error = large.validate().expect_err("refused").to_string();
        assert_eq!(error, refusal);
    }
    let mut long = config(None, "gelu", RESNET);
    (long.text.context_length, long.text.heads) = (1024, long.text.width);
    let error = long.validate().expect_err("refused").to_string();
    assert!(error.starts_with("model.json: text.heads is 64, expected at most 16"), "{error}");
}
