//! Folders as Hugging Face's `SiglipModel.save_pretrained` writes them: SigLIP, SigLIP 2 of a fixed resolution, Git-RSCLIP.
//!
//! Reference: `configuration_siglip.py` in transformers, from which the defaults are: a configuration leaves out what is as
//! usual.

use std::path::Path;

use clip_rs_search::model::{Activation, Architecture, Fit, Resize, TextConfig, TokenizerConfig, Tower};
use clip_rs_stage::StageError;
use serde::Deserialize;
use serde_json::Value;

use super::description::Parts;
use super::picture::Prepared;
use super::{Origin, Said, Source, hugging_face, tokenizer};

/// The activation that all of them have.
const ACTIVATION: &str = "gelu_pytorch_tanh";
/// Tokens of SigLIP 2, whose texts are put in lower case before the tokenizer.
const GEMMA_TOKENS: usize = 256_000;

/// `SiglipTextConfig`
#[derive(Deserialize)]
#[serde(default)]
struct Text {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    hidden_act: String,
    layer_norm_eps: f64,
    pad_token_id: Option<u32>,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            vocab_size: 32_000,
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            max_position_embeddings: 64,
            hidden_act: ACTIVATION.to_owned(),
            layer_norm_eps: 1e-6,
            pad_token_id: Some(1),
        }
    }
}

/// `SiglipVisionConfig`
#[derive(Deserialize)]
#[serde(default)]
struct Vision {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    image_size: usize,
    patch_size: usize,
    hidden_act: String,
    layer_norm_eps: f64,
}

impl Default for Vision {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            image_size: 224,
            patch_size: 16,
            hidden_act: ACTIVATION.to_owned(),
            layer_norm_eps: 1e-6,
        }
    }
}

pub(super) fn open(folder: &Path, described: &Value, said: &Said) -> Result<Source, StageError> {
    let path = folder.join("config.json");
    let refuse = |why: String| StageError::content(&path, why);
    let text: Text = hugging_face::part(&path, described, "text_config")?;
    let vision: Vision = hugging_face::part(&path, described, "vision_config")?;
    if let Some(other) = [&text.hidden_act, &vision.hidden_act].into_iter().find(|name| *name != ACTIVATION) {
        return Err(refuse(format!("hidden_act {other:?} is not supported, a SigLIP has {ACTIVATION:?}")));
    }
    let (checkpoint, files) = hugging_face::checkpoint(folder)?;
    let patches = "vision_model.embeddings.patch_embedding.weight";
    if checkpoint.shape(patches).is_some_and(|shape| shape.len() == 2) {
        let why = "a SigLIP 2 for pictures of any proportions (NaFlex) is not supported; those of a fixed resolution are";
        return Err(refuse(why.to_owned()));
    }
    if text.hidden_size != vision.hidden_size {
        let why = format!(
            "text_config.hidden_size is {}, vision_config.hidden_size {}; supported are towers of one width",
            text.hidden_size, vision.hidden_size
        );
        return Err(refuse(why));
    }
    let tokens = tokenizer::in_folder(folder)?;
    let pad = tokens.pad(folder)?.or(text.pad_token_id);
    let is_gemma = tokens.is_of(folder, "Siglip2")? || text.vocab_size == GEMMA_TOKENS;
    let usual = Prepared { mean: [0.5; 3], std: [0.5; 3], resize: Resize::Bicubic, fit: Fit::Squash };
    let prepared = usual.of(folder, vision.image_size)?;
    let parts = Parts {
        architecture: Some(Architecture::Siglip),
        embed_dim: text.hidden_size,
        tokenizer: TokenizerConfig {
            file: String::new(),
            vocab_size: text.vocab_size,
            start: 0,
            end: 0,
            pad: pad.unwrap_or_default(),
            lowercase: is_gemma,
        },
        text: TextConfig {
            file: String::new(),
            context_length: text.max_position_embeddings,
            token_dim: None,
            width: text.hidden_size,
            layers: text.num_hidden_layers,
            heads: text.num_attention_heads,
            mlp: text.intermediate_size,
            activation: Activation::Gelu,
            layer_norm_eps: text.layer_norm_eps,
        },
        image_size: vision.image_size,
        prepared,
        tower: Tower::Vit {
            patch: vision.patch_size,
            width: vision.hidden_size,
            layers: vision.num_hidden_layers,
            heads: vision.num_attention_heads,
            mlp: vision.intermediate_size,
            activation: Activation::Gelu,
            layer_norm_eps: vision.layer_norm_eps,
        },
    };
    let config = parts.describe(folder, &checkpoint, &files, said)?;
    config.validate().map_err(StageError::engine(path.display()))?;
    let origin = |name: &str| Origin::Whole(name.to_owned());
    Ok(Source { config, vocabulary: tokens.json, checkpoint, origin, ignored: hugging_face::ignored })
}
