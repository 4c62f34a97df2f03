//! The text tower: words to a vector.
//!
//! Reference: Hugging Face's `CLIPTextModelWithProjection`; field names are the checkpoint's.

use candle_core::quantized::QTensor;
use candle_core::{Device, IndexOp, Module, Tensor};
use candle_nn::LayerNorm;

use super::gguf::Weights;
use super::matrix::Matrix;
use super::tokenizer::Tokenizer;
use super::transformer::{Transformer, TransformerConfig, layer_norm};
use super::{ModelConfig, ModelError};
use crate::Embedding;

/// Value of `general.architecture` in the text tower's file.
pub(super) const ARCHITECTURE: &str = "clip-text";

/// Turns texts into embeddings.
///
/// Attention is causal and only the end token's row is used, so nothing behind that token matters: texts are
/// never padded, and a query of five words costs seven tokens.
pub struct TextEncoder {
    tokenizer: Tokenizer,
    embeddings: TextEmbeddings,
    encoder: Transformer,
    final_layer_norm: LayerNorm,
    text_projection: Matrix,
}

impl TextEncoder {
    /// Builds the tower from `text.gguf` and the vocabulary, checking both against `config`.
    pub fn from_gguf(config: &ModelConfig, gguf: &[u8], vocabulary: &[u8]) -> Result<Self, ModelError> {
        let tokenizer = Tokenizer::new(config, vocabulary)?;
        let text = &config.text;
        let weights = Weights::open(gguf, ARCHITECTURE, &config.text_tensors())?;
        let layers = TransformerConfig {
            layers: text.layers,
            heads: text.heads,
            activation: text.activation,
            layer_norm_eps: text.layer_norm_eps,
            causal: true,
        };
        Ok(Self {
            tokenizer,
            embeddings: TextEmbeddings::load(&weights, text.token_dim.is_some())?,
            encoder: Transformer::load(&weights, "text_model.encoder", &layers)?,
            final_layer_norm: layer_norm(&weights, "text_model.final_layer_norm", text.layer_norm_eps)?,
            text_projection: weights.matrix("text_projection.weight")?,
        })
    }

    /// Tokens of `text`: start, body cut to the context length, end.
    pub fn tokenize(&self, text: &str) -> Vec<u32> {
        self.tokenizer.tokenize(text)
    }

    /// The embedding of `text`, `(embed_dim,)`.
    pub fn encode(&self, text: &str) -> Result<Embedding, ModelError> {
        self.encode_tokens(&self.tokenize(text))
    }

    /// The embedding of tokens as [`Self::tokenize`] gives them, `tokens: (tokens,) -> (embed_dim,)`.
    pub fn encode_tokens(&self, tokens: &[u32]) -> Result<Embedding, ModelError> {
        Ok(Embedding::new(self.forward(tokens)?)?)
    }

    /// `tokens: (tokens,) -> (embed_dim,)`, not normalised.
    fn forward(&self, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
        let x = self.embeddings.forward(tokens)?.unsqueeze(0)?;
        let x = self.encoder.forward(&x)?;
        let end = x.i((0, tokens.len() - 1..))?;
        let pooled = self.final_layer_norm.forward(&end)?;
        self.text_projection.multiply(&pooled)?.flatten_all()?.to_vec1()
    }
}

struct TextEmbeddings {
    /// `(vocab, token_dim)`, kept quantised; single rows are brought to f32 when they are looked up.
    token_embedding: QTensor,
    /// `(width, token_dim)` of a factorised table.
    token_projection: Option<Matrix>,
    /// `(context_length, width)`
    position_embedding: Tensor,
}

impl TextEmbeddings {
    fn load(weights: &Weights<'_>, factorised: bool) -> Result<Self, ModelError> {
        let name = |part| format!("text_model.embeddings.{part}.weight");
        Ok(Self {
            token_embedding: weights.quantised(&name("token_embedding"))?,
            token_projection: factorised.then(|| weights.matrix(&name("token_projection"))).transpose()?,
            position_embedding: weights.plain(&name("position_embedding"))?,
        })
    }

    /// `tokens: (tokens,) -> (tokens, width)`
    fn forward(&self, tokens: &[u32]) -> candle_core::Result<Tensor> {
        let rows = self.token_embedding.embedding(&Tensor::new(tokens, &Device::Cpu)?)?;
        let rows = match &self.token_projection {
            Some(projection) => projection.multiply(&rows)?,
            None => rows,
        };
        rows + self.position_embedding.i(..tokens.len())?
    }
}
