//! What a sample area says of itself, so that its catalog says it too.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use clip_rs_stage::{StageError, files};

/// Name, origin and terms of imagery, as far as a folder tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct About {
    /// The area's name.
    #[serde(default)]
    pub title: Option<String>,
    /// Whether the imagery was generated and shows no real place.
    #[serde(default)]
    pub synthetic: bool,
    /// Who made the imagery.
    #[serde(default)]
    pub attribution: Option<String>,
    /// The imagery's licence.
    #[serde(default)]
    pub licence: Option<String>,
    /// The service that the imagery was fetched from, where the archive says it.
    #[serde(skip)]
    pub service: Option<String>,
    /// Queries that suit the area.
    #[serde(default)]
    pub examples: Vec<String>,
    /// Table of address points beside the imagery.
    #[serde(skip)]
    pub addresses: Option<PathBuf>,
}

impl About {
    /// Reads `sample.json` in `folder` and notes its `addresses.csv`; none when it is no sample area.
    pub fn read(folder: &Path) -> Result<Option<Self>, StageError> {
        let path = folder.join("sample.json");
        if !path.is_file() {
            return Ok(None);
        }
        let mut about = Self::from_json(&path, &files::read(&path)?)?;
        about.addresses = Some(folder.join("addresses.csv")).filter(|path| path.is_file());
        Ok(Some(about))
    }

    /// Reads the content of a `sample.json`, which is called `path`.
    pub(crate) fn from_json(path: &Path, content: &[u8]) -> Result<Self, StageError> {
        serde_json::from_slice(content).map_err(|error| StageError::content(path, error))
    }
}
