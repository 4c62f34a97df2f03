//! Tiles whose files are named by a template, as TileJSON and WMTS capabilities give it.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use clip_rs_catalog::TileId;

use crate::format::{is_companion, kind, picture_extension};
use crate::tile_metadata::Scheme;
use crate::walk::walk;
use crate::{About, Entry, EntryId, ImageryError, Inventory, Source, sampling};

/// What a part of a template stands for.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    Zoom,
    Column,
    Row,
}

/// A path with zoom, column and row in some order.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    parts: Vec<Part>,
    /// How zooms are called, where they are not called by their number.
    zooms: BTreeMap<u8, String>,
}

impl Template {
    /// Reads a template with `{z}`, `{x}` and `{y}` or WMTS's names for them; each comes once. `zooms` are
    /// the names of the zooms, empty where they are numbers.
    pub fn parse(text: &str, zooms: BTreeMap<u8, String>) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let end = start + rest[start..].find('}')?;
            if start > 0 {
                parts.push(Part::Literal(rest[..start].to_owned()));
            }
            parts.push(match &rest[start + 1..end] {
                "z" | "TileMatrix" => Part::Zoom,
                "x" | "TileCol" => Part::Column,
                "y" | "TileRow" => Part::Row,
                _ => return None,
            });
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        let once = |part: Part| parts.iter().filter(|other| **other == part).count() == 1;
        let complete = once(Part::Zoom) && once(Part::Column) && once(Part::Row);
        complete.then_some(Self { parts, zooms })
    }

    /// The folder that all tiles lie in: the template's text up to the last `/` before its first number.
    fn folder(&self) -> &str {
        match self.parts.first() {
            Some(Part::Literal(text)) => text.rfind('/').map_or("", |slash| &text[..slash]),
            _ => "",
        }
    }

    /// The path of a tile.
    fn path(&self, tile: TileId) -> String {
        let part = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Zoom => self.zooms.get(&tile.z()).cloned().unwrap_or_else(|| tile.z().to_string()),
            Part::Column => tile.x().to_string(),
            Part::Row => tile.y().to_string(),
        };
        self.parts.iter().map(part).collect()
    }

    /// The tile that a path is of.
    fn tile(&self, path: &str) -> Option<TileId> {
        let mut rest = path;
        let (mut zoom, mut column, mut row) = (None, None, None);
        for (place, part) in self.parts.iter().enumerate() {
            if let Part::Literal(text) = part {
                rest = rest.strip_prefix(text.as_str())?;
                continue;
            }
            let end = match self.parts.get(place + 1) {
                Some(Part::Literal(next)) => rest.find(next.as_str())?,
                _ => rest.len(),
            };
            let (value, after) = rest.split_at(end);
            rest = after;
            match part {
                Part::Zoom if self.zooms.is_empty() => zoom = value.parse().ok(),
                Part::Zoom => {
                    zoom = self.zooms.iter().find(|(_, name)| *name == value).map(|(zoom, _)| *zoom)
                }
                Part::Column => column = value.parse().ok(),
                _ => row = value.parse().ok(),
            }
        }
        let tile = TileId::new(zoom?, column?, row?).ok()?;
        // `007` is no second name for tile 7.
        (rest.is_empty() && self.path(tile) == path).then_some(tile)
    }
}

/// Files that a template names.
pub(crate) struct TemplateTiles {
    root: PathBuf,
    template: Template,
    scheme: Scheme,
    inventory: Inventory,
}

impl TemplateTiles {
    /// Finds the tiles below `root` (the folder of the document) that `template` names.
    pub fn open(
        root: &Path,
        template: Template,
        scheme: Scheme,
        about: About,
        exclude: &HashSet<PathBuf>,
    ) -> Result<Self, ImageryError> {
        let mut inventory = Inventory { about, ..Inventory::default() };
        let inside = template.folder().to_owned();
        let prefix = if inside.is_empty() { String::new() } else { format!("{inside}/") };
        walk(&root.join(&inside), exclude, &mut inventory, |file, inventory| {
            let name = format!("{prefix}{}", file.name);
            match template.tile(&name) {
                Some(_) if file.length == 0 => inventory.skip(name, "the file is empty"),
                Some(tile) => {
                    inventory.count(&kind(&file.path));
                    let mut entry = Entry::new(EntryId::Tile(scheme.to_xyz(tile)), 0);
                    entry.bytes = Some(file.length);
                    inventory.entries.push(entry);
                }
                None if picture_extension(&file.path).is_some() => {
                    inventory.skip(name, "a picture that the template does not name");
                }
                None if is_companion(&file.path) => {}
                None => inventory.leave(&kind(&file.path), &name),
            }
        })?;
        inventory.sort();
        let mut source = Self { root: root.to_owned(), template, scheme, inventory };
        let (_, sizes) = sampling::look(&source);
        sampling::note_edge(&mut source.inventory, sizes.into_iter());
        Ok(source)
    }
}

impl Source for TemplateTiles {
    fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let tile = entry.id.tile();
        let tile = tile.ok_or_else(|| ImageryError::entry(&self.root, &entry.id, "it is no tile"))?;
        let path = self.root.join(self.template.path(self.scheme.to_xyz(tile)));
        std::fs::read(&path).map_err(ImageryError::io("read", path))
    }
}
