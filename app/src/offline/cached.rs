//! Kept files in the browser's Cache API: one cache a catalog, so that deleting it is one step.

use std::collections::HashSet;

use clip_rs_catalog::MANIFEST_NAME;

use super::store::{Store, StoreError};
use crate::browser::cache_storage::{self, Answers, CacheError};
use crate::browser::clock;
use crate::paths::url_path;

/// What the names of the caches begin with; the URL of the catalog's folder follows. `app/offline.js` knows it.
pub const PREFIX: &str = "clip-rs-saved:";
/// Header that says when an answer was kept.
const DATE: &str = "x-clip-rs-saved";

/// The kept files of one catalog.
pub(super) struct Cached {
    base: String,
    answers: Answers,
}

impl Cached {
    /// Those of the catalog whose folder has this URL, with its slash.
    pub async fn open(base: &str) -> Result<Self, StoreError> {
        Ok(Self { base: base.to_owned(), answers: Answers::open(&name(base)).await? })
    }

    fn url(&self, path: &str) -> String {
        match path.split_once('?') {
            Some((path, query)) => format!("{}{}?{query}", self.base, url_path(path)),
            None => format!("{}{}", self.base, url_path(path)),
        }
    }
}

/// The folders of all catalogs of which something is kept.
pub(super) async fn folders() -> Result<Vec<String>, StoreError> {
    let names = cache_storage::names().await?;
    Ok(names.iter().filter_map(|name| name.strip_prefix(PREFIX)).map(str::to_owned).collect())
}

/// Keeps nothing of a catalog any more.
pub(super) async fn delete(base: &str) -> Result<(), StoreError> {
    Ok(cache_storage::delete(&name(base)).await?)
}

fn name(base: &str) -> String {
    format!("{PREFIX}{base}")
}

impl From<CacheError> for StoreError {
    fn from(error: CacheError) -> Self {
        match error {
            CacheError::Full => Self::Full,
            CacheError::Refused(reason) => Self::Unusable(reason),
        }
    }
}

impl Store for Cached {
    async fn names(&self) -> Result<HashSet<String>, StoreError> {
        let urls = self.answers.urls().await?;
        let name = |url: &String| {
            let path = url.strip_prefix(&self.base)?;
            Some(percent_encoding::percent_decode_str(path).decode_utf8().ok()?.into_owned())
        };
        Ok(urls.iter().filter_map(name).collect())
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.answers.read(&self.url(name)).await?)
    }

    async fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let kind = if name == MANIFEST_NAME { "application/json" } else { "application/octet-stream" };
        let headers = [("content-type", kind), (DATE, &clock::now_iso())];
        Ok(self.answers.write(&self.url(name), bytes, &headers).await?)
    }

    async fn join(&self, parts: &[String], name: &str) -> Result<(), StoreError> {
        let parts: Vec<String> = parts.iter().map(|part| self.url(part)).collect();
        let headers = [("content-type", "application/octet-stream"), (DATE, &clock::now_iso())];
        Ok(self.answers.join(&parts, &self.url(name), &headers).await?)
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        Ok(self.answers.remove(&self.url(name)).await?)
    }
}
