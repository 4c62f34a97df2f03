//! Tiles of the Web Mercator pyramid in XYZ numbering.
//!
//! Formulas: OGC 17-083r4 (WebMercatorQuad) and the usual spherical Mercator ones; quadkeys as in Bing Maps'
//! tile system.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Bounds, CatalogError, LngLat};

/// A tile: zoom 0..=24, column x from the west, row y from the north, both below 2^zoom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "(u8, u32, u32)", into = "(u8, u32, u32)")]
pub struct TileId {
    z: u8,
    x: u32,
    y: u32,
}

/// Latitude of the upper edge of the Web Mercator square, degrees.
const MAX_LATITUDE: f64 = 85.051_128_779_806_59;

impl TileId {
    /// The deepest zoom that is accepted.
    pub const MAX_ZOOM: u8 = 24;

    /// A tile, if its zoom is known and it lies in the pyramid.
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, CatalogError> {
        if z > Self::MAX_ZOOM {
            return Err(CatalogError::value("tile zoom", z, "0 to 24"));
        }
        if x >> z != 0 || y >> z != 0 {
            return Err(CatalogError::value("tile", format!("{z}/{x}/{y}"), "x and y below 2^zoom"));
        }
        Ok(Self { z, x, y })
    }

    /// Zoom level.
    pub fn z(self) -> u8 {
        self.z
    }

    /// Column, from the west.
    pub fn x(self) -> u32 {
        self.x
    }

    /// Row, from the north.
    pub fn y(self) -> u32 {
        self.y
    }

    /// The tile of zoom `z` that a position falls in; latitudes beyond the square are clamped to its edge.
    pub fn from_lng_lat(at: LngLat, z: u8) -> Result<Self, CatalogError> {
        let n = f64::from(1_u32 << z.min(Self::MAX_ZOOM));
        let x = (at.lng() + 180.0) / 360.0 * n;
        let y = Self::down(at.lat()) * n;
        let index = |v: f64| v.clamp(0.0, n - 1.0) as u32;
        Self::new(z, index(x), index(y))
    }

    /// How far down the Web Mercator square a latitude in degrees lies, 0 to 1; beyond the square at its edge.
    pub(crate) fn down(lat: f64) -> f64 {
        let lat = lat.clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
        (1.0 - lat.tan().asinh() / PI) / 2.0
    }

    /// The tile's footprint in degrees.
    pub fn bounds(self) -> Bounds {
        let n = f64::from(1_u32 << self.z);
        let lng = |x: u32| f64::from(x) / n * 360.0 - 180.0;
        let lat = |y: u32| (PI * (1.0 - 2.0 * f64::from(y) / n)).sinh().atan().to_degrees();
        // The constructor keeps x and y inside the square, whose edges are valid degrees in order.
        Bounds::from_edges(lng(self.x), lat(self.y + 1), lng(self.x + 1), lat(self.y))
    }

    /// The tile one zoom up that holds this one; none for the root.
    pub fn parent(self) -> Option<Self> {
        (self.z > 0).then(|| Self { z: self.z - 1, x: self.x / 2, y: self.y / 2 })
    }

    /// The tile so many columns to the east, around the Earth if need be, and so many rows to the south; none beyond the
    /// pyramid's last row.
    pub fn neighbour(self, columns: u32, rows: u32) -> Option<Self> {
        let side = 1_u64 << self.z;
        let x = (u64::from(self.x) + u64::from(columns)) % side;
        let y = u64::from(self.y) + u64::from(rows);
        (y < side).then_some(Self { z: self.z, x: x as u32, y: y as u32 })
    }

    /// The four tiles one zoom down that this one holds, row by row; none at the deepest zoom.
    pub fn children(self) -> Option<[Self; 4]> {
        let child = |x, y| Self { z: self.z + 1, x: self.x * 2 + x, y: self.y * 2 + y };
        (self.z < Self::MAX_ZOOM).then(|| [child(0, 0), child(1, 0), child(0, 1), child(1, 1)])
    }

    /// What tiles are sorted by in listings: zoom, then quadkey.
    pub fn order(self) -> (u8, u64) {
        (self.z, self.quadkey())
    }

    /// Two bits per level, the deepest last: sorting tiles of one zoom by it keeps neighbours together.
    pub fn quadkey(self) -> u64 {
        (0..self.z)
            .rev()
            .fold(0, |key, bit| key << 2 | u64::from(self.y >> bit & 1) << 1 | u64::from(self.x >> bit & 1))
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

impl FromStr for TileId {
    type Err = CatalogError;

    /// Reads `z/x/y`.
    fn from_str(text: &str) -> Result<Self, CatalogError> {
        let wrong = || CatalogError::value("tile", text.chars().take(80).collect::<String>(), "z/x/y");
        let mut parts = text.split('/');
        let mut next = || parts.next().filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        let (z, x, y) = (next(), next(), next());
        let (Some(z), Some(x), Some(y), None) = (z, x, y, parts.next()) else { return Err(wrong()) };
        let z = z.parse().map_err(|_| wrong())?;
        Self::new(z, x.parse().map_err(|_| wrong())?, y.parse().map_err(|_| wrong())?)
    }
}

impl TryFrom<(u8, u32, u32)> for TileId {
    type Error = CatalogError;

    fn try_from((z, x, y): (u8, u32, u32)) -> Result<Self, CatalogError> {
        Self::new(z, x, y)
    }
}

impl From<TileId> for (u8, u32, u32) {
    fn from(tile: TileId) -> Self {
        (tile.z, tile.x, tile.y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_tile_is_the_mercator_square() -> Result<(), CatalogError> {
        let world = TileId::new(0, 0, 0)?.bounds();
        assert_eq!((world.west(), world.east()), (-180.0, 180.0));
        assert!((world.north() - MAX_LATITUDE).abs() < 1e-9);
        assert!((world.south() + MAX_LATITUDE).abs() < 1e-9);
        Ok(())
    }

    #[test]
    fn a_known_place_falls_in_its_known_tile() -> Result<(), CatalogError> {
        // The Washington Monument at zoom 17.
        let tile = TileId::from_lng_lat(LngLat::new(-77.0353, 38.8895)?, 17)?;
        assert_eq!(tile.to_string(), "17/37488/50144");
        assert!(tile.bounds().contains(LngLat::new(-77.0353, 38.8895)?));
        Ok(())
    }

    #[test]
    fn the_centre_of_every_tile_falls_back_into_it() -> Result<(), CatalogError> {
        for (z, x, y) in [(0, 0, 0), (1, 1, 0), (5, 31, 31), (17, 37500, 50140), (24, (1 << 24) - 1, 0)] {
            let tile = TileId::new(z, x, y)?;
            assert_eq!(TileId::from_lng_lat(tile.bounds().centre(), z)?, tile);
        }
        Ok(())
    }

    #[test]
    fn the_poles_and_the_antimeridian_are_clamped_into_the_pyramid() -> Result<(), CatalogError> {
        assert_eq!(TileId::from_lng_lat(LngLat::new(180.0, -90.0)?, 3)?, TileId::new(3, 7, 7)?);
        assert_eq!(TileId::from_lng_lat(LngLat::new(-180.0, 90.0)?, 3)?, TileId::new(3, 0, 0)?);
        Ok(())
    }

    #[test]
    fn a_quadkey_extends_its_parents() -> Result<(), CatalogError> {
        // Bing Maps' example: tile 3,5 of level 3 has the quadkey 213.
        assert_eq!(TileId::new(3, 3, 5)?.quadkey(), 0b10_01_11);
        let tile = TileId::new(17, 37487, 50141)?;
        assert_eq!(tile.parent().map(TileId::quadkey), Some(tile.quadkey() >> 2));
        Ok(())
    }

    #[test]
    fn text_that_is_no_tile_is_refused() {
        for text in ["", "1/2", "1/2/3/4", "1/2/0", "25/0/0", "3/-1/0", "3/+1/0", "a/b/c", "3//1", "300/0/0"]
        {
            assert!(text.parse::<TileId>().is_err(), "{text}");
        }
        assert_eq!("17/37487/50141".parse::<TileId>().map(|t| t.to_string()), Ok("17/37487/50141".into()));
    }
}
