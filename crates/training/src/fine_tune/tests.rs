//! Tests of the parts together: the towers against the engine, batches against one large batch.

use std::collections::HashMap;
use std::path::Path;

use candle_core::Tensor;
use clip_rs_search::Embedding;
use image::{Rgb, RgbImage};

use super::*;
use crate::fine_tune::gradients::{Batch, Step, gradients};
use crate::fine_tune::picture::Square;
use crate::fine_tune::towers::{Tokens, embed_pictures, embed_texts};
use clip_rs_stage::dice::Dice;

const RESNET: &str = r#"{"kind": "resnet", "stem": [8, 16], "stages": [{"width": 16, "blocks": 1},
    {"width": 32, "blocks": 1}], "kernel": 3}"#;
const VIT: &str = r#"{"kind": "vit", "patch": 8, "width": 32, "layers": 2, "heads": 2, "mlp": 64,
    "activation": "quick_gelu", "layer_norm_eps": 1e-5}"#;
const TEXTS: [&str; 4] = ["a river", "many trees near a road with some cars", "", "the river"];

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/rs-small")
}

/// A package of random weights.
fn tiny(tower: &str, token_dim: &str) -> Package {
    let config = format!(
        r#"{{"format": 1, "name": "tiny", "title": "Tiny", "embed_dim": 32, "logit_scale": 10.0,
        "tokenizer": {{"vocab_size": 700, "start": 698, "end": 699}},
        "text": {{"context_length": 16, {token_dim} "width": 32, "layers": 2, "heads": 4, "mlp": 64,
                 "activation": "gelu", "layer_norm_eps": 1e-5}},
        "image": {{"image_size": 32, "mean": [0.5, 0.4, 0.3], "std": [0.25, 0.3, 0.2], "resize": "bicubic",
                  "fit": "short_side_centre_crop", "tower": {tower}}}}}"#
    );
    let described = clip_rs_search::model::ModelConfig::from_json(config.as_bytes()).expect("sound");
    let mut dice = Dice::new(7, 0);
    let specs = [described.text_tensors(), described.image_tensors()].concat();
    let tensors: HashMap<String, Tensor> = specs
        .into_iter()
        .map(|spec| {
            let inputs: usize = spec.shape.iter().skip(1).product();
            let norm = spec.name.contains("norm") && spec.name.ends_with("weight");
            let (centre, bound) = match spec.shape.len() {
                1 if norm => (1.0, 0.3),
                1 => (0.0, 0.3),
                _ => (0.0, (3.0 / inputs as f64).sqrt()),
            };
            let count = spec.shape.iter().product();
            let values: Vec<f32> = (0..count).map(|_| (centre + dice.range(-bound, bound)) as f32).collect();
            (spec.name, Tensor::from_vec(values, spec.shape, &Device::Cpu).expect("a tensor"))
        })
        .collect();
    let folder = tempfile::tempdir().expect("temporary folder");
    let reference = folder.path().join("reference");
    fs::create_dir(&reference).expect("folder");
    fs::write(reference.join("config.json"), config).expect("write");
    candle_core::safetensors::save(&tensors, reference.join("model.safetensors")).expect("write");
    let vocabulary = fs::read_to_string(models().join("vocabulary.txt")).expect("the vocabulary");
    let vocabulary: String = vocabulary.lines().take(400).map(|line| format!("{line}\n")).collect();
    fs::write(reference.join("vocabulary.txt"), vocabulary).expect("write");
    let out = folder.path().join("tiny");
    model::import(&reference, &out, Quantization::Q8_0).expect("a sound model");
    Package::read(&out).expect("a package")
}

fn settings(method: Method) -> Settings {
    Settings { method, ..Settings::default() }
}

/// A picture of bands and noise.
fn bands(seed: u64, side: u32) -> RgbImage {
    let mut dice = Dice::new(seed, 9);
    let (kx, ky) = (dice.range(-0.4, 0.4), dice.range(-0.4, 0.4));
    RgbImage::from_fn(side, side, |x, y| {
        let wave = (f64::from(x) * kx + f64::from(y) * ky).sin() * 90.0;
        Rgb([0.0, 20.0, -30.0].map(|shift| (128.0 + wave + shift + dice.range(-20.0, 20.0)) as u8))
    })
}

#[test]
fn the_towers_agree_with_the_engine() -> Result<(), Box<dyn std::error::Error>> {
    let factorised = r#""token_dim": 64,"#;
    for (name, package) in [
        ("rs-small", Package::read(&models())?),
        ("resnet", tiny(RESNET, factorised)),
        ("vit", tiny(VIT, "")),
    ] {
        let model = Model::new(&package, &settings(Method::Full), &Device::Cpu)?;
        let values = model.values(false)?;
        let encoder = package.text_encoder()?;
        let ids: Vec<Vec<u32>> = TEXTS.iter().map(|text| encoder.tokenize(text).expect("tokens")).collect();
        let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let tokens = Tokens::new(&ids, &Device::Cpu)?;
        let vectors: Vec<Vec<f32>> = embed_texts(&values.text, &model.config, &tokens)?.to_vec2()?;
        for (text, vector) in TEXTS.iter().zip(vectors) {
            let cosine = encoder.encode(text)?.cosine(&Embedding::new(vector)?);
            assert!(cosine >= 0.999, "{name}, {text:?}: {cosine}");
        }
        let encoder = package.image_encoder()?;
        let size = model.config.image.image_size;
        for seed in 0..3 {
            let picture = bands(seed, size as u32 + 13);
            let mut pixels = Vec::new();
            Square::new(&model.config.image, size, &picture)?.plain(&model.config.image, &mut pixels);
            let pixels = Tensor::from_vec(pixels, (1, size, size, 3), &Device::Cpu)?;
            let vector =
                embed_pictures(&values.image, &model.config.image, &pixels)?.squeeze(0)?.to_vec1()?;
            let cosine = encoder.encode(&picture)?.cosine(&Embedding::new(vector)?);
            // Bands are like nothing that a model saw: rounding to 8 bits shows more than in photographs.
            assert!(cosine >= 0.998, "{name}, picture {seed}: {cosine}");
        }
    }
    Ok(())
}

/// Six pairs, the second and fifth of which share a text, in batches of the given sizes.
fn step(package: &Package, sizes: &[usize]) -> candle_core::Result<Step> {
    let size = package.config.image.image_size;
    let texts: Vec<Vec<u32>> =
        [[5, 9, 60].as_slice(), &[8, 8], &[300, 2], &[77, 78, 79, 80, 81], &[8, 8], &[12]]
            .iter()
            .map(|body| [&[698], *body, &[699]].concat())
            .collect();
    let mut dice = Dice::new(11, 0);
    let pixels: Vec<f32> = (0..6 * size * size * 3).map(|_| dice.range(-1.5, 1.5) as f32).collect();
    let pixels = Tensor::from_vec(pixels, (6, size, size, 3), &Device::Cpu)?;
    let right = (0..36).map(|at| if texts[at / 6] == texts[at % 6] { 1_f32 } else { 0.0 });
    let right = Tensor::from_iter(right, &Device::Cpu)?.reshape((6, 6))?;
    let mut batches = Vec::new();
    let mut start = 0;
    for count in sizes {
        let tokens: Vec<&[u32]> = texts[start..start + count].iter().map(Vec::as_slice).collect();
        let tokens = Tokens::new(&tokens, &Device::Cpu)?;
        batches.push(Batch { pixels: pixels.narrow(0, start, *count)?, tokens });
        start += count;
    }
    Ok(Step { batches, right })
}

#[test]
fn batches_of_a_step_act_as_one_large_batch_and_every_weight_gets_a_gradient()
-> Result<(), Box<dyn std::error::Error>> {
    for (tower, token_dim) in [(RESNET, r#""token_dim": 64,"#), (VIT, "")] {
        let package = tiny(tower, token_dim);
        for method in [Method::Full, Method::Lora { rank: 4 }] {
            let model = Model::new(&package, &settings(method), &Device::Cpu)?;
            let (loss, whole) = gradients(&model, &step(&package, &[6])?)?;
            let (loss_of_parts, parts) = gradients(&model, &step(&package, &[2, 3, 1])?)?;
            assert!((loss - loss_of_parts).abs() < 1e-5, "{loss} and {loss_of_parts}");
            assert_eq!(whole.keys().collect::<Vec<_>>(), parts.keys().collect::<Vec<_>>());
            assert_eq!(whole.len(), model.variables().len(), "a gradient for each variable");
            let length = |t: &Tensor| -> candle_core::Result<f64> {
                Ok(f64::from(t.sqr()?.sum_all()?.to_scalar::<f32>()?).sqrt())
            };
            for (name, gradient) in &whole {
                let (size, apart) = (length(gradient)?, length(&(gradient - &parts[name])?)?);
                assert!(apart <= 1e-4 * size + 1e-7, "{name}: {apart} of {size}");
                // Adapters begin with an upper half of zeros, which stops what would reach the lower half; and a
                // bias of keys moves all scores of a row alike.
                let still = name.ends_with(".down") || name.ends_with("k_proj.bias");
                assert!(still || size > 1e-7, "{name} gets no gradient");
            }
        }
    }
    Ok(())
}

#[test]
fn a_gradient_is_the_slope_of_the_loss() -> Result<(), Box<dyn std::error::Error>> {
    for (tower, token_dim) in [(RESNET, r#""token_dim": 64,"#), (VIT, "")] {
        let package = tiny(tower, token_dim);
        let model = Model::new(&package, &settings(Method::Full), &Device::Cpu)?;
        let step = step(&package, &[6])?;
        let (_, found) = gradients(&model, &step)?;
        let length: f64 = found
            .values()
            .map(|g| Ok(f64::from(g.sqr()?.sum_all()?.to_scalar::<f32>()?)))
            .sum::<candle_core::Result<f64>>()?
            .sqrt();
        // Along the gradient the loss changes by its length.
        let distance = 1e-3;
        let at = |sign: f64| -> candle_core::Result<f64> {
            for (name, variable) in model.variables() {
                let moved = (variable.as_detached_tensor() + (&found[&name] * (sign * distance / length))?)?;
                variable.set(&moved)?;
            }
            Ok(f64::from(gradients(&model, &step)?.0))
        };
        let above = at(1.0)?;
        at(-1.0)?;
        let slope = (above - at(-1.0)?) / (2.0 * distance);
        assert!((slope / length - 1.0).abs() < 0.05, "slope {slope}, length of the gradient {length}");
    }
    Ok(())
}
