//! The tensors of a package in f32, for whoever computes with them otherwise than the encoders do: training.

use std::collections::HashMap;

use candle_core::Tensor;

use super::gguf::Weights;
use super::{ModelConfig, ModelError, TensorSpec, image, text};

impl ModelConfig {
    /// The tensors of `text.gguf` by name, in f32 and in the shapes of the checkpoint.
    pub fn text_weights(&self, gguf: &[u8]) -> Result<HashMap<String, Tensor>, ModelError> {
        dequantised(gguf, text::ARCHITECTURE, &self.text_tensors())
    }

    /// The tensors of `image.gguf` by name, in f32 and in the shapes of the checkpoint.
    pub fn image_weights(&self, gguf: &[u8]) -> Result<HashMap<String, Tensor>, ModelError> {
        dequantised(gguf, image::ARCHITECTURE, &self.image_tensors())
    }
}

fn dequantised(
    gguf: &[u8],
    architecture: &str,
    specs: &[TensorSpec],
) -> Result<HashMap<String, Tensor>, ModelError> {
    let weights = Weights::open(gguf, architecture, specs)?;
    let tensor = |spec: &TensorSpec| {
        Ok((spec.name.clone(), weights.plain(&spec.name)?.reshape(spec.shape.as_slice())?))
    };
    specs.iter().map(tensor).collect()
}
