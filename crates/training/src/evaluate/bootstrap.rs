//! How far a figure could be off because other pictures might have been drawn: percentile bootstrap intervals.
//!
//! The test pictures are taken for a sample of all the pictures there could be. A resample draws as many of
//! them, with replacement, and the figure is computed again; of 1,000 such figures the middle 95 % is the
//! interval (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, section 13.3). What is drawn are
//! the *queries'* pictures, a picture together with its captions; their ranks stay what they were against the
//! full gallery, as a gallery that holds a picture twice would be another task. Every model sees the same
//! draws, so that two models can be compared draw by draw.

use serde::Serialize;

use clip_rs_stage::dice::Dice;

/// Figures that an interval is read from.
pub const RESAMPLES: usize = 1_000;

/// Decides the draws.
pub const SEED: u64 = 95;

/// Share of the figures that lie in an interval.
const CONFIDENCE: f64 = 0.95;

/// Where a figure lies in 95 of 100 resamples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5 % of the resamples lie below.
    pub low: f64,
    /// 2.5 % of the resamples lie above.
    pub high: f64,
    /// The figure in each resample, in the order of the draws.
    #[serde(skip)]
    pub resampled: Vec<f64>,
}

impl Interval {
    fn of(resampled: Vec<f64>) -> Self {
        let mut sorted = resampled.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let (low, high) = (quantile(&sorted, tail), quantile(&sorted, 1.0 - tail));
        Self { low, high, resampled }
    }

    /// Share of the draws (0 to 1) in which this figure is above another model's. Both must stem from the same
    /// pictures and the same seed.
    pub fn ahead_of(&self, other: &Self) -> f64 {
        let pairs = self.resampled.iter().zip(&other.resampled);
        super::rank::share(pairs.filter(|(mine, theirs)| mine > theirs).count(), self.resampled.len())
    }
}

/// Intervals of the N figures that `statistic` computes from some of `units` things, given by number. None
/// where there is nothing to draw from.
pub fn bootstrap<const N: usize>(
    units: usize,
    seed: u64,
    statistic: impl Fn(&[usize]) -> [f64; N],
) -> Option<[Interval; N]> {
    if units == 0 {
        return None;
    }
    let mut dice = Dice::new(seed, units as u64);
    let mut drawn = vec![0; units];
    let mut figures = [(); N].map(|()| Vec::with_capacity(RESAMPLES));
    for _ in 0..RESAMPLES {
        drawn.fill_with(|| dice.below(units));
        for (figures, figure) in figures.iter_mut().zip(statistic(&drawn)) {
            figures.push(figure);
        }
    }
    Some(figures.map(Interval::of))
}

/// The value below which a share of the sorted values lies, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * sorted.len().saturating_sub(1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(low), Some(high)) => low + (high - low) * at.fract(),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(values: &[f64], seed: u64) -> Interval {
        let mean = |drawn: &[usize]| [super::super::rank::mean(drawn.iter().map(|at| values[*at]))];
        let [interval] = bootstrap(values.len(), seed, mean).expect("values");
        interval
    }

    /// 0 and 1 in turn: mean 0.5, standard deviation 0.5.
    fn coins(count: usize) -> Vec<f64> {
        (0..count).map(|at| (at % 2) as f64).collect()
    }

    #[test]
    fn an_interval_holds_the_figure_and_is_as_wide_as_theory_says() {
        for (count, seed) in [(100, 1), (100, 2), (400, 3), (1600, 4)] {
            let interval = mean_of(&coins(count), seed);
            assert!(interval.low < 0.5 && 0.5 < interval.high, "{count} values, seed {seed}: {interval:?}");
            // The normal approximation; 1,000 resamples know the ends to about a twentieth of the width.
            let expected = 2.0 * 1.96 * 0.5 / (count as f64).sqrt();
            let found = interval.high - interval.low;
            assert!((found / expected - 1.0).abs() < 0.2, "{count} values, seed {seed}: {found}, {expected}");
        }
    }

    #[test]
    fn equal_seeds_give_equal_intervals_and_other_seeds_others() {
        let values: Vec<f64> = (0..60).map(|at| (at as f64 * 0.7).sin()).collect();
        assert_eq!(mean_of(&values, 7), mean_of(&values, 7));
        assert_ne!(mean_of(&values, 7), mean_of(&values, 8));
    }

    #[test]
    fn what_never_varies_has_an_interval_without_width_and_nothing_has_none() {
        let interval = mean_of(&[0.25; 9], 1);
        assert_eq!((interval.low, interval.high), (0.25, 0.25));
        assert_eq!(bootstrap(0, 1, |_| [0.0]), None);
        let one = mean_of(&[3.0], 1);
        assert_eq!((one.low, one.high), (3.0, 3.0));
    }

    #[test]
    fn models_are_compared_draw_by_draw() {
        let values = coins(50);
        let better: Vec<f64> = values.iter().map(|value| value + 0.01).collect();
        let (worse, better) = (mean_of(&values, 5), mean_of(&better, 5));
        // The intervals overlap almost wholly, yet one model wins every draw.
        assert!(better.low < worse.high);
        assert_eq!((better.ahead_of(&worse), worse.ahead_of(&better)), (1.0, 0.0));
        assert_eq!(worse.ahead_of(&worse), 0.0);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let sorted = [0.0, 1.0, 2.0, 3.0, 4.0];
        for (share, expected) in [(0.0, 0.0), (0.5, 2.0), (0.625, 2.5), (1.0, 4.0)] {
            assert_eq!(quantile(&sorted, share), expected);
        }
    }
}
