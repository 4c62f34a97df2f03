//! The text tower.

use candle_core::{Device, Module as _, Result, Tensor};
use candle_nn::LayerNorm;
use candle_transformers::quantized_nn::{Embedding, Linear, layer_norm, linear_no_bias};
use candle_transformers::quantized_var_builder::VarBuilder;
use clip_rs_search::model::ModelConfig;

use crate::direction;
use crate::transformer::{Sizes, Transformer};

/// Turns tokens into vectors.
pub struct Text {
    tokens: Embedding,
    /// `(width, token_dim)` of a factorised table.
    token_projection: Option<Linear>,
    /// `(context_length, width)`
    positions: Tensor,
    transformer: Transformer,
    norm: LayerNorm,
    projection: Linear,
}

impl Text {
    /// From a package's `text.gguf`.
    pub fn new(config: &ModelConfig, gguf: &[u8]) -> Result<Self> {
        let (text, device) = (&config.text, Device::Cpu);
        let weights = VarBuilder::from_gguf_buffer(gguf, &device)?;
        let model = weights.pp("text_model");
        let (embeddings, width) = (model.pp("embeddings"), text.width);
        let token_width = text.token_dim.unwrap_or(width);
        let sizes = Sizes {
            width,
            layers: text.layers,
            heads: text.heads,
            mlp: text.mlp,
            activation: text.activation,
            layer_norm_eps: text.layer_norm_eps,
        };
        let projection = |_| linear_no_bias(token_width, width, embeddings.pp("token_projection"));
        Ok(Self {
            tokens: Embedding::new(
                config.tokenizer.vocab_size,
                token_width,
                embeddings.pp("token_embedding"),
            )?,
            token_projection: text.token_dim.map(projection).transpose()?,
            positions: embeddings
                .get((text.context_length, width), "position_embedding.weight")?
                .dequantize(&device)?,
            transformer: Transformer::new(sizes, &model.pp("encoder"))?,
            norm: layer_norm(width, sizes.layer_norm_eps, model.pp("final_layer_norm"))?,
            projection: linear_no_bias(width, config.embed_dim, weights.pp("text_projection"))?,
        })
    }

    /// `tokens: (tokens,) -> (embed_dim,)`, of length 1. The last token is the end of the text.
    pub fn encode_tokens(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        let count = tokens.len();
        let x = self.tokens.forward(&Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?)?;
        let x = self.token_projection.iter().try_fold(x, |x, projection| projection.forward(&x))?;
        let x = x.broadcast_add(&self.positions.narrow(0, 0, count)?)?;
        let hidden = |at: usize| if at % count > at / count { f32::NEG_INFINITY } else { 0.0 };
        let mask: Vec<f32> = (0..count * count).map(hidden).collect();
        let mask = Tensor::from_vec(mask, (count, count), &Device::Cpu)?;
        let x = self.transformer.forward(x, Some(&mask))?;
        let last = x.narrow(1, count - 1, 1)?.squeeze(1)?;
        direction(&self.projection.forward(&self.norm.forward(&last)?)?)
    }
}
