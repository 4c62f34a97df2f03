//! The items of a shard of pictures: whole pictures, or squares of them, with the box of each picture once.

use std::collections::HashMap;

use super::{Crop, ItemId, wrong};
use crate::columns::{Columns, ColumnsWriter, Texts, count_of};
use crate::path::check_path;
use crate::{Bounds, CatalogError, LngLat};

const UNITS_PER_DEGREE: f64 = 1e7;
/// What stands for the west edge of a picture whose place is not known.
const UNKNOWN: i32 = i32::MIN;

/// Pictures by number, and which of them the items are.
#[derive(Debug, Clone, Default)]
pub(super) struct PictureItems {
    names: Texts,
    boxes: Vec<UnitBox>,
    /// Which picture and which square of it (side 0: the whole) each item is; empty once all items are collected if
    /// item i is the whole of picture i.
    parts: Vec<Part>,
    /// Numbers by name, while the items are being collected.
    numbers: HashMap<String, u32>,
}

/// A box in units of 1e-7 degrees (about a centimetre).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UnitBox {
    west: i32,
    south: i32,
    width: u32,
    height: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    picture: u32,
    crop: Crop,
}

const WHOLE: Crop = Crop { x: 0, y: 0, side: 0 };

impl PartialEq for PictureItems {
    fn eq(&self, other: &Self) -> bool {
        (&self.names, &self.boxes, &self.parts) == (&other.names, &other.boxes, &other.parts)
    }
}

impl PictureItems {
    pub(super) fn len(&self) -> usize {
        if self.parts.is_empty() { self.boxes.len() } else { self.parts.len() }
    }

    fn part(&self, ordinal: usize) -> Option<Part> {
        if self.parts.is_empty() {
            let picture = u32::try_from(ordinal).ok().filter(|_| ordinal < self.boxes.len())?;
            return Some(Part { picture, crop: WHOLE });
        }
        self.parts.get(ordinal).copied()
    }

    pub(super) fn id(&self, ordinal: usize) -> Option<ItemId> {
        let Part { picture, crop } = self.part(ordinal)?;
        let name = self.names.get(picture as usize)?.to_owned();
        Some(ItemId::Picture { name, crop: (crop != WHOLE).then_some(crop) })
    }

    pub(super) fn picture(&self, ordinal: usize) -> Option<usize> {
        self.part(ordinal).map(|part| part.picture as usize)
    }

    /// Whether the items are other than each picture as a whole.
    pub(super) fn has_parts(&self) -> bool {
        !self.parts.is_empty()
    }

    pub(super) fn footprint(&self, ordinal: usize) -> Option<Bounds> {
        self.boxes.get(self.part(ordinal)?.picture as usize)?.bounds()
    }

    pub(super) fn position(&self, name: &str, crop: Option<Crop>) -> Option<usize> {
        let picture = count_of(self.names.iter().position(|one| one == name)?).ok()?;
        let sought = Part { picture, crop: crop.unwrap_or(WHOLE) };
        (0..self.len()).find(|ordinal| self.part(*ordinal) == Some(sought))
    }

    /// Adds an item; the box of a picture is the one that came with its first item.
    pub(super) fn push(
        &mut self,
        name: &str,
        crop: Option<Crop>,
        footprint: Option<Bounds>,
    ) -> Result<(), CatalogError> {
        if crop.is_some_and(|crop| crop.side == 0) {
            return Err(CatalogError::value("part of a picture", name, "a square of at least one pixel"));
        }
        let picture = match self.numbers.get(name) {
            Some(number) => *number,
            None => self.add_picture(name, footprint)?,
        };
        self.parts.push(Part { picture, crop: crop.unwrap_or(WHOLE) });
        Ok(())
    }

    fn add_picture(&mut self, name: &str, footprint: Option<Bounds>) -> Result<u32, CatalogError> {
        check_path(name)?;
        let number = count_of(self.boxes.len())?;
        self.names.push(name).ok_or_else(|| wrong("its names are too long together"))?;
        self.boxes.push(UnitBox::of(footprint));
        self.numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    /// Lets go of what only the collecting needed.
    pub(super) fn finish(&mut self) {
        self.numbers = HashMap::new();
        let is_plain =
            |(ordinal, part): (usize, &Part)| part.crop == WHOLE && part.picture as usize == ordinal;
        if self.parts.iter().enumerate().all(is_plain) {
            self.parts = Vec::new();
        }
        self.parts.shrink_to_fit();
        self.boxes.shrink_to_fit();
        self.names.shrink_to_fit();
    }

    pub(super) fn write(&self, writer: &mut ColumnsWriter) -> Result<(), CatalogError> {
        writer.texts("names", self.names.iter())?;
        let boxes = || self.boxes.iter();
        writer.steps("west", boxes().map(|one| one.west));
        writer.steps("south", boxes().map(|one| one.south));
        writer.numbers("width", boxes().map(|one| one.width));
        writer.numbers("height", boxes().map(|one| one.height));
        if !self.parts.is_empty() {
            let parts = || self.parts.iter();
            writer.numbers("picture", parts().map(|part| part.picture));
            writer.numbers("x", parts().map(|part| part.crop.x));
            writer.numbers("y", parts().map(|part| part.crop.y));
            writer.numbers("side", parts().map(|part| part.crop.side));
        }
        Ok(())
    }

    /// The pictures of an items file; none if it is not about pictures.
    pub(super) fn read(columns: &Columns<'_>) -> Result<Option<Self>, CatalogError> {
        let Some(names) = columns.texts_or_none("names")? else { return Ok(None) };
        for name in names.iter() {
            check_path(name).map_err(|error| error.named("items"))?;
        }
        let parts = parts_of(columns, names.len())?;
        let count = names.len();
        let (wests, souths) = (columns.steps_of("west", count)?, columns.steps_of("south", count)?);
        let (widths, heights) = (columns.numbers_of("width", count)?, columns.numbers_of("height", count)?);
        let mut boxes = Vec::with_capacity(count);
        for at in 0..count {
            let one = UnitBox { west: wests[at], south: souths[at], width: widths[at], height: heights[at] };
            one.check()?;
            boxes.push(one);
        }
        Ok(Some(Self { names, boxes, parts, numbers: HashMap::new() }))
    }
}

fn parts_of(columns: &Columns<'_>, pictures: usize) -> Result<Vec<Part>, CatalogError> {
    let numbers = columns.numbers_or_none("picture")?;
    if numbers.is_empty() {
        let fits = columns.rows() == pictures;
        return fits.then(Vec::new).ok_or_else(|| wrong("its items are not its pictures"));
    }
    let (xs, ys, sides) = (columns.numbers("x")?, columns.numbers("y")?, columns.numbers("side")?);
    let mut parts = Vec::with_capacity(numbers.len());
    for (at, picture) in numbers.into_iter().enumerate() {
        if picture as usize >= pictures {
            return Err(wrong(&format!("picture {picture} of {pictures}")));
        }
        parts.push(Part { picture, crop: Crop { x: xs[at], y: ys[at], side: sides[at] } });
    }
    Ok(parts)
}

impl UnitBox {
    fn of(footprint: Option<Bounds>) -> Self {
        let Some(bounds) = footprint else { return Self { west: UNKNOWN, south: 0, width: 0, height: 0 } };
        let units = |degrees: f64| (degrees * UNITS_PER_DEGREE).round();
        // A box's far edges are rounded, not its extent, so that neighbours go on meeting.
        let east = units(bounds.west() + bounds.width());
        Self {
            west: units(bounds.west()) as i32,
            south: units(bounds.south()) as i32,
            width: (east - units(bounds.west())) as u32,
            height: (units(bounds.north()) - units(bounds.south())) as u32,
        }
    }

    /// The edges in degrees, west and south first; east may be more than 180.
    fn edges(self) -> [f64; 4] {
        let degrees = |units: i64| units as f64 / UNITS_PER_DEGREE;
        let (west, south) = (i64::from(self.west), i64::from(self.south));
        [west, south, west + i64::from(self.width), south + i64::from(self.height)].map(degrees)
    }

    fn bounds(self) -> Option<Bounds> {
        if self.west == UNKNOWN {
            return None;
        }
        let [west, south, east, north] = self.edges();
        Bounds::new(west, south, if east > 180.0 { east - 360.0 } else { east }, north).ok()
    }

    /// Whether the box is none, or on Earth.
    fn check(self) -> Result<(), CatalogError> {
        if self.west == UNKNOWN {
            return Ok(());
        }
        let [west, south, east, north] = self.edges();
        LngLat::new(west, south).map_err(|error| error.named("items"))?;
        let fits = east - west <= 360.0 && north <= 90.0;
        fits.then_some(()).ok_or_else(|| wrong("a picture's box is larger than the Earth"))
    }
}
