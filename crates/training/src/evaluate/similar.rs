//! Pictures that find pictures of their class: mean average precision.

use rayon::prelude::*;

use super::rank::{first, scores};

/// The numbers of first answers that mean average precision is given for.
pub const MAP_AT: [usize; 2] = [10, 20];

/// Average precision at each k of [`MAP_AT`] of every picture as a query among the others; the picture itself
/// is no answer. Pictures that are alone in their class have nothing to find and are left out. mAP@k is the
/// mean over the rest, as defined by Weyand et al., *Google Landmarks Dataset v2*, CVPR 2020, section 5:
///
/// AP@k(q) = 1 / min(m, k) * sum over i = 1..k of P(i) rel(i)
///
/// where m counts the other pictures of the query's class, rel(i) is 1 where the i-th answer is one of them
/// and P(i) is the share of them among the first i. `truth[p]` is the class of picture p.
pub fn average_precisions(pictures: &[Vec<f32>], truth: &[usize]) -> Vec<[f64; MAP_AT.len()]> {
    let query = |(at, vector): (usize, &Vec<f32>)| {
        let class = truth.get(at)?;
        let others = truth.iter().filter(|other| *other == class).count() - 1;
        // One more than is looked at, as the picture itself may be among them.
        let most = MAP_AT.into_iter().max().unwrap_or_default() + 1;
        let answers = first(&scores(vector, pictures), most).into_iter().filter(|answer| *answer != at);
        let right: Vec<bool> = answers.map(|answer| truth.get(answer) == Some(class)).collect();
        (others > 0).then(|| MAP_AT.map(|k| average_precision(&right, others, k)))
    };
    pictures.par_iter().enumerate().filter_map(query).collect()
}

/// AP@k of one query: whether each answer is right, best first, and how many right ones there are to find.
fn average_precision(right: &[bool], relevant: usize, k: usize) -> f64 {
    let mut found = 0_u32;
    let mut sum = 0.0;
    for (at, _) in right.iter().take(k).enumerate().filter(|(_, right)| **right) {
        found += 1;
        sum += f64::from(found) / (at + 1) as f64;
    }
    sum / relevant.min(k) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    #[test]
    fn average_precision_worked_out_by_hand() {
        let right = [true, false, true, false, false, true];
        // Precision is 1/1, 2/3 and 3/6 where the three right answers stand.
        let all = (1.0 + 2.0 / 3.0 + 0.5) / 3.0;
        assert!((average_precision(&right, 3, 10) - all).abs() < 1e-12);
        // Of five there are to find, only three are in reach.
        assert!((average_precision(&right, 5, 10) - all * 3.0 / 5.0).abs() < 1e-12);
        // Among the first three there can be no more than three.
        assert!((average_precision(&right, 5, 3) - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
        assert_eq!(average_precision(&[true; 4], 4, 10), 1.0);
        assert_eq!(average_precision(&[false; 4], 4, 10), 0.0);
    }

    #[test]
    fn a_picture_does_not_find_itself_and_lone_ones_do_not_ask() {
        // Two that look alike but differ in class, each nearer to the other than to its own kind.
        let pictures = [vec![1.0, 0.0], vec![1.0, 0.0], vec![0.0, 1.0], vec![-1.0, 0.0]];
        let found = average_precisions(&pictures, &[0, 1, 0, 2]);
        // Picture 0 finds 1, 2, 3: its kind second. Picture 2 finds 0 first (equal to 1, but earlier).
        assert_eq!(found, [[0.5; 2], [1.0; 2]]);
    }

    #[test]
    fn figures_agree_with_sorting_everything() {
        for seed in 0..20 {
            let mut dice = StdRng::seed_from_u64(seed);
            let vector = |dice: &mut StdRng| (0..3).map(|_| dice.random_range(-1.0..1.0)).collect();
            let pictures: Vec<Vec<f32>> = (0..60).map(|_| vector(&mut dice)).collect();
            let truth: Vec<usize> = (0..60).map(|_| dice.random_range(0..4)).collect();
            let found = average_precisions(&pictures, &truth);
            for (query, found) in found.iter().enumerate() {
                let score = |at: &usize| -> f32 {
                    pictures[*at].iter().zip(&pictures[query]).map(|(a, b)| a * b).sum()
                };
                let mut others: Vec<usize> = (0..60).filter(|at| *at != query).collect();
                others.sort_by(|a, b| score(b).total_cmp(&score(a)));
                let is_right = |at: &&usize| truth[**at] == truth[query];
                let relevant = others.iter().filter(is_right).count();
                for (k, found) in MAP_AT.into_iter().zip(found) {
                    let precision = |i: usize| others[..i].iter().filter(is_right).count() as f64 / i as f64;
                    let sum: f64 = (1..=k).filter(|i| is_right(&&others[i - 1])).map(precision).sum();
                    let expected = sum / relevant.min(k) as f64;
                    assert!((found - expected).abs() < 1e-9, "seed {seed}, query {query}, k {k}");
                }
            }
        }
    }
}
