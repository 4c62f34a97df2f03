//! Embeddings as int8 codes: a quarter of the bytes, and integer arithmetic.

use instant_distance::Point;
use serde::{Deserialize, Serialize};

use crate::{Embedding, EmbeddingError, kernels};

/// The most components that a code may have.
pub const MAX_DIM: usize = 8192;

/// An embedding, shape `(dim,)`, rounded to int8: the largest component becomes 127 or -127.
///
/// A code stands for the direction of its integers, so only they are stored: the factor that brings them
/// back to length 1 follows from them, and a code's cosine with itself is exactly 1. Each component of the
/// direction is off by at most about `max / 254`, where `max` is the largest component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<i8>", into = "Vec<i8>")]
pub struct Code {
    codes: Box<[i8]>,
    /// 1 / length of `codes`.
    scale: f32,
}

/// Integers that are no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// More components than [`MAX_DIM`].
    #[error("a code of {0} components; at most {MAX_DIM} are possible")]
    TooLong(usize),
    /// Nothing but zeros.
    #[error("a code of zeros has no direction")]
    NoDirection,
}

impl Code {
    /// Rounds `embedding` to a code.
    pub fn new(embedding: &Embedding) -> Result<Self, CodeError> {
        // An embedding has a component above zero, so the division is sound.
        let largest = embedding.as_slice().iter().fold(0_f32, |max, x| max.max(x.abs()));
        let round = |x: &f32| (x / largest * 127.0).round() as i8;
        Self::try_from(embedding.as_slice().iter().map(round).collect::<Vec<_>>())
    }

    /// Number of components.
    pub fn dim(&self) -> usize {
        self.codes.len()
    }

    /// Cosine of the angle between the two, -1..=1.
    pub fn cosine(&self, other: &Self) -> f32 {
        kernels::dot(&self.codes, &other.codes) as f32 * (self.scale * other.scale)
    }

    /// The direction that the code stands for.
    pub fn embedding(&self) -> Result<Embedding, EmbeddingError> {
        Embedding::new(self.codes.iter().map(|&c| f32::from(c)).collect())
    }
}

impl Point for Code {
    /// 1 - cosine: 0 for the same direction, 2 for the opposite one.
    fn distance(&self, other: &Self) -> f32 {
        1.0 - self.cosine(other)
    }
}

impl TryFrom<Vec<i8>> for Code {
    type Error = CodeError;

    fn try_from(codes: Vec<i8>) -> Result<Self, CodeError> {
        if codes.len() > MAX_DIM {
            return Err(CodeError::TooLong(codes.len()));
        }
        let square = kernels::dot(&codes, &codes);
        if square == 0 {
            return Err(CodeError::NoDirection);
        }
        Ok(Self { codes: codes.into(), scale: (1.0 / f64::from(square).sqrt()) as f32 })
    }
}

impl From<Code> for Vec<i8> {
    fn from(code: Code) -> Self {
        code.codes.into_vec()
    }
}
