//! From the terms of a query to what items are compared with.

use super::{Engine, EngineError};
use crate::query::{MAX_AREAS, MAX_TERMS, Query, Subject, Term};
use crate::{Code, Embedding};

/// Items that are all alike say nothing of how far apart they lie.
const LEAST_SPREAD: f32 = 1e-3;

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
        if let Some(term) = query.terms.iter().find(|term| !term.weight.is_finite() || term.weight == 0.0) {
            return Err(EngineError::Query(format!("has a term of weight {}", term.weight)));
        }
        let vectors =
            query.terms.iter().map(|term| self.vector(&term.subject)).collect::<Result<Vec<_>, _>>()?;
        let is_text = |term: &Term| matches!(term.subject, Subject::Text(_));
        let is_mixed = query.terms.iter().any(is_text) && !query.terms.iter().all(is_text);
        let mut sum = vec![0.0; self.embed_dim];
        let (mut texts, mut familiar, mut all_texts) = (0.0_f32, 0.0_f32, true);
        for (term, vector) in query.terms.iter().zip(&vectors) {
            let weight = if is_mixed { term.weight / self.spread(vector)? } else { term.weight };
            sum.iter_mut().zip(vector.as_slice()).for_each(|(sum, x)| *sum += weight * x);
            if is_text(term) {
                texts += weight;
                familiar +=
                    weight * self.text.concepts().map_or(0.0, |concepts| concepts.familiarity(vector));
            }
            all_texts &= is_text(term) && weight > 0.0;
        }
        let length = sum.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt() as f32;
        let embedding = Embedding::new(sum)?;
        let known = all_texts && self.text.concepts().is_some();
        Ok(Direction { embedding, text_share: texts / length, familiarity: known.then(|| familiar / texts) })
    }

    /// How much the cosines of items to a direction differ: their standard deviation over a sample of all. Cosines of pictures
    /// to each other lie several times as far apart as those to words; a term counts by its weight in a mixture only in parts
    /// of this.
    fn spread(&self, vector: &Embedding) -> Result<f32, EngineError> {
        let code = Code::new(vector)?;
        let (mut count, mut sum, mut squares) = (0.0_f32, 0.0_f32, 0.0_f32);
        for (other, _) in self.background() {
            let cosine = code.cosine(other);
            (count, sum, squares) = (count + 1.0, sum + cosine, squares + cosine * cosine);
        }
        let mean = sum / count.max(1.0);
        Ok((squares / count.max(1.0) - mean * mean).max(0.0).sqrt().max(LEAST_SPREAD))
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
