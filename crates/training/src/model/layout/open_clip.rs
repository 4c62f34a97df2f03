//! State dicts in OpenAI's names (`visual.conv1.weight`, `transformer.resblocks.0.attn.in_proj_weight`, ...), as
//! OpenAI, open_clip, RemoteCLIP and GeoRSCLIP publish them.
//!
//! Reference: `CLIP` and `build_model_from_openai_state_dict` in open_clip. Sizes are told from shapes. What cannot
//! be told from shapes is the activation, and the number of heads, which follows from the width in all of them. The image
//! tower is a vision transformer or a residual network ([`resnet`]).

use std::path::{Path, PathBuf};

use clip_rs_search::model::{Activation, Architecture, TextConfig, Tower};
use serde::Deserialize;

use super::description::{Parts, byte_pairs};
use super::picture::Prepared;
use super::state_dict::{Preprocessing, Shapes};
use super::{Origin, Said, Source, mobile_clip, resnet, vocabulary};
use clip_rs_stage::StageError;

/// open_clip's own description of a model, in folders from a hub.
pub(super) const CONFIG_FILE: &str = "open_clip_config.json";
/// The weights beside it, the better kind first.
const WEIGHTS: [&str; 3] =
    ["open_clip_model.safetensors", "open_clip_pytorch_model.bin", "open_clip_pytorch_model.pt"];

#[derive(Deserialize)]
struct Described {
    model_cfg: Networks,
    #[serde(default)]
    preprocess_cfg: Preprocessing,
}

#[derive(Deserialize)]
struct Networks {
    #[serde(default)]
    quick_gelu: bool,
    #[serde(default)]
    vision_cfg: Vision,
    text_cfg: Tokens,
}

#[derive(Default, Deserialize)]
struct Vision {
    /// A trunk of timm's, instead of open_clip's own.
    timm_model_name: Option<String>,
    image_size: Option<usize>,
}

#[derive(Deserialize)]
struct Tokens {
    /// A tokenizer that is not CLIP's.
    hf_tokenizer_name: Option<String>,
    heads: Option<usize>,
    #[serde(default)]
    no_causal_mask: bool,
}

/// A single file.
pub(super) fn open_file(path: &Path, said: &Said) -> Result<Source, StageError> {
    open(path, path, None, said)
}

/// A folder with open_clip's description.
pub(super) fn open_folder(folder: &Path, said: &Said) -> Result<Source, StageError> {
    let path = folder.join(CONFIG_FILE);
    let described: Described = super::read_json(&path)?;
    let refuse = |what: &str, found: &str| {
        Err(StageError::content(&path, format!("{what} {found:?} is not supported")))
    };
    if let Some(name) = &described.model_cfg.text_cfg.hf_tokenizer_name {
        return refuse("text_cfg.hf_tokenizer_name", name);
    }
    let preprocessing = &described.preprocess_cfg;
    let is_known = |name: &&str| matches!(*name, "bicubic" | "bilinear");
    if let Some(other) = preprocessing.interpolation.as_deref().filter(|name| !is_known(name)) {
        return refuse("preprocess_cfg.interpolation", other);
    }
    if let Some(other) =
        preprocessing.resize_mode.as_deref().filter(|name| !matches!(*name, "shortest" | "squash"))
    {
        return refuse("preprocess_cfg.resize_mode", other);
    }
    let weights = WEIGHTS.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let weights =
        weights.ok_or_else(|| StageError::content(folder, format!("has none of {}", WEIGHTS.join(", "))))?;
    let Networks { vision_cfg, text_cfg, .. } = &described.model_cfg;
    if let Some(trunk) = &vision_cfg.timm_model_name {
        let missing = |field: &str| StageError::content(&path, format!("has no field {field}"));
        let described = mobile_clip::Described {
            trunk: trunk.clone(),
            image_size: vision_cfg.image_size.ok_or_else(|| missing("model_cfg.vision_cfg.image_size"))?,
            heads: text_cfg.heads.ok_or_else(|| missing("model_cfg.text_cfg.heads"))?,
            no_causal_mask: text_cfg.no_causal_mask,
            preprocessing: described.preprocess_cfg,
        };
        return mobile_clip::open(weights, folder, described, said);
    }
    open(&weights, folder, Some(described), said)
}

fn open(
    weights: &Path,
    named: &Path,
    described: Option<Described>,
    said: &Said,
) -> Result<Source, StageError> {
    let files: [PathBuf; 1] = [weights.to_owned()];
    let mut checkpoint = super::opened(&files)?;
    // open_clip's CustomTextCLIP adds it.
    checkpoint.strip_prefix("text.");
    let shapes = Shapes { checkpoint: &checkpoint };
    if shapes
        .checkpoint
        .names()
        .any(|name| name.starts_with("text_model.") || name.starts_with("vision_model."))
    {
        let why = "has Hugging Face's names: give its folder, with the config.json, instead of the file";
        return Err(StageError::content(weights, why));
    }
    let activation = activation(weights, described.as_ref(), said)?;
    let preprocessing = described.map(|described| described.preprocess_cfg).unwrap_or_default();
    let (architecture, (image_size, tower)) = match resnet::is_one(&shapes) {
        true => (Some(Architecture::ClipResnet), resnet::image(&shapes)?),
        false => (None, shapes.image(activation)?),
    };
    let (vocab_size, text) = shapes.text(activation)?;
    let [_, embed_dim] = shapes.of("text_projection")?;
    let parts = Parts {
        architecture,
        embed_dim,
        tokenizer: byte_pairs(vocab_size),
        text,
        image_size,
        prepared: preprocessing.or(Prepared::CLIP),
        tower,
    };
    let config = parts.describe(named, &checkpoint, &files, said)?;
    config.validate().map_err(StageError::engine(weights.display()))?;
    let vocabulary = vocabulary::said_or_embedded(said, vocab_size)?;
    Ok(Source { config, vocabulary, checkpoint, origin, ignored })
}

fn activation(weights: &Path, described: Option<&Described>, said: &Said) -> Result<Activation, StageError> {
    let described = described.map(|described| match described.model_cfg.quick_gelu {
        true => Activation::QuickGelu,
        false => Activation::Gelu,
    });
    match (described, said.activation) {
        (Some(a), Some(b)) if a != b => {
            let why = format!("{CONFIG_FILE} beside it speaks of another activation than --activation");
            Err(StageError::content(weights, why))
        }
        (Some(activation), _) | (None, Some(activation)) => Ok(activation),
        (None, None) => {
            let why = "its activation cannot be told from its tensors. Give --activation quick_gelu for OpenAI's \
                checkpoints, those whose open_clip name ends in -quickgelu, and GeoRSCLIP, whose recipe loads OpenAI's; \
                --activation gelu for laion's and other open_clip checkpoints, and for RemoteCLIP, whose recipe loads \
                plain ViT-B-32. With the wrong one everything works, only worse";
            Err(StageError::content(weights, why))
        }
    }
}

impl Shapes<'_> {
    /// Pixels a side and the tower.
    fn image(&self, activation: Activation) -> Result<(usize, Tower), StageError> {
        let [width, _, _, patch] = self.of("visual.conv1.weight")?;
        let [positions, _] = self.of("visual.positional_embedding")?;
        let side = self.side("visual.positional_embedding", positions)?;
        let [mlp, _] = self.of("visual.transformer.resblocks.0.mlp.c_fc.weight")?;
        let layers = self.layers("visual.transformer.resblocks.");
        let heads = width / vision_head_width(width);
        let tower = Tower::Vit { patch, width, layers, heads, mlp, activation, layer_norm_eps: 1e-5 };
        Ok((side.saturating_mul(patch), tower))
    }

    /// Number of tokens and the text tower.
    fn text(&self, activation: Activation) -> Result<(usize, TextConfig), StageError> {
        let [vocab_size, width] = self.of("token_embedding.weight")?;
        let [context_length, _] = self.of("positional_embedding")?;
        let [mlp, _] = self.of("transformer.resblocks.0.mlp.c_fc.weight")?;
        let text = TextConfig {
            file: String::new(),
            context_length,
            token_dim: None,
            width,
            layers: self.layers("transformer.resblocks."),
            heads: width / 64,
            mlp,
            activation,
            layer_norm_eps: 1e-5,
        };
        Ok((vocab_size, text))
    }
}

/// Width of an attention head: 64, but for open_clip's three largest towers.
fn vision_head_width(width: usize) -> usize {
    match width {
        1280 => 80,  // ViT-H
        1408 => 88,  // ViT-g
        1664 => 104, // ViT-bigG
        _ => 64,
    }
}

/// Our name to OpenAI's.
fn origin(name: &str) -> Origin {
    if resnet::has(name) {
        return Origin::Whole(name.to_owned());
    }
    let (tower, part) = match name.split_once("_model.") {
        Some(("text", part)) => ("", part),
        Some((_, part)) => ("visual.", part),
        None if name == "visual_projection.weight" => return Origin::Transposed("visual.proj".to_owned()),
        None => return Origin::Transposed("text_projection".to_owned()),
    };
    if let Some(part) = part.strip_prefix("encoder.layers.") {
        return layer(tower, part);
    }
    let theirs = match part {
        "embeddings.token_embedding.weight" => "token_embedding.weight",
        "embeddings.class_embedding" => "class_embedding",
        "embeddings.patch_embedding.weight" => "conv1.weight",
        "embeddings.position_embedding.weight" => "positional_embedding",
        other => {
            let (norm, which) = other.split_once('.').unwrap_or((other, ""));
            let norm = match norm {
                "pre_layrnorm" => "ln_pre",
                "post_layernorm" => "ln_post",
                _ => "ln_final",
            };
            return Origin::Whole(format!("{tower}{norm}.{which}"));
        }
    };
    Origin::Whole(format!("{tower}{theirs}"))
}

/// A tensor of a layer: `0.self_attn.q_proj.weight`.
fn layer(tower: &str, part: &str) -> Origin {
    let (number, part) = part.split_once('.').unwrap_or((part, ""));
    let block = format!("{tower}transformer.resblocks.{number}");
    let (module, which) = part.rsplit_once('.').unwrap_or((part, ""));
    match module {
        "self_attn.q_proj" => Origin::Third(format!("{block}.attn.in_proj_{which}"), 0),
        "self_attn.k_proj" => Origin::Third(format!("{block}.attn.in_proj_{which}"), 1),
        "self_attn.v_proj" => Origin::Third(format!("{block}.attn.in_proj_{which}"), 2),
        "self_attn.out_proj" => Origin::Whole(format!("{block}.attn.out_proj.{which}")),
        "layer_norm1" => Origin::Whole(format!("{block}.ln_1.{which}")),
        "layer_norm2" => Origin::Whole(format!("{block}.ln_2.{which}")),
        "mlp.fc1" => Origin::Whole(format!("{block}.mlp.c_fc.{which}")),
        _ => Origin::Whole(format!("{block}.mlp.c_proj.{which}")),
    }
}

/// Constants that state dicts carry along.
fn ignored(name: &str) -> bool {
    super::is_scale(name)
        || name.ends_with(".num_batches_tracked")
        || matches!(name, "attn_mask" | "input_resolution" | "context_length" | "vocab_size")
}
