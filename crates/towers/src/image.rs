//! One of candle's image models as an image tower.

use candle_core::{Module as _, Result, Tensor};
use candle_nn::Func;
use clip_rs_search::Embedding;
use clip_rs_search::model::{ImageConfig, ImagePixels, ImageTower, ModelConfig, ModelError};

use crate::{Device, computing};

/// Pictures that go through a model together; more would only take more memory.
const BATCH: usize = 8;

/// An image tower.
pub(crate) struct Image {
    config: ImageConfig,
    /// `(pictures, 3, size, size) -> (pictures, dim)`
    network: Func<'static>,
    dim: usize,
    device: Device,
}

impl Image {
    pub(crate) fn new(config: &ModelConfig, network: Func<'static>, device: &Device) -> Self {
        Self { config: config.image.clone(), network, dim: config.embed_dim, device: device.clone() }
    }

    /// Vectors of length 1 of pictures of the right size.
    fn forward(&self, pictures: &[ImagePixels]) -> Result<Tensor> {
        let size = self.config.image_size;
        let pixels: Vec<f32> = pictures.iter().flat_map(ImagePixels::values).copied().collect();
        let pixels = Tensor::from_vec(pixels, (pictures.len(), size, size, 3), &self.device.0)?;
        let own = self.directions(&pixels)?;
        if !self.config.average_transpose {
            return Ok(own);
        }
        own + self.directions(&pixels.transpose(1, 2)?)?
    }

    /// `(pictures, size, size, 3) -> (pictures, dim)`, of length 1.
    fn directions(&self, pixels: &Tensor) -> Result<Tensor> {
        let vectors = self.network.forward(&pixels.permute((0, 3, 1, 2))?.contiguous()?)?;
        let lengths = vectors.sqr()?.sum_keepdim(1)?.sqrt()?;
        vectors.broadcast_div(&lengths)
    }
}

impl ImageTower for Image {
    fn dim(&self) -> usize {
        self.dim
    }

    fn config(&self) -> &ImageConfig {
        &self.config
    }

    fn encode_batch(&self, pictures: &[ImagePixels]) -> std::result::Result<Vec<Embedding>, ModelError> {
        let expected = self.config.image_size;
        if let Some(odd) = pictures.iter().find(|picture| picture.size() != expected) {
            return Err(ModelError::PictureSize { expected, found: odd.size() });
        }
        let mut embeddings = Vec::with_capacity(pictures.len());
        for batch in pictures.chunks(BATCH) {
            let vectors = self.forward(batch).and_then(|vectors| vectors.to_vec2::<f32>());
            for vector in vectors.map_err(computing)? {
                if vector.len() != self.dim {
                    return Err(ModelError::Dimension { expected: self.dim, found: vector.len() });
                }
                embeddings.push(Embedding::new(vector)?);
            }
        }
        Ok(embeddings)
    }
}
