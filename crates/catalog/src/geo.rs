//! Positions and boxes on the ground, in WGS 84 degrees, longitude before latitude.

use serde::{Deserialize, Serialize};

use crate::CatalogError;

/// A position: longitude -180..=180 and latitude -90..=90, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 2]", into = "[f64; 2]")]
pub struct LngLat {
    lng: f64,
    lat: f64,
}

impl LngLat {
    /// A position, if both numbers are in range.
    pub fn new(lng: f64, lat: f64) -> Result<Self, CatalogError> {
        if !(-180.0..=180.0).contains(&lng) {
            return Err(CatalogError::value("longitude", lng, "degrees from -180 to 180"));
        }
        if !(-90.0..=90.0).contains(&lat) {
            return Err(CatalogError::value("latitude", lat, "degrees from -90 to 90"));
        }
        Ok(Self { lng, lat })
    }

    /// Longitude in degrees.
    pub fn lng(self) -> f64 {
        self.lng
    }

    /// Latitude in degrees.
    pub fn lat(self) -> f64 {
        self.lat
    }
}

impl TryFrom<[f64; 2]> for LngLat {
    type Error = CatalogError;

    fn try_from([lng, lat]: [f64; 2]) -> Result<Self, CatalogError> {
        Self::new(lng, lat)
    }
}

impl From<LngLat> for [f64; 2] {
    fn from(at: LngLat) -> Self {
        [at.lng, at.lat]
    }
}

/// A box that does not cross the antimeridian: west <= east, south <= north, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 4]", into = "[f64; 4]")]
pub struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Bounds {
    /// A box from its edges, if they are in range and in order.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, CatalogError> {
        LngLat::new(west, south)?;
        LngLat::new(east, north)?;
        if west > east || south > north {
            let found = format!("{west},{south},{east},{north}");
            return Err(CatalogError::value("bounds", found, "west <= east and south <= north"));
        }
        Ok(Self { west, south, east, north })
    }

    /// West edge, degrees of longitude.
    pub fn west(&self) -> f64 {
        self.west
    }

    /// South edge, degrees of latitude.
    pub fn south(&self) -> f64 {
        self.south
    }

    /// East edge, degrees of longitude.
    pub fn east(&self) -> f64 {
        self.east
    }

    /// North edge, degrees of latitude.
    pub fn north(&self) -> f64 {
        self.north
    }

    /// The point half way between the edges.
    pub fn centre(&self) -> LngLat {
        LngLat { lng: (self.west + self.east) / 2.0, lat: (self.south + self.north) / 2.0 }
    }

    /// Whether `at` lies inside or on an edge.
    pub fn contains(&self, at: LngLat) -> bool {
        (self.west..=self.east).contains(&at.lng) && (self.south..=self.north).contains(&at.lat)
    }

    /// Whether the two boxes share at least a point.
    pub fn intersects(&self, other: &Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }

    /// The smallest box that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }
}

impl From<LngLat> for Bounds {
    /// The box without extent at a position.
    fn from(at: LngLat) -> Self {
        Self { west: at.lng, south: at.lat, east: at.lng, north: at.lat }
    }
}

impl TryFrom<[f64; 4]> for Bounds {
    type Error = CatalogError;

    fn try_from([west, south, east, north]: [f64; 4]) -> Result<Self, CatalogError> {
        Self::new(west, south, east, north)
    }
}

impl From<Bounds> for [f64; 4] {
    fn from(b: Bounds) -> Self {
        [b.west, b.south, b.east, b.north]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_bounds_out_of_range_are_refused() {
        assert!(LngLat::new(181.0, 0.0).is_err());
        assert!(LngLat::new(0.0, -90.1).is_err());
        assert!(LngLat::new(f64::NAN, 0.0).is_err());
        assert!(Bounds::new(1.0, 0.0, 0.0, 1.0).is_err());
        assert!(serde_json::from_str::<Bounds>("[0, 1, 1, 0]").is_err());
    }

    #[test]
    fn bounds_meet_join_and_hold_their_centre() -> Result<(), CatalogError> {
        let a = Bounds::new(-2.0, 0.0, 0.0, 2.0)?;
        let b = Bounds::new(0.0, 2.0, 4.0, 4.0)?;
        assert!(a.intersects(&b), "they share a corner");
        assert!(!a.intersects(&Bounds::new(0.1, 0.0, 1.0, 1.0)?));
        assert_eq!(a.union(&b), Bounds::new(-2.0, 0.0, 4.0, 4.0)?);
        assert!(a.contains(a.centre()));
        assert_eq!(serde_json::to_string(&a).expect("plain numbers"), "[-2.0,0.0,0.0,2.0]");
        Ok(())
    }
}
