//! The pre-norm transformer that both towers share.
//!
//! Reference: Hugging Face's `CLIPEncoder`; field names are the checkpoint's.

use super::ModelError;
use super::gguf::Weights;
use super::matrix::{Matrix, Workspace};
use super::tower::Activation;
use crate::kernels::{self, Output};

/// Sizes of a transformer.
pub(super) struct TransformerConfig {
    pub(super) width: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) activation: Activation,
    pub(super) layer_norm_eps: f64,
    /// Which row of a text or picture is asked for in the end.
    pub(super) pooled: Pooled,
}

/// The row that a tower reads its answer from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooled {
    /// The last. Each row sees itself and those before it.
    LastOfCausal,
    /// The first. Each row sees all.
    First,
}

/// Layer norm with weight and bias, `(width,)` each.
pub(super) struct LayerNorm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

impl LayerNorm {
    pub(super) fn load(weights: &Weights, name: &str, eps: f64) -> Result<Self, ModelError> {
        let part = |part| weights.numbers(&format!("{name}.{part}"));
        Ok(Self { weight: part("weight")?, bias: part("bias")?, eps: eps as f32 })
    }

    /// `x` and `y`: `(count, width)`.
    pub(super) fn forward(&self, x: &[f32], y: &mut Vec<f32>) {
        y.resize(x.len(), 0.0);
        kernels::layer_norm(x, &self.weight, &self.bias, self.eps, y);
    }
}

struct Attention {
    q_proj: Matrix,
    k_proj: Matrix,
    v_proj: Matrix,
    out_proj: Matrix,
}

struct Mlp {
    fc1: Matrix,
    fc2: Matrix,
    activation: Activation,
}

struct EncoderLayer {
    layer_norm1: LayerNorm,
    self_attn: Attention,
    layer_norm2: LayerNorm,
    mlp: Mlp,
}

impl EncoderLayer {
    fn load(weights: &mut Weights, name: &str, config: &TransformerConfig) -> Result<Self, ModelError> {
        let layer_norm1 = LayerNorm::load(weights, &format!("{name}.layer_norm1"), config.layer_norm_eps)?;
        let layer_norm2 = LayerNorm::load(weights, &format!("{name}.layer_norm2"), config.layer_norm_eps)?;
        let mut linear = |part: &str| Matrix::with_bias(weights, &format!("{name}.{part}"));
        let self_attn = Attention {
            q_proj: linear("self_attn.q_proj")?,
            k_proj: linear("self_attn.k_proj")?,
            v_proj: linear("self_attn.v_proj")?,
            out_proj: linear("self_attn.out_proj")?,
        };
        let mlp = Mlp { fc1: linear("mlp.fc1")?, fc2: linear("mlp.fc2")?, activation: config.activation };
        Ok(Self { layer_norm1, self_attn, layer_norm2, mlp })
    }
}

/// The layers, without what comes before and after them.
pub(super) struct Transformer {
    config: TransformerConfig,
    layers: Vec<EncoderLayer>,
}

/// Rows on their way through the layers.
#[derive(Default)]
struct Buffers {
    normed: Vec<f32>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    mixed: Vec<f32>,
    hidden: Vec<f32>,
    scores: Vec<f32>,
}

impl Transformer {
    /// Loads `{name}.layers.0`, `{name}.layers.1`, ...
    pub(super) fn load(
        weights: &mut Weights,
        name: &str,
        config: TransformerConfig,
    ) -> Result<Self, ModelError> {
        let layer = |n| EncoderLayer::load(weights, &format!("{name}.layers.{n}"), &config);
        Ok(Self { layers: (0..config.layers).map(layer).collect::<Result<_, _>>()?, config })
    }

    /// From `(batch, tokens, width)` to the pooled rows, `(batch, width)`.
    ///
    /// Nobody asks for the other rows of the last layer, so there only their keys and values are computed.
    pub(super) fn forward(
        &self,
        work: &mut Workspace<'_>,
        mut x: Vec<f32>,
        tokens: usize,
    ) -> Result<Vec<f32>, ModelError> {
        let mut buffers = Buffers::default();
        let last = self.layers.len().saturating_sub(1);
        for (at, layer) in self.layers.iter().enumerate() {
            self.layer(work, layer, &mut x, tokens, at == last, &mut buffers)?;
        }
        Ok(if self.layers.is_empty() { self.pooled(&x, tokens) } else { x })
    }

    fn layer(
        &self,
        work: &mut Workspace<'_>,
        layer: &EncoderLayer,
        x: &mut Vec<f32>,
        tokens: usize,
        last: bool,
        buffers: &mut Buffers,
    ) -> Result<(), ModelError> {
        let Buffers { normed, q, k, v, mixed, hidden, scores } = buffers;
        let width = self.config.width;
        let Attention { q_proj, k_proj, v_proj, out_proj } = &layer.self_attn;
        layer.layer_norm1.forward(x, normed);
        k.resize(x.len(), 0.0);
        v.resize(x.len(), 0.0);
        if last {
            Matrix::multiply_each(work, normed, width, Output::Overwrite, [(k_proj, k), (v_proj, v)])?;
            *x = self.pooled(x, tokens);
            let asking = self.pooled(normed, tokens);
            q.resize(asking.len(), 0.0);
            q_proj.multiply(work, &asking, width, q, Output::Overwrite)?;
        } else {
            q.resize(x.len(), 0.0);
            let products: [(&Matrix, &mut [f32]); 3] = [(q_proj, q), (k_proj, k), (v_proj, v)];
            Matrix::multiply_each(work, normed, width, Output::Overwrite, products)?;
        }
        mixed.resize(x.len(), 0.0);
        let asking = if last { 1 } else { tokens } * width;
        let one =
            q.chunks_exact(asking).zip(k.chunks_exact(tokens * width)).zip(v.chunks_exact(tokens * width));
        for (((q, k), v), mixed) in one.zip(mixed.chunks_exact_mut(asking)) {
            let (heads, causal) = (self.config.heads, self.config.pooled == Pooled::LastOfCausal);
            kernels::attention(kernels::Attention { q, k, v, width, heads, causal }, scores, mixed);
        }
        out_proj.multiply(work, mixed, width, x, Output::Accumulate)?;
        layer.layer_norm2.forward(x, normed);
        let mlp = &layer.mlp;
        hidden.resize(x.len() / width * mlp.fc1.rows(), 0.0);
        mlp.fc1.multiply(work, normed, width, hidden, Output::Overwrite)?;
        match mlp.activation {
            Activation::Gelu => kernels::gelu(hidden),
            Activation::QuickGelu => kernels::quick_gelu(hidden),
        }
        mlp.fc2.multiply(work, hidden, mlp.fc1.rows(), x, Output::Accumulate)
    }

    /// The rows that are asked for: `(batch, tokens, width) -> (batch, width)`.
    fn pooled(&self, x: &[f32], tokens: usize) -> Vec<f32> {
        let width = self.config.width;
        let row = match self.config.pooled {
            Pooled::LastOfCausal => tokens - 1,
            Pooled::First => 0,
        };
        x.chunks_exact(tokens * width).flat_map(|x| &x[row * width..(row + 1) * width]).copied().collect()
    }
}
