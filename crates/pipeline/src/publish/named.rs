//! Everything that one or several `catalog.json` name: what is not to be removed, and is no stranger.

use std::collections::BTreeSet;
use std::path::Path;

use clip_rs_catalog::Manifest;

use super::names::{folder_stem, is_ours, plain_name};
use crate::catalog::Catalog;
use crate::name_set::NameSet;

/// Names of entries of a catalog's folder, and paths of tiles and pictures below it.
#[derive(Debug, Default)]
pub struct Named {
    entries: BTreeSet<String>,
    /// Folders of which every file counts as named, because what lists them cannot be read.
    whole: BTreeSet<String>,
    paths: NameSet,
}

impl Named {
    /// Adds what the `catalog.json` with this content names in the catalog's folder.
    pub fn add(&mut self, folder: &Path, content: &[u8]) {
        match Manifest::from_json(content) {
            Ok(manifest) => self.add_catalog(&Catalog::of(folder, manifest)),
            Err(_) => self.add_by_form(content),
        }
    }

    /// Adds what a catalog names.
    pub fn add_catalog(&mut self, catalog: &Catalog) {
        let manifest = &catalog.manifest;
        self.entries.extend(manifest.files.iter().map(|file| file.name.clone()));
        self.entries.extend(manifest.folders().iter().cloned());
        for page in manifest.listing() {
            match catalog.listing_page(&page.file) {
                Ok(rows) => self.paths.extend(rows.paths(manifest)),
                Err(_) => self.whole.extend(manifest.folders().iter().cloned()),
            }
        }
    }

    /// A catalog of another format, or a damaged one, names every text in quotation marks that begins like a name of ours.
    fn add_by_form(&mut self, content: &[u8]) {
        for text in String::from_utf8_lossy(content).split('"') {
            let name = text.split('/').next().unwrap_or_default();
            if is_ours(name) {
                self.entries.insert(name.to_owned());
                self.whole.extend(folder_stem(name).map(|_| name.to_owned()));
            }
        }
    }

    /// Whether an entry of the catalog's folder is named; compressed siblings are named by their file.
    pub fn has_entry(&self, name: &str) -> bool {
        self.entries.contains(plain_name(name))
    }

    /// Whether a file below a folder of tiles or pictures is named.
    pub fn has_path(&self, path: &str) -> bool {
        let folder = path.split('/').next().unwrap_or_default();
        self.whole.contains(folder) || self.paths.contains(path)
    }
}
