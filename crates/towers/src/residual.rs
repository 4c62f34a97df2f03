//! The small residual network of rs-small, in candle: for graphics processors, and for our own kernels to be compared with.
//!
//! Batch norms are folded into weights and biases. Definition: `Resnet` in `clip-rs-search`; every convolution has zeros around its
//! map and ends in a ReLU, a block's second one after the block's own map has been added.

use candle_core::{Module, Result, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, Func, VarBuilder, conv2d, linear_no_bias};
use clip_rs_search::model::{ModelConfig, Stage};

/// Kernel of the stem and of what leads from stage to stage.
const SHRINKING_KERNEL: usize = 3;

/// A convolution, and whether what goes in is added to what two of them make of it.
enum Step {
    Shrink(Conv2d),
    Block(Conv2d, Conv2d),
}

impl Step {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Shrink(convolution) => convolution.forward(x)?.relu(),
            Self::Block(first, second) => (second.forward(&first.forward(x)?.relu()?)? + x)?.relu(),
        }
    }
}

/// The network with these widths: `(pictures, 3, size, size) -> (pictures, dim)`.
pub(crate) fn image(
    config: &ModelConfig,
    (stem, stages, kernel): (&[usize], &[Stage], usize),
    weights: &VarBuilder<'_>,
) -> Result<Func<'static>> {
    let model = weights.pp("vision_model");
    let mut steps = Vec::new();
    let mut channels = 3;
    for (n, &width) in stem.iter().enumerate() {
        steps.push(Step::Shrink(convolution(
            (channels, width),
            SHRINKING_KERNEL,
            2,
            model.pp("stem").pp(n),
        )?));
        channels = width;
    }
    for (n, stage) in stages.iter().enumerate() {
        let part = model.pp("stages").pp(n);
        if n > 0 {
            let widths = (channels, stage.width);
            steps.push(Step::Shrink(convolution(widths, SHRINKING_KERNEL, 2, part.pp("down"))?));
        }
        channels = stage.width;
        for m in 0..stage.blocks {
            let one = |name| convolution((channels, channels), kernel, 1, part.pp("blocks").pp(m).pp(name));
            steps.push(Step::Block(one("conv1")?, one("conv2")?));
        }
    }
    let projection = linear_no_bias(channels, config.embed_dim, weights.pp("visual_projection"))?;
    Ok(Func::new(move |pixels| {
        let map = steps.iter().try_fold(pixels.clone(), |map, step| step.forward(&map))?;
        projection.forward(&map.flatten_from(2)?.mean(2)?)
    }))
}

fn convolution(
    (input, output): (usize, usize),
    kernel: usize,
    stride: usize,
    weights: VarBuilder<'_>,
) -> Result<Conv2d> {
    let config = Conv2dConfig { padding: kernel / 2, stride, ..Conv2dConfig::default() };
    conv2d(input, output, kernel, config, weights)
}
