//! What others call the parts of a CLIP: each layout maps a source into our description and our tensors' names.
//!
//! | layout | what it is told from |
//! |---|---|
//! | [`reference`] | a folder whose `config.json` has a `format`: our own trainer's |
//! | [`hugging_face`] | a folder whose `config.json` is a `CLIPModel`'s |
//! | [`siglip`], [`chinese_clip`] | a folder whose `config.json` is a `SiglipModel`'s or a `ChineseCLIPModel`'s |
//! | [`open_clip`] | a file with a state dict in OpenAI's names, or a folder with `open_clip_config.json` |
//! | [`mobile_clip`] | such a folder with one of timm's FastViTs |
//! | [`resnet`] | the tensors of a residual network in such a file or folder |

mod chinese_clip;
mod description;
mod hugging_face;
mod mobile_clip;
mod open_clip;
mod picture;
mod reference;
mod resnet;
mod sentence_piece;
mod siglip;
mod state_dict;
mod tokenizer;
mod vocabulary;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use clip_rs_search::model::{Activation, ModelConfig, ModelError, TensorSpec};
use serde::de::DeserializeOwned;

use super::checkpoint::{Checkpoint, stand_in};
use clip_rs_stage::{StageError, files};
use clip_rs_towers::tensors;

/// Longest description (a `config.json`, a `tokenizer.json`) that is read, bytes.
const MAX_JSON: u64 = 64 << 20;

/// What a person says about a source, where it does not say so itself.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The activation of the MLPs; needed for state dicts without a description.
    pub activation: Option<Activation>,
    /// A vocabulary in the format of OpenAI's `bpe_simple_vocab_16e6.txt`, instead of CLIP's own.
    pub vocabulary: Option<PathBuf>,
    /// The model's short name.
    pub name: Option<String>,
    /// Licence of the weights.
    pub licence: Option<String>,
    /// Where the weights come from.
    pub provenance: Option<String>,
}

/// A model as others wrote it, ready to be read in our terms.
pub(super) struct Source {
    /// The description, without the names of the package's files.
    pub(super) config: ModelConfig,
    /// Content of the package's vocabulary.
    pub(super) vocabulary: Vec<u8>,
    checkpoint: Checkpoint,
    origin: fn(&str) -> Origin,
    /// Whether a tensor that is no part of the towers may be there all the same.
    ignored: fn(&str) -> bool,
}

/// Where a tensor of ours is in a checkpoint.
enum Origin {
    /// The whole tensor of that name.
    Whole(String),
    /// A matrix that is stored as `(in, out)`.
    Transposed(String),
    /// The first, second or last third of the rows: queries, keys and values in one tensor.
    Third(String, usize),
}

impl Origin {
    fn name(&self) -> &str {
        match self {
            Self::Whole(name) | Self::Transposed(name) | Self::Third(name, _) => name,
        }
    }

    /// The shape that a tensor has there, if it is `shape` here.
    fn shape(&self, shape: &[usize]) -> Vec<usize> {
        let mut there = shape.to_vec();
        match (self, there.first_mut()) {
            (Self::Transposed(_), _) => there.reverse(),
            (Self::Third(..), Some(rows)) => *rows *= 3,
            _ => {}
        }
        there
    }
}

impl Source {
    /// Reads the description of the model at `path`, and lists its tensors.
    pub(super) fn open(path: &Path, said: &Said) -> Result<Self, StageError> {
        if !path.is_dir() {
            return open_clip::open_file(path, said);
        }
        let config = path.join("config.json");
        let described: Option<serde_json::Value> =
            if config.is_file() { Some(read_json(&config)?) } else { None };
        match described {
            Some(described) if described.get("format").is_some() => reference::open(path),
            Some(described) if hugging_face::weights(path)?.is_some() => {
                match described.get("model_type").and_then(serde_json::Value::as_str) {
                    Some("siglip" | "siglip2") => siglip::open(path, &described, said),
                    Some("chinese_clip") => chinese_clip::open(path, &described, said),
                    _ => hugging_face::open(path, described, said),
                }
            }
            _ if path.join(open_clip::CONFIG_FILE).is_file() => open_clip::open_folder(path, said),
            _ => Err(StageError::content(path, nothing_readable(path))),
        }
    }

    /// The file to name in messages about weights.
    pub(super) fn weights_path(&self) -> &Path {
        self.checkpoint.path()
    }

    /// Refuses a checkpoint with tensors that nobody would read: it is another kind of model.
    pub(super) fn expect_nothing_else(&self) -> Result<(), StageError> {
        let specs = tensors::text(&self.config).into_iter().chain(tensors::image(&self.config));
        let known: HashSet<String> = specs.map(|spec| (self.origin)(&spec.name).name().to_owned()).collect();
        match self.checkpoint.names().find(|name| !known.contains(*name) && !(self.ignored)(name)) {
            None => Ok(()),
            Some(name) => {
                let shape = self.checkpoint.shape(name).unwrap_or_default();
                let why =
                    format!("tensor {name} of shape {shape:?} is no part of a CLIP as this engine knows it");
                Err(StageError::content(self.weights_path(), why))
            }
        }
    }

    /// A tensor in f32, of the shape that `spec` asks for.
    pub(super) fn tensor(&self, spec: &TensorSpec) -> Result<Tensor, StageError> {
        let origin = (self.origin)(&spec.name);
        let (name, expected) = (origin.name().to_owned(), origin.shape(&spec.shape));
        let refuse = |error: ModelError| StageError::engine(self.weights_path().display())(error);
        match self.checkpoint.shape(&name) {
            None => return Err(refuse(ModelError::MissingTensor { name, expected })),
            Some(found) if found != expected => {
                let found = found.to_vec();
                return Err(refuse(ModelError::Shape { name, expected, found }));
            }
            Some(_) => {}
        }
        let missing = || refuse(ModelError::MissingTensor { name: name.clone(), expected: expected.clone() });
        let tensor = self.checkpoint.read(&name)?.ok_or_else(missing)?;
        // Whoever quantises takes all numbers behind a tensor, so a part of one has to become one of its own.
        let turned = || -> candle_core::Result<Tensor> {
            match (&origin, spec.shape.first()) {
                (Origin::Transposed(_), _) => tensor.t()?.contiguous(),
                (Origin::Third(_, third), Some(rows)) => {
                    tensor.narrow(0, third * rows, *rows)?.force_contiguous()
                }
                _ => Ok(tensor),
            }
        };
        turned().map_err(StageError::engine(self.weights_path().display()))
    }
}

/// What the folder has instead of something that can be read.
fn nothing_readable(folder: &Path) -> String {
    let has = |name: &str| folder.join(name).is_file();
    if has("flax_model.msgpack") || has("tf_model.h5") {
        return "has weights for Flax or TensorFlow only; save them as PyTorch or safetensors first, \
            for example with CLIPModel.from_pretrained(FOLDER, from_flax=True).save_pretrained(OUT)"
            .to_owned();
    }
    if has("config.json") {
        return "has a config.json, but neither model.safetensors nor pytorch_model.bin".to_owned();
    }
    "has no config.json; for a state dict give the file itself".to_owned()
}

/// A JSON file of sensible size.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, StageError> {
    let content = files::read_at_most(path, MAX_JSON)?;
    expect_content(path, &content)?;
    serde_json::from_slice(&content).map_err(|error| StageError::content(path, error))
}

/// Refuses what stands in a file's place where a download went wrong.
fn expect_content(path: &Path, content: &[u8]) -> Result<(), StageError> {
    stand_in(content).map_or(Ok(()), |why| Err(StageError::content(path, why)))
}

/// The tensors of `files`, without what wraps their names: distributed training adds `module.`, compiling `_orig_mod.`,
/// Lightning and other training scripts `model.`.
fn opened(files: &[PathBuf]) -> Result<Checkpoint, StageError> {
    let mut checkpoint = Checkpoint::open(files)?;
    // They may be around each other in any order.
    for _ in 0..2 {
        ["module.", "_orig_mod.", "model."].iter().for_each(|prefix| checkpoint.strip_prefix(prefix));
    }
    Ok(checkpoint)
}

/// Whether a tensor is the scale of cosines, or SigLIP's bias, which changes no order.
fn is_scale(name: &str) -> bool {
    matches!(name, "logit_scale" | "logit_bias")
}
