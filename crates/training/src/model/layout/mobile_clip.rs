//! MobileCLIP as open_clip describes it: a `CustomTextCLIP` whose trunk is one of timm's FastViTs.
//!
//! Reference: `CustomTextCLIP` in open_clip, `fastvit.py` in timm. Sizes are told from shapes.

use std::path::{Path, PathBuf};

use clip_rs_search::model::{Activation, Architecture, Fit, Resize, TextConfig, Tower};
use clip_rs_stage::StageError;

use super::description::{Parts, byte_pairs};
use super::picture::Prepared;
use super::state_dict::{Preprocessing, Shapes};
use super::{Origin, Said, Source, vocabulary};

/// timm's names of the trunks that are supported.
const TRUNKS: [&str; 3] = ["fastvit_mci0", "fastvit_mci1", "fastvit_mci2"];

/// What open_clip's description says of the architecture.
pub(super) struct Described {
    /// timm's name of the trunk.
    pub(super) trunk: String,
    /// Pixels a side.
    pub(super) image_size: usize,
    /// Attention heads of the text tower.
    pub(super) heads: usize,
    /// Whether a token sees those behind it.
    pub(super) no_causal_mask: bool,
    pub(super) preprocessing: Preprocessing,
}

pub(super) fn open(
    weights: PathBuf,
    folder: &Path,
    described: Described,
    said: &Said,
) -> Result<Source, StageError> {
    let refuse = |why: String| StageError::content(folder, why);
    if !TRUNKS.contains(&described.trunk.as_str()) {
        let why =
            format!("timm_model_name {:?} is not supported; {} are", described.trunk, TRUNKS.join(", "));
        return Err(refuse(why));
    }
    if !described.no_causal_mask {
        return Err(refuse(
            "text_cfg.no_causal_mask is false; a MobileCLIP of these sizes has none".to_owned(),
        ));
    }
    let files = [weights];
    let checkpoint = super::opened(&files)?;
    let shapes = Shapes { checkpoint: &checkpoint };
    let [vocab_size, width] = shapes.of("text.token_embedding.weight")?;
    let [context_length, _] = shapes.of("text.positional_embedding")?;
    let [mlp, _] = shapes.of("text.transformer.resblocks.0.mlp.c_fc.weight")?;
    let [_, embed_dim] = shapes.of("text.text_projection")?;
    let trunk = "visual.trunk";
    let [channels, _, _, _] = shapes.of(&format!("{trunk}.stem.0.conv_kxk.0.conv.weight"))?;
    let [hidden, _, _, _] = shapes.of(&format!("{trunk}.stages.0.blocks.0.mlp.fc1.weight"))?;
    let blocks = [0, 1, 2, 3].map(|n| shapes.layers(&format!("{trunk}.stages.{n}.blocks.")));
    let usual =
        Prepared { mean: [0.0; 3], std: [1.0; 3], resize: Resize::Bilinear, fit: Fit::ShortSideCentreCrop };
    let parts = Parts {
        architecture: Some(Architecture::MobileClip),
        embed_dim,
        tokenizer: byte_pairs(vocab_size),
        text: TextConfig {
            file: String::new(),
            context_length,
            token_dim: None,
            width,
            layers: shapes.layers("text.transformer.resblocks."),
            heads: described.heads,
            mlp,
            activation: Activation::Gelu,
            layer_norm_eps: 1e-5,
        },
        image_size: described.image_size,
        prepared: described.preprocessing.or(usual),
        tower: Tower::Fastvit { width: channels, blocks, mlp_ratio: hidden / channels.max(1) },
    };
    let config = parts.describe(folder, &checkpoint, &files, said)?;
    config.validate().map_err(StageError::engine(folder.display()))?;
    let vocabulary = vocabulary::said_or_embedded(said, vocab_size)?;
    let origin = |name: &str| Origin::Whole(name.to_owned());
    let ignored = |name: &str| super::is_scale(name) || name.ends_with(".num_batches_tracked");
    Ok(Source { config, vocabulary, checkpoint, origin, ignored })
}
