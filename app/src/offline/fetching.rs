//! Files as saving fetches them from the server.

use super::plan::{Content, Wanted};
use super::saving::{Got, Network};
use crate::load::{self, LoadError};
use crate::paths::url_path;

/// The server of one catalog.
pub(super) struct Fetching {
    /// URL of the catalog's folder, with its slash.
    pub base: String,
}

impl Network for Fetching {
    async fn file(&self, wanted: &Wanted) -> Result<Vec<u8>, LoadError> {
        match &wanted.content {
            Content::File(file) => load::file(&self.base, file, &|_| {}).await,
            Content::Picture(listed) => load::picture(&self.url(wanted), &wanted.path, listed).await,
        }
    }

    async fn part(&self, wanted: &Wanted, first: u64, last: u64) -> Result<Got, LoadError> {
        let (bytes, is_part) =
            load::part(&self.url(wanted), &wanted.path, wanted.bytes(), (first, last)).await?;
        Ok(if is_part { Got::Part(bytes) } else { Got::Whole(bytes) })
    }
}

impl Fetching {
    fn url(&self, wanted: &Wanted) -> String {
        format!("{}{}", self.base, url_path(&wanted.path))
    }
}
