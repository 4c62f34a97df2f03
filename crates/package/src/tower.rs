//! Which engine computes a model: ours where it can, for speed; candle (the crate `towers`) for the other architectures, and
//! for pictures on a graphics processor.

use std::borrow::Cow;

use clip_rs_search::model::{ImageEncoder, ImageTower, ModelConfig, ModelError, TextEncoder, TextTower};

/// What pictures are embedded on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Processor {
    /// The machine's own, with our kernels where they know the model.
    #[default]
    Cpu,
    /// An NVIDIA graphics processor, with candle.
    Cuda,
    /// An Apple one, with candle.
    Metal,
}

/// A model's text tower from its file and vocabulary. Who hands over the file instead of lending it may save a copy.
pub fn text_tower<'a>(
    config: &ModelConfig,
    gguf: impl Into<Cow<'a, [u8]>>,
    vocabulary: &[u8],
) -> Result<Box<dyn TextTower>, ModelError> {
    let tower = match config.architecture {
        None => TextEncoder::from_gguf(config, gguf, vocabulary)?.into(),
        Some(_) => general::text(config, gguf.into().into_owned(), vocabulary)?,
    };
    expect_dim(config, tower.dim())?;
    Ok(tower)
}

/// A model's image tower from its file. Who hands over the file instead of lending it may save a copy.
pub fn image_tower<'a>(
    config: &ModelConfig,
    gguf: impl Into<Cow<'a, [u8]>>,
    processor: Processor,
) -> Result<Box<dyn ImageTower>, ModelError> {
    let tower = match (config.architecture, processor) {
        (None, Processor::Cpu) => ImageEncoder::from_gguf(config, gguf)?.into(),
        _ => general::image(config, gguf.into().into_owned(), processor)?,
    };
    expect_dim(config, tower.dim())?;
    Ok(tower)
}

fn expect_dim(config: &ModelConfig, found: usize) -> Result<(), ModelError> {
    match config.embed_dim {
        expected if expected == found => Ok(()),
        expected => Err(ModelError::Dimension { expected, found }),
    }
}

#[cfg(feature = "towers")]
mod general {
    use super::{ImageTower, ModelConfig, ModelError, Processor, TextTower};

    pub(super) fn text(
        config: &ModelConfig,
        gguf: Vec<u8>,
        vocabulary: &[u8],
    ) -> Result<Box<dyn TextTower>, ModelError> {
        clip_rs_towers::text(config, gguf, vocabulary)
    }

    pub(super) fn image(
        config: &ModelConfig,
        gguf: Vec<u8>,
        processor: Processor,
    ) -> Result<Box<dyn ImageTower>, ModelError> {
        let device = match processor {
            Processor::Cpu => clip_rs_towers::Device::cpu(),
            Processor::Cuda => clip_rs_towers::Device::cuda()?,
            Processor::Metal => clip_rs_towers::Device::metal()?,
        };
        clip_rs_towers::image(config, gguf, &device)
    }
}

/// Without the feature `towers`.
#[cfg(not(feature = "towers"))]
mod general {
    use super::{ImageTower, ModelConfig, ModelError, Processor, TextTower};

    pub(super) fn text(config: &ModelConfig, _: Vec<u8>, _: &[u8]) -> Result<Box<dyn TextTower>, ModelError> {
        Err(left_out(config))
    }

    pub(super) fn image(
        config: &ModelConfig,
        _: Vec<u8>,
        _: Processor,
    ) -> Result<Box<dyn ImageTower>, ModelError> {
        Err(left_out(config))
    }

    fn left_out(config: &ModelConfig) -> ModelError {
        match config.architecture {
            Some(architecture) => ModelError::Architecture(architecture.name()),
            None => ModelError::Compute("graphics processors are left out of this build".to_owned()),
        }
    }
}
