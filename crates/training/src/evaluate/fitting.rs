//! Gives a model package its bank of concepts, and fits what scores are worth on held-out pictures.
//!
//! The logistic regression of [`Marks`] is fitted to the first results of phrases that something answers, and, with a tenth
//! of the weight, to those of texts that nothing seen from above answers: with more, everyday phrases are believed too
//! little; with none, letters without meaning too much.

use std::path::{Path, PathBuf};

use clip_rs_imagery::decode::Decoder;
use clip_rs_search::model::{Concepts, ImageTower, Marks, TextTower};

use super::dataset::Dataset;
use super::marks::RESULTS;
use super::phrases::Phrase;
use super::rank::first;
use super::relevance::Relevance;
use super::vectors;
use crate::model::{Package, concepts};
use clip_rs_stage::progress::say;
use clip_rs_stage::{StageError, files};

/// Weight of a result of a text that nothing answers.
const UNANSWERABLE: f64 = 0.1;
/// Steps of Newton's method; it is there after eight.
const STEPS: usize = 30;
/// Keeps weights finite where results are told apart without a mistake.
const RIDGE: f64 = 1e-7;

/// Pictures with phrases to fit on.
#[derive(Debug, Clone)]
pub struct Held {
    /// Folder or archive of the data set.
    pub data: PathBuf,
    /// The split; `test` where there is one, else everything, when absent.
    pub split: Option<String>,
    /// A phrase file.
    pub phrases: PathBuf,
}

/// What a package is calibrated with.
#[derive(Debug, Clone)]
pub struct Calibrating {
    /// Folder of the package, whose text tower's file is written anew.
    pub model: PathBuf,
    /// The thesaurus whose names make the bank.
    pub names: PathBuf,
    /// Pictures to fit on.
    pub held: Vec<Held>,
    /// A file of texts that nothing answers, one a line.
    pub unanswerable: PathBuf,
}

/// A result: score, familiarity of its text, whether it is right, and how much it counts.
struct Row {
    features: [f64; 2],
    right: bool,
    weight: f64,
}

/// Calibrates a package; returns the number of names in its bank, and the regression.
pub fn calibrate(request: &Calibrating) -> Result<(usize, Marks), StageError> {
    let package = Package::read(&request.model)?;
    let (text, image) = (package.text_encoder()?, package.image_encoder()?);
    let names = concepts::names(&read(&request.names)?);
    let (bank, counts) = concepts::bank(&*text, &names)?;
    let unfitted = Marks { intercept: 0.0, score: 1.0, familiarity: 0.0 };
    let refused = |why| StageError::content(&request.names, why);
    let known = Concepts::new(&bank, &counts, unfitted).map_err(refused)?;
    let strange = read(&request.unanswerable)?;
    let strange: Vec<&str> = strange.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut rows = Vec::new();
    for held in &request.held {
        rows.extend(held.rows(&*text, &*image, &known, &strange)?);
    }
    let marks = fit(&rows);
    concepts::write(&request.model, &bank, &counts, marks)?;
    Ok((names.len(), marks))
}

fn read(path: &Path) -> Result<String, StageError> {
    String::from_utf8(files::read(path)?).map_err(|error| StageError::content(path, error))
}

impl Held {
    fn rows(
        &self,
        text: &dyn TextTower,
        image: &dyn ImageTower,
        concepts: &Concepts,
        strange: &[&str],
    ) -> Result<Vec<Row>, StageError> {
        let dataset = Dataset::read(&self.data, self.split.as_deref())?;
        dataset.left_out.iter().for_each(|one| say(&one.to_string()));
        let phrases = Phrase::read(&self.phrases, &dataset.vocabulary)?;
        let decoder = Decoder::for_this_machine();
        let classed: Vec<_> =
            dataset.examples.iter().filter(|example| example.held.is_some()).cloned().collect();
        let pictures = vectors::of_pictures(image, &classed, &decoder)?;
        let relevance = Relevance::new(Some(concepts), &pictures)?;
        let texts: Vec<&str> = phrases.iter().map(|phrase| phrase.text.as_str()).collect();
        let mut rows = Vec::new();
        for (phrase, vector) in phrases.iter().zip(vectors::of_texts(text, "Embedding phrases", &texts)?) {
            let held = |example: &super::Example| {
                example.held.as_ref().is_some_and(|held| phrase.is_answered_by(held))
            };
            let right: Vec<bool> = classed.iter().map(held).collect();
            if right.contains(&true) {
                rows.extend(results(&relevance, &vector, &right, 1.0)?);
            }
        }
        let wrong = vec![false; classed.len()];
        for vector in vectors::of_texts(text, "Embedding other texts", strange)? {
            rows.extend(results(&relevance, &vector, &wrong, UNANSWERABLE)?);
        }
        Ok(rows)
    }
}

fn results(
    relevance: &Relevance<'_>,
    text: &[f32],
    right: &[bool],
    weight: f64,
) -> Result<Vec<Row>, StageError> {
    let scores = relevance.scores(text);
    let familiarity = relevance.marks(text)?.map_or(0.0, |(_, familiarity)| familiarity);
    let row = |at: usize| Row {
        features: [f64::from(scores[at]), f64::from(familiarity)],
        right: right[at],
        weight,
    };
    Ok(first(&scores, RESULTS).into_iter().map(row).collect())
}

/// The weighted logistic regression of the rows, by Newton's method.
fn fit(rows: &[Row]) -> Marks {
    let all: f64 = rows.iter().map(|row| row.weight).sum();
    let mut by = [0.0; 3];
    for _ in 0..STEPS {
        let mut gradient = by.map(|weight| RIDGE * weight);
        let mut curvature = [[0.0; 3]; 3];
        for row in rows {
            let x = [1.0, row.features[0], row.features[1]];
            let logit: f64 = x.iter().zip(by).map(|(x, weight)| x * weight).sum();
            let chance = 1.0 / (1.0 + (-logit).exp());
            let off = row.weight / all * (chance - if row.right { 1.0 } else { 0.0 });
            let spread = row.weight / all * chance * (1.0 - chance);
            for a in 0..3 {
                gradient[a] += off * x[a];
                (0..3).for_each(|b| curvature[a][b] += spread * x[a] * x[b]);
            }
        }
        (0..3).for_each(|a| curvature[a][a] += RIDGE);
        let step = solve(curvature, gradient);
        by.iter_mut().zip(step).for_each(|(weight, step)| *weight -= step);
    }
    let [intercept, score, familiarity] = by.map(|weight| weight as f32);
    Marks { intercept, score, familiarity }
}

/// The solution of `matrix x = right`, by Gaussian elimination; the matrix is positive definite.
fn solve(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> [f64; 3] {
    for pivot in 0..3 {
        for row in pivot + 1..3 {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            (pivot..3).for_each(|column| matrix[row][column] -= factor * matrix[pivot][column]);
            right[row] -= factor * right[pivot];
        }
    }
    let mut x = [0.0; 3];
    for row in (0..3).rev() {
        let known: f64 = (row + 1..3).map(|column| matrix[row][column] * x[column]).sum();
        x[row] = (right[row] - known) / matrix[row][row];
    }
    x
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn a_system_is_solved() {
        let x = solve([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]], [9.0, 8.0, 5.0]);
        let expected = [34.0 / 18.0, 26.0 / 18.0, 32.0 / 18.0];
        assert!(x.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{x:?}");
    }

    #[test]
    fn the_regression_that_made_the_rows_is_found_again() {
        let seed = 11;
        let mut dice = StdRng::seed_from_u64(seed);
        let truth = Marks { intercept: -3.0, score: 8.0, familiarity: 2.0 };
        let row = |_| {
            let (score, familiarity) = (dice.random_range(0.0..0.6), dice.random_range(0.2..1.0));
            let right = dice.random_range(0.0..1.0) < truth.chance(score, familiarity);
            Row { features: [f64::from(score), f64::from(familiarity)], right, weight: 1.0 }
        };
        let rows: Vec<Row> = (0..60_000).map(row).collect();
        let found = fit(&rows);
        for (score, familiarity) in [(0.1, 0.3), (0.3, 0.6), (0.5, 0.9)] {
            let (found, truth) = (found.chance(score, familiarity), truth.chance(score, familiarity));
            assert!((found - truth).abs() < 0.02, "seed {seed}: {found} for {truth}");
        }
    }
}
