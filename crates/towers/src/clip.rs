//! CLIP from our description, in candle: the text tower beside a residual network, what our own kernels are compared with, and
//! what a graphics processor runs.
//!
//! Reference: `CLIPModel` in Hugging Face's transformers, whose names the tensors of any package have.

use candle_core::{D, Module as _, Result, Tensor};
use candle_nn::{Func, VarBuilder, embedding, layer_norm, linear_no_bias};
use candle_transformers::models::chinese_clip::EncoderConfig;
use candle_transformers::models::chinese_clip::vision_model::{
    ChineseClipVisionConfig, ChineseClipVisionEncoder,
};
use clip_rs_search::model::{ModelConfig, Tower};

use crate::text::Network;
use crate::{chinese_clip, residual};

/// The text tower: a token sees those before it, and the last one's row, the end's, is the answer.
///
/// candle's own knows only QuickGELU. The layers of Chinese-CLIP's image tower are the same with either activation.
pub(crate) fn text(config: &ModelConfig) -> Network {
    let (text, dim) = (config.text.clone(), config.embed_dim);
    Box::new(move |weights, vocab_size, tokens| {
        let sizes = EncoderConfig::Vision(ChineseClipVisionConfig {
            hidden_size: text.width,
            intermediate_size: text.mlp,
            num_hidden_layers: text.layers,
            num_attention_heads: text.heads,
            hidden_act: chinese_clip::activation(text.activation),
            layer_norm_eps: text.layer_norm_eps,
            ..ChineseClipVisionConfig::default()
        });
        let count = tokens.dim(D::Minus1)?;
        let part = weights.pp("text_model");
        let embeddings = part.pp("embeddings");
        let mut x =
            embedding(vocab_size, text.token_width(), embeddings.pp("token_embedding"))?.forward(tokens)?;
        if let Some(narrow) = text.token_dim {
            x = linear_no_bias(narrow, text.width, embeddings.pp("token_projection"))?.forward(&x)?;
        }
        let positions = (text.context_length, text.width);
        let positions = embeddings.pp("position_embedding").get(positions, "weight")?.narrow(0, 0, count)?;
        let x = x.broadcast_add(&positions)?;
        let x = ChineseClipVisionEncoder::new(part.pp("encoder"), &sizes)?.forward(&x, Some(&causal(&x)?))?;
        let end = x.narrow(1, count.saturating_sub(1), 1)?.squeeze(1)?.contiguous()?;
        let end = layer_norm(text.width, text.layer_norm_eps, part.pp("final_layer_norm"))?.forward(&end)?;
        linear_no_bias(text.width, dim, weights.pp("text_projection"))?.forward(&end)
    })
}

/// What attention of `x: (1, tokens, width)` adds to each pair, `(1, 1, tokens, tokens)`: nothing for a token and those
/// before it, the least number for those behind it.
fn causal(x: &Tensor) -> Result<Tensor> {
    let count = x.dim(1)?;
    let pair = |at: usize, seen: usize| if seen > at { f32::MIN } else { 0.0 };
    let pairs: Vec<f32> = (0..count).flat_map(|at| (0..count).map(move |seen| pair(at, seen))).collect();
    Tensor::from_vec(pairs, (1, 1, count, count), x.device())
}

/// The image tower of a CLIP with a vision transformer, or with the network of rs-small. candle's own transformer knows only
/// QuickGELU; Chinese-CLIP's is the same with either activation.
pub(crate) fn image(config: &ModelConfig, weights: VarBuilder<'_>) -> Result<Func<'static>> {
    match &config.image.tower {
        Tower::Resnet { stem, stages, kernel } => residual::image(config, (stem, stages, *kernel), &weights),
        _ => chinese_clip::image(config, weights),
    }
}
