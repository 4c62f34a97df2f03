//! A model package in memory: the four files of a folder such as `models/rs-small`.

use std::path::{Path, PathBuf};

use clip_rs_catalog::Digest;
use clip_rs_search::model::{ImageEncoder, ModelConfig, ModelError, TextEncoder};

use crate::{PipelineError, files};

/// Name of the description in a package.
pub(super) const CONFIG_FILE: &str = "model.json";

/// The files of a model.
pub struct Package {
    folder: PathBuf,
    /// What `model.json` says.
    pub config: ModelConfig,
    /// Content of `model.json`.
    pub config_json: Vec<u8>,
    /// Content of the text tower's GGUF file.
    pub text: Vec<u8>,
    /// Content of the image tower's GGUF file.
    pub image: Vec<u8>,
    /// Content of the tokenizer's vocabulary.
    pub vocabulary: Vec<u8>,
}

impl Package {
    /// Reads the package in `folder`. The towers are only checked when an encoder is built from them.
    pub fn read(folder: &Path) -> Result<Self, PipelineError> {
        let path = folder.join(CONFIG_FILE);
        let config_json = files::read(&path)?;
        let config = ModelConfig::from_json(&config_json).map_err(PipelineError::engine(folder.display()))?;
        let part = |file: &str| {
            if file.is_empty() || file.contains(['/', '\\']) {
                let why = format!("it names the file {file:?}, which is no name of a file beside it");
                return Err(PipelineError::content(&path, why));
            }
            files::read(&folder.join(file))
        };
        Ok(Self {
            text: part(&config.text.file)?,
            image: part(&config.image.file)?,
            vocabulary: part(&config.tokenizer.file)?,
            folder: folder.to_owned(),
            config,
            config_json,
        })
    }

    /// The folder that the package was read from.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The text tower with its tokenizer.
    pub fn text_encoder(&self) -> Result<TextEncoder, PipelineError> {
        TextEncoder::from_gguf(&self.config, &self.text, &self.vocabulary)
            .map_err(|error: ModelError| self.refuse(&self.config.text.file, error))
    }

    /// The image tower.
    pub fn image_encoder(&self) -> Result<ImageEncoder, PipelineError> {
        ImageEncoder::from_gguf(&self.config, &self.image)
            .map_err(|error| self.refuse(&self.config.image.file, error))
    }

    /// Digest of everything that the vector of a picture depends on.
    pub fn image_digest(&self) -> Digest {
        let both: Vec<u8> = [&self.config_json, &self.image]
            .into_iter()
            .flat_map(|part| *Digest::of(part).as_bytes())
            .collect();
        Digest::of(&both)
    }

    /// What there is to know of the model, a line each, for people.
    pub fn describe(&self) -> String {
        let config = &self.config;
        let count = |tensors: Vec<clip_rs_search::model::TensorSpec>| -> usize {
            tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()
        };
        let mut lines = vec![
            format!("{} ({})", config.title, config.name),
            format!("embedding: {} components, logit scale {}", config.embed_dim, config.logit_scale),
        ];
        for (tower, parameters, file, content) in [
            ("text", count(config.text_tensors()), &config.text.file, &self.text),
            ("image", count(config.image_tensors()), &config.image.file, &self.image),
        ] {
            let (millions, megabytes) = (parameters as f64 / 1e6, content.len() as f64 / 1e6);
            let digest = Digest::of(content).short();
            lines.push(format!(
                "{tower}: {millions:.2} M parameters, {file} {megabytes:.2} MB, SHA-256 {digest}..."
            ));
        }
        lines.push(format!("pictures: {0} x {0} pixels", config.image.image_size));
        lines.push(format!("texts: at most {} tokens", config.text.context_length));
        lines.push(format!("provenance: {}", config.provenance));
        lines.push(format!("licence: {}", config.licence));
        lines.join("\n")
    }

    fn refuse(&self, file: &str, error: ModelError) -> PipelineError {
        PipelineError::engine(self.folder.join(file).display())(error)
    }
}
