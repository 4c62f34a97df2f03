//! How good models are: retrieval, classification, like pictures and open words, through the browser's engine.
//!
//! | module | what it measures or does |
//! |---|---|
//! | `retrieval` | captions against pictures, both ways |
//! | `classify` | accuracy by class prompts, precision and recall of each class, confusion |
//! | `similar` | mean average precision of pictures that look for their like |
//! | `phrases` | precision of everyday phrases |
//! | `marks` | how far the marks of their results are to be believed |
//! | `speed` | milliseconds for a query and a picture |
//! | `bootstrap` | 95 % intervals of all these |
//! | [`report`] | the figures as a page for people |
//!
//! Pictures' vectors are those of a catalog, rounded to 8 bits.

mod archive;
mod bootstrap;
mod classify;
mod dataset;
mod figures;
mod fitting;
mod labels;
mod marks;
mod phrases;
mod rank;
mod relevance;
pub mod report;
mod retrieval;
mod shortening;
mod similar;
mod speed;
mod table;
mod vectors;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clip_rs_imagery::decode::Decoder;
use clip_rs_search::model::{ImageTower, TextTower};

use crate::model::Package;
use crate::readable::{LeftOut, keep_readable};
use classify::{accuracy_of, ranked_classes};
use clip_rs_stage::StageError;
use rank::{mean, share};
use relevance::Relevance;
use retrieval::tallies;
use similar::average_precisions;

pub use bootstrap::{Interval, RESAMPLES, SEED, bootstrap};
pub use classify::{ACCURACY_AT, ClassFigures, Confusion, Mistake, accuracy};
pub use dataset::{Dataset, Example, spelled};
pub use figures::{Intervals, Report, Size, Training, write_json};
pub use fitting::{Calibrating, Held, calibrate};
pub use marks::{Bin, Marked, RESULTS, Reliability};
pub use phrases::{OpenWords, PRECISION_AT, Phrase, PhraseFigures};
pub use retrieval::{RECALL_AT, Recall, Retrieval, RetrievalIntervals, retrieval};
pub use shortening::{Shortened, Shortening, shorten};
pub use similar::MAP_AT;
pub use speed::Speed;
pub use table::table;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Captions find pictures and pictures captions.
    Retrieval,
    /// Pictures find their class, and pictures of it.
    Classify,
}

/// Which models are measured, on what.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Folders of model packages.
    pub models: Vec<PathBuf>,
    /// Folder or archive of the data set.
    pub data: PathBuf,
    /// The split; `test` where there is one, else everything, when absent.
    pub split: Option<String>,
    /// What to measure; both, as far as the data allows, when absent.
    pub task: Option<Task>,
    /// A file of everyday phrases to measure besides.
    pub phrases: Option<PathBuf>,
}

/// Measures every model on the same pictures.
pub fn evaluate(request: &Request) -> Result<Vec<Report>, StageError> {
    let subject = Subject::prepare(request)?;
    let reports: Result<Vec<Report>, StageError> =
        request.models.iter().map(|model| subject.report(model)).collect();
    reports.map(told_apart)
}

/// The reports, with the names by which people tell the models apart.
fn told_apart(mut reports: Vec<Report>) -> Vec<Report> {
    let labels = report::labels(&reports);
    reports.iter_mut().zip(labels).for_each(|(report, label)| report.name = label);
    reports
}

/// What models are measured on.
struct Subject<'a> {
    request: &'a Request,
    dataset: Dataset,
    decoder: Decoder,
    left_out: Vec<LeftOut>,
    /// Captions of the whole data set, whether they are measured or not.
    captions: usize,
    retrieves: bool,
    classifies: bool,
    /// Classes in alphabetical order.
    classes: Vec<String>,
    /// Pictures that have a class, by their places, and the places of their classes.
    classed: Vec<usize>,
    truth: Vec<usize>,
    phrases: Vec<Phrase>,
}

impl<'a> Subject<'a> {
    fn prepare(request: &'a Request) -> Result<Self, StageError> {
        let data = &request.data;
        let mut dataset = Dataset::read(data, request.split.as_deref())?;
        let decoder = Decoder::for_this_machine();
        let check = |example: &Example| decoder.with_picture(&example.content, drop);
        let mut left_out = std::mem::take(&mut dataset.left_out);
        left_out.extend(keep_readable(data, &mut dataset.examples, check)?.1);
        let captions: usize = dataset.examples.iter().map(|example| example.captions.len()).sum();
        let (classes, truth) = dataset.classes();
        let phrases = match &request.phrases {
            Some(_) if dataset.vocabulary.is_empty() => {
                return Err(StageError::content(data, "no classes that phrases could be measured by"));
            }
            Some(path) => Phrase::read(path, &dataset.vocabulary)?,
            None => Vec::new(),
        };
        let why = match request.task {
            Some(Task::Retrieval) if captions == 0 => Some("no captions"),
            Some(Task::Classify) if classes.len() < 2 => Some("fewer than two classes"),
            None if captions == 0 && classes.len() < 2 && phrases.is_empty() => {
                Some("neither captions nor classes")
            }
            _ => None,
        };
        if let Some(why) = why {
            return Err(StageError::content(data, why));
        }
        let wants = |this: Task| request.task.is_none_or(|task| task == this);
        let retrieves = captions > 0 && wants(Task::Retrieval);
        let classifies = classes.len() > 1 && wants(Task::Classify);
        let (classed, truth) = truth.into_iter().unzip();
        Ok(Self {
            request,
            dataset,
            decoder,
            left_out,
            captions,
            retrieves,
            classifies,
            classes,
            classed,
            truth,
            phrases,
        })
    }

    fn report(&self, model: &Path) -> Result<Report, StageError> {
        let started = Instant::now();
        let package = Package::read(model)?;
        let (image, text) = (package.image_encoder()?, package.text_encoder()?);
        let pictures = vectors::of_pictures(&*image, &self.dataset.examples, &self.decoder)?;
        let mut report = Report {
            model: model.to_owned(),
            name: package.config.name.clone(),
            title: package.config.title.clone(),
            provenance: package.config.provenance.clone(),
            training: Training::of(&package.config),
            data: self.request.data.file_name().map_or_else(|| self.request.data.clone(), PathBuf::from),
            dataset: self.dataset.name.clone(),
            split: self.dataset.split.clone(),
            retrieval: None,
            accuracy: None,
            classes: None,
            classified: None,
            per_class: None,
            confusion: None,
            map: None,
            open_words: None,
            intervals: Intervals::none(),
            size: Size::of(&package),
            speed: self.time(&*text, &*image)?,
            images: self.dataset.examples.len(),
            left_out: self.left_out.clone(),
            captions: self.captions,
            seconds: 0.0,
        };
        if self.retrieves {
            self.retrieve(&*text, &pictures, &mut report)?;
        }
        if self.classifies {
            self.classify(&*text, &pictures, &mut report)?;
        }
        if !self.phrases.is_empty() {
            self.ask(&*text, &pictures, &mut report)?;
        }
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }

    fn retrieve(
        &self,
        text: &dyn TextTower,
        pictures: &[Vec<f32>],
        report: &mut Report,
    ) -> Result<(), StageError> {
        let examples = self.dataset.examples.iter().enumerate();
        let (captions, owner): (Vec<&str>, Vec<usize>) = examples
            .flat_map(|(at, example)| example.captions.iter().map(move |caption| (caption.as_str(), at)))
            .unzip();
        let captions = vectors::of_texts(text, "Embedding captions", &captions)?;
        let tallies = tallies(pictures, &captions, &owner);
        report.retrieval = Some(Retrieval::of(tallies.iter()));
        report.intervals.retrieval = RetrievalIntervals::of(&tallies, SEED);
        Ok(())
    }

    fn classify(
        &self,
        text: &dyn TextTower,
        pictures: &[Vec<f32>],
        report: &mut Report,
    ) -> Result<(), StageError> {
        let prompts = self.prompts();
        let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
        let prompts = vectors::of_texts(text, "Embedding classes", &prompts)?;
        let classed: Vec<Vec<f32>> = self.classed.iter().map(|at| pictures[*at].clone()).collect();
        let ranked = ranked_classes(&classed, &prompts);
        report.accuracy = Some(ACCURACY_AT.into_iter().zip(accuracy_of(&ranked, &self.truth)).collect());
        report.classes = Some(self.classes.len());
        report.classified = Some(classed.len());
        let confusion = Confusion::of(&self.classes, &ranked, &self.truth);
        report.per_class = Some(confusion.per_class());
        report.confusion = Some(confusion);
        let first: Vec<bool> =
            ranked.iter().zip(&self.truth).map(|(order, own)| order.first() == Some(own)).collect();
        let found = |drawn: &[usize]| [share(drawn.iter().filter(|at| first[**at]).count(), drawn.len())];
        report.intervals.accuracy_at_1 = bootstrap(first.len(), SEED, found).map(|[interval]| interval);
        let precisions = average_precisions(&classed, &self.truth);
        let mean_at = |at: usize| mean(precisions.iter().map(|precision| precision[at]));
        report.map = (!precisions.is_empty())
            .then(|| MAP_AT.into_iter().enumerate().map(|(at, k)| (k, mean_at(at))).collect());
        let at_10 = |drawn: &[usize]| [mean(drawn.iter().map(|at| precisions[*at][0]))];
        report.intervals.map_at_10 = bootstrap(precisions.len(), SEED, at_10).map(|[interval]| interval);
        Ok(())
    }

    fn ask(
        &self,
        text: &dyn TextTower,
        pictures: &[Vec<f32>],
        report: &mut Report,
    ) -> Result<(), StageError> {
        let phrases: Vec<&str> = self.phrases.iter().map(|phrase| phrase.text.as_str()).collect();
        let vectors = vectors::of_texts(text, "Embedding phrases", &phrases)?;
        let known = self.dataset.examples.iter().zip(pictures);
        let known = known.filter_map(|(example, vector)| Some((vector.clone(), example.held.as_deref()?)));
        let (pictures, held): (Vec<Vec<f32>>, Vec<&[String]>) = known.unzip();
        let pictures = Relevance::new(text.concepts(), &pictures)?;
        let words = OpenWords::of(&self.phrases, &vectors, &pictures, &held)?;
        report.intervals.precision_at_10 = words.interval(SEED);
        report.open_words = Some(words);
        Ok(())
    }

    /// The prompts of the CLIP-rsicd protocol.
    fn prompts(&self) -> Vec<String> {
        self.classes.iter().map(|class| format!("An aerial photograph of {}", spelled(class))).collect()
    }

    /// Captions are timed, where there are none prompts, where there are no classes phrases.
    fn time(&self, text: &dyn TextTower, image: &dyn ImageTower) -> Result<Speed, StageError> {
        let prompts = self.prompts();
        let captions = self.dataset.examples.iter().flat_map(|example| &example.captions);
        let mut texts: Vec<&str> = captions.map(String::as_str).collect();
        if texts.is_empty() {
            texts.extend(prompts.iter().map(String::as_str));
        }
        if texts.is_empty() {
            texts.extend(self.phrases.iter().map(|phrase| phrase.text.as_str()));
        }
        Speed::measure(text, image, &texts, &self.dataset.examples, &self.decoder)
    }
}
