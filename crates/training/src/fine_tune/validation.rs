//! How good a model in training is, on pictures that it is not trained on.

use candle_core::{Device, Result, Tensor};
use clip_rs_search::model::ModelConfig;
use serde::{Deserialize, Serialize};

use super::batches::part;
use super::loss::contrastive;
use super::material::{Check, Classes, Picture};
use super::towers::{Tokens, embed_pictures, embed_texts};
use super::weights::Values;
use crate::evaluate::{accuracy, retrieval};
use clip_rs_stage::dice::Dice;

/// Figures of a model on the pictures kept for checking.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The loss in batches of the size of a step.
    pub loss: f64,
    /// Mean recall in percent over the data sets with captions, as `clip-rs evaluate` has it.
    pub mean_recall: Option<f64>,
    /// Share of the pictures whose class comes first, in percent, over the data sets of class folders.
    pub accuracy: Option<f64>,
}

impl Score {
    /// What a better model has more of, in percent: the mean of mean recall and accuracy, as far as they are there.
    pub fn merit(&self) -> f64 {
        mean(&[self.mean_recall, self.accuracy].into_iter().flatten().collect::<Vec<_>>()).unwrap_or(0.0)
    }
}

/// Figures of the same model at three moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Before the first step.
    pub start: Option<Score>,
    /// With the best weights that were trained.
    pub tuned: Option<Score>,
    /// With what was written: those, mixed with the original ones.
    pub written: Option<Score>,
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Checks models on a run's material.
pub(super) struct Validation<'a> {
    pub(super) config: &'a ModelConfig,
    pub(super) checks: &'a [Check],
    /// Tokens of each text of the material.
    pub(super) tokens: &'a [Vec<u32>],
    /// Pictures or texts that go through a tower together.
    pub(super) batch: usize,
    /// Pictures that are told apart from each other for the loss.
    pub(super) pictures_a_step: usize,
    pub(super) seed: u64,
    pub(super) device: &'a Device,
}

type Vectors = Vec<Vec<f32>>;

impl Validation<'_> {
    /// None where there is nothing to check with.
    pub(super) fn score(&self, values: &Values) -> Result<Option<Score>> {
        let (mut recalls, mut accuracies) = (Vec::new(), Vec::new());
        let (mut all, mut pictures) = (Vec::new(), Vec::new());
        for check in self.checks {
            let vectors = self.pictures(values, &check.pictures)?;
            match &check.classes {
                Some(classes) => accuracies.push(self.accuracy(values, classes, &vectors)?),
                None => recalls.push(self.recall(values, check, &vectors)?),
            }
            pictures.extend(&check.pictures);
            all.extend(vectors);
        }
        if all.is_empty() {
            return Ok(None);
        }
        let loss = self.loss(values, &pictures, &all)?;
        Ok(Some(Score { loss, mean_recall: mean(&recalls), accuracy: mean(&accuracies) }))
    }

    fn recall(&self, values: &Values, check: &Check, vectors: &Vectors) -> Result<f64> {
        let captions = check.pictures.iter().enumerate();
        let (captions, owner): (Vec<usize>, Vec<usize>) = captions
            .flat_map(|(at, picture)| picture.captions.iter().map(move |caption| (*caption, at)))
            .unzip();
        Ok(retrieval(vectors, &self.texts(values, &captions)?, &owner).mean_recall)
    }

    fn accuracy(&self, values: &Values, classes: &Classes, vectors: &Vectors) -> Result<f64> {
        let [first, ..] = accuracy(vectors, &self.texts(values, &classes.prompts)?, &classes.truth);
        Ok(100.0 * first)
    }

    /// Mean loss of pictures with one text each, mixed, in parts of the size of a step.
    fn loss(&self, values: &Values, pictures: &[&Picture], vectors: &Vectors) -> Result<f64> {
        let mut dice = Dice::new(self.seed, super::streams::VALIDATION);
        let mut order: Vec<usize> = (0..pictures.len()).collect();
        dice.shuffle(&mut order);
        let count = pictures.len().div_ceil(self.pictures_a_step);
        let mut sum = 0.0;
        for n in 0..count {
            let chosen = &order[part(order.len(), n, count)];
            let texts: Vec<usize> = chosen.iter().map(|at| *dice.pick(&pictures[*at].captions)).collect();
            let cell =
                |(row, text): (&usize, &usize)| f32::from(u8::from(pictures[*row].captions.contains(text)));
            let right = chosen.iter().flat_map(|row| texts.iter().map(move |text| cell((row, text))));
            let right = Tensor::from_iter(right, self.device)?.reshape((chosen.len(), chosen.len()))?;
            let chosen: Vectors = chosen.iter().map(|at| vectors[*at].clone()).collect();
            let loss = contrastive(
                &Tensor::new(chosen, self.device)?,
                &Tensor::new(self.texts(values, &texts)?, self.device)?,
                &values.log_scale,
                &right,
            )?;
            sum += f64::from(loss.to_scalar::<f32>()?) * texts.len() as f64;
        }
        Ok(sum / pictures.len() as f64)
    }

    fn pictures(&self, values: &Values, pictures: &[Picture]) -> Result<Vectors> {
        let mut vectors = Vectors::new();
        for batch in pictures.chunks(self.batch) {
            let mut pixels = Vec::new();
            batch.iter().for_each(|picture| picture.square.plain(&self.config.image, &mut pixels));
            let size = self.config.image.image_size;
            let pixels = Tensor::from_vec(pixels, (batch.len(), size, size, 3), self.device)?;
            vectors.extend(embed_pictures(&values.image, &self.config.image, &pixels)?.to_vec2()?);
        }
        Ok(vectors)
    }

    /// Vectors of texts by their numbers; a text that is there many times is embedded once.
    fn texts(&self, values: &Values, numbers: &[usize]) -> Result<Vectors> {
        let mut distinct = numbers.to_vec();
        // Texts of about the same length go together, so that little is filled up.
        let length = |number: &usize| self.tokens.get(*number).map_or(0, Vec::len);
        distinct.sort_unstable_by_key(|number| (length(number), *number));
        distinct.dedup();
        let mut vectors = std::collections::HashMap::new();
        for batch in distinct.chunks(self.batch) {
            let texts: Vec<&[u32]> =
                batch.iter().map(|n| self.tokens.get(*n).map_or([].as_slice(), Vec::as_slice)).collect();
            let found = embed_texts(&values.text, self.config, &Tokens::new(&texts, self.device)?)?;
            vectors.extend(batch.iter().copied().zip(found.to_vec2::<f32>()?));
        }
        Ok(numbers.iter().map(|number| vectors[number].clone()).collect())
    }
}
