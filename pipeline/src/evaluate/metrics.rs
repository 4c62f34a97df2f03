//! The arithmetic of the evaluation protocols, on vectors alone.
//!
//! Ties are broken by order: of two pictures (or captions) with the same score the earlier one ranks first, so
//! that a figure never depends on how a sort was written.

use rayon::prelude::*;
use serde::Serialize;

/// Share of the queries, in percent, whose answer is among the first 1, 5 and 10.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recall {
    /// Recall at 1, percent.
    pub r1: f64,
    /// Recall at 5, percent.
    pub r5: f64,
    /// Recall at 10, percent.
    pub r10: f64,
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

/// The numbers of first answers that accuracy is given for.
pub const ACCURACY_AT: [usize; 4] = [1, 3, 5, 10];

/// Every caption against every picture. `owner[c]` is the picture of caption c; all vectors are unit vectors
/// of the same dimension. Pictures without a caption are candidates, but no queries.
pub fn retrieval(pictures: &[Vec<f32>], captions: &[Vec<f32>], owner: &[usize]) -> Retrieval {
    let t2i: Vec<usize> = captions
        .par_iter()
        .zip(owner)
        .map(|(caption, own)| rank(&scores(caption, pictures), |picture| picture == *own))
        .collect();
    let mut has_caption = vec![false; pictures.len()];
    for own in owner {
        has_caption[*own] = true;
    }
    let i2t: Vec<usize> = pictures
        .par_iter()
        .enumerate()
        .filter(|(picture, _)| has_caption[*picture])
        .map(|(picture, vector)| rank(&scores(vector, captions), |caption| owner[caption] == picture))
        .collect();
    let (t2i, i2t) = (recall(&t2i), recall(&i2t));
    let mean_recall = (t2i.r1 + t2i.r5 + t2i.r10 + i2t.r1 + i2t.r5 + i2t.r10) / 6.0;
    Retrieval { t2i, i2t, mean_recall }
}

/// Share of the pictures (0 to 1) whose class is among the first k, for each k of [`ACCURACY_AT`]. `truth[p]`
/// is the class of picture p, an index into `classes`.
pub fn accuracy(pictures: &[Vec<f32>], classes: &[Vec<f32>], truth: &[usize]) -> [f64; ACCURACY_AT.len()] {
    let ranks: Vec<usize> = pictures
        .par_iter()
        .zip(truth)
        .map(|(picture, own)| rank(&scores(picture, classes), |class| class == *own))
        .collect();
    ACCURACY_AT.map(|k| share(&ranks, k))
}

fn scores(query: &[f32], candidates: &[Vec<f32>]) -> Vec<f32> {
    candidates.iter().map(|candidate| query.iter().zip(candidate).map(|(a, b)| a * b).sum()).collect()
}

/// Place of the best right answer, from 0; past the end when there is none.
fn rank(scores: &[f32], right: impl Fn(usize) -> bool) -> usize {
    let better = |a: usize, b: usize| scores[a].total_cmp(&scores[b]).then(b.cmp(&a));
    let best = (0..scores.len()).filter(|answer| right(*answer)).max_by(|a, b| better(*a, *b));
    best.map_or(scores.len(), |best| (0..scores.len()).filter(|other| better(*other, best).is_gt()).count())
}

fn share(ranks: &[usize], k: usize) -> f64 {
    let found = ranks.iter().filter(|rank| **rank < k).count();
    if ranks.is_empty() { 0.0 } else { found as f64 / ranks.len() as f64 }
}

fn recall(ranks: &[usize]) -> Recall {
    let percent = |k| 100.0 * share(ranks, k);
    Recall { r1: percent(1), r5: percent(5), r10: percent(10) }
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
        assert_eq!(accuracy(&captions, &pictures, &[0, 1, 2]), [1.0 / 3.0, 1.0, 1.0, 1.0]);
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
}
