//! A trainer's reference folder (`config.json`, `model.safetensors`, `vocabulary.txt`) becomes a model package.
//!
//! Every tensor is checked against the list that the engine reads by, so a checkpoint that would not load is
//! refused here, with the tensor's name and both shapes.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use clip_rs_search::model::{ModelConfig, ModelError, TensorKind, TensorSpec};

use super::golden::{self, Agreement};
use super::package::{CONFIG_FILE, Package};
use crate::{PipelineError, files};

/// How weights are stored; biases, norms and positions are always F32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantization {
    /// 8-bit blocks of 32 with a scale each; F16 where rows do not divide into blocks.
    Q8_0,
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

/// Writes the model in the folder `reference` as a package into `out`. A package that does not repeat the
/// trainer's own vectors is refused, after it was written, so that it can be looked at.
pub fn import(reference: &Path, out: &Path, quantization: Quantization) -> Result<Imported, PipelineError> {
    let config_path = reference.join("config.json");
    let mut config = ModelConfig::from_json(&files::read(&config_path)?)
        .map_err(PipelineError::engine(config_path.display()))?;
    let weights_path = reference.join("model.safetensors");
    let weights = files::read(&weights_path)?;
    let tensors = candle_core::safetensors::load_buffer(&weights, &Device::Cpu)
        .map_err(PipelineError::engine(weights_path.display()))?;
    let write = |architecture, specs: Vec<TensorSpec>| {
        gguf(&config.name, architecture, &specs, &tensors, quantization)
            .map_err(PipelineError::engine(weights_path.display()))
    };
    let text = write("clip-text", config.text_tensors())?;
    let image = write("clip-image", config.image_tensors())?;
    let vocabulary = files::read(&reference.join("vocabulary.txt"))?;
    config.text.file = "text.gguf".to_owned();
    config.image.file = "image.gguf".to_owned();
    config.tokenizer.file = "vocabulary.txt".to_owned();
    let mut json = serde_json::to_string_pretty(&config).map_err(PipelineError::engine(CONFIG_FILE))?;
    json.push('\n');

    files::make_folder(out)?;
    files::write_durably(&out.join(&config.text.file), &text)?;
    files::write_durably(&out.join(&config.image.file), &image)?;
    files::write_durably(&out.join(&config.tokenizer.file), &vocabulary)?;
    files::write_durably(&out.join(CONFIG_FILE), json.as_bytes())?;
    let agreement = golden::compare(reference, &Package::read(out)?)?;
    Ok(Imported { text_bytes: text.len(), image_bytes: image.len(), agreement })
}

/// The content of a GGUF file with the tensors of `specs`.
fn gguf(
    name: &str,
    architecture: &str,
    specs: &[TensorSpec],
    tensors: &HashMap<String, Tensor>,
    quantization: Quantization,
) -> Result<Vec<u8>, ModelError> {
    let stored = specs
        .iter()
        .map(|spec| Ok((spec.name.as_str(), store(spec, tensors, quantization)?)))
        .collect::<Result<Vec<_>, ModelError>>()?;
    let stored: Vec<(&str, &QTensor)> = stored.iter().map(|(name, tensor)| (*name, tensor)).collect();
    let (architecture, name) = (Value::String(architecture.to_owned()), Value::String(name.to_owned()));
    let metadata = [("general.architecture", &architecture), ("general.name", &name)];
    let mut file = Cursor::new(Vec::new());
    gguf_file::write(&mut file, &metadata, &stored)?;
    Ok(file.into_inner())
}

fn store(
    spec: &TensorSpec,
    tensors: &HashMap<String, Tensor>,
    quantization: Quantization,
) -> Result<QTensor, ModelError> {
    let missing = || ModelError::MissingTensor { name: spec.name.clone(), expected: spec.shape.clone() };
    let tensor = tensors.get(&spec.name).ok_or_else(missing)?;
    if tensor.dims() != spec.shape {
        let (name, expected) = (spec.name.clone(), spec.shape.clone());
        return Err(ModelError::Shape { name, expected, found: tensor.dims().to_vec() });
    }
    let tensor = tensor.to_dtype(DType::F32)?.contiguous()?;
    // A sum is finite only if every number is (weights are far from the largest float).
    if !tensor.abs()?.sum_all()?.to_scalar::<f32>()?.is_finite() {
        let name = &spec.name;
        return Err(ModelError::Gguf(format!("tensor {name} holds numbers that are not finite")));
    }
    let tensor = tensor.reshape(spec.stored_shape())?;
    let dtype = match quantization {
        _ if spec.kind == TensorKind::Plain => GgmlDType::F32,
        Quantization::Q8_0 if spec.fits_q8_0() => GgmlDType::Q8_0,
        Quantization::Q8_0 | Quantization::F16 => GgmlDType::F16,
        Quantization::F32 => GgmlDType::F32,
    };
    Ok(QTensor::quantize(&tensor, dtype)?)
}
