//! The image tower with a vision transformer.

use candle_core::{Device, Module as _, Result, Tensor, bail};
use candle_nn::{Conv2d, Conv2dConfig, LayerNorm};
use candle_transformers::quantized_nn::{Linear, layer_norm, linear_no_bias};
use candle_transformers::quantized_var_builder::VarBuilder;
use clip_rs_search::model::{ImagePixels, ModelConfig, Tower};

use crate::direction;
use crate::transformer::{Sizes, Transformer};

/// Turns pictures into vectors.
pub struct Image {
    size: usize,
    patches: Conv2d,
    /// `(1, 1, width)`
    class: Tensor,
    /// `(positions, width)`
    positions: Tensor,
    transformer: Transformer,
    before: LayerNorm,
    after: LayerNorm,
    projection: Linear,
}

impl Image {
    /// From a package's `image.gguf`; an error where that is no vision transformer.
    pub fn new(config: &ModelConfig, gguf: &[u8]) -> Result<Self> {
        let Tower::Vit { patch, width, layers, heads, mlp, activation, layer_norm_eps } = config.image.tower
        else {
            bail!("candle has quantised layers for transformers only");
        };
        let device = Device::Cpu;
        let weights = VarBuilder::from_gguf_buffer(gguf, &device)?;
        let (model, size) = (weights.pp("vision_model"), config.image.image_size);
        let embeddings = model.pp("embeddings");
        let positions = (size / patch).pow(2) + 1;
        let kernel = embeddings.get((width, 3 * patch * patch), "patch_embedding.weight")?;
        let kernel = kernel.dequantize(&device)?.reshape((width, 3, patch, patch))?;
        let sizes = Sizes { width, layers, heads, mlp, activation, layer_norm_eps };
        Ok(Self {
            size,
            patches: Conv2d::new(kernel, None, Conv2dConfig { stride: patch, ..Conv2dConfig::default() }),
            class: embeddings.get(width, "class_embedding")?.dequantize(&device)?.reshape((1, 1, width))?,
            positions: embeddings
                .get((positions, width), "position_embedding.weight")?
                .dequantize(&device)?,
            transformer: Transformer::new(sizes, &model.pp("encoder"))?,
            before: layer_norm(width, layer_norm_eps, model.pp("pre_layrnorm"))?,
            after: layer_norm(width, layer_norm_eps, model.pp("post_layernorm"))?,
            projection: linear_no_bias(width, config.embed_dim, weights.pp("visual_projection"))?,
        })
    }

    /// The vector of a prepared picture, `(embed_dim,)`, of length 1.
    pub fn encode(&self, picture: &ImagePixels) -> Result<Vec<f32>> {
        let pixels = Tensor::new(picture.values(), &Device::Cpu)?.reshape((1, self.size, self.size, 3))?;
        let patches = self.patches.forward(&pixels.permute((0, 3, 1, 2))?.contiguous()?)?;
        let patches = patches.flatten_from(2)?.transpose(1, 2)?.contiguous()?;
        let x = Tensor::cat(&[&self.class, &patches], 1)?.broadcast_add(&self.positions)?;
        let x = self.transformer.forward(self.before.forward(&x)?, None)?;
        let class = x.narrow(1, 0, 1)?.squeeze(1)?;
        direction(&self.projection.forward(&self.after.forward(&class)?)?)
    }
}
