//! CLIP from our description, in candle: what our own kernels are compared with, and what a graphics processor runs.
//!
//! Reference: `CLIPModel` in Hugging Face's transformers, whose names the tensors of any package have.

use candle_core::{Module as _, Result};
use candle_nn::{Func, VarBuilder, linear_no_bias};
use candle_transformers::models::clip::text_model::{Activation, ClipTextConfig, ClipTextTransformer};
use clip_rs_search::model::{self, ModelConfig, ModelError, Tower};

use crate::chinese_clip;
use crate::text::Network;

/// The text tower. candle knows those with QuickGELU and a table as wide as the tower.
pub(crate) fn text(config: &ModelConfig) -> std::result::Result<Network, ModelError> {
    if config.text.activation != model::Activation::QuickGelu || config.text.token_dim.is_some() {
        let why = "candle's CLIP has texts with QuickGELU and a table of tokens as wide as the tower only";
        return Err(ModelError::Compute(why.to_owned()));
    }
    let (text, dim) = (config.text.clone(), config.embed_dim);
    Ok(Box::new(move |weights, vocab_size, tokens| {
        let sizes = ClipTextConfig {
            vocab_size,
            embed_dim: text.width,
            activation: Activation::QuickGelu,
            intermediate_size: text.mlp,
            max_position_embeddings: text.context_length,
            pad_with: None,
            num_hidden_layers: text.layers,
            num_attention_heads: text.heads,
            projection_dim: dim,
        };
        let model = ClipTextTransformer::new(weights.pp("text_model"), &sizes)?;
        let projection = linear_no_bias(text.width, dim, weights.pp("text_projection"))?;
        projection.forward(&model.forward(tokens)?)
    }))
}

/// The image tower of a CLIP with a vision transformer. candle's own knows only QuickGELU; Chinese-CLIP's is the same with
/// either activation.
pub(crate) fn image(config: &ModelConfig, weights: VarBuilder<'_>) -> Result<Func<'static>> {
    match config.image.tower {
        Tower::Vit { .. } => chinese_clip::image(config, weights),
        _ => candle_core::bail!("candle has only vision transformers; index this model with --device cpu"),
    }
}
