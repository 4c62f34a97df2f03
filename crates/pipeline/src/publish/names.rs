//! The names that publishing gives: only what is called so is ever replaced or removed.

use std::fmt;

use clip_rs_catalog::{Digest, Manifest};

use crate::squeeze::Squeeze;
use clip_rs_stage::files;

/// Stems of the files that a catalog is made of; `catalog` is a former `catalog.json`.
const STEMS: [&str; 13] = [
    "model",
    "text",
    "image",
    "vocabulary",
    "tokenizer",
    "index",
    "items",
    "details",
    "listing",
    "centroids",
    "overview",
    "cells",
    "catalog",
];
/// Digits of a hash in a name.
const HASH_DIGITS: usize = 16;

/// What a catalog's folders of imagery are called after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stem {
    /// Map tiles.
    Tiles,
    /// Pictures that are no tiles.
    Pictures,
}

impl Stem {
    const ALL: [Self; 2] = [Self::Tiles, Self::Pictures];

    /// The word itself.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tiles => "tiles",
            Self::Pictures => "pictures",
        }
    }

    /// Whether a catalog has folders of this kind.
    pub fn is_of(self, manifest: &Manifest) -> bool {
        match self {
            Self::Tiles => manifest.tiles.is_some(),
            Self::Pictures => manifest.pictures.is_some(),
        }
    }
}

impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the name of an entry of a catalog's folder is one that publishing gives: `stem.<16 digits>.extension`,
/// `tiles-<16 digits>`, or a name of something unfinished.
pub fn is_ours(name: &str) -> bool {
    let mut parts = name.split('.');
    let file = parts.next().is_some_and(|stem| STEMS.contains(&stem)) && parts.next().is_some_and(is_hash);
    file || folder_stem(name).is_some() || files::is_temporary(name)
}

/// What a folder of imagery is called after, if the name is one.
pub fn folder_stem(name: &str) -> Option<Stem> {
    let (stem, hash) = name.rsplit_once('-')?;
    Stem::ALL.into_iter().find(|one| one.as_str() == stem).filter(|_| is_hash(hash))
}

/// The name without what a compressed sibling has behind it.
pub fn plain_name(name: &str) -> &str {
    Squeeze::ALL.iter().find_map(|way| name.strip_suffix(way.suffix())).unwrap_or(name)
}

/// The name under which a `catalog.json` with this content is kept when another takes its place.
pub fn superseded_name(content: &[u8]) -> String {
    Digest::of(content).file_name("catalog", "json")
}

/// Whether a name is one that [`superseded_name`] gives.
pub fn is_superseded(name: &str) -> bool {
    name.strip_prefix("catalog.").and_then(|rest| rest.strip_suffix(".json")).is_some_and(is_hash)
}

fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_publishing_gives_are_ours() {
        for name in [
            "index.0123456789abcdef.bin",
            "details.0123456789abcdef.bin",
            "centroids.0123456789abcdef.bin",
            "cells.0123456789abcdef.bin",
            "vocabulary.0123456789abcdef.txt.br",
            "catalog.0123456789abcdef.json",
            "tiles-0123456789abcdef",
            ".unfinished-12-catalog.json",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "catalog.json",
            "index.html",
            "index.0123.bin",
            "notes.0123456789abcdef.bin",
            "tiles-0123456789ABCDEF",
            "tiles-mine",
            "tiles",
            ".git",
            "readme-0123456789abcdef",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
