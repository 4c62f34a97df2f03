//! The transformer that both towers share, made of operations that can be differentiated.
//!
//! The engine's (`crates/search/src/model/transformer.rs`) computes the same in 8 bits; names are the checkpoint's.

use candle_core::{D, Device, Result, Tensor};
use candle_nn::ops;
use clip_rs_search::model::Activation;

use super::weights::Tensors;

/// Sizes of a transformer.
pub(super) struct Sizes {
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) activation: Activation,
    pub(super) layer_norm_eps: f64,
    /// Whether a position sees only itself and what comes before it.
    pub(super) causal: bool,
}

/// `x: (batch, tokens, width) -> (batch, tokens, width)` through `{name}.layers.0`, `{name}.layers.1`, ...
pub(super) fn transformer(weights: &Tensors, name: &str, sizes: &Sizes, x: Tensor) -> Result<Tensor> {
    let mask = sizes.causal.then(|| causal_mask(x.dim(1)?, x.device())).transpose()?;
    (0..sizes.layers).try_fold(x, |x, n| {
        let layer = format!("{name}.layers.{n}");
        let normed = layer_norm(weights, &format!("{layer}.layer_norm1"), sizes.layer_norm_eps, &x)?;
        let mixed = attention(weights, &format!("{layer}.self_attn"), sizes.heads, mask.as_ref(), &normed)?;
        let x = (x + mixed)?;
        let normed = layer_norm(weights, &format!("{layer}.layer_norm2"), sizes.layer_norm_eps, &x)?;
        &x + mlp(weights, &format!("{layer}.mlp"), sizes.activation, &normed)?
    })
}

/// Layer norm over the last dimension.
pub(super) fn layer_norm(weights: &Tensors, name: &str, eps: f64, x: &Tensor) -> Result<Tensor> {
    let (weight, bias) = (weights.get(&format!("{name}.weight"))?, weights.get(&format!("{name}.bias"))?);
    // candle's fused norm has no backward pass.
    ops::layer_norm_slow(x, weight, bias, eps as f32)
}

/// `x W^T`: `(.., in) -> (.., out)`; the weight is `(out, in)`.
pub(super) fn multiply(weight: &Tensor, x: &Tensor) -> Result<Tensor> {
    let mut shape = x.dims().to_vec();
    let columns = shape.pop().unwrap_or(1);
    shape.push(weight.dim(0)?);
    x.contiguous()?.reshape(((), columns))?.matmul(&weight.t()?)?.reshape(shape)
}

fn linear(weights: &Tensors, name: &str, x: &Tensor) -> Result<Tensor> {
    multiply(weights.get(&format!("{name}.weight"))?, x)?.broadcast_add(weights.get(&format!("{name}.bias"))?)
}

fn attention(
    weights: &Tensors,
    name: &str,
    heads: usize,
    mask: Option<&Tensor>,
    x: &Tensor,
) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let head = width / heads;
    let project = |part: &str| {
        let x = linear(weights, &format!("{name}.{part}"), x)?;
        x.reshape((batch, tokens, heads, head))?.transpose(1, 2)?.contiguous()
    };
    let (q, k, v) = (project("q_proj")?, project("k_proj")?, project("v_proj")?);
    let mut scores = (q.matmul(&k.t()?)? * (head as f64).powf(-0.5))?;
    if let Some(mask) = mask {
        scores = scores.broadcast_add(mask)?;
    }
    let mixed = ops::softmax(&scores, D::Minus1)?.matmul(&v)?;
    let mixed = mixed.transpose(1, 2)?.contiguous()?.reshape((batch, tokens, width))?;
    linear(weights, &format!("{name}.out_proj"), &mixed)
}

/// `(tokens, tokens)`: 0 where column <= row, minus infinity elsewhere.
fn causal_mask(tokens: usize, device: &Device) -> Result<Tensor> {
    let cell = |i: usize| if i % tokens <= i / tokens { 0.0 } else { f32::NEG_INFINITY };
    Tensor::from_iter((0..tokens * tokens).map(cell), device)?.reshape((tokens, tokens))
}

fn mlp(weights: &Tensors, name: &str, activation: Activation, x: &Tensor) -> Result<Tensor> {
    let hidden = linear(weights, &format!("{name}.fc1"), x)?;
    let hidden = match activation {
        Activation::Gelu => hidden.gelu_erf()?,
        Activation::QuickGelu => (&hidden * ops::sigmoid(&(&hidden * 1.702)?)?)?,
    };
    linear(weights, &format!("{name}.fc2"), &hidden)
}
