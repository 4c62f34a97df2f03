//! Chinese-CLIP from our description.
//!
//! Reference: `ChineseCLIPModel` in Hugging Face's transformers, whose names the tensors have: a BERT whose first token's
//! row is the answer, and CLIP's vision transformer.

use candle_core::{Module as _, Result};
use candle_nn::{Func, VarBuilder, linear_no_bias};
use candle_transformers::models::chinese_clip::Activation;
use candle_transformers::models::chinese_clip::text_model::{
    ChineseClipTextConfig, ChineseClipTextTransformer,
};
use candle_transformers::models::chinese_clip::vision_model::{
    ChineseClipVisionConfig, ChineseClipVisionTransformer,
};
use clip_rs_search::model::{self, ModelConfig, Tower};

use crate::tensors::SEGMENTS;
use crate::text::Network;

/// The text tower.
pub(crate) fn text(config: &ModelConfig) -> Network {
    let (text, dim) = (config.text.clone(), config.embed_dim);
    Box::new(move |weights, vocab_size, tokens| {
        let sizes = ChineseClipTextConfig {
            vocab_size,
            hidden_size: text.width,
            num_hidden_layers: text.layers,
            num_attention_heads: text.heads,
            intermediate_size: text.mlp,
            hidden_act: activation(text.activation),
            max_position_embeddings: text.context_length,
            type_vocab_size: SEGMENTS,
            layer_norm_eps: text.layer_norm_eps,
            ..ChineseClipTextConfig::default()
        };
        let model = ChineseClipTextTransformer::new(weights.pp("text_model"), &sizes)?;
        let projection = linear_no_bias(text.width, dim, weights.pp("text_projection"))?;
        projection.forward(&model.forward(tokens, None, None)?.contiguous()?)
    })
}

/// The image tower, which is also that of a CLIP.
pub(crate) fn image(config: &ModelConfig, weights: VarBuilder<'_>) -> Result<Func<'static>> {
    let Tower::Vit { patch, width, layers, heads, mlp, activation: kind, layer_norm_eps } =
        config.image.tower
    else {
        candle_core::bail!("not a vision transformer");
    };
    let sizes = ChineseClipVisionConfig {
        hidden_size: width,
        intermediate_size: mlp,
        projection_dim: config.embed_dim,
        num_hidden_layers: layers,
        num_attention_heads: heads,
        image_size: config.image.image_size,
        patch_size: patch,
        hidden_act: activation(kind),
        layer_norm_eps,
        ..ChineseClipVisionConfig::default()
    };
    let model = ChineseClipVisionTransformer::new(weights.pp("vision_model"), &sizes)?;
    let projection = linear_no_bias(width, config.embed_dim, weights.pp("visual_projection"))?;
    Ok(Func::new(move |pixels| projection.forward(&model.forward(pixels)?.contiguous()?)))
}

pub(crate) fn activation(activation: model::Activation) -> Activation {
    match activation {
        model::Activation::Gelu => Activation::Gelu,
        model::Activation::QuickGelu => Activation::QuickGelu,
    }
}
