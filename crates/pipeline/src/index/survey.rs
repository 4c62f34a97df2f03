//! What there is to index: the source, what it holds, and where its pictures were taken.

use std::collections::HashMap;
use std::path::Path;

use clip_rs_catalog::{Bounds, LngLat, TileId};

use super::Request;
use super::names::PictureNames;
use crate::addresses;
use crate::cut::plan::Plan;
use crate::embed::pictures::Wanted;
use crate::publish::Stem;
use clip_rs_imagery::{Entry, EntryId, Inventory, Kind, Source};
use clip_rs_locate::{AddressBook, Positions};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::counted;

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

    fn place(&mut self, table: &Path) -> Result<(), StageError> {
        let (table, report) = Positions::read(table)?;
        let path = |entry: &Entry| match &entry.id {
            EntryId::Picture(path) => Some(path.clone()),
            EntryId::Tile(_) => None,
        };
        let paths: Vec<String> = self.source.inventory().entries.iter().filter_map(path).collect();
        let assignment = table.assign(&paths);
        let placed = paths.into_iter().zip(&assignment.at);
        self.positions.extend(placed.filter_map(|(path, at)| Some((path, (*at)?))));
        self.notes.push(format!(
            "{} of {} pictures have a position ({} in the table)",
            self.positions.len(),
            self.source.inventory().entries.len(),
            table.len()
        ));
        self.notes.extend(report.notes());
        self.notes.extend(assignment.notes());
        Ok(())
    }

    /// The address points near what is searched, where there are any, and what there is to say of them.
    pub fn read_addresses(
        &self,
        request: &Request,
        plan: Option<&Plan<'_>>,
    ) -> Result<(Option<AddressBook>, Vec<String>), StageError> {
        let Some(path) = request.addresses.as_ref().or(self.inventory().about.addresses.as_ref()) else {
            return Ok((None, Vec::new()));
        };
        // Not of all tiles: an overview of the world would ask for all addresses of the world.
        let areas: Vec<Bounds> = match plan {
            Some(plan) => plan.squares.iter().map(|square| square.bounds()).collect(),
            None => self.inventory().entries.iter().filter_map(|entry| self.footprint(entry)).collect(),
        };
        let reach_m = request.address_distance_m.unwrap_or(AddressBook::REACH_M);
        let (book, report) = addresses::book(path, &areas, reach_m)?;
        let name = path.file_name().unwrap_or(path.as_os_str()).display();
        let points = counted(book.len(), "address point", "address points");
        let read = format!("{name}: {points} near the imagery; an item has the nearest within {reach_m} m");
        Ok((Some(book), std::iter::once(read).chain(report.notes()).collect()))
    }

    /// What an entry covers on the ground, as far as that is known: by the table, or by the source.
    pub fn footprint(&self, entry: &Entry) -> Option<Bounds> {
        let table = match &entry.id {
            EntryId::Picture(path) => self.positions.get(path).map(|at| Bounds::from(*at)),
            EntryId::Tile(_) => None,
        };
        table.or(entry.bounds())
    }

    /// What the source says it holds.
    pub fn inventory(&self) -> &Inventory {
        self.source.inventory()
    }

    /// What a person should know of the source, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let inventory = self.inventory();
        let unread = inventory.unread.iter().map(|(kind, unread)| {
            let files = if unread.count == 1 { "file" } else { "files" };
            format!(
                "{} {files} of a kind that is not read: {kind}, such as {}",
                unread.count,
                unread.first.join(", ")
            )
        });
        inventory.notes.iter().cloned().chain(unread).chain(self.notes.iter().cloned()).collect()
    }

    /// All pictures of the source, in the order of their items: neighbours on the ground are near each other, and what has no
    /// position comes last.
    pub fn pictures(&self) -> Vec<Wanted<'_>> {
        let mut names = PictureNames::default();
        let mut wanted = Vec::new();
        for entry in &self.inventory().entries {
            let EntryId::Picture(path) = &entry.id else { continue };
            wanted.push(Wanted { entry, name: names.name(path), ground: entry.bounds() });
        }
        wanted.sort_by_cached_key(|wanted| (self.ground_order(wanted), wanted.name.clone()));
        wanted
    }

    /// Where a picture was taken, as a place along a curve over the ground.
    fn ground_order(&self, wanted: &Wanted<'_>) -> u64 {
        let at = self.footprint(wanted.entry).map(|bounds| bounds.centre());
        at.and_then(|at| TileId::from_lng_lat(at, TileId::MAX_ZOOM).ok()).map_or(u64::MAX, TileId::quadkey)
    }
}

fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_stem().map_or_else(|| "catalog".to_owned(), |name| name.to_string_lossy().into_owned())
}
