//! A concept that is taught by marks: this item shows it, that one does not.
//!
//! Logistic regression on the items' vectors. Three things make it useful from the first mark on:
//!
//! - It may begin with a **prior**, the direction of the query that was asked before: what the marks teach is added to that
//!   direction, and the penalty is on what is added (a Gaussian prior around it), so that few marks change little.
//! - A **background**, a sample of items nobody marked, stands in weakly for whichever mark is rare.
//! - Yes and no count the same in sum, however many there are of each.
//!
//! Vectors of one model lie in a narrow cone, so they are centred and scaled first; that the centre is a constant in the
//! logit is why the direction alone orders items as the concept does.

use super::logistic::{Sample, fit, sigmoid};
use super::{add_scaled, dot};
use crate::{Direction, Embedding, EmbeddingError, ItemRef, Shard};

/// Most unmarked items of a background.
pub const BACKGROUND: usize = 200;
/// Most marks that are taught at once; more are refused.
pub const MAX_EXAMPLES: usize = 4096;

// The next four were chosen on the pictures of the UC Merced land use data set (Yang and Newsam 2010,
// <https://doi.org/10.1145/1869790.1869829>), each of whose classes was asked for by its own name and by a vague one.
/// How many marks the background counts as.
const BACKGROUND_WEIGHT: f32 = 5.0;
/// The penalty for a single mark, and the least: the more marks there are, the less it counts.
const PENALTY: f32 = 0.1;
const LEAST_PENALTY: f32 = 0.001;
/// The penalty where nothing is marked yes. What comes first for a query has in common what was asked for, so marks of no
/// alone must not turn the concept away from that, however many there are.
const PENALTY_WITHOUT_YES: f32 = 1.0;
/// The deviation over the samples of the logits that a prior gives.
const PRIOR_DEVIATION: f32 = 0.8;

/// Marks that teach nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LearnError {
    /// No mark of yes, and no query to begin with.
    #[error("a concept needs an example of what it is, or a query to begin with")]
    NoYes,
    /// No mark at all.
    #[error("a concept needs a mark")]
    NoMark,
    /// Only marks of one kind, and no other items.
    #[error("there is nothing to tell the marked items from")]
    NothingElse,
    /// More marks than [`MAX_EXAMPLES`].
    #[error("{0} marks; at most {MAX_EXAMPLES} are possible")]
    TooMany(usize),
    /// Vectors of different models.
    #[error("vectors of {found} components among those of {expected}")]
    Dimension {
        /// Components of the first mark's vector.
        expected: usize,
        /// Components of another one.
        found: usize,
    },
    /// Yes and no are marks of the same vectors.
    #[error("the marks contradict each other: {0}")]
    NoDirection(#[from] EmbeddingError),
}

/// What marks have taught.
#[derive(Debug, Clone, PartialEq)]
pub struct Concept {
    /// Items are the likelier to show it the larger their cosine to this is. It may be a term of a query.
    pub direction: Embedding,
    /// What a cosine of 1 adds to the logit; above 0.
    pub slope: f32,
    /// The logit at a cosine of 0.
    pub intercept: f32,
    /// How much of the prior is in the direction, whose length is 1; 0 without a prior. Where the prior is the direction of
    /// texts, an item's relevance offset counts this often: see [`Self::to_direction`].
    pub prior_share: f32,
}

impl Concept {
    /// Learns from items and whether they show the concept. `prior` is the query that it began with; `background` are items
    /// nobody marked, at best [`background`].
    pub fn learn(
        examples: &[(Embedding, bool)],
        prior: Option<&Embedding>,
        background: &[Embedding],
    ) -> Result<Self, LearnError> {
        let marks: Vec<_> = examples.iter().map(|(vector, yes)| (vector, *yes)).collect();
        Self::of_marks(&marks, prior, background)
    }

    /// [`Self::learn`] of vectors that somebody else keeps.
    pub(super) fn of_marks(
        marks: &[(&Embedding, bool)],
        prior: Option<&Embedding>,
        background: &[Embedding],
    ) -> Result<Self, LearnError> {
        let dim = check(marks, prior, background)?;
        let mut samples = weighted(marks, background.len());
        let vectors = || marks.iter().map(|(vector, _)| *vector).chain(background);

        let mut centre = vec![0.0; dim];
        for (vector, sample) in vectors().zip(&samples) {
            add_scaled(&mut centre, sample.weight, vector.as_slice());
        }
        let mut rows: Vec<f32> = Vec::with_capacity(samples.len() * dim);
        for vector in vectors() {
            rows.extend(vector.as_slice().iter().zip(&centre).map(|(x, centre)| x - centre));
        }
        let scale = inverse_deviation(rows.chunks_exact(dim).map(|row| dot(row, row)), &samples);
        rows.iter_mut().for_each(|x| *x *= scale);

        let mut weights = vec![0.0; dim];
        let mut factor = 0.0;
        if let Some(prior) = prior {
            let logits = rows.chunks_exact(dim).map(|row| dot(row, prior.as_slice()));
            factor = PRIOR_DEVIATION * inverse_deviation(logits.map(|logit| logit * logit), &samples);
            add_scaled(&mut weights, factor, prior.as_slice());
            for (sample, row) in samples.iter_mut().zip(rows.chunks_exact(dim)) {
                sample.offset = dot(&weights, row);
            }
        }
        let any_yes = marks.iter().any(|(_, yes)| *yes);
        let of_marks = (PENALTY / marks.len() as f32).max(LEAST_PENALTY);
        let penalty = if any_yes { of_marks } else { PENALTY_WITHOUT_YES };
        let (taught, constant) = fit(&rows, &samples, penalty);
        add_scaled(&mut weights, 1.0, &taught);

        weights.iter_mut().for_each(|weight| *weight *= scale);
        let intercept = constant - dot(&weights, &centre);
        let slope = dot(&weights, &weights).sqrt();
        let direction = Embedding::new(weights)?;
        Ok(Self { direction, slope, intercept, prior_share: factor * scale / slope })
    }

    /// What to compare items with instead of the `prior`, the direction whose embedding the concept began with.
    pub fn to_direction(&self, prior: Option<&Direction>) -> Direction {
        let text_share = self.prior_share * prior.map_or(0.0, |prior| prior.text_share);
        Direction { embedding: self.direction.clone(), text_share, familiarity: None }
    }

    /// The logit of an item at this cosine to the direction: above 0 where it is rather a yes.
    pub fn logit(&self, cosine: f32) -> f32 {
        self.slope * cosine + self.intercept
    }

    /// The chance that an item shows the concept, 0..=1, were yes as frequent as no: 0.5 is the border between the marks.
    pub fn chance(&self, item: &Embedding) -> f32 {
        sigmoid(self.logit(self.direction.cosine(item)))
    }
}

/// The vectors' dimension, if the marks can teach something.
fn check(
    marks: &[(&Embedding, bool)],
    prior: Option<&Embedding>,
    background: &[Embedding],
) -> Result<usize, LearnError> {
    let expected = marks.first().ok_or(LearnError::NoMark)?.0.dim();
    if marks.len() > MAX_EXAMPLES {
        return Err(LearnError::TooMany(marks.len()));
    }
    let all = marks.iter().map(|(vector, _)| *vector).chain(prior).chain(background);
    if let Some(found) = all.map(Embedding::dim).find(|dim| *dim != expected) {
        return Err(LearnError::Dimension { expected, found });
    }
    let yes = marks.iter().filter(|(_, yes)| *yes).count();
    match (yes, prior) {
        (0, None) => Err(LearnError::NoYes),
        _ if background.is_empty() && (yes == 0 || yes == marks.len()) => Err(LearnError::NothingElse),
        _ => Ok(expected),
    }
}

/// The marks, then the background, which are no unless there is no mark of yes; either half of the weights is yes.
fn weighted(marks: &[(&Embedding, bool)], background: usize) -> Vec<Sample> {
    let rest_is_yes = marks.iter().all(|(_, yes)| !yes);
    let each = BACKGROUND_WEIGHT / background.max(1) as f32;
    let of_marks = marks.iter().map(|(_, yes)| (*yes, 1.0));
    let mut samples: Vec<Sample> = of_marks
        .chain(std::iter::repeat_n((rest_is_yes, each), background))
        .map(|(yes, weight)| Sample { sign: if yes { 1.0 } else { -1.0 }, weight, offset: 0.0 })
        .collect();
    for sign in [1.0, -1.0] {
        let half = || samples.iter().filter(|sample| sample.sign == sign);
        let sum: f32 = half().map(|sample| sample.weight).sum();
        samples.iter_mut().filter(|sample| sample.sign == sign).for_each(|sample| sample.weight *= 0.5 / sum);
    }
    samples
}

/// What brings the weighted mean of `squares` to 1; 0 where all are (nearly) 0.
fn inverse_deviation(squares: impl Iterator<Item = f32>, samples: &[Sample]) -> f32 {
    let mean: f32 = squares.zip(samples).map(|(square, sample)| square * sample.weight).sum();
    if mean > 1e-12 { 1.0 / mean.sqrt() } else { 0.0 }
}

/// At most [`BACKGROUND`] of the items that are `wanted`, evenly spread and always the same. Marked ones should not be.
pub fn background(shards: &[Shard], wanted: impl Fn(ItemRef) -> bool) -> Vec<Embedding> {
    let items = super::chosen(shards, wanted);
    let picked = items.len().min(BACKGROUND);
    let places = (0..picked).map(|i| (i as u64 * items.len() as u64 / picked as u64) as usize);
    places
        .filter_map(|at| items.get(at))
        .filter_map(|item| shards.get(item.shard)?.index.embedding(item.ordinal)?.ok())
        .collect()
}
