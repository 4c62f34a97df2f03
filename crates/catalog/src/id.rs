//! What items are called: a square of map tiles, or a picture or a square of one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::path::check_path;
use crate::{Bounds, CatalogError, TileId};

/// What stands between a picture's name and the numbers of a crop (W3C Media Fragments, section 4.2.2).
const FRAGMENT: &str = "#xywh=";

/// A square of `span` x `span` tiles of one zoom; a single tile has a span of 1.
///
/// Windows of any size and place on the map are squares of tiles: one of half a tile's edge is a tile one zoom deeper,
/// and one that begins in the middle of a tile is a square of 2 x 2 tiles one zoom deeper. A square may go on
/// across the antimeridian; it never leaves the pyramid in the north or south.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileSquare {
    tile: TileId,
    span: u8,
}

impl TileSquare {
    /// The square whose north-west tile is `tile`; `span` is 1 or more and no more than the pyramid has rows below it.
    pub fn new(tile: TileId, span: u8) -> Result<Self, CatalogError> {
        let rows = 1_u64 << tile.z();
        if span == 0 || u64::from(tile.y()) + u64::from(span) > rows {
            let found = format!("{span} at {tile}");
            return Err(CatalogError::value("span", found, "1 or more, and inside the pyramid"));
        }
        Ok(Self { tile, span })
    }

    /// The north-west tile.
    pub fn tile(self) -> TileId {
        self.tile
    }

    /// Tiles on a side.
    pub fn span(self) -> u8 {
        self.span
    }

    /// All tiles of the square, row by row from the north-west; columns go on at 0 beyond the antimeridian.
    pub fn tiles(self) -> impl Iterator<Item = TileId> {
        let Self { tile, span } = self;
        let side = u32::from(span);
        (0..side).flat_map(move |row| (0..side).filter_map(move |column| tile.neighbour(column, row)))
    }

    /// The footprint in degrees; west is greater than east where it crosses the antimeridian.
    pub fn bounds(self) -> Bounds {
        let last = u32::from(self.span) - 1;
        let south_east = self.tile.neighbour(last, last).unwrap_or(self.tile);
        let (north_west, south_east) = (self.tile.bounds(), south_east.bounds());
        Bounds::from_edges(north_west.west(), south_east.south(), south_east.east(), north_west.north())
    }
}

impl From<TileId> for TileSquare {
    fn from(tile: TileId) -> Self {
        Self { tile, span: 1 }
    }
}

impl fmt::Display for TileSquare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span {
            1 => self.tile.fmt(f),
            span => write!(f, "{}+{span}", self.tile),
        }
    }
}

impl FromStr for TileSquare {
    type Err = CatalogError;

    /// Reads `z/x/y`, or `z/x/y+span` for more than one tile.
    fn from_str(text: &str) -> Result<Self, CatalogError> {
        let Some((tile, span)) = text.split_once('+') else { return Ok(text.parse::<TileId>()?.into()) };
        let wrong = || CatalogError::value("span", span.chars().take(80).collect::<String>(), "2 to 255");
        let number = span.parse().ok().filter(|number| *number >= 2 && *span == format!("{number}"));
        Self::new(tile.parse()?, number.ok_or_else(wrong)?)
    }
}

/// A square part of a picture, in pixels of the upright picture from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Crop {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width and height, at least 1.
    pub side: u32,
}

/// What an item is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ItemId {
    /// A square of map tiles: `17/37487/50141`, or `17/37487/50141+2`.
    Tiles(TileSquare),
    /// A picture: `folder/name.jpg`, or `folder/name.jpg#xywh=0,512,256,256` for a square of it.
    Picture {
        /// File name below the pictures' folder.
        name: String,
        /// The part that the item is; the whole picture if absent.
        crop: Option<Crop>,
    },
}

impl ItemId {
    /// A whole picture.
    pub fn picture(name: impl Into<String>) -> Self {
        Self::Picture { name: name.into(), crop: None }
    }
}

impl From<TileId> for ItemId {
    fn from(tile: TileId) -> Self {
        Self::Tiles(tile.into())
    }
}

impl From<ItemId> for String {
    fn from(id: ItemId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ItemId {
    type Error = CatalogError;

    fn try_from(text: String) -> Result<Self, CatalogError> {
        text.parse()
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tiles(square) => square.fmt(f),
            Self::Picture { name, crop: None } => f.write_str(name),
            Self::Picture { name, crop: Some(Crop { x, y, side }) } => {
                write!(f, "{name}{FRAGMENT}{x},{y},{side},{side}")
            }
        }
    }
}

impl FromStr for ItemId {
    type Err = CatalogError;

    /// Reads what [`fmt::Display`] writes. Text of the form `z/x/y` is a tile: a catalog has tiles or pictures, and
    /// [`crate::Items::position`] finds a picture even if it is called like a tile.
    fn from_str(text: &str) -> Result<Self, CatalogError> {
        if let Ok(square) = text.parse() {
            return Ok(Self::Tiles(square));
        }
        let (name, crop) = match text.split_once(FRAGMENT) {
            Some((name, numbers)) => (name, Some(crop_of(numbers)?)),
            None => (text, None),
        };
        check_path(name)?;
        Ok(Self::Picture { name: name.to_owned(), crop })
    }
}

fn crop_of(text: &str) -> Result<Crop, CatalogError> {
    let wrong = || {
        let found = text.chars().take(80).collect::<String>();
        CatalogError::value("part of a picture", found, "x,y,side,side in pixels")
    };
    let numbers: Vec<u32> = text.split(',').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    match numbers[..] {
        [x, y, side, height] if side == height && side > 0 => Ok(Crop { x, y, side }),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_text() -> Result<(), CatalogError> {
        for text in ["17/37487/50141", "17/37487/50141+2", "a (1).jpg", "été/plage.png#xywh=0,512,256,256"]
        {
            assert_eq!(text.parse::<ItemId>()?.to_string(), text);
        }
        assert_eq!("17/1/2".parse::<ItemId>()?, ItemId::from(TileId::new(17, 1, 2)?));
        Ok(())
    }

    #[test]
    fn text_that_names_no_item_is_refused() {
        for text in
            ["", "../a.jpg", "a.jpg#xywh=0,0,2,3", "a.jpg#xywh=0,0,0,0", "a.jpg#xywh=1,2", "a.jpg#t=1", "/a"]
        {
            assert!(text.parse::<ItemId>().is_err(), "{text}");
        }
        for text in ["1/0/0+0", "1/0/0+1", "1/0/0+02", "1/0/1+2", "1/0/0+3", "1/0/0+256", "1/0/0+"] {
            assert!(text.parse::<TileSquare>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_square_has_all_its_tiles_and_their_common_footprint() -> Result<(), CatalogError> {
        let square = TileSquare::new(TileId::new(3, 2, 5)?, 2)?;
        let tiles: Vec<String> = square.tiles().map(|tile| tile.to_string()).collect();
        assert_eq!(tiles, ["3/2/5", "3/3/5", "3/2/6", "3/3/6"]);
        let around = Bounds::around(square.tiles().map(TileId::bounds)).expect("tiles");
        assert_eq!(square.bounds(), around);
        Ok(())
    }

    #[test]
    fn a_square_goes_on_across_the_antimeridian() -> Result<(), CatalogError> {
        let square = TileSquare::new(TileId::new(3, 7, 0)?, 2)?;
        let tiles: Vec<String> = square.tiles().map(|tile| tile.to_string()).collect();
        assert_eq!(tiles, ["3/7/0", "3/0/0", "3/7/1", "3/0/1"]);
        let bounds = square.bounds();
        assert_eq!((bounds.west(), bounds.east()), (135.0, -135.0));
        assert_eq!(bounds.centre().lng().abs(), 180.0);
        Ok(())
    }
}
