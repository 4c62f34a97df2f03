//! The residual convolutional tower of the compact models, batch norms folded into weights and biases.
//!
//! Maps are channels-last, and a convolution is a matrix product with the neighbourhoods of its output pixels. Pictures go
//! through one by one: what a layer reads and writes then stays in the caches.

use super::gguf::Weights;
use super::matrix::{Matrix, Workspace};
use super::preprocess::ImagePixels;
use super::tower::{self, Tower};
use super::{ImageConfig, ModelError};
use crate::kernels::{self, Output, QuantisedMap, Window};

/// Kernel of the stem and of what leads from stage to stage.
const SHRINKING_KERNEL: usize = 3;
/// Output pixels whose neighbourhoods are put together at a time.
const PIXELS: usize = 64;
/// Most numbers of a map: 64 MB in f32.
const MAX_NUMBERS: usize = 1 << 24;

pub(super) struct Resnet {
    stem: Vec<Convolution>,
    stages: Vec<Stage>,
}

struct Stage {
    /// Halves the sides and widens; the first stage has none.
    down: Option<Convolution>,
    blocks: Vec<Block>,
}

/// `relu(x + conv2(relu(conv1(x))))`
struct Block {
    conv1: Convolution,
    conv2: Convolution,
}

impl Resnet {
    pub(super) fn load(weights: &mut Weights, config: &ImageConfig) -> Result<Self, ModelError> {
        let Tower::Resnet { stem, stages, kernel } = &config.tower else {
            return Err(ModelError::config("image.tower.kind", "vit", "resnet"));
        };
        Self::check_maps(config.image_size, stem, stages)?;
        let mut convolution =
            |name: String, kernel, stride| Convolution::load(weights, &name, kernel, stride);
        let mut resnet = Self { stem: Vec::new(), stages: Vec::new() };
        for n in 0..stem.len() {
            resnet.stem.push(convolution(format!("vision_model.stem.{n}"), SHRINKING_KERNEL, 2)?);
        }
        for (n, stage) in stages.iter().enumerate() {
            let name = format!("vision_model.stages.{n}");
            let mut own = Stage { down: None, blocks: Vec::new() };
            if n > 0 {
                own.down = Some(convolution(format!("{name}.down"), SHRINKING_KERNEL, 2)?);
            }
            for m in 0..stage.blocks {
                own.blocks.push(Block {
                    conv1: convolution(format!("{name}.blocks.{m}.conv1"), *kernel, 1)?,
                    conv2: convolution(format!("{name}.blocks.{m}.conv2"), *kernel, 1)?,
                });
            }
            resnet.stages.push(own);
        }
        Ok(resnet)
    }

    /// Checks that no map is larger than memory should be asked for.
    fn check_maps(size: usize, stem: &[usize], stages: &[tower::Stage]) -> Result<(), ModelError> {
        let mut side = size;
        // The first stage takes the stem's last map as it is.
        let widths = stem.iter().copied().chain(stages.iter().skip(1).map(|stage| stage.width));
        for width in widths {
            side = side.div_ceil(2);
            let numbers = side * side * width;
            if numbers > MAX_NUMBERS {
                let field = "image.tower: a map's pixels, by its width,";
                return Err(ModelError::config(field, numbers, format!("at most {MAX_NUMBERS}")));
            }
        }
        Ok(())
    }

    /// The mean over the last map: `(last width,)`.
    pub(super) fn forward(
        &self,
        work: &mut Workspace<'_>,
        picture: &ImagePixels,
    ) -> Result<Vec<f32>, ModelError> {
        let buffers = &mut Buffers::default();
        let mut x = FeatureMap { side: picture.size(), channels: 3, values: picture.values().to_vec() };
        for convolution in &self.stem {
            x = convolution.forward(work, buffers, &x, None)?;
        }
        for stage in &self.stages {
            if let Some(down) = &stage.down {
                x = down.forward(work, buffers, &x, None)?;
            }
            for block in &stage.blocks {
                let hidden = block.conv1.forward(work, buffers, &x, None)?;
                x = block.conv2.forward(work, buffers, &hidden, Some(x))?;
            }
        }
        Ok(x.mean())
    }
}

/// `(side, side, channels)`
struct FeatureMap {
    side: usize,
    channels: usize,
    values: Vec<f32>,
}

impl FeatureMap {
    fn mean(&self) -> Vec<f32> {
        let mut mean = vec![0.0; self.channels];
        for pixel in self.values.chunks_exact(self.channels) {
            mean.iter_mut().zip(pixel).for_each(|(mean, x)| *mean += x);
        }
        mean.iter_mut().for_each(|mean| *mean /= (self.side * self.side) as f32);
        mean
    }
}

/// What is used again by every convolution of a picture.
#[derive(Default)]
struct Buffers {
    quantised: QuantisedMap,
    rows: Vec<f32>,
}

struct Convolution {
    /// `(out, kernel * kernel * in)`
    weight: Matrix,
    kernel: usize,
    stride: usize,
}

impl Convolution {
    fn load(weights: &mut Weights, name: &str, kernel: usize, stride: usize) -> Result<Self, ModelError> {
        let bias = weights.numbers(&format!("{name}.bias"))?;
        let area = kernel * kernel;
        // The file has all places of a channel together, a neighbourhood all channels of a place.
        let reorder = |row: &mut [f32]| {
            let channels = row.len() / area;
            let before = row.to_vec();
            row.iter_mut().enumerate().for_each(|(at, x)| *x = before[at % channels * area + at / channels]);
        };
        let weight = Matrix::load_in_order(weights, &format!("{name}.weight"), Some(&bias), reorder)?;
        Ok(Self { weight, kernel, stride })
    }

    /// `relu(convolution(x) + residual)`, with zeros around `x`.
    fn forward(
        &self,
        work: &mut Workspace<'_>,
        buffers: &mut Buffers,
        x: &FeatureMap,
        residual: Option<FeatureMap>,
    ) -> Result<FeatureMap, ModelError> {
        let FeatureMap { side, channels, ref values } = *x;
        let window = Window { side, channels, kernel: self.kernel, stride: self.stride };
        let (side, channels) = (window.out_side(), self.weight.rows());
        let output = if residual.is_some() { Output::Accumulate } else { Output::Overwrite };
        let mut y = residual.map_or_else(|| vec![0.0; side * side * channels], |residual| residual.values);
        if let Matrix::Packed(_) = self.weight {
            buffers.quantised.quantise(values);
        }
        for (first, y) in (0..).step_by(PIXELS).zip(y.chunks_mut(PIXELS * channels)) {
            let count = y.len() / channels;
            match &self.weight {
                Matrix::Packed(weight) => {
                    work.activations.neighbourhoods(&buffers.quantised, &window, first, count);
                    weight.multiply(work.file, &work.activations, y, output)?;
                }
                Matrix::Float(weight) => {
                    window.rows(values, first, count, &mut buffers.rows);
                    weight.multiply(&buffers.rows, y, output)?;
                }
            }
        }
        kernels::relu(&mut y);
        Ok(FeatureMap { side, channels, values: y })
    }
}
