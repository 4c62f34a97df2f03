//! The folder that our own trainer writes: `config.json` in the format of `model.json`, `model.safetensors` in our
//! names, `vocabulary.txt`.

use std::path::Path;

use clip_rs_search::model::ModelConfig;

use super::{Origin, Source};
use crate::model::checkpoint::Checkpoint;
use clip_rs_stage::{StageError, files};

pub(super) fn open(folder: &Path) -> Result<Source, StageError> {
    let config_path = folder.join("config.json");
    let config = ModelConfig::from_json(&files::read(&config_path)?)
        .map_err(StageError::engine(config_path.display()))?;
    Ok(Source {
        config,
        vocabulary: files::read(&folder.join("vocabulary.txt"))?,
        checkpoint: Checkpoint::open(&[folder.join("model.safetensors")])?,
        origin: |name| Origin::Whole(name.to_owned()),
        ignored: |_| false,
    })
}
