//! The residual convolutional tower of the compact models, batch norms folded into weights and biases.
//!
//! Pictures are kept channels-last, so a convolution is: copy each output pixel's neighbourhood into a row, then one
//! matrix product, whose result is channels-last again; a neighbourhood's rows are runs of memory.

use candle_core::{Device, Tensor};

use super::config::Tower;
use super::gguf::Weights;
use super::preprocess::ImagePixels;
use super::{ImageConfig, ModelError};

/// Side of the kernels that shrink: in the stem, and at the start of a stage.
const SHRINKING_KERNEL: usize = 3;

pub(super) struct Resnet {
    stem: Vec<Convolution>,
    stages: Vec<Stage>,
}

struct Stage {
    down: Option<Convolution>,
    blocks: Vec<Block>,
}

/// `x -> relu(x + conv2(relu(conv1(x))))`
struct Block {
    conv1: Convolution,
    conv2: Convolution,
}

impl Resnet {
    pub(super) fn load(weights: &Weights<'_>, config: &ImageConfig) -> Result<Self, ModelError> {
        let Tower::Resnet { stem, stages, kernel } = &config.tower else {
            return Err(ModelError::config("image.tower.kind", "vit", "resnet"));
        };
        let shrinking = |name: &str| Convolution::load(weights, name, SHRINKING_KERNEL, 2);
        let block = |name: String| -> Result<Block, ModelError> {
            Ok(Block {
                conv1: Convolution::load(weights, &format!("{name}.conv1"), *kernel, 1)?,
                conv2: Convolution::load(weights, &format!("{name}.conv2"), *kernel, 1)?,
            })
        };
        let stage = |(n, blocks): (usize, usize)| -> Result<Stage, ModelError> {
            let name = format!("vision_model.stages.{n}");
            Ok(Stage {
                down: (n > 0).then(|| shrinking(&format!("{name}.down"))).transpose()?,
                blocks: (0..blocks).map(|m| block(format!("{name}.blocks.{m}"))).collect::<Result<_, _>>()?,
            })
        };
        let stem = (0..stem.len()).map(|n| shrinking(&format!("vision_model.stem.{n}")));
        let stages = stages.iter().map(|s| s.blocks).enumerate().map(stage);
        Ok(Self { stem: stem.collect::<Result<_, _>>()?, stages: stages.collect::<Result<_, _>>()? })
    }

    /// `(batch, size, size, 3) -> (batch, last width)`
    pub(super) fn forward(&self, pictures: &[ImagePixels]) -> candle_core::Result<Tensor> {
        let mut x = FeatureMap::from_pictures(pictures);
        for convolution in &self.stem {
            x = convolution.forward(&x, None)?;
        }
        for stage in &self.stages {
            if let Some(down) = &stage.down {
                x = down.forward(&x, None)?;
            }
            for block in &stage.blocks {
                let hidden = block.conv1.forward(&x, None)?;
                x = block.conv2.forward(&hidden, Some(&x))?;
            }
        }
        x.average_pool()
    }
}

/// `(batch, side, side, channels)`, f32.
struct FeatureMap {
    batch: usize,
    side: usize,
    channels: usize,
    values: Vec<f32>,
}

impl FeatureMap {
    fn from_pictures(pictures: &[ImagePixels]) -> Self {
        let values = pictures.iter().flat_map(|picture| picture.values()).copied().collect();
        let side = pictures.first().map_or(0, ImagePixels::size);
        Self { batch: pictures.len(), side, channels: 3, values }
    }

    /// `-> (batch, channels)`
    fn average_pool(self) -> candle_core::Result<Tensor> {
        let shape = (self.batch, self.side * self.side, self.channels);
        Tensor::from_vec(self.values, shape, &Device::Cpu)?.mean(1)
    }
}

/// A convolution with as much padding as keeps the size at stride 1, then ReLU.
struct Convolution {
    /// `(kernel * kernel * in, out)`
    weight: Tensor,
    bias: Vec<f32>,
    kernel: usize,
    stride: usize,
}

impl Convolution {
    fn load(weights: &Weights<'_>, name: &str, kernel: usize, stride: usize) -> Result<Self, ModelError> {
        let weight = weights.plain(&format!("{name}.weight"))?;
        let (out, columns) = weight.dims2()?;
        let weight = weight.reshape((out, columns / (kernel * kernel), kernel, kernel))?;
        let weight = weight.permute((2, 3, 1, 0))?.contiguous()?.reshape((columns, out))?;
        let bias = weights.plain(&format!("{name}.bias"))?.to_vec1()?;
        Ok(Self { weight, bias, kernel, stride })
    }

    /// `relu(x * weight + bias + residual)`; `residual` has the shape of the result.
    fn forward(&self, x: &FeatureMap, residual: Option<&FeatureMap>) -> candle_core::Result<FeatureMap> {
        let side = x.side.div_ceil(self.stride);
        let rows = x.batch * side * side;
        let neighbourhoods = Tensor::from_vec(self.neighbourhoods(x, side), (rows, ()), &Device::Cpu)?;
        let mut values = neighbourhoods.matmul(&self.weight)?.flatten_all()?.to_vec1::<f32>()?;
        let channels = self.bias.len();
        match residual {
            None => {
                for pixel in values.chunks_exact_mut(channels) {
                    pixel.iter_mut().zip(&self.bias).for_each(|(v, bias)| *v = (*v + bias).max(0.0));
                }
            }
            Some(residual) => {
                let residual = residual.values.chunks_exact(channels);
                for (pixel, residual) in values.chunks_exact_mut(channels).zip(residual) {
                    let terms = pixel.iter_mut().zip(&self.bias).zip(residual);
                    terms.for_each(|((v, bias), x)| *v = (*v + bias + x).max(0.0));
                }
            }
        }
        Ok(FeatureMap { batch: x.batch, side, channels, values })
    }

    /// For each output pixel a row `(kernel, kernel, channels)` of input, zero outside the picture.
    fn neighbourhoods(&self, x: &FeatureMap, side: usize) -> Vec<f32> {
        let (kernel, channels) = (self.kernel, x.channels);
        let padding = kernel / 2;
        let row_length = kernel * kernel * channels;
        let mut rows = vec![0.0; x.batch * side * side * row_length];
        for (at, row) in rows.chunks_exact_mut(row_length).enumerate() {
            let (picture, top, left) =
                (at / (side * side), at / side % side * self.stride, at % side * self.stride);
            // The columns of the kernel that lie inside the picture are one run of memory.
            let first = padding.saturating_sub(left);
            let last = kernel.min(x.side + padding - left);
            for ky in 0..kernel {
                let Some(y) = (top + ky).checked_sub(padding).filter(|y| *y < x.side) else { continue };
                let from = ((picture * x.side + y) * x.side + left + first - padding) * channels;
                let run = (last - first) * channels;
                let to = (ky * kernel + first) * channels;
                row[to..to + run].copy_from_slice(&x.values[from..from + run]);
            }
        }
        rows
    }
}
