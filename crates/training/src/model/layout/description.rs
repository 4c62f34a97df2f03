//! A source's description in our terms: what all layouts say of a model in the same way.

use std::path::{Path, PathBuf};

use clip_rs_search::model::{
    Architecture, ImageConfig, ModelConfig, ModelError, TextConfig, TokenizerConfig, Tower,
};
use clip_rs_stage::{StageError, files};

use super::Said;
use super::picture::Prepared;
use crate::model::checkpoint::Checkpoint;

/// What a layout finds out of a model by itself.
pub(super) struct Parts {
    pub(super) architecture: Option<Architecture>,
    /// Components of an embedding.
    pub(super) embed_dim: usize,
    pub(super) tokenizer: TokenizerConfig,
    pub(super) text: TextConfig,
    /// Pixels a side.
    pub(super) image_size: usize,
    pub(super) prepared: Prepared,
    pub(super) tower: Tower,
}

impl Parts {
    /// The description, without the names of the package's files. `path` is what the model is called after; the checkpoint is in
    /// `files`.
    pub(super) fn describe(
        self,
        path: &Path,
        checkpoint: &Checkpoint,
        files: &[PathBuf],
        said: &Said,
    ) -> Result<ModelConfig, StageError> {
        let name = name_of(path, said);
        Ok(ModelConfig {
            format: 1,
            architecture: self.architecture,
            title: name.clone(),
            name,
            embed_dim: self.embed_dim,
            logit_scale: logit_scale(checkpoint)?,
            provenance: provenance_of(files, said)?,
            licence: licence_of(said),
            tokenizer: self.tokenizer,
            text: self.text,
            image: ImageConfig {
                file: String::new(),
                image_size: self.image_size,
                mean: self.prepared.mean,
                std: self.prepared.std,
                resize: self.prepared.resize,
                fit: self.prepared.fit,
                average_transpose: false,
                tower: self.tower,
            },
        })
    }
}

/// CLIP's own tokenizer: of byte pairs, the last two tokens of which begin and end a text.
pub(super) fn byte_pairs(vocab_size: usize) -> TokenizerConfig {
    let token = |from_behind| u32::try_from(vocab_size.saturating_sub(from_behind)).unwrap_or(u32::MAX);
    TokenizerConfig {
        file: String::new(),
        vocab_size,
        start: token(2),
        end: token(1),
        pad: 0,
        lowercase: false,
    }
}

/// The scale of cosines, from its logarithm in the checkpoint.
fn logit_scale(checkpoint: &Checkpoint) -> Result<f32, StageError> {
    let name = "logit_scale";
    let missing = || {
        let error = ModelError::MissingTensor { name: name.to_owned(), expected: Vec::new() };
        StageError::engine(checkpoint.path().display())(error)
    };
    let tensor = checkpoint.read(name)?.filter(|tensor| tensor.elem_count() == 1).ok_or_else(missing)?;
    let value = tensor.flatten_all().and_then(|tensor| tensor.to_vec1::<f32>());
    let value = value.map_err(StageError::engine(checkpoint.path().display()))?;
    value.first().map(|value| value.exp()).ok_or_else(missing)
}

/// The name of a model that has none: that of its file or folder.
fn name_of(path: &Path, said: &Said) -> String {
    let of_path = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    said.name.clone().or_else(of_path).unwrap_or_else(|| "clip".to_owned())
}

fn licence_of(said: &Said) -> String {
    said.licence.clone().unwrap_or_else(|| "not stated; see where the weights come from".to_owned())
}

fn provenance_of(files: &[PathBuf], said: &Said) -> Result<String, StageError> {
    if let Some(provenance) = &said.provenance {
        return Ok(provenance.clone());
    }
    let mut parts = Vec::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        parts.push(format!("{name} (SHA-256 {})", files::sha256(path)?));
    }
    Ok(format!("Imported from {}", parts.join(", ")))
}
