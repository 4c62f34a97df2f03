//! The text tower: words to a vector.
//!
//! Reference: Hugging Face's `CLIPTextModelWithProjection`; field names are the checkpoint's.

use std::borrow::Cow;

use super::concepts::Concepts;
use super::gguf::{Stored, Weights};
use super::matrix::{Matrix, Workspace};
use super::tokenizer::Tokenizer;
use super::transformer::{LayerNorm, Pooled, Transformer, TransformerConfig};
use super::{ModelConfig, ModelError};
use crate::Embedding;
use crate::kernels::Output;

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
    concepts: Option<Concepts>,
    /// The tower's file, in which packed weights and the token table are.
    file: Vec<u8>,
}

impl TextEncoder {
    /// Builds the tower from `text.gguf` and the vocabulary, checking both against `config`. Who hands over the file
    /// instead of lending it saves a copy: weights are used from where they are in it.
    pub fn from_gguf<'a>(
        config: &ModelConfig,
        gguf: impl Into<Cow<'a, [u8]>>,
        vocabulary: &[u8],
    ) -> Result<Self, ModelError> {
        config.expect_ours()?;
        let tokenizer = Tokenizer::new(config, vocabulary)?;
        let text = &config.text;
        let mut weights = Weights::open(gguf.into().into_owned(), ARCHITECTURE, &config.text_tensors())?;
        let concepts = concepts_of(&mut weights, config.embed_dim)?;
        let layers = TransformerConfig {
            width: text.width,
            layers: text.layers,
            heads: text.heads,
            activation: text.activation,
            layer_norm_eps: text.layer_norm_eps,
            pooled: Pooled::LastOfCausal,
        };
        Ok(Self {
            tokenizer,
            embeddings: TextEmbeddings::load(&mut weights, config)?,
            encoder: Transformer::load(&mut weights, "text_model.encoder", layers)?,
            final_layer_norm: LayerNorm::load(&weights, "text_model.final_layer_norm", text.layer_norm_eps)?,
            text_projection: Matrix::load(&mut weights, "text_projection.weight")?,
            concepts,
            file: weights.into_bytes(),
        })
    }

    /// The bank of concepts that scores are held against, if the model has one.
    pub fn concepts(&self) -> Option<&Concepts> {
        self.concepts.as_ref()
    }

    /// Components of an embedding.
    pub fn dim(&self) -> usize {
        self.text_projection.rows()
    }

    /// Tokens of `text`: start, body cut to the context length, end.
    pub fn tokenize(&self, text: &str) -> Vec<u32> {
        self.tokenizer.tokenize(text)
    }

    /// Whether all of `text` is read, or only its beginning.
    pub fn reads_all(&self, text: &str) -> bool {
        self.tokenizer.takes_all(text)
    }

    /// The embedding of `text`, `(embed_dim,)`.
    pub fn encode(&self, text: &str) -> Result<Embedding, ModelError> {
        self.encode_tokens(&self.tokenize(text))
    }

    /// The embedding of tokens as [`Self::tokenize`] gives them.
    pub fn encode_tokens(&self, tokens: &[u32]) -> Result<Embedding, ModelError> {
        let work = &mut Workspace::new(&self.file);
        let x = self.embeddings.forward(work, tokens)?;
        let pooled = self.encoder.forward(work, x, tokens.len())?;
        let mut normed = Vec::new();
        self.final_layer_norm.forward(&pooled, &mut normed);
        let mut vector = vec![0.0; self.text_projection.rows()];
        self.text_projection.multiply(work, &normed, normed.len(), &mut vector, Output::Overwrite)?;
        Ok(Embedding::new(vector)?)
    }
}

/// The bank of concepts in a text tower's file, if it has one.
pub(super) fn concepts_of(weights: &mut Weights, embed_dim: usize) -> Result<Option<Concepts>, ModelError> {
    let specs = Concepts::tensors(embed_dim);
    if !weights.take_if_there(&specs)? {
        return Ok(None);
    }
    let [vectors, names, marks] = specs.map(|spec| weights.numbers(&spec.name));
    Concepts::of_tensors(vectors?, &names?, &marks?, embed_dim).map(Some)
}

struct TextEmbeddings {
    /// `(vocab, token_width)`, kept as the file has it; single rows are brought to f32 when they are looked up.
    token_embedding: Stored,
    /// `(width, token_width)` of a factorised table.
    token_projection: Option<Matrix>,
    /// `(context_length, width)`
    position_embedding: Vec<f32>,
    token_width: usize,
    width: usize,
    vocab_size: usize,
}

impl TextEmbeddings {
    fn load(weights: &mut Weights, config: &ModelConfig) -> Result<Self, ModelError> {
        let name = |part| format!("text_model.embeddings.{part}.weight");
        let factorised = config.text.token_dim.is_some();
        Ok(Self {
            token_embedding: weights.stored(&name("token_embedding"))?,
            token_projection: factorised
                .then(|| Matrix::load(weights, &name("token_projection")))
                .transpose()?,
            position_embedding: weights.numbers(&name("position_embedding"))?,
            token_width: config.text.token_width(),
            width: config.text.width,
            vocab_size: config.tokenizer.vocab_size,
        })
    }

    /// `tokens: (tokens,) -> (tokens, width)`
    fn forward(&self, work: &mut Workspace<'_>, tokens: &[u32]) -> Result<Vec<f32>, ModelError> {
        let context_length = self.position_embedding.len() / self.width;
        if !(1..=context_length).contains(&tokens.len()) {
            return Err(ModelError::Tokens { expected: context_length, found: tokens.len() });
        }
        let mut rows = vec![0.0; tokens.len() * self.token_width];
        for (row, token) in rows.chunks_exact_mut(self.token_width).zip(tokens) {
            let unknown = ModelError::Token { vocab_size: self.vocab_size, found: *token };
            self.token_embedding.read_row(work.file, *token as usize, row).ok_or(unknown)?;
        }
        let mut x = self.position_embedding[..tokens.len() * self.width].to_vec();
        match &self.token_projection {
            Some(projection) => {
                projection.multiply(work, &rows, self.token_width, &mut x, Output::Accumulate)?
            }
            None => x.iter_mut().zip(&rows).for_each(|(x, row)| *x += row),
        }
        Ok(x)
    }
}
