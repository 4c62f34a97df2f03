//! The tensors of a package in f32, for whoever computes with them otherwise than the encoders do: training.

use std::collections::HashMap;

use super::gguf::Weights;
use super::{ModelConfig, ModelError, TensorSpec, image, text};

impl ModelConfig {
    /// The numbers of the tensors of `text.gguf` by name, in the order that [`Self::text_tensors`] has their shapes for.
    pub fn text_weights(&self, gguf: &[u8]) -> Result<HashMap<String, Vec<f32>>, ModelError> {
        dequantised(gguf, text::ARCHITECTURE, &self.text_tensors())
    }

    /// The numbers of the tensors of `image.gguf` by name, in the order that [`Self::image_tensors`] has their shapes for.
    pub fn image_weights(&self, gguf: &[u8]) -> Result<HashMap<String, Vec<f32>>, ModelError> {
        dequantised(gguf, image::ARCHITECTURE, &self.image_tensors())
    }
}

fn dequantised(
    gguf: &[u8],
    architecture: &str,
    specs: &[TensorSpec],
) -> Result<HashMap<String, Vec<f32>>, ModelError> {
    let weights = Weights::open(gguf.to_vec(), architecture, specs)?;
    specs.iter().map(|spec| Ok((spec.name.clone(), weights.numbers(&spec.name)?))).collect()
}
