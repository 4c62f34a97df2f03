//! A checkpoint becomes a model package.
//!
//! Every tensor is checked against the list that the engine reads by, so a checkpoint that would not load is
//! refused here, with the tensor's name and both shapes.

use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use clip_rs_search::model::{Architecture, ModelConfig, TensorKind, TensorSpec};
use clip_rs_towers::tensors::{self, Tower, kind};

use super::golden::{self, Agreement};
use super::layout::{Said, Source};
use clip_rs_package::CONFIG_FILE;
use clip_rs_stage::{StageError, files};

/// How weights are stored; biases, norms and positions are always F32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantization {
    /// 8-bit blocks of 32 with a scale each; F16 where rows do not divide into blocks.
    Q8_0,
    /// 4-bit blocks of 32 with a scale each; F16 where rows do not divide into blocks.
    Q4_0,
    /// Half precision.
    F16,
    /// As they were trained.
    F32,
}

/// What an import made.
#[derive(Debug)]
pub struct Imported {
    /// Length of `text.gguf`, bytes.
    pub text_bytes: usize,
    /// Length of `image.gguf`, bytes.
    pub image_bytes: usize,
    /// How well the package repeats the trainer's golden vectors, where the folder has some.
    pub agreement: Option<Agreement>,
}

/// Writes the model at `path` as a package into `out`; see [`import_as`].
pub fn import(path: &Path, out: &Path, quantization: Quantization) -> Result<Imported, StageError> {
    import_as(path, out, quantization, &Said::default())
}

/// Writes the model at `path` (our trainer's folder, a Hugging Face folder, or an open_clip state dict) as a
/// package into `out`; `said` tells what the source does not. A package that does not repeat its trainer's own
/// vectors is refused, after it was written, so that it can be looked at.
pub fn import_as(
    path: &Path,
    out: &Path,
    quantization: Quantization,
    said: &Said,
) -> Result<Imported, StageError> {
    let source = Source::open(path, said)?;
    source.expect_nothing_else()?;
    let mut config = source.config.clone();
    let stored = |specs: Vec<TensorSpec>| -> Result<Vec<(String, QTensor)>, StageError> {
        specs.into_iter().map(|spec| Ok((spec.name.clone(), store(&spec, &source, quantization)?))).collect()
    };
    let text = stored(tensors::text(&config))?;
    let image = stored(tensors::image(&config))?;
    config.text.file = "text.gguf".to_owned();
    config.image.file = "image.gguf".to_owned();
    let has_own_tokenizer = config.architecture.is_some_and(Architecture::has_own_tokenizer);
    config.tokenizer.file = if has_own_tokenizer { "tokenizer.json" } else { "vocabulary.txt" }.to_owned();
    if config.architecture.is_some() {
        clip_rs_towers::check_vocabulary(&config, &source.vocabulary)
            .map_err(StageError::engine(path.display()))?;
    }
    let mut json = serde_json::to_string_pretty(&config).map_err(StageError::engine(CONFIG_FILE))?;
    json.push('\n');

    files::make_folder(out)?;
    let text_bytes = write_gguf(&out.join(&config.text.file), &config, Tower::Text, &text)?;
    let image_bytes = write_gguf(&out.join(&config.image.file), &config, Tower::Image, &image)?;
    drop((text, image));
    files::write_durably(&out.join(&config.tokenizer.file), &source.vocabulary)?;
    files::write_durably(&out.join(CONFIG_FILE), json.as_bytes())?;
    let agreement = golden::compare(path, out, quantization)?;
    Ok(Imported { text_bytes, image_bytes, agreement })
}

/// Writes a tower's file; returns its length in bytes.
pub(super) fn write_gguf(
    path: &Path,
    config: &ModelConfig,
    tower: Tower,
    tensors: &[(String, QTensor)],
) -> Result<usize, StageError> {
    let listed: Vec<(&str, &QTensor)> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let kind = kind(config, tower);
    let (architecture, name) = (Value::String(kind), Value::String(config.name.clone()));
    let metadata = [("general.architecture", &architecture), ("general.name", &name)];
    let written = files::write_durably_with(path, |file| {
        gguf_file::write(file, &metadata, &listed).map_err(std::io::Error::other)
    })?;
    Ok(usize::try_from(written).unwrap_or(usize::MAX))
}

fn store(spec: &TensorSpec, source: &Source, quantization: Quantization) -> Result<QTensor, StageError> {
    let tensor = source.tensor(spec)?;
    let subject = source.weights_path().display();
    // A sum is finite only if every number is (weights are far from the largest float).
    let sum = tensor.abs().and_then(|tensor| tensor.sum_all()?.to_scalar::<f32>());
    if !sum.map_err(StageError::engine(&subject))?.is_finite() {
        let why = format!("tensor {} holds numbers that are not finite", spec.name);
        return Err(StageError::content(source.weights_path(), why));
    }
    let dtype = match quantization {
        _ if spec.kind == TensorKind::Plain => GgmlDType::F32,
        Quantization::Q8_0 if spec.fits_blocks() => GgmlDType::Q8_0,
        Quantization::Q4_0 if spec.fits_blocks() => GgmlDType::Q4_0,
        Quantization::Q8_0 | Quantization::Q4_0 | Quantization::F16 => GgmlDType::F16,
        Quantization::F32 => GgmlDType::F32,
    };
    let stored = tensor.reshape(spec.stored_shape()).and_then(|tensor| QTensor::quantize(&tensor, dtype));
    stored.map_err(StageError::engine(subject))
}
