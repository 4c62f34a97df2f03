//! The metadata of a shard's items, column by column.
//!
//! File: the magic `CRSITEM1`, then a postcard message of the columns. Tiles store column and row as steps from the
//! item before; places, addresses and sources are numbers into one dictionary of texts (0 is none), so a
//! text that many items share is stored once. A tile's position follows from its number and is not stored;
//! a picture's is stored in units of 1e-7 degrees (about a centimetre).

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::manifest::plain_path;
use crate::{Bounds, CatalogError, Fault, LngLat, TileId};

const MAGIC: &[u8; 8] = b"CRSITEM1";
const UNITS_PER_DEGREE: f64 = 1e7;

/// What an item is called: a tile by its number, a picture by its file name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ItemId {
    /// A map tile.
    Tile(TileId),
    /// A picture's file name below the pictures' folder.
    Picture(String),
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile(tile) => tile.fmt(f),
            Self::Picture(name) => f.write_str(name),
        }
    }
}

/// A capture date, ISO 8601 `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "(u16, u8, u8)", into = "(u16, u8, u8)")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A date of the years 1 to 9999 with a month of the year and a day of that month.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, CatalogError> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u8::from(leap),
            _ => 31,
        };
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=days).contains(&day) {
            return Err(CatalogError::value(
                "date",
                format!("{year}-{month}-{day}"),
                "a day of the calendar",
            ));
        }
        Ok(Self { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl TryFrom<(u16, u8, u8)> for Date {
    type Error = CatalogError;

    fn try_from((year, month, day): (u16, u8, u8)) -> Result<Self, CatalogError> {
        Self::new(year, month, day)
    }
}

impl From<Date> for (u16, u8, u8) {
    fn from(date: Date) -> Self {
        (date.year, date.month, date.day)
    }
}

/// One item with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What it is called.
    pub id: ItemId,
    /// What it covers on the ground: a tile's square, a picture's position (without extent), or unknown.
    pub footprint: Option<Bounds>,
    /// The populated place it lies in or near.
    pub place: Option<String>,
    /// The nearest street address.
    pub address: Option<String>,
    /// When it was taken.
    pub captured: Option<Date>,
    /// Which imagery it comes from, when a catalog mixes several.
    pub source: Option<String>,
}

impl Item {
    /// An item of which only the name (and so, for a tile, the footprint) is known.
    pub fn new(id: ItemId) -> Self {
        let footprint = match &id {
            ItemId::Tile(tile) => Some(tile.bounds()),
            ItemId::Picture(_) => None,
        };
        Self { id, footprint, place: None, address: None, captured: None, source: None }
    }

    /// The middle of the footprint.
    pub fn centre(&self) -> Option<LngLat> {
        self.footprint.map(|footprint| footprint.centre())
    }
}

/// The columns as they are written; every column is as long as the shard, or empty when it would hold nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Columns {
    ids: Ids,
    texts: Vec<String>,
    place: Vec<u32>,
    address: Vec<u32>,
    source: Vec<u32>,
    captured: Vec<Option<Date>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Ids {
    Tiles { zoom: u8, steps: Vec<(i32, i32)> },
    Pictures { names: Vec<String>, at: Vec<Option<(i32, i32)>> },
}

impl Default for Ids {
    fn default() -> Self {
        Self::Pictures { names: Vec::new(), at: Vec::new() }
    }
}

/// The metadata of a shard, by ordinal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Items {
    items: Vec<Item>,
}

impl Items {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item with this ordinal.
    pub fn get(&self, ordinal: usize) -> Option<&Item> {
        self.items.get(ordinal)
    }

    /// All items in the order of their ordinals.
    pub fn iter(&self) -> std::slice::Iter<'_, Item> {
        self.items.iter()
    }

    /// The ordinal of the item called `id`.
    pub fn position(&self, id: &ItemId) -> Option<usize> {
        self.items.iter().position(|item| item.id == *id)
    }

    /// The content of `items.<hash>.bin`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let columns = columns_of(&self.items)?;
        postcard::to_extend(&columns, MAGIC.to_vec()).map_err(|error| wrong(&error.to_string()))
    }

    /// Reads the content of an items file; any other bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let body = bytes.strip_prefix(MAGIC).ok_or_else(|| CatalogError::File {
            name: "items".into(),
            fault: Fault::Magic { expected: "items" },
        })?;
        let (columns, rest): (Columns, _) =
            postcard::take_from_bytes(body).map_err(|error| wrong(&error.to_string()))?;
        if !rest.is_empty() {
            return Err(wrong("something follows its columns"));
        }
        Ok(Self { items: items_of(&columns)? })
    }
}

/// Collects items into a shard, refusing what cannot be written.
#[derive(Debug, Default)]
pub struct ItemsBuilder {
    items: Vec<Item>,
}

impl ItemsBuilder {
    /// Adds the next item; all items of a shard are tiles of one zoom, or all are pictures.
    pub fn push(&mut self, item: Item) -> Result<(), CatalogError> {
        let alike = match (self.items.first().map(|first| &first.id), &item.id) {
            (None, _) | (Some(ItemId::Picture(_)), ItemId::Picture(_)) => true,
            (Some(ItemId::Tile(first)), ItemId::Tile(tile)) => first.z() == tile.z(),
            _ => false,
        };
        if !alike {
            return Err(CatalogError::value("item", &item.id, "of the same kind and zoom as the first"));
        }
        if let ItemId::Picture(name) = &item.id {
            plain_path(name)?;
        }
        self.items.push(item);
        Ok(())
    }

    /// The shard's metadata.
    pub fn build(self) -> Items {
        Items { items: self.items }
    }
}

fn columns_of(items: &[Item]) -> Result<Columns, CatalogError> {
    let mut texts = Vec::new();
    let mut numbers = HashMap::new();
    let mut column = |text: fn(&Item) -> Option<&String>| -> Vec<u32> {
        if items.iter().all(|item| text(item).is_none()) {
            return Vec::new();
        }
        let mut number = |text: &String| {
            *numbers.entry(text.clone()).or_insert_with(|| {
                texts.push(text.clone());
                texts.len() as u32
            })
        };
        items.iter().map(|item| text(item).map_or(0, &mut number)).collect()
    };
    let place = column(|item| item.place.as_ref());
    let address = column(|item| item.address.as_ref());
    let source = column(|item| item.source.as_ref());
    let dated = items.iter().any(|item| item.captured.is_some());
    let captured = if dated { items.iter().map(|item| item.captured).collect() } else { Vec::new() };
    Ok(Columns { ids: ids_of(items)?, texts, place, address, source, captured })
}

fn ids_of(items: &[Item]) -> Result<Ids, CatalogError> {
    let mut ids = match items.first().map(|item| &item.id) {
        Some(ItemId::Tile(tile)) => Ids::Tiles { zoom: tile.z(), steps: Vec::new() },
        _ => Ids::default(),
    };
    let mut before = (0, 0);
    for item in items {
        match (&mut ids, &item.id) {
            (Ids::Tiles { steps, .. }, ItemId::Tile(tile)) => {
                let here = (tile.x() as i32, tile.y() as i32);
                steps.push((here.0 - before.0, here.1 - before.1));
                before = here;
            }
            (Ids::Pictures { names, at }, ItemId::Picture(name)) => {
                names.push(name.clone());
                let units = |degrees: f64| (degrees * UNITS_PER_DEGREE).round() as i32;
                at.push(item.centre().map(|at| (units(at.lng()), units(at.lat()))));
            }
            _ => return Err(wrong("tiles and pictures in one shard")),
        }
    }
    Ok(ids)
}

fn items_of(columns: &Columns) -> Result<Vec<Item>, CatalogError> {
    let mut items = named_items(&columns.ids)?;
    let count = items.len();
    for length in [columns.place.len(), columns.address.len(), columns.source.len(), columns.captured.len()] {
        if length != 0 && length != count {
            return Err(wrong(&format!("a column of {length} values for {count} items")));
        }
    }
    let text = |column: &[u32], ordinal: usize| match column.get(ordinal) {
        None | Some(0) => Ok(None),
        Some(&number) => match columns.texts.get(number as usize - 1) {
            Some(text) => Ok(Some(text.clone())),
            None => Err(wrong(&format!("text {number} of {}", columns.texts.len()))),
        },
    };
    for (ordinal, item) in items.iter_mut().enumerate() {
        item.place = text(&columns.place, ordinal)?;
        item.address = text(&columns.address, ordinal)?;
        item.source = text(&columns.source, ordinal)?;
        item.captured = columns.captured.get(ordinal).copied().flatten();
    }
    Ok(items)
}

fn named_items(ids: &Ids) -> Result<Vec<Item>, CatalogError> {
    match ids {
        Ids::Tiles { zoom, steps } => {
            let mut here = (0_i32, 0_i32);
            let tile = |(dx, dy): &(i32, i32)| {
                let far = || wrong("a tile outside the pyramid");
                here = (here.0.checked_add(*dx).ok_or_else(far)?, here.1.checked_add(*dy).ok_or_else(far)?);
                let (x, y) =
                    (u32::try_from(here.0).map_err(|_| far())?, u32::try_from(here.1).map_err(|_| far())?);
                let tile = TileId::new(*zoom, x, y).map_err(|error| error.named("items"))?;
                Ok(Item::new(ItemId::Tile(tile)))
            };
            steps.iter().map(tile).collect()
        }
        Ids::Pictures { names, at } => {
            if names.len() != at.len() {
                return Err(wrong(&format!("{} positions for {} pictures", at.len(), names.len())));
            }
            let picture = |(name, at): (&String, &Option<(i32, i32)>)| {
                plain_path(name).map_err(|error| error.named("items"))?;
                let mut item = Item::new(ItemId::Picture(name.clone()));
                if let Some((lng, lat)) = at {
                    let degrees = |units: i32| f64::from(units) / UNITS_PER_DEGREE;
                    let at =
                        LngLat::new(degrees(*lng), degrees(*lat)).map_err(|error| error.named("items"))?;
                    item.footprint = Some(at.into());
                }
                Ok(item)
            };
            names.iter().zip(at).map(picture).collect()
        }
    }
}

fn wrong(why: &str) -> CatalogError {
    CatalogError::content("items", why)
}

#[cfg(test)]
#[path = "items_tests.rs"]
mod tests;
