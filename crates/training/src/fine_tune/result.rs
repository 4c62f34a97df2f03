//! The trained weights become a package, by the same way as any trainer's: a reference folder that is imported.
//!
//! The folder holds vectors computed here as well, so the import checks that the package's 8-bit engine agrees.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use clip_rs_search::model::{ModelConfig, Tokenizer};
use image::{ImageFormat, RgbImage};
use serde_json::json;

use super::material::Material;
use super::picture::Square;
use super::settings::{Method, Settings, Towers};
use super::towers::{Tokens, embed_pictures, embed_texts};
use super::weights::{Model, Values};
use crate::model::Package;
use clip_rs_stage::{StageError, files};

/// Texts and pictures whose vectors are compared.
const COMPARED: usize = 4;
/// Files that a package consists of.
const PACKAGE_FILES: [&str; 4] = ["model.json", "text.gguf", "image.gguf", "vocabulary.txt"];

/// Refuses a folder for the result that holds anything but an earlier result, or that is the model itself.
pub(super) fn check_target(out: &Path, model: &Path) -> Result<(), StageError> {
    if !out.exists() {
        return Ok(());
    }
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if same(out, model) {
        return Err(StageError::content(out, "is the model itself; give the result a folder of its own"));
    }
    let entries = files::entries(out)?;
    let stranger = entries
        .into_iter()
        .find(|(name, _)| !PACKAGE_FILES.contains(&name.as_str()) && !files::is_temporary(name));
    match stranger {
        Some((name, _)) => {
            let why =
                format!("holds {name}, which is no part of a model; give the result a folder of its own");
            Err(StageError::content(out, why))
        }
        None => Ok(()),
    }
}

/// How the result is described in its package.
pub(super) struct About<'a> {
    pub(super) out: &'a Path,
    pub(super) data: &'a [PathBuf],
    pub(super) settings: &'a Settings,
    /// Epochs after which the weights were best.
    pub(super) epochs: usize,
}

impl About<'_> {
    fn describe(&self, config: &ModelConfig, log_scale: f32) -> ModelConfig {
        let data: Vec<String> = self.data.iter().map(|path| data_name(path)).collect();
        let data = data.join(" and ");
        let name = self.out.file_name().and_then(|name| name.to_str()).unwrap_or("fine-tuned");
        let method = match self.settings.method {
            Method::Full => "all weights".to_owned(),
            Method::Lora { rank } => format!("adapters of rank {rank}"),
        };
        let towers = match self.settings.towers {
            Towers::Both => "both towers",
            Towers::Text => "the text tower",
            Towers::Image => "the image tower",
        };
        let provenance = format!(
            "{}{}fine-tuned from {} on {data} by clip-rs fine-tune ({method} of {towers}, {} epochs, rate {}, \
             share of the original kept {})",
            config.provenance,
            if config.provenance.is_empty() { "" } else { "; " },
            config.name,
            self.epochs,
            self.settings.rate,
            self.settings.keep,
        );
        let mut described = ModelConfig {
            name: name.to_owned(),
            title: format!("{}, fine-tuned on {data}", config.title),
            logit_scale: log_scale.exp().clamp(1.0, 200.0),
            provenance,
            ..config.clone()
        };
        described.text.file.clear();
        described.image.file.clear();
        described.tokenizer.file.clear();
        described
    }
}

/// `rsicd.tar.gz` is `rsicd`.
fn data_name(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("data");
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.strip_suffix(".tar").unwrap_or(name).to_owned()
}

/// Writes the folder that [`crate::model::import`] reads.
pub(super) fn write_reference(
    folder: &Path,
    about: &About<'_>,
    package: &Package,
    model: &Model,
    values: &Values,
    material: &Material,
) -> Result<(), StageError> {
    files::make_folder(folder)?;
    let compute = || -> candle_core::Result<(f32, HashMap<String, Tensor>)> {
        let tensors = values.text.iter().chain(values.image.iter());
        let tensors = tensors.map(|(name, tensor)| Ok((name.clone(), tensor.contiguous()?)));
        Ok((values.log_scale.to_scalar()?, tensors.collect::<candle_core::Result<_>>()?))
    };
    let (log_scale, tensors) = compute().map_err(StageError::engine(folder.display()))?;
    let config = about.describe(&model.config, log_scale);
    let text = |value: &serde_json::Value| value.to_string() + "\n";
    let config = serde_json::to_value(&config).map_err(StageError::engine(folder.display()))?;
    let weights = safetensors::serialize(&tensors, None).map_err(StageError::engine(folder.display()))?;
    let golden = golden(folder, package, model, values, material)?;
    files::write_durably(&folder.join("config.json"), text(&config).as_bytes())?;
    files::write_durably(&folder.join("model.safetensors"), &weights)?;
    files::write_durably(&folder.join("vocabulary.txt"), &package.vocabulary)?;
    files::write_durably(&folder.join("golden.json"), text(&golden).as_bytes())
}

/// Texts and pictures with their vectors; the pictures are written into `folder`.
fn golden(
    folder: &Path,
    package: &Package,
    model: &Model,
    values: &Values,
    material: &Material,
) -> Result<serde_json::Value, StageError> {
    let tokenizer = Tokenizer::new(&package.config, &package.vocabulary)
        .map_err(StageError::engine(package.folder().display()))?;
    let texts: Vec<&String> = material.texts.iter().take(COMPARED).collect();
    let ids: Vec<Vec<u32>> = texts.iter().map(|text| tokenizer.tokenize(text)).collect();
    let vectors = text_vectors(model, values, &ids).map_err(StageError::engine(folder.display()))?;
    let texts = texts.iter().zip(&ids).zip(&vectors);
    let texts: Vec<_> =
        texts.map(|((text, ids), vector)| json!({"text": text, "ids": ids, "vector": vector})).collect();

    let squares = material.checks.iter().flat_map(|check| &check.pictures).map(|picture| &picture.square);
    let squares: Vec<&Square> = squares.take(COMPARED).collect();
    let vectors = picture_vectors(model, values, &squares).map_err(StageError::engine(folder.display()))?;
    let mut images = Vec::new();
    for (n, (square, vector)) in squares.iter().zip(&vectors).enumerate() {
        let file = format!("golden-{n}.png");
        let side = square.side() as u32;
        let mut png = Cursor::new(Vec::new());
        if let Some(picture) = RgbImage::from_raw(side, side, square.pixels().to_vec()) {
            picture.write_to(&mut png, ImageFormat::Png).map_err(StageError::engine(&file))?;
            files::write_durably(&folder.join(&file), &png.into_inner())?;
            images.push(json!({"file": file, "vector": vector}));
        }
    }
    Ok(json!({"texts": texts, "images": images}))
}

fn text_vectors(model: &Model, values: &Values, ids: &[Vec<u32>]) -> candle_core::Result<Vec<Vec<f32>>> {
    let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
    embed_texts(&values.text, &model.config, &Tokens::new(&ids, &model.device)?)?.to_vec2()
}

fn picture_vectors(
    model: &Model,
    values: &Values,
    squares: &[&Square],
) -> candle_core::Result<Vec<Vec<f32>>> {
    if squares.is_empty() {
        return Ok(Vec::new());
    }
    let (config, size) = (&model.config.image, model.config.image.image_size);
    let mut pixels = Vec::new();
    squares.iter().for_each(|square| square.plain(config, &mut pixels));
    let pixels = Tensor::from_vec(pixels, (squares.len(), size, size, 3), &model.device)?;
    embed_pictures(&values.image, config, &pixels)?.to_vec2()
}
