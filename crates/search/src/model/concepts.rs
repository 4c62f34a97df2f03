//! What a cosine of a text and an item is worth.
//!
//! Some items are close to every text (hubs): that a text finds them says little. So a cosine is held against what a
//! neutral bank of texts, the names of concepts that can be seen from above, makes of the same item (querybank
//! normalisation: Bogolin et al., *Cross Modal Retrieval with Querybank Normalisation*, CVPR 2022,
//! <https://arxiv.org/abs/2112.12777>). The bank's part is one number an item, its **offset**, which is computed when the
//! item is indexed:
//!
//! `offset(item) = ln(mean over the bank of exp(10 cosine(item, name))) / 10`, `score = cosine - offset`
//!
//! The **mark** that people see is the chance that a result of this score is right, by a logistic regression on held-out
//! queries. Beside the score it knows how **familiar** the text is: its largest cosine to the bank. A tower puts words that
//! it never learnt somewhere too, but seldom where concepts are.
//!
//! The bank is a part of the model, reduced to [`Concepts::COUNT`] means of names that are near each other.

use super::{ModelError, TensorKind, TensorSpec};
use crate::Embedding;

/// What cosines to the bank are multiplied by: the larger, the more the nearest names count.
const SHARPNESS: f32 = 10.0;

/// The bank of a model, and what its scores are worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Concepts {
    /// Unit vectors, `(COUNT, dim)`.
    vectors: Vec<f32>,
    /// How many names each stands for, as a share of all.
    weights: Vec<f32>,
    dim: usize,
    marks: Marks,
}

/// The logistic regression behind marks: the chance is `1 / (1 + exp(-(intercept + score s + familiarity f)))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marks {
    /// Constant term.
    pub intercept: f32,
    /// Weight of the score.
    pub score: f32,
    /// Weight of the text's familiarity.
    pub familiarity: f32,
}

impl Marks {
    /// Results marked with at least this are taken for right.
    pub const LIKELY: f32 = 0.5;

    /// The chance that a result of this score is right, for a text of this familiarity; grows with both where both weights
    /// are above 0.
    pub fn chance(&self, score: f32, familiarity: f32) -> f32 {
        let logit = self.intercept + self.score * score + self.familiarity * familiarity;
        1.0 / (1.0 + (-logit).exp())
    }
}

impl Concepts {
    /// Number of vectors of a bank.
    pub const COUNT: usize = 256;

    /// A bank of [`Self::COUNT`] vectors and the numbers of names that they stand for; an error names what is wrong.
    pub fn new(vectors: &[Embedding], names: &[f32], marks: Marks) -> Result<Self, String> {
        let dim = vectors.first().map_or(0, Embedding::dim);
        if vectors.len() != Self::COUNT || names.len() != Self::COUNT {
            return Err(format!("{} vectors of concepts, {} are needed", vectors.len(), Self::COUNT));
        }
        if vectors.iter().any(|vector| vector.dim() != dim) {
            return Err("vectors of concepts differ in length".to_owned());
        }
        let vectors = vectors.iter().flat_map(|vector| vector.as_slice()).copied().collect();
        Self::checked(vectors, names, dim, marks)
    }

    fn checked(vectors: Vec<f32>, names: &[f32], dim: usize, marks: Marks) -> Result<Self, String> {
        let sum: f32 = names.iter().sum();
        if !names.iter().all(|count| *count >= 0.0) || !sum.is_finite() || sum <= 0.0 {
            return Err("the concepts' weights are no numbers of names".to_owned());
        }
        if ![marks.intercept, marks.score, marks.familiarity].iter().all(|number| number.is_finite()) {
            return Err("the marks of the concepts are not finite".to_owned());
        }
        let weights = names.iter().map(|count| count / sum).collect();
        Ok(Self { vectors, weights, dim, marks })
    }

    /// The tensors that a text tower's file may have besides the tower: vectors, numbers of names, and marks.
    pub fn tensors(embed_dim: usize) -> [TensorSpec; 3] {
        [
            TensorSpec::new("concepts.vectors", &[Self::COUNT, embed_dim], TensorKind::Matrix),
            TensorSpec::new("concepts.names", &[Self::COUNT], TensorKind::Plain),
            TensorSpec::new("concepts.marks", &[3], TensorKind::Plain),
        ]
    }

    /// The bank of the contents of [`Self::tensors`].
    pub(super) fn of_tensors(
        mut vectors: Vec<f32>,
        names: &[f32],
        marks: &[f32],
        dim: usize,
    ) -> Result<Self, ModelError> {
        for vector in vectors.chunks_exact_mut(dim.max(1)) {
            // Rounded weights are not quite of length 1.
            let unit = Embedding::new(vector.to_vec())?;
            vector.copy_from_slice(unit.as_slice());
        }
        let marks = match *marks {
            [intercept, score, familiarity] => Marks { intercept, score, familiarity },
            _ => return Err(ModelError::Gguf("has no three numbers of marks".to_owned())),
        };
        Self::checked(vectors, names, dim, marks).map_err(ModelError::Gguf)
    }

    /// How close an item is to any text, -1..=1.
    pub fn offset(&self, item: &Embedding) -> f32 {
        let mean: f32 = self
            .cosines(item)
            .zip(&self.weights)
            .map(|(cosine, weight)| weight * (SHARPNESS * cosine).exp())
            .sum();
        (mean.ln() / SHARPNESS).clamp(-1.0, 1.0)
    }

    /// How near a text is to the nearest concept, -1..=1.
    pub fn familiarity(&self, text: &Embedding) -> f32 {
        self.cosines(text).fold(-1.0, f32::max)
    }

    /// What scores are worth.
    pub fn marks(&self) -> Marks {
        self.marks
    }

    fn cosines(&self, embedding: &Embedding) -> impl Iterator<Item = f32> {
        // With another model's embedding there would be none; the engine takes none.
        self.vectors
            .chunks_exact(self.dim.max(1))
            .map(move |vector| vector.iter().zip(embedding.as_slice()).map(|(a, b)| a * b).sum::<f32>())
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    const DIM: usize = 8;
    const MARKS: Marks = Marks { intercept: -2.0, score: 10.0, familiarity: 1.0 };

    fn bank(seed: u64) -> (Vec<Embedding>, Vec<f32>) {
        let mut dice = StdRng::seed_from_u64(seed);
        let vector = |_| {
            let numbers = (0..DIM).map(|_| dice.random_range(-1.0..1.0)).collect();
            Embedding::new(numbers).expect("a direction")
        };
        let vectors: Vec<Embedding> = (0..Concepts::COUNT).map(vector).collect();
        let names = (0..Concepts::COUNT).map(|at| (at % 5) as f32).collect();
        (vectors, names)
    }

    #[test]
    fn an_offset_is_the_formula_and_familiarity_the_largest_cosine() {
        let seed = 3;
        let (vectors, names) = bank(seed);
        let concepts = Concepts::new(&vectors, &names, MARKS).expect("a bank");
        let item = &bank(seed + 1).0[0];
        let cosines: Vec<f64> = vectors.iter().map(|vector| f64::from(vector.cosine(item))).collect();
        let all: f64 = names.iter().map(|count| f64::from(*count)).sum();
        let mean: f64 =
            cosines.iter().zip(&names).map(|(c, count)| f64::from(*count) / all * (10.0 * c).exp()).sum();
        assert!((f64::from(concepts.offset(item)) - mean.ln() / 10.0).abs() < 1e-5, "seed {seed}");
        let largest = cosines.iter().copied().fold(-1.0, f64::max);
        assert!((f64::from(concepts.familiarity(item)) - largest).abs() < 1e-5, "seed {seed}");
        assert!(concepts.familiarity(&vectors[7]) > 0.999);
    }

    #[test]
    fn an_item_that_is_close_to_every_concept_has_the_larger_offset() {
        let (mut vectors, names) = bank(5);
        let hub = vectors[0].clone();
        for vector in &mut vectors {
            let towards = vector.as_slice().iter().zip(hub.as_slice()).map(|(a, b)| a + 2.0 * b).collect();
            *vector = Embedding::new(towards).expect("a direction");
        }
        let concepts = Concepts::new(&vectors, &names, MARKS).expect("a bank");
        let away = Embedding::new(hub.as_slice().iter().map(|x| -x).collect()).expect("a direction");
        assert!(concepts.offset(&hub) > concepts.offset(&away) + 0.5);
    }

    #[test]
    fn marks_are_chances_that_grow_with_score_and_familiarity() {
        assert_eq!(MARKS.chance(0.1, 1.0), 0.5);
        assert!(MARKS.chance(0.2, 1.0) > MARKS.chance(0.1, 1.0));
        assert!(MARKS.chance(0.1, 0.9) < MARKS.chance(0.1, 1.0));
        for (score, familiarity) in [(-100.0, -1.0), (100.0, 1.0)] {
            assert!((0.0..=1.0).contains(&MARKS.chance(score, familiarity)));
        }
    }

    #[test]
    fn what_is_no_bank_is_refused() {
        let (vectors, names) = bank(1);
        assert!(Concepts::new(&vectors[1..], &names, MARKS).is_err());
        assert!(Concepts::new(&vectors, &vec![0.0; Concepts::COUNT], MARKS).is_err());
        assert!(Concepts::new(&vectors, &vec![f32::NAN; Concepts::COUNT], MARKS).is_err());
        assert!(Concepts::new(&vectors, &names, Marks { score: f32::INFINITY, ..MARKS }).is_err());
        let mut uneven = vectors.clone();
        uneven[3] = Embedding::new(vec![1.0; DIM + 1]).expect("a direction");
        assert!(Concepts::new(&uneven, &names, MARKS).is_err());
    }
}
