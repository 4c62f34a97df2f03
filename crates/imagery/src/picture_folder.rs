//! A folder of pictures that are no tiles, with folders inside it if need be.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::format::{is_companion, kind, picture_extension};
use crate::walk::walk;
use crate::{About, Entry, EntryId, ImageryError, Inventory, Source};

/// A folder of pictures.
pub struct PictureFolder {
    root: PathBuf,
    inventory: Inventory,
}

impl PictureFolder {
    /// Finds the pictures below `folder`.
    pub fn open(folder: &Path, exclude: &HashSet<PathBuf>) -> Result<Self, ImageryError> {
        let about = About::read(folder).map_err(|error| ImageryError::Request(error.to_string()))?;
        let mut inventory = Inventory { about: about.unwrap_or_default(), ..Inventory::default() };
        walk(folder, exclude, &mut inventory, |file, inventory| {
            if picture_extension(&file.path).is_none() {
                if !is_companion(&file.path) {
                    inventory.leave(&kind(&file.path), &file.name);
                }
            } else if file.length == 0 {
                inventory.skip(&file.name, "the file is empty");
            } else {
                inventory.count(&kind(&file.path));
                let mut entry = Entry::new(EntryId::Picture(file.name), 0);
                entry.bytes = Some(file.length);
                inventory.entries.push(entry);
            }
        })?;
        inventory.sort();
        Ok(Self { root: folder.to_owned(), inventory })
    }
}

impl Source for PictureFolder {
    fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let EntryId::Picture(name) = &entry.id else {
            return Err(ImageryError::entry(&self.root, &entry.id, "it is no picture of this folder"));
        };
        let path = self.root.join(name);
        std::fs::read(&path).map_err(ImageryError::io("read", path))
    }
}
