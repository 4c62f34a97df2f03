//! One of candle's text models as a text tower.

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;
use clip_rs_search::Embedding;
use clip_rs_search::model::{Concepts, ModelConfig, ModelError, TextTower};

use crate::tokens::Tokens;
use crate::weights::{TextWeights, Weights};
use crate::{Device, computing};

/// Builds a model of so many different tokens and lets it see some: `(1, tokens) -> (1, dim)`.
pub(crate) type Network = Box<dyn Fn(VarBuilder<'static>, usize, &Tensor) -> Result<Tensor> + Send + Sync>;

/// A text tower.
///
/// candle's models are put together for each text, from weights that stay where they are: some hundred references are
/// counted, and the model has a table of only those tokens that the text has. The whole table would be most of the memory.
pub(crate) struct Text {
    tokens: Tokens,
    weights: TextWeights,
    network: Network,
    /// Of a row of the table of tokens.
    width: usize,
    dim: usize,
}

impl Text {
    pub(crate) fn new(
        config: &ModelConfig,
        gguf: Vec<u8>,
        vocabulary: &[u8],
        network: Network,
    ) -> std::result::Result<Self, ModelError> {
        let (tokens, weights) = (Tokens::new(config, vocabulary)?, Weights::of_text(config, gguf)?);
        Ok(Self { tokens, weights, network, width: config.text.token_width(), dim: config.embed_dim })
    }

    /// `tokens: (1, tokens)` as places in a table of those that there are: `-> (dim,)`.
    fn forward(&self, places: Vec<u32>, table: Vec<f32>) -> Result<Vec<f32>> {
        let device = &Device::cpu().0;
        let rows = table.len() / self.width.max(1);
        let table = Tensor::from_vec(table, (rows, self.width), device)?;
        let count = places.len();
        let places = Tensor::from_vec(places, (1, count), device)?;
        let builder = self.weights.weights.with(Some((self.weights.table_name, table)));
        (self.network)(builder, rows, &places)?.squeeze(0)?.to_vec1()
    }
}

impl TextTower for Text {
    fn dim(&self) -> usize {
        self.dim
    }

    fn encode(&self, text: &str) -> std::result::Result<Embedding, ModelError> {
        let tokens = self.tokens.filled_up(text)?;
        // In order, since some models look for the largest token.
        let mut different = tokens.clone();
        different.sort_unstable();
        different.dedup();
        let mut table = Vec::with_capacity(different.len() * self.width);
        for token in &different {
            self.weights.table.push_row(*token as usize, &mut table)?;
        }
        let place = |token| different.binary_search(token).unwrap_or_default() as u32;
        let vector = self.forward(tokens.iter().map(place).collect(), table).map_err(computing)?;
        if vector.len() != self.dim {
            return Err(ModelError::Dimension { expected: self.dim, found: vector.len() });
        }
        Ok(Embedding::new(vector)?)
    }

    fn tokenize(&self, text: &str) -> std::result::Result<Vec<u32>, ModelError> {
        self.tokens.of(text)
    }

    fn reads_all(&self, text: &str) -> bool {
        self.tokens.takes_all(text)
    }

    fn concepts(&self) -> Option<&Concepts> {
        self.weights.concepts.as_ref()
    }
}
