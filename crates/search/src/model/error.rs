//! What can be wrong with a model: every error names the field, tensor or file it is about.

use crate::kernels::Mismatch;

/// A model, or an input to it, that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// `model.json` does not parse.
    #[error("model.json: {0}")]
    Json(#[from] serde_json::Error),
    /// A field of `model.json` is out of range.
    #[error("model.json: {field} is {found}, expected {expected}")]
    Config {
        /// Path of the field, such as `text.heads`.
        field: &'static str,
        /// The value as it was found.
        found: String,
        /// The range or form it should have.
        expected: String,
    },
    /// A model for another engine.
    #[error("the model is a {0}, which this build cannot run: its engine was left out, or another is needed")]
    Architecture(&'static str),
    /// A tower whose vectors have another length than the model says.
    #[error("a tower of vectors of {found} components for a model of {expected}")]
    Dimension {
        /// Components that the model's vectors have.
        expected: usize,
        /// Components that the tower's have.
        found: usize,
    },
    /// A library that computes a tower gave up.
    #[error("cannot compute: {0}")]
    Compute(String),
    /// The vocabulary is not the one the configuration speaks of.
    #[error("vocabulary: {0}")]
    Vocabulary(String),
    /// Bytes that are no GGUF file of a kind we read.
    #[error("GGUF file: {0}")]
    Gguf(String),
    /// A tensor that should be there is not.
    #[error("tensor {name}: missing, expected shape {expected:?}")]
    MissingTensor {
        /// Name of the tensor.
        name: String,
        /// Its shape as it should be stored.
        expected: Vec<usize>,
    },
    /// A tensor has another shape.
    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// Name of the tensor.
        name: String,
        /// Its shape as it should be stored.
        expected: Vec<usize>,
        /// Its shape in the file.
        found: Vec<usize>,
    },
    /// A tensor has a type we do not read.
    #[error("tensor {name}: expected one of {expected}, found GGML type {found}")]
    Type {
        /// Name of the tensor.
        name: String,
        /// The types that are read.
        expected: &'static str,
        /// Number of the type in the file.
        found: u32,
    },
    /// Pixels of another size than the model takes.
    #[error("picture of {found} pixels a side for a model that takes {expected}")]
    PictureSize {
        /// Pixels a side that the model takes.
        expected: usize,
        /// Pixels a side that were given.
        found: usize,
    },
    /// A text of no tokens, or of more than the model takes.
    #[error("a text of {found} tokens for a model that takes 1 to {expected}")]
    Tokens {
        /// Most tokens that the model takes.
        expected: usize,
        /// Tokens that were given.
        found: usize,
    },
    /// A token that is not in the vocabulary.
    #[error("token {found} for a model of {vocab_size} tokens")]
    Token {
        /// Tokens that the model knows.
        vocab_size: usize,
        /// The token that was given.
        found: u32,
    },
    /// Weights that were to be multiplied with numbers of other sizes, which only an encoder's mistake can cause.
    #[error("the encoder has a mistake: {0}")]
    Product(String),
    /// The tower gave no usable vector, which only weights that are not finite can cause.
    #[error("the model's answer is unusable: {0}")]
    Vector(#[from] crate::EmbeddingError),
}

impl From<Mismatch> for ModelError {
    fn from(mismatch: Mismatch) -> Self {
        Self::Product(mismatch.to_string())
    }
}

impl ModelError {
    pub(crate) fn config(field: &'static str, found: impl ToString, expected: impl Into<String>) -> Self {
        Self::Config { field, found: found.to_string(), expected: expected.into() }
    }
}
