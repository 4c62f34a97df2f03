//! The course of a run as a table that any program can plot.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::validation::Score;
use clip_rs_stage::{StageError, files};

/// A row of `log.csv`: a step. The last step of an epoch has the figures on the pictures kept for checking; step 0
/// has those of the model before training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Steps that are done.
    pub step: usize,
    /// The epoch, from 1.
    pub epoch: usize,
    /// Loss of the step, before its change of the weights.
    pub loss: Option<f32>,
    /// Learning rate of the step.
    pub rate: f64,
    /// Loss on the pictures kept for checking.
    pub validation_loss: Option<f64>,
    /// Mean recall on them, percent, of data sets with captions.
    pub mean_recall: Option<f64>,
    /// Share of them whose class comes first, percent, of data sets of class folders.
    pub accuracy: Option<f64>,
    /// Time since the beginning of the run, seconds.
    pub seconds: f64,
}

impl Row {
    pub(super) fn with(self, score: Option<Score>) -> Self {
        Self {
            validation_loss: score.map(|score| score.loss),
            mean_recall: score.and_then(|score| score.mean_recall),
            accuracy: score.and_then(|score| score.accuracy),
            ..self
        }
    }
}

/// Writes the whole table.
pub(super) fn write(path: &Path, rows: &[Row]) -> Result<(), StageError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(StageError::engine(path.display()))?;
    }
    let content = writer.into_inner().map_err(|error| StageError::content(path, error))?;
    files::write_durably(path, &content)
}

/// Reads the rows up to a step.
pub(super) fn read(path: &Path, step: usize) -> Result<Vec<Row>, StageError> {
    let content = files::read(path)?;
    let rows = csv::Reader::from_reader(content.as_slice()).into_deserialize();
    let rows = rows.collect::<Result<Vec<Row>, _>>().map_err(StageError::engine(path.display()))?;
    Ok(rows.into_iter().filter(|row| row.step <= step).collect())
}
