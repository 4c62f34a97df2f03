//! A set of very many names in little memory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Takes eight bytes a name: a name passes for one that is there once in 2^64 pairs.
#[derive(Debug, Default)]
pub struct NameSet(HashSet<u64>);

impl NameSet {
    /// Adds a name; false if it was there.
    pub fn insert(&mut self, name: &str) -> bool {
        self.0.insert(key(name))
    }

    /// Adds names.
    pub fn extend(&mut self, names: impl Iterator<Item = impl AsRef<str>>) {
        self.0.extend(names.map(|name| key(name.as_ref())));
    }

    /// Whether a name was added.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(&key(name))
    }
}

fn key(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
