//! Imagery that tests make: a source of encoded pictures in memory.

use std::collections::HashMap;
use std::io::Cursor;

use clip_rs_catalog::TileId;
use clip_rs_imagery::{Entry, EntryId, ImageryError, Inventory, Source};
use image::{DynamicImage, ImageFormat, RgbImage};

/// A source of these files.
pub struct Painted {
    inventory: Inventory,
    files: Vec<Vec<u8>>,
}

impl Painted {
    /// A source of tiles.
    pub fn tiles(files: HashMap<TileId, Vec<u8>>) -> Self {
        Self::of(files.into_iter().map(|(tile, file)| (EntryId::Tile(tile), file)).collect())
    }

    /// A source of entries with their files.
    pub fn of(mut files: Vec<(EntryId, Vec<u8>)>) -> Self {
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let entry = |(at, (id, _)): (usize, &(EntryId, Vec<u8>))| Entry {
            id: id.clone(),
            handle: at as u64,
            footprint: None,
            captured: None,
            bytes: None,
        };
        let entries = files.iter().enumerate().map(entry).collect();
        Self {
            inventory: Inventory { entries, ..Inventory::default() },
            files: files.into_iter().map(|(_, file)| file).collect(),
        }
    }
}

impl Source for Painted {
    fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        Ok(self.files[entry.handle as usize].clone())
    }
}

/// A picture as a PNG file.
pub fn png(picture: &RgbImage) -> Vec<u8> {
    png_of(DynamicImage::from(picture.clone()))
}

/// A picture with whatever channels as a PNG file.
pub fn png_of(picture: DynamicImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).expect("memory");
    file.into_inner()
}
