//! SigLIP, and SigLIP 2 of a fixed resolution, from our description.
//!
//! Reference: `SiglipModel` in Hugging Face's transformers, whose names the tensors have. A text is filled up to its full
//! length, and its last token's row is the answer; a picture's is what a learnt query finds among its patches.

use candle_core::{Module as _, Result};
use candle_nn::{Activation, Func, VarBuilder};
use candle_transformers::models::siglip::{TextConfig, TextModel, VisionConfig, VisionModel};
use clip_rs_search::model::{ModelConfig, ModelError, Tower};

use crate::text::Network;

/// The text tower. What candle has is as wide as its answer.
pub(crate) fn text(config: &ModelConfig) -> std::result::Result<Network, ModelError> {
    let text = config.text.clone();
    if text.width != config.embed_dim {
        return Err(ModelError::Dimension { expected: config.embed_dim, found: text.width });
    }
    Ok(Box::new(move |weights, vocab_size, tokens| {
        let sizes = TextConfig {
            vocab_size,
            hidden_size: text.width,
            intermediate_size: text.mlp,
            num_hidden_layers: text.layers,
            num_attention_heads: text.heads,
            max_position_embeddings: text.context_length,
            hidden_act: Activation::GeluPytorchTanh,
            layer_norm_eps: text.layer_norm_eps,
            // Nothing reads these.
            pad_token_id: 0,
            bos_token_id: 0,
            eos_token_id: 0,
        };
        TextModel::new(&sizes, weights.pp("text_model"))?.forward(tokens)
    }))
}

/// The image tower.
pub(crate) fn image(config: &ModelConfig, weights: VarBuilder<'_>) -> Result<Func<'static>> {
    let Tower::Vit { patch, width, layers, heads, mlp, layer_norm_eps, .. } = config.image.tower else {
        candle_core::bail!("not a vision transformer");
    };
    let sizes = VisionConfig {
        hidden_size: width,
        intermediate_size: mlp,
        num_hidden_layers: layers,
        num_attention_heads: heads,
        num_channels: 3,
        image_size: config.image.image_size,
        patch_size: patch,
        hidden_act: Activation::GeluPytorchTanh,
        layer_norm_eps,
    };
    let model = VisionModel::new(&sizes, true, weights.pp("vision_model"))?;
    Ok(Func::new(move |pixels| model.forward(pixels)))
}
