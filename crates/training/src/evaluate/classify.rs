//! Pictures that find their class among the prompts: accuracy, precision and recall of each class, confusion.

use std::cmp::Reverse;

use rayon::prelude::*;
use serde::Serialize;

use super::rank::{order, scores, share};

/// The numbers of first answers that accuracy is given for.
pub const ACCURACY_AT: [usize; 4] = [1, 3, 5, 10];

/// How often pictures of one class were taken for another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confusion {
    /// The classes in alphabetical order.
    pub classes: Vec<String>,
    /// Pictures by their class (row) and the class that was named first (column).
    pub counts: Vec<Vec<usize>>,
}

/// The figures of one class, by the class that was named first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassFigures {
    /// The class as the data names it.
    pub class: String,
    /// Pictures of the class.
    pub pictures: usize,
    /// Share of the pictures called by this class that are of it, 0 to 1; none where no picture was called so.
    pub precision: Option<f64>,
    /// Share of the class's pictures that were called by it, 0 to 1.
    pub recall: f64,
}

/// Pictures of one class that were taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mistake<'a> {
    /// The pictures' class.
    pub class: &'a str,
    /// The class that was named first.
    pub taken_for: &'a str,
    /// How many pictures.
    pub count: usize,
    /// How many pictures the class has.
    pub of: usize,
}

/// The classes of every picture, best first.
pub(super) fn ranked_classes(pictures: &[Vec<f32>], classes: &[Vec<f32>]) -> Vec<Vec<usize>> {
    pictures.par_iter().map(|picture| order(&scores(picture, classes))).collect()
}

/// Share of the pictures (0 to 1) whose class is among the first k, for each k of [`ACCURACY_AT`]. `truth[p]`
/// is the class of picture p, an index into `classes`.
pub fn accuracy(pictures: &[Vec<f32>], classes: &[Vec<f32>], truth: &[usize]) -> [f64; ACCURACY_AT.len()] {
    accuracy_of(&ranked_classes(pictures, classes), truth)
}

pub(super) fn accuracy_of(ranked: &[Vec<usize>], truth: &[usize]) -> [f64; ACCURACY_AT.len()] {
    ACCURACY_AT.map(|k| {
        let found = ranked.iter().zip(truth).filter(|(order, own)| order.iter().take(k).any(|c| c == *own));
        share(found.count(), ranked.len())
    })
}

impl Confusion {
    /// Counts first answers. `ranked[p]` holds the classes of picture p, best first, `truth[p]` its own.
    pub(super) fn of(classes: &[String], ranked: &[Vec<usize>], truth: &[usize]) -> Self {
        let mut counts = vec![vec![0; classes.len()]; classes.len()];
        for (order, own) in ranked.iter().zip(truth) {
            let said = order.first().and_then(|said| counts.get_mut(*own)?.get_mut(*said));
            if let Some(count) = said {
                *count += 1;
            }
        }
        Self { classes: classes.to_vec(), counts }
    }

    /// Precision and recall of each class, in the order of the classes.
    pub fn per_class(&self) -> Vec<ClassFigures> {
        let each = self.classes.iter().zip(&self.counts).enumerate();
        each.map(|(at, (class, row))| {
            let pictures = row.iter().sum();
            let called: usize = self.counts.iter().map(|row| row[at]).sum();
            ClassFigures {
                class: class.clone(),
                pictures,
                precision: (called > 0).then(|| share(row[at], called)),
                recall: share(row[at], pictures),
            }
        })
        .collect()
    }

    /// Which class was taken for which, the most frequent first.
    pub fn mistakes(&self) -> Vec<Mistake<'_>> {
        let mut mistakes = Vec::new();
        for (own, (class, row)) in self.classes.iter().zip(&self.counts).enumerate() {
            let of = row.iter().sum();
            let others = self.classes.iter().zip(row).enumerate();
            let wrong = others.filter(|(said, (_, count))| *said != own && **count > 0);
            mistakes.extend(wrong.map(|(_, (taken_for, count))| Mistake {
                class,
                taken_for,
                count: *count,
                of,
            }));
        }
        mistakes.sort_by_key(|mistake| Reverse(mistake.count));
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn accuracy_worked_out_by_hand() {
        let classes = [vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]];
        let pictures = [vec![0.9, 0.1, 0.0], vec![0.8, 0.6, 0.0], vec![0.5, 0.4, 0.3]];
        assert_eq!(accuracy(&pictures, &classes, &[0, 1, 2]), [1.0 / 3.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_confusion_table_worked_out_by_hand() {
        // Two ponds, one of them taken for a river; three rivers, two taken for ponds; a road taken for a river.
        let truth = [0, 0, 1, 1, 1, 2];
        let ranked = [[0, 1, 2], [1, 0, 2], [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0]].map(Vec::from);
        let confusion = Confusion::of(&names(&["pond", "river", "road", "sea"]), &ranked, &truth);
        assert_eq!(confusion.counts, [[1, 1, 0, 0], [2, 1, 0, 0], [0, 1, 0, 0], [0; 4]]);
        let figures: Vec<_> =
            confusion.per_class().into_iter().map(|c| (c.pictures, c.precision, c.recall)).collect();
        let third = 1.0 / 3.0;
        let expected = [(2, Some(third), 0.5), (3, Some(third), third), (1, None, 0.0), (0, None, 0.0)];
        assert_eq!(figures, expected);
        let mistakes: Vec<_> =
            confusion.mistakes().iter().map(|m| (m.class, m.taken_for, m.count, m.of)).collect();
        assert_eq!(mistakes, [("river", "pond", 2, 3), ("pond", "river", 1, 2), ("road", "river", 1, 1)]);
    }

    #[test]
    fn figures_agree_with_counting_one_by_one() {
        for seed in 0..20 {
            let mut dice = StdRng::seed_from_u64(seed);
            let mut vectors = |count: usize| -> Vec<Vec<f32>> {
                (0..count).map(|_| (0..4).map(|_| dice.random_range(-1.0..1.0)).collect()).collect()
            };
            let (pictures, classes) = (vectors(80), vectors(12));
            let truth: Vec<usize> = (0..80).map(|_| dice.random_range(0..12)).collect();
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            let place = |picture: usize, class: usize| {
                let own = dot(&pictures[picture], &classes[class]);
                classes.iter().filter(|other| dot(&pictures[picture], other) > own).count()
            };
            let expected =
                ACCURACY_AT.map(|k| (0..80).filter(|p| place(*p, truth[*p]) < k).count() as f64 / 80.0);
            assert_eq!(accuracy(&pictures, &classes, &truth), expected, "seed {seed}");
            let labels: Vec<String> = (0..12).map(|class| format!("class {class:02}")).collect();
            let confusion = Confusion::of(&labels, &ranked_classes(&pictures, &classes), &truth);
            for (class, figures) in confusion.per_class().iter().enumerate() {
                let own: Vec<usize> = (0..80).filter(|p| truth[*p] == class).collect();
                let called: Vec<usize> = (0..80).filter(|p| place(*p, class) == 0).collect();
                let both = own.iter().filter(|p| called.contains(p)).count() as f64;
                assert_eq!(figures.pictures, own.len());
                assert_eq!(figures.recall, if own.is_empty() { 0.0 } else { both / own.len() as f64 });
                let precision = (!called.is_empty()).then(|| both / called.len() as f64);
                assert_eq!(figures.precision, precision, "seed {seed}, class {class}");
            }
        }
    }
}
