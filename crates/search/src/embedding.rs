//! The common currency of the engine: a unit vector in the space that texts and pictures share.

use serde::{Deserialize, Serialize};

/// A vector of length 1, shape `(dim,)`. The cosine of two embeddings is their dot product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f32>", into = "Vec<f32>")]
pub struct Embedding(Vec<f32>);

/// Numbers that point nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    /// Some component is infinite or not a number.
    #[error("component {0} of the vector is not a finite number")]
    NotFinite(usize),
    /// All components are (nearly) zero, or there is none.
    #[error("the vector has no direction")]
    NoDirection,
}

impl Embedding {
    /// The direction of `vector`, shape `(dim,)`, of any length above zero.
    pub fn new(mut vector: Vec<f32>) -> Result<Self, EmbeddingError> {
        if let Some(at) = vector.iter().position(|x| !x.is_finite()) {
            return Err(EmbeddingError::NotFinite(at));
        }
        let length = vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        if length < 1e-12 {
            return Err(EmbeddingError::NoDirection);
        }
        vector.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
        Ok(Self(vector))
    }

    /// Number of components.
    pub fn dim(&self) -> usize {
        self.0.len()
    }

    /// The components; their squares sum to 1.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// Cosine of the angle between the two, -1..=1.
    ///
    /// # Panics
    /// Their dimensions differ: they are of different models, and no number would say anything.
    pub fn cosine(&self, other: &Self) -> f32 {
        assert_eq!(self.dim(), other.dim(), "embeddings of different dimensions have no cosine");
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum::<f32>().clamp(-1.0, 1.0)
    }
}

impl TryFrom<Vec<f32>> for Embedding {
    type Error = EmbeddingError;

    fn try_from(vector: Vec<f32>) -> Result<Self, EmbeddingError> {
        Self::new(vector)
    }
}

impl From<Embedding> for Vec<f32> {
    fn from(embedding: Embedding) -> Self {
        embedding.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedding_has_length_one_whatever_it_was_made_from() -> Result<(), EmbeddingError> {
        for scale in [1e-6, 1.0, 1e18] {
            let e = Embedding::new(vec![3.0 * scale, -4.0 * scale])?;
            assert!((e.as_slice()[0] - 0.6).abs() < 1e-6 && (e.as_slice()[1] + 0.8).abs() < 1e-6, "{scale}");
            assert!((e.cosine(&e) - 1.0).abs() < 1e-6);
        }
        Ok(())
    }

    #[test]
    fn vectors_without_a_direction_are_refused() {
        assert_eq!(Embedding::new(vec![]), Err(EmbeddingError::NoDirection));
        assert_eq!(Embedding::new(vec![0.0; 4]), Err(EmbeddingError::NoDirection));
        assert_eq!(Embedding::new(vec![1.0, f32::NAN]), Err(EmbeddingError::NotFinite(1)));
        assert_eq!(Embedding::new(vec![f32::INFINITY]), Err(EmbeddingError::NotFinite(0)));
        assert!(serde_json::from_str::<Embedding>("[0.0, 0.0]").is_err());
    }
}
