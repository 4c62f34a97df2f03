//! Which pictures and texts make a step: every picture once in an epoch, all data sets mixed, in an order that the
//! seed and the epoch decide.

use std::ops::Range;

use candle_core::{Device, Result, Tensor};
use clip_rs_search::model::ImageConfig;
use rayon::prelude::*;

use super::gradients::{Batch, Step};
use super::material::{Material, Picture};
use super::settings::Settings;
use super::streams;
use super::towers::Tokens;
use clip_rs_stage::dice::Dice;

/// Makes the steps of a run, the same ones whenever it is asked.
pub(super) struct Batches<'a> {
    pub(super) material: &'a Material,
    /// Tokens of each text of the material.
    pub(super) tokens: &'a [Vec<u32>],
    pub(super) config: &'a ImageConfig,
    pub(super) settings: &'a Settings,
    pub(super) device: &'a Device,
}

impl Batches<'_> {
    /// Steps of an epoch.
    pub(super) fn steps(&self) -> usize {
        self.material.train.len().div_ceil(self.settings.pictures_a_step())
    }

    /// Pictures of a step of an epoch, both from 0.
    fn range(&self, step: usize) -> Range<usize> {
        part(self.material.train.len(), step, self.steps())
    }

    /// A step of an epoch, both from 0.
    pub(super) fn step(&self, epoch: usize, step: usize) -> Result<Step> {
        let mut order: Vec<usize> = (0..self.material.train.len()).collect();
        Dice::new(self.settings.seed, streams::ORDER + epoch as u64).shuffle(&mut order);
        let order = order.get(self.range(step)).unwrap_or_default();
        let pairs: Vec<Pair<'_>> = order.par_iter().filter_map(|at| self.pair(epoch, *at)).collect();
        let count = pairs.len().div_ceil(self.settings.batch);
        let batches = (0..count).map(|n| self.batch(&pairs[part(pairs.len(), n, count)]));
        let right = pairs.iter().flat_map(|row| pairs.iter().map(|column| row.is_called(column.text)));
        let right = Tensor::from_iter(right.map(|right| if right { 1_f32 } else { 0.0 }), self.device)?;
        Ok(Step {
            batches: batches.collect::<Result<_>>()?,
            right: right.reshape((pairs.len(), pairs.len()))?,
        })
    }

    fn pair(&self, epoch: usize, at: usize) -> Option<Pair<'_>> {
        let picture = self.material.train.get(at)?;
        let mut dice = Dice::new(self.settings.seed, streams::PICTURES + ((epoch as u64) << 32 | at as u64));
        let text = *picture.captions.get(dice.below(picture.captions.len()))?;
        Some(Pair { picture, text, pixels: picture.square.varied(self.config, &mut dice) })
    }

    fn batch(&self, pairs: &[Pair<'_>]) -> Result<Batch> {
        let texts = pairs.iter().map(|pair| self.tokens.get(pair.text).map_or([].as_slice(), Vec::as_slice));
        let tokens = Tokens::new(&texts.collect::<Vec<_>>(), self.device)?;
        let values: Vec<f32> = pairs.iter().flat_map(|pair| pair.pixels.iter().copied()).collect();
        let size = self.config.image_size;
        Ok(Batch { pixels: Tensor::from_vec(values, (pairs.len(), size, size, 3), self.device)?, tokens })
    }
}

/// A picture as it is shown this time, with one of its texts.
struct Pair<'a> {
    picture: &'a Picture,
    text: usize,
    pixels: Vec<f32>,
}

impl Pair<'_> {
    fn is_called(&self, text: usize) -> bool {
        self.picture.captions.contains(&text)
    }
}

/// The `n`th of `count` nearly equal parts of `0..length`.
pub(super) fn part(length: usize, n: usize, count: usize) -> Range<usize> {
    length * n / count.max(1)..length * (n + 1) / count.max(1)
}
