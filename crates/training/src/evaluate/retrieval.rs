//! Retrieval both ways: captions find pictures, pictures find captions.

use rayon::prelude::*;
use serde::Serialize;

use super::bootstrap::{Interval, bootstrap};
use super::rank::{rank, scores, share};

/// The numbers of first answers that recall is given for.
pub const RECALL_AT: [usize; 3] = [1, 5, 10];

/// Share of the queries, in percent, whose answer is among the first 1, 5 and 10; or the intervals of these.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recall<T = f64> {
    /// Recall at 1, percent.
    pub r1: T,
    /// Recall at 5, percent.
    pub r5: T,
    /// Recall at 10, percent.
    pub r10: T,
}

impl<T> Recall<T> {
    /// The three in the order of [`RECALL_AT`].
    pub fn each(&self) -> [&T; 3] {
        [&self.r1, &self.r5, &self.r10]
    }
}

impl<T> From<[T; 3]> for Recall<T> {
    fn from([r1, r5, r10]: [T; 3]) -> Self {
        Self { r1, r5, r10 }
    }
}

/// Retrieval both ways.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Retrieval {
    /// Captions that find their picture.
    pub t2i: Recall,
    /// Pictures that find one of their captions.
    pub i2t: Recall,
    /// Mean of the six, percent.
    pub mean_recall: f64,
}

/// 95 % intervals of the figures of the same names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetrievalIntervals {
    /// Captions that find their picture, percent.
    pub t2i: Recall<Interval>,
    /// Pictures that find one of their captions, percent.
    pub i2t: Recall<Interval>,
    /// Mean of the six, percent.
    pub mean_recall: Interval,
}

/// What one picture and its captions found, each against everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// The picture's captions, at least one.
    captions: usize,
    /// Those that found the picture among the first k, for each k of [`RECALL_AT`].
    captions_found: [usize; 3],
    /// Whether the picture found one of its captions among the first k.
    found: [bool; 3],
}

/// Every caption against every picture. `owner[c]` is the picture of caption c; all vectors are unit vectors
/// of the same dimension. Pictures without a caption are candidates, but no queries.
pub fn retrieval(pictures: &[Vec<f32>], captions: &[Vec<f32>], owner: &[usize]) -> Retrieval {
    Retrieval::of(tallies(pictures, captions, owner).iter())
}

/// The tallies of all pictures that have captions, in their order; arguments as for [`retrieval`].
pub(super) fn tallies(pictures: &[Vec<f32>], captions: &[Vec<f32>], owner: &[usize]) -> Vec<Tally> {
    let caption_ranks: Vec<usize> = captions
        .par_iter()
        .zip(owner)
        .map(|(caption, own)| rank(&scores(caption, pictures), |picture| picture == *own))
        .collect();
    let mut tallies = vec![Tally::default(); pictures.len()];
    for (own, rank) in owner.iter().zip(caption_ranks) {
        let tally = &mut tallies[*own];
        tally.captions += 1;
        for (found, k) in tally.captions_found.iter_mut().zip(RECALL_AT) {
            *found += usize::from(rank < k);
        }
    }
    tallies.par_iter_mut().enumerate().filter(|(_, tally)| tally.captions > 0).for_each(
        |(picture, tally)| {
            let rank = rank(&scores(&pictures[picture], captions), |caption| owner[caption] == picture);
            tally.found = RECALL_AT.map(|k| rank < k);
        },
    );
    tallies.retain(|tally| tally.captions > 0);
    tallies
}

impl Retrieval {
    /// The figures over some pictures; one may be there several times.
    pub(super) fn of<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Self {
        let (mut pictures, mut captions) = (0, 0);
        let (mut t2i, mut i2t) = ([0; 3], [0; 3]);
        for tally in tallies {
            pictures += 1;
            captions += tally.captions;
            for at in 0..RECALL_AT.len() {
                t2i[at] += tally.captions_found[at];
                i2t[at] += usize::from(tally.found[at]);
            }
        }
        let recall = |found: [usize; 3], asked| Recall::from(found.map(|found| 100.0 * share(found, asked)));
        let (t2i, i2t) = (recall(t2i, captions), recall(i2t, pictures));
        let mean_recall = (t2i.r1 + t2i.r5 + t2i.r10 + i2t.r1 + i2t.r5 + i2t.r10) / 6.0;
        Self { t2i, i2t, mean_recall }
    }
}

impl RetrievalIntervals {
    /// Resamples pictures, each with its captions.
    pub(super) fn of(tallies: &[Tally], seed: u64) -> Option<Self> {
        let figures = |drawn: &[usize]| {
            let Retrieval { t2i, i2t, mean_recall } = Retrieval::of(drawn.iter().map(|at| &tallies[*at]));
            [t2i.r1, t2i.r5, t2i.r10, i2t.r1, i2t.r5, i2t.r10, mean_recall]
        };
        let [a, b, c, d, e, f, mean_recall] = bootstrap(tallies.len(), seed, figures)?;
        Some(Self { t2i: [a, b, c].into(), i2t: [d, e, f].into(), mean_recall })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    #[test]
    fn a_case_worked_out_by_hand() {
        // Pictures on the axes; caption 0 finds its own first, caption 1 second, caption 2 third.
        let pictures = [vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]];
        let captions = [vec![0.9, 0.1, 0.0], vec![0.8, 0.6, 0.0], vec![0.5, 0.4, 0.3]];
        let figures = retrieval(&pictures, &captions, &[0, 1, 2]);
        let third = 100.0 / 3.0;
        assert!((figures.t2i.r1 - third).abs() < 1e-9 && figures.t2i.r5 == 100.0);
        // Picture 0's captions score .9 .8 .5, picture 1's .1 .6 .4, picture 2's 0 0 .3: each finds its own first.
        assert_eq!(figures.i2t, Recall { r1: 100.0, r5: 100.0, r10: 100.0 });
        assert!((figures.mean_recall - (third + 500.0) / 6.0).abs() < 1e-9);
    }

    #[test]
    fn equal_scores_rank_in_order_and_not_to_the_model_s_advantage() {
        let same = vec![vec![1.0]; 12];
        let owner: Vec<usize> = (0..12).collect();
        let figures = retrieval(&same, &same, &owner);
        assert!(
            (figures.t2i.r1 - 100.0 / 12.0).abs() < 1e-9,
            "a model that says one thing finds one in twelve"
        );
        assert!((figures.i2t.r10 - 1000.0 / 12.0).abs() < 1e-9);
    }

    #[test]
    fn figures_agree_with_sorting_everything() {
        for seed in 0..20 {
            let mut dice = StdRng::seed_from_u64(seed);
            let mut vectors = |count: usize| -> Vec<Vec<f32>> {
                (0..count)
                    .map(|_| (0..3).map(|_| f32::from(dice.random_range(-3_i8..=3))).collect())
                    .collect()
            };
            let (pictures, captions) = (vectors(30), vectors(70));
            let owner: Vec<usize> = (0..70).map(|_| dice.random_range(0..25)).collect();
            let figures = retrieval(&pictures, &captions, &owner);
            let dot = |a: &[f32], b: &[f32]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
            let order = |query: &[f32], among: &[Vec<f32>]| {
                let mut order: Vec<usize> = (0..among.len()).collect();
                order.sort_by(|a, b| dot(query, &among[*b]).total_cmp(&dot(query, &among[*a])));
                order
            };
            for (k, t2i, i2t) in [
                (1, figures.t2i.r1, figures.i2t.r1),
                (5, figures.t2i.r5, figures.i2t.r5),
                (10, figures.t2i.r10, figures.i2t.r10),
            ] {
                let found = |c: &usize| order(&captions[*c], &pictures)[..k].contains(&owner[*c]);
                let expected = 100.0 * (0..70).filter(found).count() as f64 / 70.0;
                assert!((t2i - expected).abs() < 1e-9, "seed {seed}, text to image at {k}");
                let asked: Vec<usize> = (0..30).filter(|p| owner.contains(p)).collect();
                let found =
                    |p: &&usize| order(&pictures[**p], &captions)[..k].iter().any(|c| owner[*c] == **p);
                let expected = 100.0 * asked.iter().filter(found).count() as f64 / asked.len() as f64;
                assert!((i2t - expected).abs() < 1e-9, "seed {seed}, image to text at {k}");
            }
        }
    }

    #[test]
    fn captions_are_drawn_with_their_picture() {
        // One picture with four captions that find nothing, one with a single caption that does.
        let all = |found| Tally { captions: 1, captions_found: [found; 3], found: [true; 3] };
        let tallies = [Tally { captions: 4, captions_found: [0; 3], found: [false; 3] }, all(1)];
        assert_eq!(Retrieval::of(tallies.iter()).t2i.r1, 20.0);
        let intervals = RetrievalIntervals::of(&tallies, 3).expect("pictures");
        // A resample holds the first twice, both, or the second twice: 0, 1 of 5, all of 2.
        for (captions, pictures) in intervals.t2i.r1.resampled.iter().zip(&intervals.i2t.r1.resampled) {
            assert!([(0.0, 0.0), (20.0, 50.0), (100.0, 100.0)].contains(&(*captions, *pictures)));
        }
        assert_eq!(RetrievalIntervals::of(&[], 3), None);
    }
}
