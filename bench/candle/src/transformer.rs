//! The transformer that both towers have.

use candle_core::{D, Module as _, Result, Tensor};
use candle_nn::{LayerNorm, ops};
use candle_transformers::quantized_nn::{Linear, layer_norm, linear};
use candle_transformers::quantized_var_builder::VarBuilder;
use clip_rs_search::model::Activation;

/// Sizes of a transformer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) width: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) mlp: usize,
    pub(crate) activation: Activation,
    pub(crate) layer_norm_eps: f64,
}

pub(crate) struct Transformer(Vec<Layer>);

struct Layer {
    norms: [LayerNorm; 2],
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    up: Linear,
    down: Linear,
    sizes: Sizes,
}

impl Transformer {
    pub(crate) fn new(sizes: Sizes, weights: &VarBuilder) -> Result<Self> {
        (0..sizes.layers)
            .map(|n| Layer::new(sizes, &weights.pp(format!("layers.{n}"))))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// `(1, tokens, width) -> (1, tokens, width)`; `mask`, `(tokens, tokens)`, is added to attention.
    pub(crate) fn forward(&self, x: Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        self.0.iter().try_fold(x, |x, layer| layer.forward(&x, mask))
    }
}

impl Layer {
    fn new(sizes: Sizes, weights: &VarBuilder) -> Result<Self> {
        let Sizes { width, mlp, layer_norm_eps, .. } = sizes;
        let norm = |name: &str| layer_norm(width, layer_norm_eps, weights.pp(name));
        let attention = weights.pp("self_attn");
        let square = |name: &str| linear(width, width, attention.pp(name));
        Ok(Self {
            norms: [norm("layer_norm1")?, norm("layer_norm2")?],
            query: square("q_proj")?,
            key: square("k_proj")?,
            value: square("v_proj")?,
            out: square("out_proj")?,
            up: linear(width, mlp, weights.pp("mlp.fc1"))?,
            down: linear(mlp, width, weights.pp("mlp.fc2"))?,
            sizes,
        })
    }

    fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let [before, after] = &self.norms;
        let x = (x + self.attend(&before.forward(x)?, mask)?)?;
        let inner = self.up.forward(&after.forward(&x)?)?;
        let inner = match self.sizes.activation {
            Activation::Gelu => inner.gelu_erf()?,
            Activation::QuickGelu => (&inner * ops::sigmoid(&(&inner * 1.702)?)?)?,
        };
        x + self.down.forward(&inner)?
    }

    fn attend(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let (one, tokens, width) = x.dims3()?;
        let heads = self.sizes.heads;
        let apart = |x: Tensor| x.reshape((one, tokens, heads, width / heads))?.transpose(1, 2)?.contiguous();
        let (query, key) = (apart(self.query.forward(x)?)?, apart(self.key.forward(x)?)?);
        let value = apart(self.value.forward(x)?)?;
        let scale = ((width / heads) as f64).sqrt().recip();
        let mut scores = (query * scale)?.matmul(&key.transpose(2, 3)?.contiguous()?)?;
        if let Some(mask) = mask {
            scores = scores.broadcast_add(mask)?;
        }
        let seen = ops::softmax(&scores, D::Minus1)?.matmul(&value)?;
        self.out.forward(&seen.transpose(1, 2)?.reshape((one, tokens, width))?)
    }
}
