//! A model's towers in the browser: by our own kernels; for other architectures by the general engine, which only the workers have
//! that are built with it. The page starts those where the plain ones say that they are needed.

use clip_rs_search::model::{
    Architecture, ImageEncoder, ImageTower, ModelConfig, ModelError, TextEncoder, TextTower,
};

use super::faults::unusable;
use crate::protocol::{Failure, FailureKind};

/// The text tower, of which `file` is the name; whoever read its description did [`check`] it.
pub(crate) fn text(
    config: &ModelConfig,
    file: &str,
    weights: Vec<u8>,
    vocabulary: &[u8],
) -> Result<Box<dyn TextTower>, Failure> {
    let tower = match config.architecture {
        None => TextEncoder::from_gguf(config, weights, vocabulary).map(Into::into),
        Some(_) => general::text(config, weights, vocabulary),
    };
    tower.map_err(|error| unusable(file, &error))
}

/// The image tower, of which `file` is the name.
pub(crate) fn image(
    config: &ModelConfig,
    file: &str,
    weights: Vec<u8>,
) -> Result<Box<dyn ImageTower>, Failure> {
    check(config)?;
    let tower = match config.architecture {
        None => ImageEncoder::from_gguf(config, weights).map(Into::into),
        Some(_) => general::image(config, weights),
    };
    tower.map_err(|error| unusable(file, &error))
}

/// A failure of its own kind where this worker does not have the model's engine.
pub(crate) fn check(config: &ModelConfig) -> Result<(), Failure> {
    match config.architecture {
        Some(architecture) if !cfg!(feature = "towers") => Err(needs_general(architecture)),
        _ => Ok(()),
    }
}

fn needs_general(architecture: Architecture) -> Failure {
    let message = format!("The model is a {}, which needs the general engine.", architecture.name());
    Failure::new(FailureKind::Engine, message)
}

#[cfg(feature = "towers")]
mod general {
    use super::{ImageTower, ModelConfig, ModelError, TextTower};

    pub(super) fn text(
        config: &ModelConfig,
        weights: Vec<u8>,
        vocabulary: &[u8],
    ) -> Result<Box<dyn TextTower>, ModelError> {
        clip_rs_towers::text(config, weights, vocabulary)
    }

    pub(super) fn image(config: &ModelConfig, weights: Vec<u8>) -> Result<Box<dyn ImageTower>, ModelError> {
        clip_rs_towers::image(config, weights, &clip_rs_towers::Device::cpu())
    }
}

/// Nothing comes here: a model for the general engine was refused before.
#[cfg(not(feature = "towers"))]
mod general {
    use super::{ImageTower, ModelConfig, ModelError, TextTower};

    pub(super) fn text(config: &ModelConfig, _: Vec<u8>, _: &[u8]) -> Result<Box<dyn TextTower>, ModelError> {
        Err(left_out(config))
    }

    pub(super) fn image(config: &ModelConfig, _: Vec<u8>) -> Result<Box<dyn ImageTower>, ModelError> {
        Err(left_out(config))
    }

    fn left_out(config: &ModelConfig) -> ModelError {
        ModelError::Architecture(config.architecture.map_or("clip", |architecture| architecture.name()))
    }
}
