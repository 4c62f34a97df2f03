//! A model package in memory: the four files of a folder such as `models/rs-small`.
//!
//! Apart from the crate that makes packages, so that who only uses a model need not compile what trains one.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use clip_rs_catalog::Digest;
use clip_rs_search::model::{ImageTower, ModelConfig, ModelError, TextTower};
use clip_rs_stage::{StageError, files};

mod tower;

pub use tower::{Processor, image_tower, text_tower};

/// Name of the description in a package.
pub const CONFIG_FILE: &str = "model.json";

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
    pub fn read(folder: &Path) -> Result<Self, StageError> {
        let path = folder.join(CONFIG_FILE);
        let config_json = files::read(&path)?;
        let config = ModelConfig::from_json(&config_json).map_err(StageError::engine(folder.display()))?;
        let part = |file: &str| {
            if file.is_empty() || file.contains(['/', '\\']) {
                let why = format!("it names the file {file:?}, which is no name of a file beside it");
                return Err(StageError::content(&path, why));
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
    pub fn text_encoder(&self) -> Result<Box<dyn TextTower>, StageError> {
        text_tower(&self.config, &self.text, &self.vocabulary)
            .map_err(|error: ModelError| self.refuse(&self.config.text.file, error))
    }

    /// The image tower.
    pub fn image_encoder(&self) -> Result<Box<dyn ImageTower>, StageError> {
        self.image_encoder_on(Processor::default())
    }

    /// The image tower on a processor.
    pub fn image_encoder_on(&self, processor: Processor) -> Result<Box<dyn ImageTower>, StageError> {
        image_tower(&self.config, &self.image, processor)
            .map_err(|error| self.refuse(&self.config.image.file, error))
    }

    /// Digest of all four files.
    pub fn digest(&self) -> Digest {
        let parts = [&self.config_json, &self.text, &self.image, &self.vocabulary];
        let digests: Vec<u8> = parts.into_iter().flat_map(|part| *Digest::of(part).as_bytes()).collect();
        Digest::of(&digests)
    }

    /// Digest of everything that the vector of a picture depends on.
    pub fn image_digest(&self) -> Digest {
        let both: Vec<u8> = [&self.config_json, &self.image]
            .into_iter()
            .flat_map(|part| *Digest::of(part).as_bytes())
            .collect();
        Digest::of(&both)
    }

    fn refuse(&self, file: &str, error: ModelError) -> StageError {
        StageError::engine(self.folder.join(file).display())(error)
    }
}
