//! Open words: do everyday phrases, which no caption need have used, bring up pictures of the right classes?
//!
//! A phrase file has a line for each phrase, `phrase: classes`. `a | b` is right for a picture of either class,
//! `a + b` for one that holds both, and `|` binds tighter: `boat + river | pond` wants a boat and either water.
//! `a=2` is right where the ground truth counts exactly two of the class. `phrase: -` is a phrase that no picture answers, such as one without meaning. Empty lines and lines that start with `#`
//! say nothing.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::bootstrap::{Interval, bootstrap};
use super::labels::counted;
use super::marks::{Marked, Reliability};
use super::rank::{first, mean, share};
use super::relevance::Relevance;
use clip_rs_search::model::Marks;
use clip_rs_stage::{StageError, files};

/// What stands for the classes of a phrase that nothing answers.
const NOTHING: &str = "-";
/// How many first pictures are looked at.
pub const PRECISION_AT: usize = 10;

/// A phrase and what answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// As a person would type it.
    pub text: String,
    /// A picture is right when it holds at least one class of each group; none is where there is no group.
    groups: Vec<Vec<String>>,
}

/// How a model answers phrases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenWords {
    /// Mean of the phrases' precision, 0 to 1.
    pub precision_at_10: f64,
    /// The phrases in the order of the file.
    pub phrases: Vec<PhraseFigures>,
    /// Phrases that no picture of the data answers; they are left out.
    pub unanswerable: Vec<String>,
    /// How far the marks of results are to be believed; none where the model's marks are no chances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marks: Option<Reliability>,
}

/// How a model answers one phrase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhraseFigures {
    /// As a person would type it.
    pub phrase: String,
    /// The classes that answer it, as the file says.
    pub classes: String,
    /// Right pictures in the data.
    pub right: usize,
    /// Share of right pictures among the first ten, 0 to 1; among fewer where the data has fewer right ones.
    pub precision: f64,
}

impl Phrase {
    /// Reads a phrase file whose classes must all be among `known`.
    pub fn read(path: &Path, known: &BTreeSet<String>) -> Result<Vec<Self>, StageError> {
        let content = files::read(path)?;
        let text = std::str::from_utf8(&content).map_err(|error| StageError::content(path, error))?;
        let mut phrases = Vec::new();
        for (line, row) in (1..).zip(text.lines()) {
            if !row.trim().is_empty() && !row.starts_with('#') {
                let refuse = |why| StageError::Row { path: path.to_owned(), line, why };
                phrases.push(Self::parse(row, known).map_err(refuse)?);
            }
        }
        if phrases.is_empty() {
            return Err(StageError::content(path, "no phrases"));
        }
        Ok(phrases)
    }

    fn parse(row: &str, known: &BTreeSet<String>) -> Result<Self, String> {
        let (text, classes) = row.rsplit_once(':').ok_or("not of the form \"phrase: class | class\"")?;
        let text = text.trim().to_owned();
        if classes.trim() == NOTHING && !text.is_empty() {
            return Ok(Self { text, groups: Vec::new() });
        }
        let groups: Vec<Vec<String>> = classes
            .split('+')
            .map(|group| group.split('|').map(|class| class.trim().to_owned()).collect())
            .collect();
        let is_known = |named: &str| match named.split_once('=') {
            Some((class, count)) => {
                known.contains(class) && count.parse().is_ok_and(|count| named == counted(class, count))
            }
            None => known.contains(named),
        };
        match groups.iter().flatten().find(|class| !is_known(class)) {
            _ if text.is_empty() => Err("no phrase before the colon".to_owned()),
            Some(class) if class.is_empty() => Err(format!("a class is missing for {text:?}")),
            Some(class) => Err(format!("the data has no class {class:?}")),
            None => Ok(Self { text, groups }),
        }
    }

    /// Whether a picture with these classes is right.
    pub(super) fn is_answered_by(&self, held: &[String]) -> bool {
        !self.groups.is_empty()
            && self.groups.iter().all(|group| group.iter().any(|class| held.contains(class)))
    }

    fn classes(&self) -> String {
        self.groups.iter().map(|group| group.join(" | ")).collect::<Vec<_>>().join(" + ")
    }
}

impl OpenWords {
    /// Measures phrases with their unit vectors against pictures. `held[p]` are the classes of picture p.
    ///
    /// Precision@10 is the share of right pictures among the first ten. Where only R < 10 pictures are right,
    /// the first R are looked at instead (R-precision; Manning, Raghavan and Schuetze, *Introduction to
    /// Information Retrieval*, section 8.4), so that every phrase can reach 1.
    pub(super) fn of(
        phrases: &[Phrase],
        vectors: &[Vec<f32>],
        pictures: &Relevance<'_>,
        held: &[&[String]],
    ) -> Result<Self, StageError> {
        let each = phrases.par_iter().zip(vectors).map(|(phrase, vector)| {
            let right: Vec<bool> = held.iter().map(|held| phrase.is_answered_by(held)).collect();
            let scores = pictures.scores(vector);
            let marked = pictures.marks(vector)?.map(|(marks, familiarity)| {
                Marked::of(&scores, &right, |score| marks.chance(score, familiarity))
            });
            let figures = PhraseFigures {
                phrase: phrase.text.clone(),
                classes: phrase.classes(),
                right: right.iter().filter(|right| **right).count(),
                precision: precision(&first(&scores, PRECISION_AT), &right),
            };
            Ok((figures, marked))
        });
        let (figures, marked): (Vec<_>, Vec<_>) =
            each.collect::<Result<Vec<_>, StageError>>()?.into_iter().unzip();
        let marked: Vec<Marked> = marked.into_iter().flatten().collect();
        let (answerable, others): (Vec<_>, Vec<_>) =
            figures.into_iter().partition(|figures: &PhraseFigures| figures.right > 0);
        Ok(Self {
            precision_at_10: mean(answerable.iter().map(|figures| figures.precision)),
            unanswerable: others.into_iter().map(|figures| figures.phrase).collect(),
            phrases: answerable,
            marks: (!marked.is_empty()).then(|| Reliability::of(&marked, Marks::LIKELY)),
        })
    }

    /// The 95 % interval of the mean over other phrases that might have been asked.
    pub(super) fn interval(&self, seed: u64) -> Option<Interval> {
        let resampled = |drawn: &[usize]| [mean(drawn.iter().map(|at| self.phrases[*at].precision))];
        bootstrap(self.phrases.len(), seed, resampled).map(|[interval]| interval)
    }
}

/// Share of right answers among the first [`PRECISION_AT`], or among as many as there are right ones.
fn precision(order: &[usize], right: &[bool]) -> f64 {
    let looked_at = right.iter().filter(|right| **right).count().min(PRECISION_AT);
    share(order.iter().take(looked_at).filter(|answer| right[**answer]).count(), looked_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeSet<String> {
        ["boat", "river", "pond"].map(str::to_owned).into()
    }

    fn held(classes: &[&str]) -> Vec<String> {
        classes.iter().map(|class| (*class).to_owned()).collect()
    }

    #[test]
    fn bars_mean_either_and_pluses_mean_all() {
        let phrase = Phrase::parse("a punt: boat + river | pond", &known()).expect("a phrase");
        assert_eq!((phrase.text.as_str(), phrase.classes().as_str()), ("a punt", "boat + river | pond"));
        for (classes, right) in [
            (held(&["boat", "pond"]), true),
            (held(&["river", "boat", "road"]), true),
            (held(&["boat"]), false),
            (held(&["river", "pond"]), false),
            (held(&[]), false),
        ] {
            assert_eq!(phrase.is_answered_by(&classes), right, "{classes:?}");
        }
        let nothing = Phrase::parse("a giraffe: -", &known()).expect("a phrase");
        assert!(!nothing.is_answered_by(&held(&["boat", "river", "pond"])));
        // Only the last colon parts phrase and classes.
        let phrase = Phrase::parse("at 5:30: pond", &known()).expect("a phrase");
        assert_eq!(phrase.text, "at 5:30");
    }

    #[test]
    fn a_file_that_the_data_cannot_serve_is_refused_by_line_and_class() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("phrases.txt");
        let refusal = |content: &str| {
            std::fs::write(&path, content).expect("write");
            Phrase::read(&path, &known()).expect_err("refused").to_string()
        };
        let error = refusal("# one\n\nferry: boat\nlagoon: pond | lagune\n");
        assert!(error.ends_with("phrases.txt, line 4: the data has no class \"lagune\""), "{error}");
        assert!(refusal("ferries: boat=many").ends_with("the data has no class \"boat=many\""));
        assert!(refusal("lagoons: lagune=2").ends_with("the data has no class \"lagune=2\""));
        assert!(refusal("ferry boat").contains("line 1: not of the form"));
        assert!(refusal(": boat").contains("no phrase before"));
        assert!(refusal("ferry: boat +").contains("a class is missing for \"ferry\""));
        assert!(refusal("# nothing\n").ends_with("no phrases"));
        std::fs::write(&path, [0xff]).expect("write");
        assert!(Phrase::read(&path, &known()).is_err());
        std::fs::write(&path, "# one\n ferry : boat|pond \n").expect("write");
        let phrases = Phrase::read(&path, &known()).expect("phrases");
        assert_eq!((phrases.len(), phrases[0].classes()), (1, "boat | pond".to_owned()));
    }

    #[test]
    fn the_lists_of_the_project_name_only_classes_there_are() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/train");
        let sample = clip_rs_sample::class::Class::ALL.iter().map(|class| class.name().to_owned()).collect();
        let phrases = Phrase::read(&folder.join("phrases-sample.txt"), &sample).expect("phrases");
        assert!(phrases.len() >= 60);
        for (file, least) in [("phrases-counts.txt", 30), ("phrases-relations.txt", 20)] {
            assert!(Phrase::read(&folder.join(file), &sample).expect("phrases").len() >= least, "{file}");
        }
        let rsicd = "airport bareland baseballfield beach bridge center church commercial denseresidential desert \
            farmland forest industrial meadow mediumresidential mountain park parking playground pond port \
            railwaystation resort river school sparseresidential square stadium storagetanks viaduct";
        let rsicd: BTreeSet<String> = rsicd.split_whitespace().map(str::to_owned).collect();
        let phrases = Phrase::read(&folder.join("phrases-rsicd.txt"), &rsicd).expect("phrases");
        assert!(phrases.len() >= 90);
        for class in &rsicd {
            let alone = [class.clone()];
            assert!(phrases.iter().filter(|phrase| phrase.is_answered_by(&alone)).count() >= 2, "{class}");
        }
    }

    #[test]
    fn so_many_of_a_class_are_neither_more_nor_fewer() {
        let phrase = Phrase::parse("two ferries in a lagoon: boat=2 + pond", &known()).expect("a phrase");
        assert!(phrase.is_answered_by(&held(&["boat", "boat=2", "pond", "pond=1"])));
        for other in [&["boat", "boat=1", "pond"][..], &["boat", "boat=20", "pond"], &["boat", "boat=2"]] {
            assert!(!phrase.is_answered_by(&held(other)), "{other:?}");
        }
    }

    #[test]
    fn precision_worked_out_by_hand() {
        let mut right = vec![false; 30];
        right[..12].fill(true);
        let order: Vec<usize> = (5..30).chain(0..5).collect();
        // The first ten are 5 to 14, of which 5 to 11 are right.
        assert_eq!(precision(&order, &right), 0.7);
        right[2..12].fill(false);
        // Two right ones, 0 and 1, and the first two answers are 5 and 6.
        assert_eq!(precision(&order, &right), 0.0);
        assert_eq!(precision(&[1, 5, 0], &right), 0.5);
        assert_eq!(precision(&[0, 1, 5], &right), 1.0);
        assert_eq!(precision(&[0, 1], &[false; 2]), 0.0);
    }

    #[test]
    fn phrases_without_a_right_picture_are_named_and_left_out() {
        let phrases = ["ferry: boat", "lagoon: pond", "flood: river + pond"]
            .map(|row| Phrase::parse(row, &known()).expect("a phrase"));
        let pictures = [vec![1.0, 0.0], vec![0.0, 1.0], vec![0.6, 0.8]];
        let (boat, pond, none) = (held(&["boat"]), held(&["pond"]), held(&[]));
        // The first phrase finds its boat, the second takes the third picture for a pond.
        let vectors = [vec![1.0, 0.0], vec![0.5, 0.5], vec![1.0, 0.0]];
        let pictures = Relevance::new(None, &pictures).expect("vectors");
        let words = OpenWords::of(&phrases, &vectors, &pictures, &[&boat, &pond, &none]).expect("measured");
        let found: Vec<f64> = words.phrases.iter().map(|figures| figures.precision).collect();
        assert_eq!((found, words.precision_at_10), (vec![1.0, 0.0], 0.5));
        assert_eq!(words.unanswerable, ["flood"]);
        let interval = words.interval(1).expect("two phrases");
        assert_eq!((interval.low, interval.high), (0.0, 1.0));
    }
}
