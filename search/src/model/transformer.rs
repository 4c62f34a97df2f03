//! The pre-norm transformer that both towers share.
//!
//! Reference: Hugging Face's `CLIPEncoder`; field names are the checkpoint's.

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::LayerNorm;

use super::ModelError;
use super::config::Activation;
use super::gguf::Weights;
use super::matrix::Matrix;

/// Sizes of a transformer.
pub(super) struct TransformerConfig {
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) activation: Activation,
    pub(super) layer_norm_eps: f64,
    /// Whether a position sees only itself and what comes before it.
    pub(super) causal: bool,
}

/// `y = x W^T + b`; `weight` is `(out, in)`.
pub(super) struct Linear {
    weight: Matrix,
    bias: Tensor,
}

impl Linear {
    fn load(weights: &Weights<'_>, name: &str) -> Result<Self, ModelError> {
        Ok(Self {
            weight: weights.matrix(&format!("{name}.weight"))?,
            bias: weights.plain(&format!("{name}.bias"))?,
        })
    }

    /// `x: (batch, tokens, in) -> (batch, tokens, out)`
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        self.weight.multiply(x)?.broadcast_add(&self.bias)
    }
}

/// Layer norm with weight and bias, `(width,)` each.
pub(super) fn layer_norm(weights: &Weights<'_>, name: &str, eps: f64) -> Result<LayerNorm, ModelError> {
    let weight = weights.plain(&format!("{name}.weight"))?;
    let bias = weights.plain(&format!("{name}.bias"))?;
    Ok(LayerNorm::new(weight, bias, eps))
}

struct Attention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    out_proj: Linear,
    heads: usize,
    causal: bool,
}

impl Attention {
    fn load(weights: &Weights<'_>, name: &str, config: &TransformerConfig) -> Result<Self, ModelError> {
        Ok(Self {
            q_proj: Linear::load(weights, &format!("{name}.q_proj"))?,
            k_proj: Linear::load(weights, &format!("{name}.k_proj"))?,
            v_proj: Linear::load(weights, &format!("{name}.v_proj"))?,
            out_proj: Linear::load(weights, &format!("{name}.out_proj"))?,
            heads: config.heads,
            causal: config.causal,
        })
    }

    /// `x: (batch, tokens, width) -> (batch, tokens, width)`
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, tokens, width) = x.dims3()?;
        let head = width / self.heads;
        let split = |x: Tensor| x.reshape((batch, tokens, self.heads, head))?.transpose(1, 2)?.contiguous();
        let q = split((self.q_proj.forward(x)? * (head as f64).powf(-0.5))?)?;
        let k = split(self.k_proj.forward(x)?)?;
        let v = split(self.v_proj.forward(x)?)?;
        let mut scores = q.matmul(&k.transpose(2, 3)?)?;
        if self.causal {
            scores = scores.broadcast_add(&causal_mask(tokens, x.device())?)?;
        }
        let mixed = candle_nn::ops::softmax_last_dim(&scores)?.matmul(&v)?;
        self.out_proj.forward(&mixed.transpose(1, 2)?.reshape((batch, tokens, width))?)
    }
}

/// `(tokens, tokens)`: 0 where column <= row, minus infinity elsewhere.
fn causal_mask(tokens: usize, device: &Device) -> candle_core::Result<Tensor> {
    let cell = |i: usize| if i % tokens <= i / tokens { 0.0 } else { f32::NEG_INFINITY };
    Tensor::from_iter((0..tokens * tokens).map(cell), device)?.reshape((tokens, tokens))
}

struct Mlp {
    fc1: Linear,
    fc2: Linear,
    activation: Activation,
}

impl Mlp {
    fn load(weights: &Weights<'_>, name: &str, activation: Activation) -> Result<Self, ModelError> {
        Ok(Self {
            fc1: Linear::load(weights, &format!("{name}.fc1"))?,
            fc2: Linear::load(weights, &format!("{name}.fc2"))?,
            activation,
        })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let hidden = self.fc1.forward(x)?;
        let hidden = match self.activation {
            Activation::Gelu => hidden.gelu_erf()?,
            Activation::QuickGelu => (&hidden * candle_nn::ops::sigmoid(&(&hidden * 1.702)?)?)?,
        };
        self.fc2.forward(&hidden)
    }
}

struct EncoderLayer {
    layer_norm1: LayerNorm,
    self_attn: Attention,
    layer_norm2: LayerNorm,
    mlp: Mlp,
}

impl EncoderLayer {
    fn load(weights: &Weights<'_>, name: &str, config: &TransformerConfig) -> Result<Self, ModelError> {
        Ok(Self {
            layer_norm1: layer_norm(weights, &format!("{name}.layer_norm1"), config.layer_norm_eps)?,
            self_attn: Attention::load(weights, &format!("{name}.self_attn"), config)?,
            layer_norm2: layer_norm(weights, &format!("{name}.layer_norm2"), config.layer_norm_eps)?,
            mlp: Mlp::load(weights, &format!("{name}.mlp"), config.activation)?,
        })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let x = (x + self.self_attn.forward(&self.layer_norm1.forward(x)?)?)?;
        &x + self.mlp.forward(&self.layer_norm2.forward(&x)?)?
    }
}

/// The layers, without what comes before and after them.
pub(super) struct Transformer {
    layers: Vec<EncoderLayer>,
}

impl Transformer {
    /// Loads `{name}.layers.0`, `{name}.layers.1`, ...
    pub(super) fn load(
        weights: &Weights<'_>,
        name: &str,
        config: &TransformerConfig,
    ) -> Result<Self, ModelError> {
        let layer = |n| EncoderLayer::load(weights, &format!("{name}.layers.{n}"), config);
        Ok(Self { layers: (0..config.layers).map(layer).collect::<Result<_, _>>()? })
    }

    /// `x: (batch, tokens, width) -> (batch, tokens, width)`, f32.
    pub(super) fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        self.layers.iter().try_fold(x.to_dtype(DType::F32)?, |x, layer| layer.forward(&x))
    }
}
