//! Where kept files lie, as saving sees it. The Cache API is what is used ([`super::cached`]): a service worker answers from it
//! by itself, its entries are whole or not there, and browsers count it into what they let a site keep. The origin private file
//! system would have to be copied from for each answer.

use std::collections::HashSet;

/// Why something could not be kept or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The browser gives no more room.
    #[error("this browser has no more room for this site")]
    Full,
    /// The browser lets this site keep nothing, or broke.
    #[error("this browser's storage cannot be used ({0})")]
    Unusable(String),
}

/// The files of one catalog, by their paths relative to `catalog.json`.
pub(super) trait Store {
    /// All that are there.
    async fn names(&self) -> Result<HashSet<String>, StoreError>;
    /// A file's bytes, if it is there.
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Keeps a file, whole or not at all, in place of what is there.
    async fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Keeps a file that is made of others, one behind the other.
    async fn join(&self, parts: &[String], name: &str) -> Result<(), StoreError>;
    /// Takes a file away, if it is there.
    async fn remove(&self, name: &str) -> Result<(), StoreError>;
}
