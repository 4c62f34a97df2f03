//! A folder of pictures that are no tiles, with folders inside it if need be: their positions are those of
//! world files beside them, else of their EXIF.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use clip_rs_catalog::Bounds;
use rayon::prelude::*;

use crate::exif_position::{self, Taken};
use crate::format::{is_companion, kind, picture_extension};
use crate::walk::walk;
use crate::world_file::WorldFiles;
use crate::{About, Entry, EntryId, ImageryError, Inventory, Source};

/// A folder of pictures, or one picture.
pub(crate) struct PictureFolder {
    root: PathBuf,
    inventory: Inventory,
}

impl PictureFolder {
    /// Finds the pictures below `folder`.
    pub fn open(folder: &Path, exclude: &HashSet<PathBuf>) -> Result<Self, ImageryError> {
        let about = About::read(folder).map_err(|error| ImageryError::Request(error.to_string()))?;
        let mut inventory = Inventory { about: about.unwrap_or_default(), ..Inventory::default() };
        let mut world_files = WorldFiles::default();
        walk(folder, exclude, &mut inventory, |file, inventory| {
            if picture_extension(&file.path).is_none() {
                world_files.note(&file.name, &file.path);
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
        if [".tif", ".tiff"].iter().any(|kind| inventory.unread.contains_key(*kind)) {
            let note = "GeoTIFF files are no pictures of their own: give them or their folder with --tiles";
            inventory.notes.push(note.to_owned());
        }
        let mut folder = Self { root: folder.to_owned(), inventory };
        folder.place(&world_files);
        Ok(folder)
    }

    /// The one picture at `path`.
    pub fn open_picture(path: &Path, length: u64) -> Result<Self, ImageryError> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| ImageryError::source(path, "its name is not Unicode"))?;
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut inventory = Inventory::default();
        inventory.count(&kind(path));
        let mut entry = Entry::new(EntryId::Picture(name.to_owned()), 0);
        entry.bytes = Some(length);
        inventory.entries.push(entry);
        let mut folder = Self { root, inventory };
        let beside = std::fs::read_dir(&folder.root).into_iter().flatten().flatten();
        let mut world_files = WorldFiles::default();
        for entry in beside {
            world_files.note(&entry.file_name().to_string_lossy(), &entry.path());
        }
        folder.place(&world_files);
        Ok(folder)
    }

    /// Finds out where and when the pictures were taken.
    fn place(&mut self, world_files: &WorldFiles) {
        let root = &self.root;
        let found: Vec<(Taken, Option<Result<Bounds, String>>)> = self
            .inventory
            .entries
            .par_iter()
            .map(|entry| {
                let name = entry.id.to_string();
                let path = root.join(&name);
                let size = || {
                    let size = imagesize::size(&path).ok()?;
                    Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?))
                };
                (exif_position::read(&path), world_files.footprint(&name, size))
            })
            .collect();
        let mut counts = Counts::default();
        for (entry, (taken, world)) in self.inventory.entries.iter_mut().zip(found) {
            entry.captured = taken.date;
            let by_world = world.and_then(|world| {
                world.map_err(|why| counts.add(format!("the world file is not used: {why}"), entry)).ok()
            });
            if let Some(fault) = taken.fault {
                counts.add(format!("the position in EXIF is not used: it {fault}"), entry);
            }
            if by_world.is_some() {
                counts.add("placed by a world file".to_owned(), entry);
            } else if taken.position.is_some() {
                counts.add("placed where the camera stood (GPS in EXIF)".to_owned(), entry);
            }
            entry.footprint = by_world.or(taken.position.map(Bounds::from));
        }
        self.inventory.notes.extend(counts.into_sentences());
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

/// How many pictures something is true of, and the first of them.
#[derive(Default)]
struct Counts(BTreeMap<String, (usize, String)>);

impl Counts {
    fn add(&mut self, what: String, entry: &Entry) {
        self.0.entry(what).or_insert_with(|| (0, entry.id.to_string())).0 += 1;
    }

    fn into_sentences(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|(what, (count, first))| match count {
            1 => format!("1 picture ({first}): {what}"),
            _ => format!("{count} pictures (such as {first}): {what}"),
        })
    }
}
