//! The residual network that CLIP has for pictures where it has no vision transformer: OpenAI's RN50 to RN50x64, and
//! RemoteCLIP's. candle does not have it.
//!
//! Reference: `ModifiedResNet` and `AttentionPool2d` in OpenAI's CLIP (<https://arxiv.org/abs/2103.00020>, section 2.4), whose
//! names the tensors have. It differs from the residual network of <https://arxiv.org/abs/1512.03385> by a stem of three
//! convolutions, by averaging before a convolution where that would have a stride, and by attention in the place of the last
//! average.

use candle_core::{D, Module, Result, Tensor};
use candle_nn::{
    Conv2d, Conv2dConfig, Func, Linear, VarBuilder, batch_norm, conv2d_no_bias, linear, ops::softmax_last_dim,
};
use clip_rs_search::model::{ModelConfig, Tower};

/// Pixels a side that the last map has one number for.
pub(crate) const STRIDE: usize = 32;
/// Added to the variance in batch norms.
const EPS: f64 = 1e-5;

/// The image tower.
pub(crate) fn image(config: &ModelConfig, weights: VarBuilder<'_>) -> Result<Func<'static>> {
    let Tower::ModifiedResnet { width, blocks, heads } = config.image.tower else {
        candle_core::bail!("not a residual network");
    };
    let weights = weights.pp("visual");
    let stem = [
        normed(&weights, "conv1", "bn1", [width / 2, 3, 3], 2)?,
        normed(&weights, "conv2", "bn2", [width / 2, width / 2, 3], 1)?,
        normed(&weights, "conv3", "bn3", [width, width / 2, 3], 1)?,
    ];
    let mut layers = Vec::new();
    let mut channels = width;
    for (n, blocks) in blocks.into_iter().enumerate() {
        let weights = weights.pp(format!("layer{}", n + 1));
        for m in 0..blocks {
            let halves = n > 0 && m == 0;
            layers.push(Bottleneck::new(&weights.pp(m), channels, width << n, halves)?);
            channels = width << (n + 2);
        }
    }
    let side = config.image.image_size / STRIDE;
    let attnpool = AttentionPool::new(&weights.pp("attnpool"), side, channels, heads, config.embed_dim)?;
    Ok(Func::new(move |pixels| {
        let mut x = pixels.clone();
        for convolution in &stem {
            x = convolution.forward(&x)?.relu()?;
        }
        x = x.avg_pool2d(2)?;
        for layer in &layers {
            x = layer.forward(&x)?;
        }
        attnpool.forward(&x)
    }))
}

/// A block: narrow, look around, widen.
#[derive(Debug)]
struct Bottleneck {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    /// What stands for the input where the output has other channels.
    downsample: Option<Conv2d>,
    /// Whether the output is half as large.
    halves: bool,
}

impl Bottleneck {
    /// Times as many channels that the output has as the convolutions inside.
    const EXPANSION: usize = 4;

    fn new(weights: &VarBuilder<'_>, input: usize, width: usize, halves: bool) -> Result<Self> {
        let out = width * Self::EXPANSION;
        let downsample = match halves || input != out {
            true => Some(normed(&weights.pp("downsample"), "0", "1", [out, input, 1], 1)?),
            false => None,
        };
        Ok(Self {
            conv1: normed(weights, "conv1", "bn1", [width, input, 1], 1)?,
            conv2: normed(weights, "conv2", "bn2", [width, width, 3], 1)?,
            conv3: normed(weights, "conv3", "bn3", [out, width, 1], 1)?,
            downsample,
            halves,
        })
    }

    fn averaged(&self, x: Tensor) -> Result<Tensor> {
        if self.halves { x.avg_pool2d(2) } else { Ok(x) }
    }
}

impl Module for Bottleneck {
    /// `(pictures, input, side, side) -> (pictures, 4 * width, side, side)`, of half the side where it halves.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let hidden = self.conv1.forward(x)?.relu()?;
        let hidden = self.conv2.forward(&hidden)?.relu()?;
        let hidden = self.conv3.forward(&self.averaged(hidden)?)?;
        let residual = match &self.downsample {
            Some(convolution) => convolution.forward(&self.averaged(x.clone())?)?,
            None => x.clone(),
        };
        (hidden + residual)?.relu()
    }
}

/// Attention of the mean of all places to all places and itself.
#[derive(Debug)]
struct AttentionPool {
    /// `(1, 1 + side * side, width)`
    positional_embedding: Tensor,
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    c_proj: Linear,
    heads: usize,
    head_width: usize,
}

impl AttentionPool {
    fn new(weights: &VarBuilder<'_>, side: usize, width: usize, heads: usize, dim: usize) -> Result<Self> {
        Ok(Self {
            positional_embedding: weights
                .get((side * side + 1, width), "positional_embedding")?
                .unsqueeze(0)?,
            q_proj: linear(width, width, weights.pp("q_proj"))?,
            k_proj: linear(width, width, weights.pp("k_proj"))?,
            v_proj: linear(width, width, weights.pp("v_proj"))?,
            c_proj: linear(width, dim, weights.pp("c_proj"))?,
            heads,
            head_width: width / heads,
        })
    }

    /// `(pictures, places, width) -> (pictures, heads, places, head_width)`
    fn shared_out(&self, x: &Tensor) -> Result<Tensor> {
        let (pictures, places, _) = x.dims3()?;
        x.reshape((pictures, places, self.heads, self.head_width))?.transpose(1, 2)?.contiguous()
    }
}

impl Module for AttentionPool {
    /// `(pictures, width, side, side) -> (pictures, dim)`
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.flatten_from(2)?.transpose(1, 2)?;
        let x = Tensor::cat(&[&x.mean_keepdim(1)?, &x], 1)?.broadcast_add(&self.positional_embedding)?;
        // Of the rows of the result only the mean's is used, so only it asks.
        let q = self.q_proj.forward(&x.narrow(1, 0, 1)?.contiguous()?)?;
        let q = self.shared_out(&(q * (self.head_width as f64).powf(-0.5))?)?;
        let k = self.shared_out(&self.k_proj.forward(&x)?)?;
        let v = self.shared_out(&self.v_proj.forward(&x)?)?;
        let attention = softmax_last_dim(&q.matmul(&k.transpose(D::Minus1, D::Minus2)?.contiguous()?)?)?;
        let pooled = attention.matmul(&v)?.flatten_from(1)?;
        self.c_proj.forward(&pooled)
    }
}

/// A convolution `(out, input, kernel)` that keeps the size but for its stride, with the batch norm behind it folded in.
fn normed(
    weights: &VarBuilder<'_>,
    convolution: &str,
    norm: &str,
    [out, input, kernel]: [usize; 3],
    stride: usize,
) -> Result<Conv2d> {
    let config = Conv2dConfig { padding: kernel / 2, stride, ..Conv2dConfig::default() };
    let convolution = conv2d_no_bias(input, out, kernel, config, weights.pp(convolution))?;
    convolution.absorb_bn(&batch_norm(out, EPS, weights.pp(norm))?)
}
