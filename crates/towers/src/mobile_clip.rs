//! MobileCLIP from our description: those of its sizes whose FastViT has four stages (S0, S1, S2).
//!
//! Reference: `CustomTextCLIP` in open_clip with a trunk of timm's, whose names the tensors have. The text tower sees all
//! tokens from everywhere, those that fill a text up as well; the row of the largest token, the end, is the answer.

use candle_core::{Module as _, Result};
use candle_nn::{Func, VarBuilder};
use candle_transformers::models::fastvit;
use candle_transformers::models::openclip::text_model::{Config, OpenClipTextTransformer};
use clip_rs_search::model::{ModelConfig, Tower};

use crate::text::Network;

/// The text tower.
pub(crate) fn text(config: &ModelConfig) -> Network {
    let (text, dim) = (config.text.clone(), config.embed_dim);
    Box::new(move |weights, vocab_size, tokens| {
        let sizes = Config {
            vocab_size,
            embed_dim: text.width,
            intermediate_size: text.mlp,
            max_position_embeddings: text.context_length,
            pad_with: None,
            num_hidden_layers: text.layers,
            num_attention_heads: text.heads,
            projection_dim: dim,
        };
        let weights = weights.pp("text");
        let pooled = OpenClipTextTransformer::new(weights.clone(), &sizes)?;
        // Named, since the model has a method of the same name that does not pool.
        let pooled = candle_nn::Module::forward(&pooled, tokens)?;
        pooled.matmul(&weights.get((text.width, dim), "text_projection")?)
    })
}

/// The image tower.
pub(crate) fn image(config: &ModelConfig, weights: VarBuilder<'_>) -> Result<Func<'static>> {
    let Tower::Fastvit { width, blocks, mlp_ratio } = config.image.tower else {
        candle_core::bail!("not a FastViT");
    };
    let sizes =
        fastvit::Config { exp_ratio: mlp_ratio, in_channels: width, blocks, attn: true, lkc_use_act: true };
    let model = fastvit::fastvit(&sizes, config.embed_dim, weights.pp("visual.trunk"))?;
    Ok(Func::new(move |pixels| model.forward(pixels)))
}
