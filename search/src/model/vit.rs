//! CLIP's vision transformer.
//!
//! Reference: Hugging Face's `CLIPVisionTransformer`; field names are the checkpoint's, its `pre_layrnorm` included.

use candle_core::{Device, IndexOp, Module, Tensor};
use candle_nn::LayerNorm;

use super::config::Tower;
use super::gguf::Weights;
use super::matrix::Matrix;
use super::preprocess::ImagePixels;
use super::transformer::{Transformer, TransformerConfig, layer_norm};
use super::{ImageConfig, ModelError};

pub(super) struct VisionTransformer {
    embeddings: VisionEmbeddings,
    pre_layrnorm: LayerNorm,
    encoder: Transformer,
    post_layernorm: LayerNorm,
}

impl VisionTransformer {
    pub(super) fn load(weights: &Weights<'_>, config: &ImageConfig) -> Result<Self, ModelError> {
        let Tower::Vit { patch, layers, heads, activation, layer_norm_eps, .. } = config.tower else {
            return Err(ModelError::config("image.tower.kind", "resnet", "vit"));
        };
        let sizes = TransformerConfig { layers, heads, activation, layer_norm_eps, causal: false };
        Ok(Self {
            embeddings: VisionEmbeddings::load(weights, patch)?,
            pre_layrnorm: layer_norm(weights, "vision_model.pre_layrnorm", layer_norm_eps)?,
            encoder: Transformer::load(weights, "vision_model.encoder", &sizes)?,
            post_layernorm: layer_norm(weights, "vision_model.post_layernorm", layer_norm_eps)?,
        })
    }

    /// `(batch, size, size, 3) -> (batch, width)`
    pub(super) fn forward(&self, pictures: &[ImagePixels]) -> candle_core::Result<Tensor> {
        let x = self.embeddings.forward(pictures)?;
        let x = self.encoder.forward(&self.pre_layrnorm.forward(&x)?)?;
        self.post_layernorm.forward(&x.i((.., 0))?.contiguous()?)
    }
}

struct VisionEmbeddings {
    /// `(width,)`
    class_embedding: Tensor,
    /// `(width, 3 * patch * patch)`: a convolution whose stride is its kernel is a product with each patch.
    patch_embedding: Matrix,
    /// `(patches + 1, width)`
    position_embedding: Tensor,
    patch: usize,
}

impl VisionEmbeddings {
    fn load(weights: &Weights<'_>, patch: usize) -> Result<Self, ModelError> {
        let name = |part| format!("vision_model.embeddings.{part}");
        Ok(Self {
            class_embedding: weights.plain(&name("class_embedding"))?,
            patch_embedding: weights.matrix(&name("patch_embedding.weight"))?,
            position_embedding: weights.plain(&name("position_embedding.weight"))?,
            patch,
        })
    }

    /// `(batch, size, size, 3) -> (batch, patches + 1, width)`
    fn forward(&self, pictures: &[ImagePixels]) -> candle_core::Result<Tensor> {
        let batch = pictures.len();
        let patches: Vec<f32> = pictures.iter().flat_map(|picture| patches_of(picture, self.patch)).collect();
        let patch_length = 3 * self.patch * self.patch;
        let patches = Tensor::from_vec(patches, (batch, (), patch_length), &Device::Cpu)?;
        let patches = self.patch_embedding.multiply(&patches)?;
        let width = self.class_embedding.dim(0)?;
        let class = self.class_embedding.broadcast_as((batch, 1, width))?;
        Tensor::cat(&[&class, &patches], 1)?.broadcast_add(&self.position_embedding)
    }
}

/// `(size, size, 3) -> (patches, 3, patch, patch)`, patches row by row.
fn patches_of(picture: &ImagePixels, patch: usize) -> impl Iterator<Item = f32> {
    let size = picture.size();
    let places =
        (0..size).step_by(patch).flat_map(move |top| (0..size).step_by(patch).map(move |left| (top, left)));
    places.flat_map(move |(top, left)| {
        (0..3 * patch * patch).map(move |i| {
            let (channel, y, x) = (i / (patch * patch), top + i / patch % patch, left + i % patch);
            picture.values()[(y * size + x) * 3 + channel]
        })
    })
}
