//! Where a run is, in one file that is either whole or the former one: what is trained, the state of the optimiser,
//! the best weights so far, and the rest as JSON in the file's header.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::optimiser::AdamW;
use super::settings::Settings;
use super::validation::Score;
use clip_rs_stage::{StageError, files};

/// Key of the JSON in the header.
const STATE: &str = "state";

/// What is not a tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) settings: Settings,
    /// Digest of the model and of all texts and pictures.
    pub(super) material: String,
    /// Steps that are done.
    pub(super) step: usize,
    /// Time that they took, seconds.
    pub(super) seconds: f64,
    /// The model before the first step.
    pub(super) start: Option<Score>,
    /// Epochs after which the best weights were found, 0 for those of the start.
    pub(super) best_epoch: usize,
    pub(super) best: Option<Score>,
    /// Epochs since then.
    pub(super) waited: usize,
}

/// Tensors by the names of the variables.
pub(super) type Snapshot = BTreeMap<String, Tensor>;

pub(super) struct Checkpoint {
    pub(super) state: State,
    pub(super) now: Snapshot,
    pub(super) best: Snapshot,
    pub(super) optimiser: AdamW,
}

impl Checkpoint {
    pub(super) fn write(&self, path: &Path) -> Result<(), StageError> {
        let parts = [
            ("now", &self.now),
            ("best", &self.best),
            ("first", &self.optimiser.first),
            ("second", &self.optimiser.second),
        ];
        let tensors: Vec<(String, &Tensor)> = parts
            .into_iter()
            .flat_map(|(part, tensors)| tensors.iter().map(move |(name, t)| (format!("{part}/{name}"), t)))
            .collect();
        let state = serde_json::to_string(&self.state).map_err(StageError::engine(path.display()))?;
        let header = HashMap::from([(STATE.to_owned(), state)]);
        let content =
            safetensors::serialize(tensors, Some(header)).map_err(StageError::engine(path.display()))?;
        files::write_durably(path, &content)
    }

    pub(super) fn read(path: &Path, device: &Device) -> Result<Self, StageError> {
        let content = files::read(path)?;
        let refuse = || StageError::engine(path.display());
        let (_, header) = SafeTensors::read_metadata(&content).map_err(StageError::engine(path.display()))?;
        let state = header.metadata().as_ref().and_then(|header| header.get(STATE));
        let state = state.ok_or_else(|| StageError::content(path, "not a checkpoint of fine-tune"))?;
        let state: State = serde_json::from_str(state).map_err(StageError::engine(path.display()))?;
        let tensors = candle_core::safetensors::load_buffer(&content, device).map_err(refuse())?;
        let mut parts: BTreeMap<String, Snapshot> = BTreeMap::new();
        for (name, tensor) in tensors {
            if let Some((part, name)) = name.split_once('/') {
                parts.entry(part.to_owned()).or_default().insert(name.to_owned(), tensor);
            }
        }
        let mut part = |name| parts.remove(name).unwrap_or_default();
        let optimiser = AdamW { first: part("first"), second: part("second"), steps: state.step };
        Ok(Self { now: part("now"), best: part("best"), optimiser, state })
    }
}

impl State {
    /// Refuses to go on with what was begun otherwise; says what differs.
    pub(super) fn check(&self, path: &Path, settings: &Settings, material: &str) -> Result<(), StageError> {
        let fields = |settings: &Settings| match serde_json::to_value(settings) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (before, now) = (fields(&self.settings), fields(settings));
        let differs = before.iter().find(|(name, value)| now.get(*name) != Some(value));
        let why = match differs {
            Some((name, value)) => {
                let now = now.get(name).map(ToString::to_string).unwrap_or_default();
                format!("the run was begun with {name} = {value}, not {now}")
            }
            None if self.material != material => {
                "the run was begun with another model or other data".to_owned()
            }
            None => return Ok(()),
        };
        let way_out = "resume it as it was begun, or remove the file to begin anew";
        Err(StageError::content(path, format!("{why}; {way_out}")))
    }
}
