//! From the terms of a query to what items are compared with.

use super::{Engine, EngineError};
use crate::Embedding;
use crate::query::{MAX_AREAS, MAX_TERMS, Query, Subject};

/// Where a query points to, and how much of it is text.
#[derive(Debug, Clone, PartialEq)]
pub struct Direction {
    /// Its terms' unit vectors, weighted and summed.
    pub embedding: Embedding,
    /// How often an item's relevance offset counts: the sum of the texts' weights, in parts of the sum's length. 1 for a
    /// text alone, 0 for pictures and items.
    pub text_share: f32,
    /// How familiar its texts are, -1..=1, weighted; none if there is anything but texts to look for, or the model has no
    /// concepts.
    pub familiarity: Option<f32>,
}

impl Engine {
    /// Where a query points to.
    pub fn embed(&self, query: &Query) -> Result<Direction, EngineError> {
        if !(1..=MAX_TERMS).contains(&query.terms.len()) {
            let count = query.terms.len();
            return Err(EngineError::Query(format!("has {count} terms; 1 to {MAX_TERMS} are possible")));
        }
        if query.areas.len() > MAX_AREAS {
            return Err(EngineError::Query(format!(
                "has {} areas; {MAX_AREAS} are possible",
                query.areas.len()
            )));
        }
        let mut sum = vec![0.0; self.embed_dim];
        let (mut texts, mut familiar, mut all_texts) = (0.0_f32, 0.0_f32, true);
        for term in &query.terms {
            if !term.weight.is_finite() || term.weight == 0.0 {
                return Err(EngineError::Query(format!("has a term of weight {}", term.weight)));
            }
            let vector = self.vector(&term.subject)?;
            sum.iter_mut().zip(vector.as_slice()).for_each(|(sum, x)| *sum += term.weight * x);
            if matches!(term.subject, Subject::Text(_)) {
                texts += term.weight;
                familiar +=
                    term.weight * self.text.concepts().map_or(0.0, |concepts| concepts.familiarity(&vector));
            }
            all_texts &= matches!(term.subject, Subject::Text(_)) && term.weight > 0.0;
        }
        let length = sum.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt() as f32;
        let embedding = Embedding::new(sum)?;
        let known = all_texts && self.text.concepts().is_some();
        Ok(Direction { embedding, text_share: texts / length, familiarity: known.then(|| familiar / texts) })
    }

    fn vector(&self, subject: &Subject) -> Result<Embedding, EngineError> {
        match subject {
            Subject::Text(text) => Ok(self.text.encode(text)?),
            Subject::Vector(embedding) => {
                self.expect_dim(embedding.dim(), || "the picture".into())?;
                Ok(embedding.clone())
            }
            Subject::Item(item) => {
                let none = || EngineError::NoItem(item.clone());
                let at = self.find(item).ok_or_else(none)?;
                let shard = self.shards.get(at.shard).ok_or_else(none)?;
                Ok(shard.index.embedding(at.ordinal).ok_or_else(none)??)
            }
        }
    }
}
