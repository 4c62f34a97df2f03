//! What there is to index: the source, what it holds, and where its pictures were taken.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{LngLat, TileId};

use super::Request;
use super::names::PictureNames;
use crate::embed::Wanted;
use crate::publish::Stem;
use clip_rs_imagery::{EntryId, Inventory, Kind, Source};
use clip_rs_locate::Positions;
use clip_rs_stage::StageError;

/// A request's source, looked through without reading pixels.
pub struct Survey {
    /// Where the pictures come from.
    pub source: Box<dyn Source>,
    /// Tiles or pictures.
    pub stem: Stem,
    /// Positions of pictures by the source's names for them, from a table.
    pub positions: HashMap<String, LngLat>,
    /// The name of the area, if nobody gives it another.
    pub name: String,
    notes: Vec<String>,
}

impl Survey {
    /// Looks through what the request names.
    pub fn of(request: &Request) -> Result<Self, StageError> {
        let (kind, stem, paths) = match (&request.tiles[..], &request.images[..]) {
            (tiles, []) if !tiles.is_empty() => (Kind::Tiles, Stem::Tiles, &request.tiles),
            ([], images) if !images.is_empty() => (Kind::Pictures, Stem::Pictures, &request.images),
            _ => return Err(StageError::Request("give either --tiles or --images".into())),
        };
        if kind == Kind::Tiles && request.locations.is_some() {
            let why = "--locations goes with --images: tiles know where they are";
            return Err(StageError::Request(why.into()));
        }
        let source = clip_rs_imagery::open(&clip_rs_imagery::Wanted {
            paths: paths.clone(),
            kind,
            scheme: request.scheme,
            exclude: vec![request.out.clone(), request.work()?],
        })?;
        let name = paths.first().map_or_else(|| "catalog".to_owned(), |path| name_of(path));
        let mut survey = Self { source, stem, positions: HashMap::new(), name, notes: Vec::new() };
        if let Some(path) = &request.locations {
            survey.place(path)?;
        }
        Ok(survey)
    }

    fn place(&mut self, table: &PathBuf) -> Result<(), StageError> {
        let table = Positions::read(table)?;
        for entry in &self.source.inventory().entries {
            let EntryId::Picture(path) = &entry.id else { continue };
            if let Some(at) = table.get(path) {
                self.positions.insert(path.clone(), at);
            }
        }
        self.notes.push(format!(
            "{} of {} pictures have a position ({} in the table)",
            self.positions.len(),
            self.source.inventory().entries.len(),
            table.len()
        ));
        Ok(())
    }

    /// What the source says it holds.
    pub fn inventory(&self) -> &Inventory {
        self.source.inventory()
    }

    /// What a person should know of the source, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let inventory = self.inventory();
        let unread = inventory.unread.iter().map(|(kind, unread)| {
            format!(
                "{} files of a kind that is not read: {kind}, such as {}",
                unread.count,
                unread.first.join(", ")
            )
        });
        inventory.notes.iter().cloned().chain(unread).chain(self.notes.iter().cloned()).collect()
    }

    /// All pictures of the source, in the order of their items: neighbours on the ground are near each other, and what has no
    /// position comes last.
    pub fn wanted(&self) -> Vec<Wanted<'_>> {
        let entries = &self.inventory().entries;
        let deepest = self.inventory().zooms().map(|(_, deepest)| deepest);
        let mut names = PictureNames::default();
        let mut wanted: Vec<Wanted<'_>> = entries
            .iter()
            .map(|entry| match &entry.id {
                EntryId::Tile(tile) => Wanted { entry, name: None, searched: Some(tile.z()) == deepest },
                EntryId::Picture(path) => Wanted { entry, name: Some(names.name(path)), searched: true },
            })
            .collect();
        if self.stem == Stem::Pictures {
            wanted.sort_by_cached_key(|wanted| (self.ground_order(wanted), wanted.name.clone()));
        }
        wanted
    }

    /// Where a picture was taken, as a place along a curve over the ground.
    fn ground_order(&self, wanted: &Wanted<'_>) -> u64 {
        let bounds = wanted.entry.bounds().map(|bounds| bounds.centre());
        let EntryId::Picture(path) = &wanted.entry.id else { return u64::MAX };
        let at = self.positions.get(path).copied().or(bounds);
        at.and_then(|at| TileId::from_lng_lat(at, TileId::MAX_ZOOM).ok()).map_or(u64::MAX, TileId::quadkey)
    }
}

fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_stem().map_or_else(|| "catalog".to_owned(), |name| name.to_string_lossy().into_owned())
}
