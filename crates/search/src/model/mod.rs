//! CLIP (Radford et al. 2021, <https://arxiv.org/abs/2103.00020>) in plain Rust: one code path for every checkpoint.
//!
//! Whoever searches or indexes knows towers only as [`TextTower`] and [`ImageTower`]. [`TextEncoder`] and [`ImageEncoder`]
//! are those of this crate; the crate `towers` has others, for the models whose `model.json` names an [`Architecture`].
//!
//! A model is a folder of four files: `model.json` ([`ModelConfig`]), a text tower and an image tower as GGUF,
//! and the byte-pair vocabulary. Checkpoints differ in configuration and weights only. Tensor names and shapes
//! are in one list ([`ModelConfig::text_tensors`], [`ModelConfig::image_tensors`]), which whoever writes a
//! GGUF file and the loader here share.

mod byte_pairs;
mod cleaning;
mod concepts;
mod config;
mod encoder;
mod error;
mod general;
mod gguf;
mod image;
mod matrix;
mod mojibake;
mod numbers;
mod preprocess;
mod resnet;
mod tensors;
mod text;
mod tokenizer;
mod tower;
mod transformer;
mod vit;
mod weights;
mod words;

pub use concepts::{Concepts, Marks};
pub use config::{Architecture, Fit, ImageConfig, ModelConfig, Resize, TextConfig, TokenizerConfig};
pub use encoder::{ImageTower, TextTower};
pub use error::ModelError;
pub use general::{GgufTensors, TensorTable};
pub use gguf::numbers_by_type;
pub use image::ImageEncoder;
pub use preprocess::ImagePixels;
pub use tensors::{TensorKind, TensorSpec};
pub use text::TextEncoder;
pub use tokenizer::Tokenizer;
pub use tower::{Activation, Stage, Tower};
