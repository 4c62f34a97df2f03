//! candle as the general engine: towers of the architectures that our own kernels do not know.
//!
//! `model.json` says by its `architecture` that a model is one of these. Its package has the same four files as any other:
//! weights as GGUF, which are read by the same strict reader, and a `tokenizer.json` in the place of the vocabulary where the
//! architecture has a tokenizer of its own.
//!
//! | module | what it does |
//! |---|---|
//! | [`tensors`] | which tensors a tower consists of: the one list that importing and loading share |
//! | `weights` | a GGUF file as candle's models ask for it |
//! | `tokens` | texts to tokens |
//! | [`siglip`], [`chinese_clip`], [`mobile_clip`] | from our description to candle's models |
//! | [`clip`] | the same for CLIP, which our kernels know: for comparing, and for graphics processors |
//! | `residual` | the network of rs-small, likewise |
//! | [`resnet`] | a residual network as a CLIP's image tower, which candle does not have |
//! | `text`, `image` | those models as the towers that everybody else takes |
//!
//! candle-transformers computes in f32. Weights are brought to it when a tower is built, but for the table of tokens, which
//! is most of a multilingual tower and stays as the file has it.

#![forbid(unsafe_code)]

pub mod chinese_clip;
pub mod clip;
mod device;
mod image;
pub mod mobile_clip;
mod residual;
pub mod resnet;
pub mod siglip;
pub mod tensors;
mod text;
mod tokens;
mod weights;

use clip_rs_search::model::{Architecture, ImageTower, ModelConfig, ModelError, TextTower};

pub use device::Device;

/// The text tower of a model: of any that our own kernels know, too.
pub fn text(
    config: &ModelConfig,
    gguf: Vec<u8>,
    vocabulary: &[u8],
) -> Result<Box<dyn TextTower>, ModelError> {
    config.validate()?;
    let network = match config.architecture {
        Some(Architecture::Siglip) => siglip::text(config)?,
        Some(Architecture::ChineseClip) => chinese_clip::text(config),
        Some(Architecture::MobileClip) => mobile_clip::text(config),
        None | Some(Architecture::ClipResnet) => clip::text(config),
    };
    Ok(Box::new(text::Text::new(config, gguf, vocabulary, network)?))
}

/// The image tower of a model: of any that our own kernels know, too.
pub fn image(
    config: &ModelConfig,
    gguf: Vec<u8>,
    device: &Device,
) -> Result<Box<dyn ImageTower>, ModelError> {
    config.validate()?;
    let weights = weights::Weights::of_image(config, gguf, device)?;
    let network = match config.architecture {
        Some(Architecture::Siglip) => siglip::image(config, weights.builder()),
        Some(Architecture::ChineseClip) => chinese_clip::image(config, weights.builder()),
        Some(Architecture::MobileClip) => mobile_clip::image(config, weights.builder()),
        Some(Architecture::ClipResnet) => resnet::image(config, weights.builder()),
        None => clip::image(config, weights.builder()),
    };
    Ok(Box::new(image::Image::new(config, network.map_err(computing)?, device)))
}

/// Whether a model's tokenizer is one that its text tower can use.
pub fn check_vocabulary(config: &ModelConfig, vocabulary: &[u8]) -> Result<(), ModelError> {
    tokens::Tokens::new(config, vocabulary).map(drop)
}

/// What candle refused.
fn computing(error: candle_core::Error) -> ModelError {
    ModelError::Compute(error.to_string())
}
