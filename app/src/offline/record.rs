//! What is said of a catalog that is kept: a small file beside its files, which is written when a saving begins and when it is
//! whole.

use serde::{Deserialize, Serialize};

use super::store::{Store, StoreError};
use crate::protocol::offline::Edition;

/// The file's name. No file of a catalog is called so.
pub(super) const RECORD: &str = "saved.json";

/// What is kept of a catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// What is whole.
    pub whole: Option<Edition>,
    /// What was begun since.
    pub begun: Option<Edition>,
}

impl Record {
    /// What `store` says of itself: nothing, where it says what this build does not understand.
    pub async fn read(store: &impl Store) -> Result<Self, StoreError> {
        let text = store.read(RECORD).await?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default())
    }

    /// Keeps it.
    pub async fn write(&self, store: &impl Store) -> Result<(), StoreError> {
        let text = serde_json::to_vec(self).map_err(|error| StoreError::Unusable(error.to_string()))?;
        store.write(RECORD, &text).await
    }
}
