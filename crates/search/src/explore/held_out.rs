//! How good a taught concept is: each mark is held against a concept that was taught by the others.
//!
//! What is estimated holds for items like the marked ones. Who marks what looks doubtful, marks harder items than the area
//! has on average.

use super::classifier::{Concept, LearnError};
use crate::Embedding;

/// Parts that the marks are divided into: as many as are usual (Kohavi, *A Study of Cross-Validation and Bootstrap for Accuracy
/// Estimation and Model Selection*, 1995). Fewer marks are left out one at a time.
const FOLDS: usize = 10;

/// What became of marks that were held out, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quality {
    /// Marks of yes.
    pub yes: usize,
    /// Marks of no.
    pub no: usize,
    /// Marks that the concept would call yes.
    pub called: usize,
    /// Marks of yes among those.
    pub right: usize,
}

impl Quality {
    /// The share of yes among the marks that the concept would call yes, 0..=1. Not known where it calls none so, nor
    /// where nothing is marked no: then nothing could be wrong.
    pub fn precision(&self) -> Option<f32> {
        (self.called > 0 && self.no > 0).then(|| self.right as f32 / self.called as f32)
    }

    /// The share of the marks of yes that the concept would call yes, 0..=1; not known without any.
    pub fn recall(&self) -> Option<f32> {
        (self.yes > 0).then(|| self.right as f32 / self.yes as f32)
    }

    /// All marks.
    pub fn marks(&self) -> usize {
        self.yes + self.no
    }
}

/// The quality of the concept that [`Concept::learn`] makes of the same arguments: leaving one out, or above 10 marks a
/// tenth at a time with as many of yes and no in each. A mark whose others teach nothing is called no.
pub fn held_out(
    examples: &[(Embedding, bool)],
    prior: Option<&Embedding>,
    background: &[Embedding],
) -> Result<Quality, LearnError> {
    // Tells what is wrong with all of them, which the parts might not.
    Concept::learn(examples, prior, background)?;
    let folds = examples.len().min(FOLDS);
    let fold_of = dealt(examples, folds);
    let mut quality = Quality::default();
    for fold in 0..folds {
        let marks = || examples.iter().zip(&fold_of);
        let others: Vec<_> =
            marks().filter(|(_, of)| **of != fold).map(|((vector, yes), _)| (vector, *yes)).collect();
        let concept = Concept::of_marks(&others, prior, background).ok();
        for ((vector, yes), _) in marks().filter(|(_, of)| **of == fold) {
            let called = concept.as_ref().is_some_and(|concept| concept.chance(vector) > 0.5);
            quality.yes += usize::from(*yes);
            quality.no += usize::from(!yes);
            quality.called += usize::from(called);
            quality.right += usize::from(called && *yes);
        }
    }
    Ok(quality)
}

/// [`held_out`] of the first third, the first two thirds, and all of the examples, in the order in which they were marked.
/// Parts that teach nothing are left out, so the last is always all.
pub fn learning_curve(
    examples: &[(Embedding, bool)],
    prior: Option<&Embedding>,
    background: &[Embedding],
) -> Result<Vec<Quality>, LearnError> {
    let all = held_out(examples, prior, background)?;
    let firsts = [examples.len() / 3, examples.len() * 2 / 3];
    let parts = firsts.iter().filter_map(|count| examples.get(..*count));
    let mut curve: Vec<Quality> = parts.filter_map(|part| held_out(part, prior, background).ok()).collect();
    curve.push(all);
    Ok(curve)
}

/// For each example its fold: those of yes are dealt in turn, and so are those of no.
fn dealt(examples: &[(Embedding, bool)], folds: usize) -> Vec<usize> {
    let mut next = 0;
    let mut fold_of = vec![0; examples.len()];
    for kind in [true, false] {
        for (fold, _) in fold_of.iter_mut().zip(examples).filter(|(_, (_, yes))| *yes == kind) {
            *fold = next % folds.max(1);
            next += 1;
        }
    }
    fold_of
}
