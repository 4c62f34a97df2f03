//! The image tower: pictures to vectors.

use std::borrow::Cow;

use image::RgbImage;

use super::gguf::Weights;
use super::matrix::{Matrix, Workspace};
use super::preprocess::ImagePixels;
use super::resnet::Resnet;
use super::tower::Tower;
use super::vit::VisionTransformer;
use super::{ImageConfig, ModelConfig, ModelError};
use crate::Embedding;
use crate::kernels::Output;

/// Value of `general.architecture` in the image tower's file.
pub(super) const ARCHITECTURE: &str = "clip-image";
/// Pictures that go through the tower together; more would only take more memory.
const BATCH: usize = 16;

/// Turns pictures into embeddings.
pub struct ImageEncoder {
    config: ImageConfig,
    vision_model: VisionModel,
    /// `(embed_dim, width)`
    visual_projection: Matrix,
    /// The tower's file, in which packed weights are.
    file: Vec<u8>,
}

enum VisionModel {
    Vit(Box<VisionTransformer>),
    Resnet(Resnet),
}

impl ImageEncoder {
    /// Builds the tower from `image.gguf`, checking it against `config`.
    pub fn from_gguf<'a>(config: &ModelConfig, gguf: impl Into<Cow<'a, [u8]>>) -> Result<Self, ModelError> {
        config.validate()?;
        config.expect_ours()?;
        let mut weights = Weights::open(gguf.into().into_owned(), ARCHITECTURE, &config.image_tensors())?;
        let vision_model = match &config.image.tower {
            Tower::Vit { .. } => {
                VisionModel::Vit(Box::new(VisionTransformer::load(&mut weights, &config.image)?))
            }
            Tower::Resnet { .. } => VisionModel::Resnet(Resnet::load(&mut weights, &config.image)?),
            Tower::Fastvit { .. } | Tower::ModifiedResnet { .. } => {
                return Err(ModelError::Architecture("model of another architecture"));
            }
        };
        let visual_projection = Matrix::load(&mut weights, "visual_projection.weight")?;
        let file = weights.into_bytes();
        Ok(Self { config: config.image.clone(), vision_model, visual_projection, file })
    }

    /// How pictures are prepared for this tower.
    pub fn config(&self) -> &ImageConfig {
        &self.config
    }

    /// Components of an embedding.
    pub fn dim(&self) -> usize {
        self.visual_projection.rows()
    }

    /// The embedding of a picture, upright and sRGB, `(embed_dim,)`.
    pub fn encode(&self, picture: &RgbImage) -> Result<Embedding, ModelError> {
        self.encode_pixels(&ImagePixels::from_rgb(&self.config, picture)?)
    }

    /// The embedding of a prepared picture, `(embed_dim,)`.
    pub fn encode_pixels(&self, pixels: &ImagePixels) -> Result<Embedding, ModelError> {
        let views = self.embed(std::slice::from_ref(pixels))?;
        views.into_iter().next().ok_or(ModelError::PictureSize { expected: self.config.image_size, found: 0 })
    }

    /// The embeddings of prepared pictures, in their order. Faster than one at a time.
    pub fn encode_batch(&self, pictures: &[ImagePixels]) -> Result<Vec<Embedding>, ModelError> {
        let mut embeddings = Vec::with_capacity(pictures.len());
        for batch in pictures.chunks(BATCH) {
            embeddings.extend(self.embed(batch)?);
        }
        Ok(embeddings)
    }

    /// The embeddings of a batch, in its order.
    fn embed(&self, pictures: &[ImagePixels]) -> Result<Vec<Embedding>, ModelError> {
        let directions = |pictures: &[ImagePixels]| -> Result<Vec<Embedding>, ModelError> {
            self.forward(pictures)?.into_iter().map(|vector| Ok(Embedding::new(vector)?)).collect()
        };
        let own = directions(pictures)?;
        if !self.config.average_transpose {
            return Ok(own);
        }
        let turned: Vec<_> = pictures.iter().map(ImagePixels::transposed).collect();
        let turned = directions(&turned)?;
        let mean = |(a, b): (Embedding, Embedding)| {
            let sum = a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| x + y);
            Ok(Embedding::new(sum.collect())?)
        };
        own.into_iter().zip(turned).map(mean).collect()
    }

    /// `(batch, size, size, 3) -> (batch, embed_dim)`, not normalised.
    fn forward(&self, pictures: &[ImagePixels]) -> Result<Vec<Vec<f32>>, ModelError> {
        let expected = self.config.image_size;
        if let Some(odd) = pictures.iter().find(|picture| picture.size() != expected) {
            return Err(ModelError::PictureSize { expected, found: odd.size() });
        }
        let work = &mut Workspace::new(&self.file);
        let pooled = match &self.vision_model {
            VisionModel::Vit(vit) => vit.forward(work, pictures)?,
            VisionModel::Resnet(resnet) => {
                let rows = pictures.iter().map(|picture| resnet.forward(work, picture));
                rows.collect::<Result<Vec<_>, _>>()?.concat()
            }
        };
        let (width, dim) = (pooled.len() / pictures.len().max(1), self.visual_projection.rows());
        let mut vectors = vec![0.0; pictures.len() * dim];
        self.visual_projection.multiply(work, &pooled, width, &mut vectors, Output::Overwrite)?;
        Ok(vectors.chunks_exact(dim).map(<[f32]>::to_vec).collect())
    }
}
