//! Folders as Hugging Face's `ChineseCLIPModel.save_pretrained` writes them.
//!
//! Reference: `configuration_chinese_clip.py` in transformers, from which the defaults are.

use std::path::Path;

use clip_rs_search::model::{Activation, Architecture, TextConfig, TokenizerConfig};
use clip_rs_stage::StageError;
use serde::Deserialize;
use serde_json::Value;

use super::description::Parts;
use super::picture::Prepared;
use super::{Origin, Said, Source, hugging_face, tokenizer};

/// Kinds of segments that a BERT has.
const SEGMENTS: usize = 2;

/// `ChineseCLIPTextConfig`
#[derive(Deserialize)]
#[serde(default)]
struct Text {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    hidden_act: String,
    layer_norm_eps: f64,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            vocab_size: 30_522,
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            max_position_embeddings: 512,
            type_vocab_size: SEGMENTS,
            hidden_act: "gelu".to_owned(),
            layer_norm_eps: 1e-12,
        }
    }
}

pub(super) fn open(folder: &Path, described: &Value, said: &Said) -> Result<Source, StageError> {
    let path = folder.join("config.json");
    let text: Text = hugging_face::part(&path, described, "text_config")?;
    let vision: hugging_face::Vision = hugging_face::part(&path, described, "vision_config")?;
    if text.type_vocab_size != SEGMENTS {
        let why = format!("text_config.type_vocab_size is {}, expected {SEGMENTS}", text.type_vocab_size);
        return Err(StageError::content(&path, why));
    }
    let activation = |name: &str| hugging_face::activation(&path, name, &Said::default());
    let activations: [Activation; 2] = [activation(&text.hidden_act)?, activation(&vision.hidden_act)?];
    let (checkpoint, files) = hugging_face::checkpoint(folder)?;
    let tokens = tokenizer::in_folder(folder)?;
    let prepared = Prepared::CLIP.of(folder, vision.image_size)?;
    let parts = Parts {
        architecture: Some(Architecture::ChineseClip),
        embed_dim: hugging_face::embed_dim(&path, described, &checkpoint)?,
        tokenizer: TokenizerConfig {
            file: String::new(),
            vocab_size: text.vocab_size,
            start: 0,
            end: 0,
            pad: 0,
            lowercase: false,
        },
        text: TextConfig {
            file: String::new(),
            context_length: text.max_position_embeddings,
            token_dim: None,
            width: text.hidden_size,
            layers: text.num_hidden_layers,
            heads: text.num_attention_heads,
            mlp: text.intermediate_size,
            activation: activations[0],
            layer_norm_eps: text.layer_norm_eps,
        },
        image_size: vision.image_size,
        prepared,
        tower: vision.tower(activations[1]),
    };
    let config = parts.describe(folder, &checkpoint, &files, said)?;
    config.validate().map_err(StageError::engine(path.display()))?;
    let origin = |name: &str| Origin::Whole(name.to_owned());
    let ignored = |name: &str| hugging_face::ignored(name) || name.starts_with("text_model.pooler.");
    Ok(Source { config, vocabulary: tokens.json, checkpoint, origin, ignored })
}
