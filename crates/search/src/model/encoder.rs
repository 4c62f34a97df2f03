//! What a model's towers are to everybody else: who searches, indexes and measures takes any that does this.
//!
//! Calls go through a table of methods, once a query or a batch of pictures.

use image::RgbImage;

use super::concepts::Concepts;
use super::image::ImageEncoder;
use super::preprocess::ImagePixels;
use super::text::TextEncoder;
use super::{ImageConfig, ModelError};
use crate::Embedding;

/// Turns texts into embeddings.
pub trait TextTower: Send + Sync {
    /// Components of an embedding.
    fn dim(&self) -> usize;

    /// The embedding of `text`, `(dim,)`.
    fn encode(&self, text: &str) -> Result<Embedding, ModelError>;

    /// Tokens of `text`, as many of them as the model takes, without those that only fill it up.
    fn tokenize(&self, text: &str) -> Result<Vec<u32>, ModelError>;

    /// Whether all of `text` is read, or only its beginning.
    fn reads_all(&self, text: &str) -> bool;

    /// The bank of concepts that scores are held against, if the model has one.
    fn concepts(&self) -> Option<&Concepts>;
}

/// Turns pictures into embeddings.
pub trait ImageTower: Send + Sync {
    /// Components of an embedding.
    fn dim(&self) -> usize;

    /// How pictures are prepared for this tower: [`ImagePixels::from_rgb`].
    fn config(&self) -> &ImageConfig;

    /// The embeddings of prepared pictures, `(pictures, dim)`, in their order.
    fn encode_batch(&self, pictures: &[ImagePixels]) -> Result<Vec<Embedding>, ModelError>;

    /// The embedding of a prepared picture, `(dim,)`.
    fn encode_pixels(&self, pixels: &ImagePixels) -> Result<Embedding, ModelError> {
        let embeddings = self.encode_batch(std::slice::from_ref(pixels))?;
        let none = ModelError::PictureSize { expected: self.config().image_size, found: 0 };
        embeddings.into_iter().next().ok_or(none)
    }

    /// The embedding of a picture, upright and sRGB, `(dim,)`.
    fn encode(&self, picture: &RgbImage) -> Result<Embedding, ModelError> {
        self.encode_pixels(&ImagePixels::from_rgb(self.config(), picture)?)
    }
}

impl TextTower for TextEncoder {
    fn dim(&self) -> usize {
        self.dim()
    }

    fn encode(&self, text: &str) -> Result<Embedding, ModelError> {
        self.encode(text)
    }

    fn tokenize(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        Ok(self.tokenize(text))
    }

    fn reads_all(&self, text: &str) -> bool {
        self.reads_all(text)
    }

    fn concepts(&self) -> Option<&Concepts> {
        self.concepts()
    }
}

impl ImageTower for ImageEncoder {
    fn dim(&self) -> usize {
        self.dim()
    }

    fn config(&self) -> &ImageConfig {
        self.config()
    }

    fn encode_batch(&self, pictures: &[ImagePixels]) -> Result<Vec<Embedding>, ModelError> {
        self.encode_batch(pictures)
    }
}

impl From<TextEncoder> for Box<dyn TextTower> {
    fn from(encoder: TextEncoder) -> Self {
        Box::new(encoder)
    }
}

impl From<ImageEncoder> for Box<dyn ImageTower> {
    fn from(encoder: ImageEncoder) -> Self {
        Box::new(encoder)
    }
}
