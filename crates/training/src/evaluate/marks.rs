//! Are marks to be believed? Of results marked 80 %, about 80 % should be right; and where nothing answers a phrase, nothing
//! should be marked as if it did.

use serde::Serialize;

use super::rank::{first, mean, share};

/// Results of a phrase that are looked at: as many as the page shows at first.
pub const RESULTS: usize = 20;
/// Bins of the reliability curve.
const BINS: usize = 10;

/// How far marks are to be believed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// Expected calibration error over the first 20 results of each phrase that something answers: the mean distance
    /// between mark and share of right results, 0 to 1 (Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017).
    pub expected_calibration_error: f64,
    /// The curve behind it: results by their marks, in ten steps; steps without results are left out.
    pub curve: Vec<Bin>,
    /// The chance that a phrase that something answers has a better best mark than one that nothing answers, 0 to 1; none
    /// where all phrases are of one kind.
    pub auroc: Option<f64>,
    /// Share of phrases that something answers whose best result counts as likely.
    pub answered_likely: Option<f64>,
    /// Share of phrases that nothing answers whose best result counts as likely.
    pub unanswered_likely: Option<f64>,
}

/// Results whose marks are alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Their mean mark, 0 to 1.
    pub mark: f64,
    /// Share of them that are right.
    pub right: f64,
    /// How many there are.
    pub results: usize,
}

/// A phrase's results, for one measure of reliability.
#[derive(Debug, Clone, PartialEq)]
pub struct Marked {
    /// Marks of the first results, best first, and whether each is right.
    pub results: Vec<(f32, bool)>,
    /// Whether anything answers the phrase.
    pub answerable: bool,
}

impl Marked {
    /// The first results of a phrase by their scores. `mark` makes a mark of a score.
    pub fn of(scores: &[f32], right: &[bool], mark: impl Fn(f32) -> f32) -> Self {
        let results = first(scores, RESULTS).into_iter().map(|at| (mark(scores[at]), right[at])).collect();
        Self { results, answerable: right.contains(&true) }
    }

    fn best(&self) -> f32 {
        self.results.iter().map(|(mark, _)| *mark).fold(0.0, f32::max)
    }
}

impl Reliability {
    /// Measures phrases' results; `likely` is the least mark of what counts as likely.
    pub fn of(phrases: &[Marked], likely: f32) -> Self {
        let curve =
            curve(phrases.iter().filter(|phrase| phrase.answerable).flat_map(|phrase| &phrase.results));
        let all: usize = curve.iter().map(|bin| bin.results).sum();
        let error = |bin: &Bin| share(bin.results, all) * (bin.mark - bin.right).abs();
        let best = |answerable: bool| -> Vec<f32> {
            phrases.iter().filter(|phrase| phrase.answerable == answerable).map(Marked::best).collect()
        };
        let (answered, unanswered) = (best(true), best(false));
        let likely_of = |best: &[f32]| {
            (!best.is_empty()).then(|| share(best.iter().filter(|mark| **mark >= likely).count(), best.len()))
        };
        Self {
            expected_calibration_error: curve.iter().map(error).sum(),
            auroc: auroc(&answered, &unanswered),
            answered_likely: likely_of(&answered),
            unanswered_likely: likely_of(&unanswered),
            curve,
        }
    }
}

fn curve<'a>(results: impl Iterator<Item = &'a (f32, bool)>) -> Vec<Bin> {
    let mut bins = vec![Vec::new(); BINS];
    for (mark, right) in results {
        bins[((mark * BINS as f32) as usize).min(BINS - 1)].push((f64::from(*mark), *right));
    }
    let bin = |results: &Vec<(f64, bool)>| Bin {
        mark: mean(results.iter().map(|(mark, _)| *mark)),
        right: share(results.iter().filter(|(_, right)| *right).count(), results.len()),
        results: results.len(),
    };
    bins.iter().filter(|results| !results.is_empty()).map(bin).collect()
}

/// The chance that one of `better` is above one of `worse`, equal ones counting half.
fn auroc(better: &[f32], worse: &[f32]) -> Option<f64> {
    let pairs = better.len() * worse.len();
    let won = |a: f32, b: f32| {
        if a > b {
            1.0
        } else if a == b {
            0.5
        } else {
            0.0
        }
    };
    let sum: f64 = better.iter().flat_map(|a| worse.iter().map(|b| won(*a, *b))).sum();
    (pairs > 0).then(|| sum / pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(results: &[(f32, bool)]) -> Marked {
        Marked { results: results.to_vec(), answerable: results.iter().any(|(_, right)| *right) }
    }

    #[test]
    fn reliability_worked_out_by_hand() {
        let phrases = [
            marked(&[(0.95, true), (0.95, true), (0.45, false), (0.45, true)]),
            marked(&[(0.95, true), (0.95, false)]),
            // Nothing answers it: only its best mark counts.
            marked(&[(0.6, false), (0.2, false)]),
            marked(&[(0.97, false)]),
        ];
        let found = Reliability::of(&phrases, 0.5);
        let bins: Vec<(usize, f64)> = found.curve.iter().map(|bin| (bin.results, bin.right)).collect();
        assert_eq!(bins, [(2, 0.5), (4, 0.75)]);
        // 2 of 6 results are off by .05, 4 by .2.
        assert!((found.expected_calibration_error - (2.0 * 0.05 + 4.0 * 0.2) / 6.0).abs() < 1e-6);
        // .95 is above .6 and below .97, twice.
        assert_eq!(found.auroc, Some(0.5));
        assert_eq!((found.answered_likely, found.unanswered_likely), (Some(1.0), Some(1.0)));
    }

    #[test]
    fn marks_that_are_always_true_have_no_error_and_without_unanswerable_phrases_there_is_no_auroc() {
        let results: Vec<(f32, bool)> =
            (0..20).map(|at| if at < 10 { (1.0, true) } else { (0.0, false) }).collect();
        let found = Reliability::of(&[marked(&results)], 0.5);
        assert_eq!(
            (found.expected_calibration_error, found.auroc, found.unanswered_likely),
            (0.0, None, None)
        );
    }

    #[test]
    fn the_first_results_are_those_of_the_best_scores() {
        let scores: Vec<f32> = (0..50).map(|at| at as f32 / 50.0).collect();
        let right: Vec<bool> = (0..50).map(|at| at == 49).collect();
        let found = Marked::of(&scores, &right, |score| score / 2.0);
        assert_eq!((found.results.len(), found.results[0], found.answerable), (RESULTS, (0.49, true), true));
    }
}
