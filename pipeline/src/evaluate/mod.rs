//! How good a model is: retrieval and classification by the published protocols, through the browser's engine.

mod archive;
mod dataset;
mod metrics;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clip_rs_search::model::{ImageEncoder, ImagePixels, TextEncoder};
use clip_rs_search::{Code, Embedding};
use rayon::prelude::*;
use serde::Serialize;

use crate::PipelineError;
use crate::model::Package;
use crate::progress::Progress;

pub use dataset::{Dataset, Example, spelled};
pub use metrics::{ACCURACY_AT, Recall, Retrieval, accuracy, retrieval};

/// Pictures that go through the tower together.
const BATCH: usize = 8;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Captions find pictures and pictures captions.
    Retrieval,
    /// Pictures find their class.
    Classify,
}

/// The figures of one model on one data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The model's folder as it was given.
    pub model: PathBuf,
    /// The model's name.
    pub name: String,
    /// The data set as it was given.
    pub data: PathBuf,
    /// The split; none where the data has no splits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Retrieval both ways, percent.
    #[serde(flatten)]
    pub retrieval: Option<Retrieval>,
    /// Share of the pictures whose class is among the first k, 0 to 1, by k.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<BTreeMap<usize, f64>>,
    /// Classes that were told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<usize>,
    /// Pictures that were classified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classified: Option<usize>,
    /// Pictures of the split.
    pub images: usize,
    /// Captions of the split.
    pub captions: usize,
    /// Time for all of it, seconds.
    pub seconds: f64,
}

/// Measures every model on the same pictures. Without a task: both, as far as the data allows.
pub fn evaluate(
    models: &[PathBuf],
    data: &Path,
    split: Option<&str>,
    task: Option<Task>,
) -> Result<Vec<Report>, PipelineError> {
    let dataset = Dataset::read(data, split)?;
    let captions: usize = dataset.examples.iter().map(|example| example.captions.len()).sum();
    let (classes, truth) = dataset.classes();
    let why = match task {
        Some(Task::Retrieval) if captions == 0 => Some("no captions"),
        Some(Task::Classify) if classes.len() < 2 => Some("fewer than two classes"),
        None if captions == 0 && classes.len() < 2 => Some("neither captions nor classes"),
        _ => None,
    };
    if let Some(why) = why {
        return Err(PipelineError::content(data, why));
    }
    let wants = |this: Task| task.is_none_or(|task| task == this);
    let mut reports = Vec::new();
    for model in models {
        let started = Instant::now();
        let package = Package::read(model)?;
        let pictures = embed_pictures(&package.image_encoder()?, &dataset.examples)?;
        let text = package.text_encoder()?;
        let retrieval = (captions > 0 && wants(Task::Retrieval))
            .then(|| measure_retrieval(&text, &pictures, &dataset))
            .transpose()?;
        let accuracy = (classes.len() > 1 && wants(Task::Classify))
            .then(|| measure_accuracy(&text, &pictures, &classes, &truth))
            .transpose()?;
        reports.push(Report {
            model: model.clone(),
            name: package.config.name.clone(),
            data: data.to_owned(),
            split: dataset.split.clone(),
            retrieval,
            classes: accuracy.is_some().then_some(classes.len()),
            classified: accuracy.is_some().then_some(truth.len()),
            accuracy,
            images: dataset.examples.len(),
            captions,
            seconds: started.elapsed().as_secs_f64(),
        });
    }
    Ok(reports)
}

fn measure_retrieval(
    text: &TextEncoder,
    pictures: &[Vec<f32>],
    dataset: &Dataset,
) -> Result<Retrieval, PipelineError> {
    let examples = dataset.examples.iter().enumerate();
    let (captions, owner): (Vec<&str>, Vec<usize>) = examples
        .flat_map(|(at, example)| example.captions.iter().map(move |caption| (caption.as_str(), at)))
        .unzip();
    Ok(retrieval(pictures, &embed_texts(text, "Embedding captions", &captions)?, &owner))
}

fn measure_accuracy(
    text: &TextEncoder,
    pictures: &[Vec<f32>],
    classes: &[String],
    truth: &[(usize, usize)],
) -> Result<BTreeMap<usize, f64>, PipelineError> {
    let prompts: Vec<String> =
        classes.iter().map(|class| format!("An aerial photograph of {}", spelled(class))).collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    let classes = embed_texts(text, "Embedding classes", &prompts)?;
    let classified: Vec<Vec<f32>> = truth.iter().filter_map(|(at, _)| pictures.get(*at).cloned()).collect();
    let truth: Vec<usize> = truth.iter().map(|(_, class)| *class).collect();
    Ok(ACCURACY_AT.into_iter().zip(accuracy(&classified, &classes, &truth)).collect())
}

/// Vectors as a catalog holds them, that is, rounded to 8 bits.
fn embed_pictures(encoder: &ImageEncoder, examples: &[Example]) -> Result<Vec<Vec<f32>>, PipelineError> {
    let progress = Progress::start("Embedding pictures", examples.len());
    let batches: Vec<Vec<Vec<f32>>> = examples
        .par_chunks(BATCH)
        .map(|batch| {
            let pixels = batch.iter().map(|example| {
                ImagePixels::from_bytes(encoder.config(), &example.content)
                    .map_err(PipelineError::engine(&example.name))
            });
            let pixels = pixels.collect::<Result<Vec<_>, _>>()?;
            let first = batch.first().map_or("", |example| &example.name);
            let vectors = encoder.encode_batch(&pixels).map_err(PipelineError::engine(first))?;
            progress.advance(batch.len());
            vectors.iter().map(|vector| rounded(first, vector)).collect()
        })
        .collect::<Result<_, PipelineError>>()?;
    progress.finish();
    Ok(batches.into_iter().flatten().collect())
}

fn rounded(subject: &str, vector: &Embedding) -> Result<Vec<f32>, PipelineError> {
    let code = Code::new(vector).map_err(PipelineError::engine(subject))?;
    Ok(code.embedding().map_err(PipelineError::engine(subject))?.into())
}

/// Vectors of texts in their order; a text that is there many times is encoded once.
fn embed_texts(text: &TextEncoder, what: &str, texts: &[&str]) -> Result<Vec<Vec<f32>>, PipelineError> {
    let mut numbers = HashMap::new();
    let mut distinct = Vec::new();
    for text in texts {
        numbers.entry(*text).or_insert_with(|| {
            distinct.push(*text);
            distinct.len() - 1
        });
    }
    let progress = Progress::start(what, distinct.len());
    let vectors: Vec<Vec<f32>> = distinct
        .par_iter()
        .map(|sentence| {
            let vector = text.encode(sentence).map_err(PipelineError::engine(sentence))?;
            progress.advance(1);
            Ok(vector.into())
        })
        .collect::<Result<_, PipelineError>>()?;
    progress.finish();
    Ok(texts.iter().map(|text| vectors[numbers[text]].clone()).collect())
}

/// The figures as a table for people.
pub fn table(reports: &[Report]) -> String {
    let mut lines = vec![format!(
        "{:<24} {:>7} {:>8} | {:^20} | {:^20} | {:>6} | {:^23} | {:>7}",
        "model",
        "images",
        "captions",
        "text to image 1 5 10",
        "image to text 1 5 10",
        "mean",
        "accuracy @1 @3 @5 @10",
        "seconds"
    )];
    let percent = |recall: Option<Recall>| {
        recall.map_or("-".to_owned(), |r| format!("{:>6.2} {:>6.2} {:>6.2}", r.r1, r.r5, r.r10))
    };
    for report in reports {
        let accuracy = report.accuracy.as_ref().map_or("-".to_owned(), |accuracy| {
            accuracy.values().map(|share| format!("{share:.3}")).collect::<Vec<_>>().join(" ")
        });
        lines.push(format!(
            "{:<24} {:>7} {:>8} | {:>20} | {:>20} | {:>6} | {:>23} | {:>7.1}",
            report.name,
            report.images,
            report.captions,
            percent(report.retrieval.map(|r| r.t2i)),
            percent(report.retrieval.map(|r| r.i2t)),
            report.retrieval.map_or("-".to_owned(), |r| format!("{:.2}", r.mean_recall)),
            accuracy,
            report.seconds,
        ));
    }
    lines.join("\n")
}
