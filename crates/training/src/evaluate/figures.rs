//! What is said of a model: the figures that become JSON, a table and a page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clip_rs_search::model::ModelConfig;
use serde::Serialize;

use super::bootstrap::{Interval, RESAMPLES, SEED};
use super::classify::{ClassFigures, Confusion};
use super::phrases::OpenWords;
use super::retrieval::{Retrieval, RetrievalIntervals};
use super::speed::Speed;
use crate::model::Package;
use crate::readable::LeftOut;
use clip_rs_stage::{StageError, files};

/// The figures of one model on one data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The model's folder as it was given.
    pub model: PathBuf,
    /// The model's name.
    pub name: String,
    /// The model's title.
    pub title: String,
    /// Where its weights come from.
    pub provenance: String,
    /// How it came to be, where title or provenance say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
    /// Name of the data set's folder or archive, without the path to it.
    pub data: PathBuf,
    /// The name that the data set gives itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
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
    /// Precision and recall of each class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_class: Option<Vec<ClassFigures>>,
    /// Which class was taken for which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Confusion>,
    /// Mean average precision of pictures that look for pictures of their class, 0 to 1, by k.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<BTreeMap<usize, f64>>,
    /// Precision of everyday phrases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_words: Option<OpenWords>,
    /// 95 % intervals of the figures above.
    pub intervals: Intervals,
    /// Bytes of the model's files.
    pub size: Size,
    /// Milliseconds for a query and a picture.
    pub speed: Speed,
    /// Pictures of the split.
    pub images: usize,
    /// Pictures of the split that cannot be read; nothing counts them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// Captions of the split.
    pub captions: usize,
    /// Time for all of it, seconds.
    pub seconds: f64,
}

/// Writes the figures as JSON, a list with one object for each model.
pub fn write_json(reports: &[Report], path: &Path) -> Result<(), StageError> {
    let mut json = serde_json::to_vec_pretty(reports).map_err(StageError::engine(path.display()))?;
    json.push(b'\n');
    files::write_durably(path, &json)
}

/// 95 % intervals; see [`bootstrap`](super::bootstrap()).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intervals {
    /// How many times the pictures were drawn anew.
    pub resamples: usize,
    /// What decided the draws.
    pub seed: u64,
    /// Of retrieval, percent.
    #[serde(flatten)]
    pub retrieval: Option<RetrievalIntervals>,
    /// Of accuracy@1, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_at_1: Option<Interval>,
    /// Of mAP@10, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_at_10: Option<Interval>,
    /// Of open words' mean precision@10 over phrases, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision_at_10: Option<Interval>,
}

impl Intervals {
    /// What is known before anything was measured.
    pub(super) fn none() -> Self {
        Self {
            resamples: RESAMPLES,
            seed: SEED,
            retrieval: None,
            accuracy_at_1: None,
            map_at_10: None,
            precision_at_10: None,
        }
    }
}

/// How a model came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Training {
    /// From random weights.
    FromScratch,
    /// From another model's weights, on aerial pictures.
    FineTuned,
    /// As its makers trained it, for pictures of all kinds.
    ZeroShot,
}

impl Training {
    /// What a package's title or provenance say. A model that was fine-tuned from one trained from scratch is
    /// fine-tuned.
    pub(super) fn of(config: &ModelConfig) -> Option<Self> {
        let said = format!("{} {}", config.title, config.provenance).to_lowercase().replace('-', " ");
        let words = [
            (Self::FineTuned, "fine tuned"),
            (Self::FineTuned, "finetuned"),
            (Self::ZeroShot, "zero shot"),
            (Self::FromScratch, "from scratch"),
        ];
        words.into_iter().find(|(_, words)| said.contains(words)).map(|(training, _)| training)
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::FromScratch => "from scratch",
            Self::FineTuned => "fine-tuned",
            Self::ZeroShot => "zero-shot",
        }
    }
}

/// Bytes of a model's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// The text tower.
    pub text: usize,
    /// The image tower.
    pub image: usize,
    /// The tokenizer's vocabulary.
    pub vocabulary: usize,
    /// All that a model needs, its description included.
    pub whole: usize,
}

impl Size {
    pub(super) fn of(package: &Package) -> Self {
        let (text, image) = (package.text.len(), package.image.len());
        let vocabulary = package.vocabulary.len();
        Self { text, image, vocabulary, whole: text + image + vocabulary + package.config_json.len() }
    }
}
