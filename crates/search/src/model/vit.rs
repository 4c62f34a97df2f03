//! CLIP's vision transformer.
//!
//! Reference: Hugging Face's `CLIPVisionTransformer`; field names are the checkpoint's, its `pre_layrnorm` included.

use super::gguf::Weights;
use super::matrix::{Matrix, Workspace};
use super::preprocess::ImagePixels;
use super::tower::Tower;
use super::transformer::{LayerNorm, Pooled, Transformer, TransformerConfig};
use super::{ImageConfig, ModelError};
use crate::kernels::Output;

/// Most numbers of a picture between two products, tokens by the width of the widest layer: 16 MB in f32. Three million are
/// those of the largest towers in use.
const MAX_NUMBERS: usize = 1 << 22;

pub(super) struct VisionTransformer {
    embeddings: VisionEmbeddings,
    pre_layrnorm: LayerNorm,
    encoder: Transformer,
    post_layernorm: LayerNorm,
}

impl VisionTransformer {
    pub(super) fn load(weights: &mut Weights, config: &ImageConfig) -> Result<Self, ModelError> {
        let Tower::Vit { patch, width, layers, heads, mlp, activation, layer_norm_eps } = config.tower else {
            return Err(ModelError::config("image.tower.kind", "resnet", "vit"));
        };
        let numbers = ((config.image_size / patch).pow(2) + 1) * width.max(mlp);
        if numbers > MAX_NUMBERS {
            let field = "image.tower: patches of a picture, by the widest layer,";
            return Err(ModelError::config(field, numbers, format!("at most {MAX_NUMBERS}")));
        }
        let sizes =
            TransformerConfig { width, layers, heads, activation, layer_norm_eps, pooled: Pooled::First };
        Ok(Self {
            embeddings: VisionEmbeddings::load(weights, patch)?,
            pre_layrnorm: LayerNorm::load(weights, "vision_model.pre_layrnorm", layer_norm_eps)?,
            encoder: Transformer::load(weights, "vision_model.encoder", sizes)?,
            post_layernorm: LayerNorm::load(weights, "vision_model.post_layernorm", layer_norm_eps)?,
        })
    }

    /// The class token's row after the last layer: `(batch, width)`.
    pub(super) fn forward(
        &self,
        work: &mut Workspace<'_>,
        pictures: &[ImagePixels],
    ) -> Result<Vec<f32>, ModelError> {
        let embedded = self.embeddings.forward(work, pictures)?;
        let (mut x, mut y) = (Vec::new(), Vec::new());
        self.pre_layrnorm.forward(&embedded, &mut x);
        let tokens = self.embeddings.tokens();
        self.post_layernorm.forward(&self.encoder.forward(work, x, tokens)?, &mut y);
        Ok(y)
    }
}

struct VisionEmbeddings {
    /// `(width,)`
    class_embedding: Vec<f32>,
    /// `(width, 3 * patch * patch)`
    patch_embedding: Matrix,
    /// `(patches + 1, width)`
    position_embedding: Vec<f32>,
    patch: usize,
}

impl VisionEmbeddings {
    fn load(weights: &mut Weights, patch: usize) -> Result<Self, ModelError> {
        let name = |part| format!("vision_model.embeddings.{part}");
        Ok(Self {
            class_embedding: weights.numbers(&name("class_embedding"))?,
            patch_embedding: Matrix::load(weights, &name("patch_embedding.weight"))?,
            position_embedding: weights.numbers(&name("position_embedding.weight"))?,
            patch,
        })
    }

    /// Patches of a picture, and the class token.
    fn tokens(&self) -> usize {
        self.position_embedding.len() / self.class_embedding.len()
    }

    /// The class token, then one row for each patch: `(batch, patches + 1, width)`.
    fn forward(&self, work: &mut Workspace<'_>, pictures: &[ImagePixels]) -> Result<Vec<f32>, ModelError> {
        let width = self.class_embedding.len();
        let mut x = self.position_embedding.repeat(pictures.len());
        for (picture, x) in pictures.iter().zip(x.chunks_exact_mut(self.position_embedding.len())) {
            let (class, rest) = x.split_at_mut(width);
            class.iter_mut().zip(&self.class_embedding).for_each(|(x, class)| *x += class);
            let patches: Vec<f32> = patches_of(picture, self.patch).collect();
            let length = 3 * self.patch * self.patch;
            self.patch_embedding.multiply(work, &patches, length, rest, Output::Accumulate)?;
        }
        Ok(x)
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
