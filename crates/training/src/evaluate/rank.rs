//! Scores and places, which every measure is made of.
//!
//! Ties are broken by order: of two answers with the same score the earlier one ranks first, so that a figure
//! never depends on how a sort was written.

use std::cmp::Ordering;

/// Dot products of a query with every candidate: cosines, as all are unit vectors of one dimension.
pub(super) fn scores(query: &[f32], candidates: &[Vec<f32>]) -> Vec<f32> {
    candidates.iter().map(|candidate| query.iter().zip(candidate).map(|(a, b)| a * b).sum()).collect()
}

/// Place of the best right answer, from 0; past the end when there is none.
pub(super) fn rank(scores: &[f32], right: impl Fn(usize) -> bool) -> usize {
    let better = |a: usize, b: usize| before(scores, b, a);
    let best = (0..scores.len()).filter(|answer| right(*answer)).max_by(|a, b| better(*a, *b));
    best.map_or(scores.len(), |best| (0..scores.len()).filter(|other| better(*other, best).is_gt()).count())
}

/// All answers, best first.
pub(super) fn order(scores: &[f32]) -> Vec<usize> {
    first(scores, scores.len())
}

/// The first `count` answers, best first.
pub(super) fn first(scores: &[f32], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    if count < order.len() {
        order.select_nth_unstable_by(count, |a, b| before(scores, *a, *b));
        order.truncate(count);
    }
    order.sort_unstable_by(|a, b| before(scores, *a, *b));
    order
}

/// `Less` where answer `a` comes before answer `b`.
fn before(scores: &[f32], a: usize, b: usize) -> Ordering {
    scores[b].total_cmp(&scores[a]).then(a.cmp(&b))
}

/// Part of a whole, 0 to 1; 0 of nothing.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Their mean, 0 where there are none.
pub(super) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    if count == 0 { 0.0 } else { values.sum::<f64>() / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_scores_the_earlier_comes_first() {
        let scores = [0.5, 0.9, 0.5, 0.9, -1.0];
        assert_eq!(order(&scores), [1, 3, 0, 2, 4]);
        for count in 0..7 {
            assert_eq!(first(&scores, count), [1, 3, 0, 2, 4][..count.min(5)]);
        }
        for (place, answer) in order(&scores).into_iter().enumerate() {
            assert_eq!(rank(&scores, |other| other == answer), place);
        }
        assert_eq!(rank(&scores, |other| other == 2 || other == 3), 1);
        assert_eq!(rank(&scores, |_| false), 5);
    }
}
