//! Which items a shard has and where they lie, by ordinal; what else is known of them is in [`crate::Details`].

use crate::columns::{Columns, ColumnsWriter, count_of};
use crate::id::{Crop, ItemId, TileSquare};
use crate::{Bounds, CatalogError, LngLat, TileId};

mod pictures;

use pictures::PictureItems;

const MAGIC: &[u8; 8] = b"CRSITEM2";
const KIND: &str = "items";
/// An offset of 1 in the file.
const OFFSET_UNITS: f32 = 32_768.0;

/// The items of a shard.
///
/// The file `items.<hash>.bin` has the magic `CRSITEM2` and [columns](crate#files-of-columns), a row an item.
///
/// A shard of pictures has a column `names`:
///
/// | column | what |
/// |---|---|
/// | `names` | texts: the pictures, each once, in the order in which items first name them |
/// | `west`, `south` | steps, one for each picture: two edges of its box in units of 1e-7 degrees; west is -2147483648 where the place is not known |
/// | `width`, `height` | numbers, one for each picture: the box's extent in the same units; 0 for a mere position |
/// | `picture` | number: which of the pictures, from 0. Absent: item i is the whole of picture i, and there are as many |
/// | `x`, `y`, `side` | numbers, there if `picture` is: left and upper edge, and width and height, of the square of the upright picture that the item is, in pixels; side 0 for the whole |
///
/// The far edges are the sums of the units, divided by 1e7 like the near ones; an east beyond 180 degrees is 360 less. The box
/// lies on Earth: west and south are in range, the width is at most 360 degrees, and north at most 90.
///
/// A shard of squares of map tiles has no column `names`:
///
/// | column | what |
/// |---|---|
/// | `zoom` | number, 0 to 24 |
/// | `column`, `row` | steps: the north-west tile |
/// | `span` | number, 1 to 255: tiles on a side. Absent: 1 for all |
///
/// Both may have `duplicate_of`: for each item a number, the ordinal of an earlier one that looks the same plus 1, or 0
/// for none. Absent: 0 for all. Such items are found like any other; who shows them may show the earlier one alone.
///
/// Both may have `offset`: for each item a signed number, in steps: its relevance offset ([how it is used](crate#search))
/// in units of 1/32768, from -32768 to 32767. Absent: 0 for all.
///
/// An item is called `z/x/y`, or `z/x/y+span` where the span is more than 1; or by its picture's name, followed by
/// `#xywh=x,y,side,side` for a square of it.
///
/// In memory an item takes 16 bytes, a picture 20 and its name, `offset` 2 an item and `duplicate_of` 4: at most 24 for an
/// item where pictures are whole or have five items or more.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Items {
    names: Names,
    /// An earlier ordinal plus 1, or 0; empty where no item is a duplicate.
    duplicate_of: Vec<u32>,
    /// In units of 1 / [`OFFSET_UNITS`]; empty where all are 0.
    offsets: Vec<i16>,
}

#[derive(Debug, Clone, PartialEq)]
enum Names {
    Tiles(Vec<TileSquare>),
    Pictures(PictureItems),
}

impl Default for Names {
    fn default() -> Self {
        Self::Tiles(Vec::new())
    }
}

impl Items {
    /// Number of items.
    pub fn len(&self) -> usize {
        match &self.names {
            Names::Tiles(squares) => squares.len(),
            Names::Pictures(pictures) => pictures.len(),
        }
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of the item with this ordinal.
    pub fn id(&self, ordinal: usize) -> Option<ItemId> {
        match &self.names {
            Names::Tiles(squares) => squares.get(ordinal).map(|square| ItemId::Tiles(*square)),
            Names::Pictures(pictures) => pictures.id(ordinal),
        }
    }

    /// What the item with this ordinal covers on the ground: a square of tiles, or its picture's box or position
    /// (without extent); none where that is not known.
    pub fn footprint(&self, ordinal: usize) -> Option<Bounds> {
        match &self.names {
            Names::Tiles(squares) => squares.get(ordinal).map(|square| square.bounds()),
            Names::Pictures(pictures) => pictures.footprint(ordinal),
        }
    }

    /// The middle of the footprint.
    pub fn centre(&self, ordinal: usize) -> Option<LngLat> {
        self.footprint(ordinal).map(|footprint| footprint.centre())
    }

    /// The number of the picture that the item with this ordinal is, or is a square of; none for map tiles.
    pub fn picture(&self, ordinal: usize) -> Option<usize> {
        match &self.names {
            Names::Tiles(_) => None,
            Names::Pictures(pictures) => pictures.picture(ordinal),
        }
    }

    /// Whether some item is a square of a picture.
    pub fn has_crops(&self) -> bool {
        matches!(&self.names, Names::Pictures(pictures) if pictures.has_parts())
    }

    /// The ordinal of the earlier item that the item with this ordinal looks the same as.
    pub fn duplicate_of(&self, ordinal: usize) -> Option<usize> {
        (*self.duplicate_of.get(ordinal)? as usize).checked_sub(1)
    }

    /// The relevance offset of the item with this ordinal, -1 to 1: how close it is to any text.
    pub fn offset(&self, ordinal: usize) -> f32 {
        self.offsets.get(ordinal).map_or(0.0, |units| f32::from(*units) / OFFSET_UNITS)
    }

    /// Whether any item has a relevance offset.
    pub fn has_offsets(&self) -> bool {
        !self.offsets.is_empty()
    }

    /// The ordinal of the item called `id`.
    pub fn position(&self, id: &ItemId) -> Option<usize> {
        match (&self.names, id) {
            (Names::Tiles(squares), ItemId::Tiles(square)) => squares.iter().position(|one| one == square),
            (Names::Tiles(_), ItemId::Picture { .. }) => None,
            (Names::Pictures(pictures), ItemId::Picture { name, crop }) => pictures.position(name, *crop),
            // A picture may be called like a tile.
            (Names::Pictures(pictures), ItemId::Tiles(square)) => {
                pictures.position(&square.to_string(), None)
            }
        }
    }

    /// All names in the order of the ordinals.
    pub fn ids(&self) -> impl Iterator<Item = ItemId> {
        (0..self.len()).filter_map(|ordinal| self.id(ordinal))
    }

    /// The content of `items.<hash>.bin`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let mut writer = ColumnsWriter::new(self.len());
        match &self.names {
            Names::Tiles(squares) => {
                writer.numbers("zoom", squares.iter().map(|square| u32::from(square.tile().z())));
                writer.steps("column", squares.iter().map(|square| square.tile().x() as i32));
                writer.steps("row", squares.iter().map(|square| square.tile().y() as i32));
                let spans: Vec<u32> = squares.iter().map(|square| u32::from(square.span())).collect();
                writer.numbers_unless("span", 1, &spans);
            }
            Names::Pictures(pictures) => pictures.write(&mut writer)?,
        }
        writer.numbers_unless("duplicate_of", 0, &self.duplicate_of);
        if self.offsets.iter().any(|units| *units != 0) {
            writer.steps("offset", self.offsets.iter().map(|units| i32::from(*units)));
        }
        writer.finish(MAGIC)
    }

    /// Reads the content of an items file; any other bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let columns = Columns::read(KIND, MAGIC, bytes)?;
        let names = match PictureItems::read(&columns)? {
            Some(pictures) => Names::Pictures(pictures),
            None => Names::Tiles(squares_of(&columns)?),
        };
        let duplicate_of = columns.numbers_or_none("duplicate_of")?;
        // Number `n` stands for ordinal `n - 1`, which must be earlier.
        if duplicate_of.iter().enumerate().any(|(ordinal, number)| *number as usize > ordinal) {
            return Err(wrong("an item is the duplicate of a later one"));
        }
        let offsets = columns.steps_or_none("offset")?.into_iter().map(i16::try_from);
        let offsets: Vec<i16> = offsets
            .collect::<Result<_, _>>()
            .map_err(|_| wrong("a relevance offset is not between -1 and 1"))?;
        Ok(Self { names, duplicate_of, offsets })
    }
}

fn squares_of(columns: &Columns<'_>) -> Result<Vec<TileSquare>, CatalogError> {
    let (zooms, xs, ys) = (columns.numbers("zoom")?, columns.steps("column")?, columns.steps("row")?);
    let spans = columns.numbers_or_none("span")?;
    let square = |ordinal: usize| {
        let far = || wrong("a tile outside the pyramid");
        let z = u8::try_from(zooms[ordinal]).map_err(|_| far())?;
        let x = u32::try_from(xs[ordinal]).map_err(|_| far())?;
        let y = u32::try_from(ys[ordinal]).map_err(|_| far())?;
        let span = u8::try_from(spans.get(ordinal).copied().unwrap_or(1)).map_err(|_| far())?;
        let tile = TileId::new(z, x, y).map_err(|error| error.named(KIND))?;
        TileSquare::new(tile, span).map_err(|error| error.named(KIND))
    };
    // Collecting results would not know how many there are, and take up to twice the room.
    let mut squares = Vec::with_capacity(zooms.len());
    for ordinal in 0..zooms.len() {
        squares.push(square(ordinal)?);
    }
    Ok(squares)
}

/// Collects the items of a shard, refusing what cannot be written.
#[derive(Debug, Default)]
pub struct ItemsBuilder {
    items: Items,
    begun: bool,
}

impl ItemsBuilder {
    /// Adds the next item and returns its ordinal; all items of a shard are squares of tiles, or all are pictures.
    /// `footprint` is a picture's; a square has its own.
    pub fn push(&mut self, id: &ItemId, footprint: Option<Bounds>) -> Result<usize, CatalogError> {
        if !self.begun {
            self.begun = true;
            self.items.names = match id {
                ItemId::Tiles(_) => Names::Tiles(Vec::new()),
                ItemId::Picture { .. } => Names::Pictures(PictureItems::default()),
            };
        }
        match (&mut self.items.names, id) {
            (Names::Tiles(squares), ItemId::Tiles(square)) => squares.push(*square),
            (Names::Pictures(pictures), ItemId::Picture { name, crop }) => {
                pictures.push(name, *crop, footprint)?;
            }
            _ => return Err(CatalogError::value("item", id, "of the same kind as the first of its shard")),
        }
        Ok(self.items.len() - 1)
    }

    /// Says that the item with the ordinal `later` looks the same as the one with the ordinal `earlier`.
    pub fn mark_duplicate(&mut self, later: usize, earlier: usize) -> Result<(), CatalogError> {
        let count = self.items.len();
        if earlier >= later || later >= count {
            return Err(CatalogError::value(
                "duplicate",
                format!("{later} of {earlier}"),
                "a later and an earlier item",
            ));
        }
        self.items.duplicate_of.resize(count, 0);
        self.items.duplicate_of[later] = count_of(earlier + 1)?;
        Ok(())
    }

    /// Gives the item with this ordinal its relevance offset, from -1 to 1.
    pub fn set_offset(&mut self, ordinal: usize, offset: f32) -> Result<(), CatalogError> {
        let count = self.items.len();
        if ordinal >= count || !(-1.0..=1.0).contains(&offset) {
            return Err(CatalogError::value(
                "offset",
                format!("{offset} of item {ordinal}"),
                "from -1 to 1, of an item",
            ));
        }
        self.items.offsets.resize(count, 0);
        // 1 itself is a unit too much for the type, and is rounded to what it can hold.
        self.items.offsets[ordinal] = (offset * OFFSET_UNITS).round() as i16;
        Ok(())
    }

    /// The shard's items.
    pub fn build(mut self) -> Items {
        match &mut self.items.names {
            Names::Tiles(squares) => squares.shrink_to_fit(),
            Names::Pictures(pictures) => pictures.finish(),
        }
        if !self.items.duplicate_of.is_empty() {
            self.items.duplicate_of.resize(self.items.len(), 0);
        }
        self.items.duplicate_of.shrink_to_fit();
        if !self.items.offsets.is_empty() {
            self.items.offsets.resize(self.items.len(), 0);
        }
        self.items.offsets.shrink_to_fit();
        self.items
    }
}

fn wrong(why: &str) -> CatalogError {
    CatalogError::content(KIND, why)
}

#[cfg(test)]
#[path = "items_tests.rs"]
mod tests;
