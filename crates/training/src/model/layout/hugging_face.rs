//! Folders as Hugging Face's `CLIPModel.save_pretrained` writes them: `config.json`, weights in one file or in shards,
//! and the tokenizer's and preprocessor's files.
//!
//! Reference: `configuration_clip.py` and `modeling_clip.py` in transformers. Our tensors have the names used there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clip_rs_search::model::{Activation, TextConfig, Tower};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::description::{Parts, byte_pairs};
use super::picture::Prepared;
use super::{Origin, Said, Source, vocabulary};
use crate::model::checkpoint::Checkpoint;
use clip_rs_stage::StageError;

/// Files with weights, the better kind first; an index lists shards.
const WEIGHTS: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];
/// An end token that stands for "the largest token", as configurations of before 2023 have it.
const OLD_END: u32 = 2;

/// `CLIPTextConfig`, with its defaults.
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
    eos_token_id: u32,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            vocab_size: 49_408,
            hidden_size: 512,
            intermediate_size: 2048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: "quick_gelu".to_owned(),
            layer_norm_eps: 1e-5,
            eos_token_id: 49_407,
        }
    }
}

/// `CLIPVisionConfig`, with its defaults.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Vision {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    pub(super) image_size: usize,
    patch_size: usize,
    pub(super) hidden_act: String,
    layer_norm_eps: f64,
}

impl Vision {
    /// The tower that this describes.
    pub(super) fn tower(&self, activation: Activation) -> Tower {
        Tower::Vit {
            patch: self.patch_size,
            width: self.hidden_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            mlp: self.intermediate_size,
            activation,
            layer_norm_eps: self.layer_norm_eps,
        }
    }
}

impl Default for Vision {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            image_size: 224,
            patch_size: 32,
            hidden_act: "quick_gelu".to_owned(),
            layer_norm_eps: 1e-5,
        }
    }
}

/// The folder's files with weights; none if it has none.
pub(super) fn weights(folder: &Path) -> Result<Option<Vec<PathBuf>>, StageError> {
    let Some(path) = WEIGHTS.iter().map(|name| folder.join(name)).find(|path| path.is_file()) else {
        return Ok(None);
    };
    if path.extension().is_none_or(|extension| extension != "json") {
        return Ok(Some(vec![path]));
    }
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index: Index = super::read_json(&path)?;
    let mut shards: Vec<String> = index.weight_map.into_values().collect();
    shards.sort();
    shards.dedup();
    if let Some(odd) = shards.iter().find(|name| name.is_empty() || name.contains(['/', '\\'])) {
        return Err(StageError::content(
            &path,
            format!("names the shard {odd:?}, which is no file beside it"),
        ));
    }
    Ok(Some(shards.iter().map(|name| folder.join(name)).collect()))
}

pub(super) fn open(folder: &Path, described: Value, said: &Said) -> Result<Source, StageError> {
    let path = folder.join("config.json");
    let refuse = |why: String| StageError::content(&path, why);
    match described.get("model_type").and_then(Value::as_str) {
        Some("clip") | None => {}
        Some(other) => {
            let why = format!("model_type is {other:?}, expected \"clip\", \"siglip\" or \"chinese_clip\"");
            return Err(refuse(why));
        }
    }
    let text: Text = part(&path, &described, "text_config")?;
    let vision: Vision = part(&path, &described, "vision_config")?;
    let (text_activation, vision_activation) =
        (activation(&path, &text.hidden_act, said)?, activation(&path, &vision.hidden_act, said)?);
    let (checkpoint, files) = checkpoint(folder)?;
    let embed_dim = embed_dim(&path, &described, &checkpoint)?;
    let tokenizer = byte_pairs(text.vocab_size);
    let end = tokenizer.end;
    if text.vocab_size < 2 || end == u32::MAX {
        return Err(refuse(format!("text_config.vocab_size is {}", text.vocab_size)));
    }
    if text.eos_token_id != end && text.eos_token_id != OLD_END {
        let found = text.eos_token_id;
        return Err(refuse(format!("text_config.eos_token_id is {found}, expected the last token, {end}")));
    }
    let prepared = Prepared::CLIP.of(folder, vision.image_size)?;
    let parts = Parts {
        architecture: None,
        embed_dim,
        tokenizer,
        text: TextConfig {
            file: String::new(),
            context_length: text.max_position_embeddings,
            token_dim: None,
            width: text.hidden_size,
            layers: text.num_hidden_layers,
            heads: text.num_attention_heads,
            mlp: text.intermediate_size,
            activation: text_activation,
            layer_norm_eps: text.layer_norm_eps,
        },
        image_size: vision.image_size,
        prepared,
        tower: vision.tower(vision_activation),
    };
    let config = parts.describe(folder, &checkpoint, &files, said)?;
    config.validate().map_err(StageError::engine(path.display()))?;
    let vocabulary = match said.vocabulary {
        None => vocabulary::in_folder(folder, text.vocab_size)?,
        Some(_) => None,
    };
    let vocabulary = match vocabulary {
        Some(vocabulary) => vocabulary,
        None => vocabulary::said_or_embedded(said, text.vocab_size)?,
    };
    Ok(Source { config, vocabulary, checkpoint, origin: |name| Origin::Whole(name.to_owned()), ignored })
}

/// The folder's weights, and the files that they are in.
pub(super) fn checkpoint(folder: &Path) -> Result<(Checkpoint, Vec<PathBuf>), StageError> {
    let files = weights(folder)?.unwrap_or_default();
    Ok((super::opened(&files)?, files))
}

/// Components of an embedding: what `config.json` says, else what the weights do.
pub(super) fn embed_dim(
    path: &Path,
    described: &Value,
    checkpoint: &Checkpoint,
) -> Result<usize, StageError> {
    let field = "projection_dim";
    let of_weights = || checkpoint.shape("text_projection.weight").and_then(|shape| shape.first()).copied();
    match described.get(field) {
        Some(number) => number
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| StageError::content(path, format!("{field} is {number}, expected a number"))),
        None => of_weights().ok_or_else(|| StageError::content(path, format!("has no field {field}"))),
    }
}

/// Constants that checkpoints carry along.
pub(super) fn ignored(name: &str) -> bool {
    super::is_scale(name) || name.ends_with(".embeddings.position_ids")
}

/// `text_config` or `vision_config`. Configurations of 2021 and 2022 have a `..._config_dict` as well, which wins.
pub(super) fn part<T: for<'a> Deserialize<'a>>(
    path: &Path,
    described: &Value,
    name: &str,
) -> Result<T, StageError> {
    let mut all = Map::new();
    for key in [name.to_owned(), format!("{name}_dict")] {
        match described.get(&key) {
            None | Some(Value::Null) => {}
            Some(Value::Object(values)) => {
                all.extend(
                    values.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())),
                );
            }
            Some(_) => return Err(StageError::content(path, format!("{key} is no object"))),
        }
    }
    serde_json::from_value(Value::Object(all))
        .map_err(|error| StageError::content(path, format!("{name}: {error}")))
}

pub(super) fn activation(path: &Path, name: &str, said: &Said) -> Result<Activation, StageError> {
    let found = match name {
        "quick_gelu" => Activation::QuickGelu,
        "gelu" => Activation::Gelu,
        other => return Err(StageError::content(path, format!("hidden_act {other:?} is not supported"))),
    };
    match said.activation {
        Some(said) if said != found => {
            Err(StageError::content(path, format!("hidden_act is {name:?}, --activation says otherwise")))
        }
        _ => Ok(found),
    }
}
