//! An area on the ground as its outline: a drawn ring, or the four corners of a box.

use clip_rs_catalog::{Bounds, LngLat};
use serde::{Deserialize, Serialize};

/// A simple polygon without holes, in WGS 84 degrees, longitude before latitude. What crosses the antimeridian goes on beyond
/// 180 or -180 degrees, so edges are never longer than they look. Edges are straight in longitude and latitude.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<[f64; 2]>", into = "Vec<[f64; 2]>")]
pub struct Polygon {
    corners: Vec<[f64; 2]>,
    /// Its edges, if it is a box.
    edges: Option<Bounds>,
}

/// Numbers that enclose no area on the ground.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an area has {} to {} corners, longitudes from -540 to 540 and latitudes from -90 to 90",
    Polygon::MIN_CORNERS,
    Polygon::MAX_CORNERS
)]
pub struct PolygonError;

impl Polygon {
    /// Fewest corners.
    pub const MIN_CORNERS: usize = 3;
    /// Most corners.
    pub const MAX_CORNERS: usize = 1000;

    /// The area within a ring of corners (longitude, latitude), in either direction; the last is joined to the first.
    pub fn new(corners: Vec<[f64; 2]>) -> Result<Self, PolygonError> {
        let count = (Self::MIN_CORNERS..=Self::MAX_CORNERS).contains(&corners.len());
        let on_earth = |[lng, lat]: &[f64; 2]| lng.abs() <= 540.0 && lat.abs() <= 90.0;
        if !count || !corners.iter().all(on_earth) {
            return Err(PolygonError);
        }
        let edges = box_of(&corners);
        Ok(Self { corners, edges })
    }

    /// The corners, longitude before latitude.
    pub fn corners(&self) -> &[[f64; 2]] {
        &self.corners
    }

    /// Its edges, if it is a box.
    pub fn edges(&self) -> Option<Bounds> {
        self.edges
    }

    /// The smallest box around it, which is none only where corners are no positions.
    pub fn bounds(&self) -> Option<Bounds> {
        if self.edges.is_some() {
            return self.edges;
        }
        let span = |axis: usize| {
            let along = self.corners.iter().map(|corner| corner[axis]);
            along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        let ((west, east), (south, north)) = (span(0), span(1));
        if east - west >= 360.0 {
            return Bounds::new(-180.0, south, 180.0, north).ok();
        }
        let wrapped = |lng: f64| {
            if (-180.0..=180.0).contains(&lng) { lng } else { (lng + 180.0).rem_euclid(360.0) - 180.0 }
        };
        Bounds::new(wrapped(west), south, wrapped(east), north).ok()
    }

    /// Whether `at` lies inside, by the number of edges east of it (even-odd rule). What lies exactly on an edge is inside a box;
    /// of another area it is inside on the west and south, and outside on the others.
    pub fn contains(&self, at: LngLat) -> bool {
        if let Some(edges) = self.edges {
            return edges.contains(at);
        }
        // The same meridian may lie a turn further on.
        [0.0, 360.0, -360.0].iter().any(|turn| self.holds(at.lng() + turn, at.lat()))
    }

    fn holds(&self, lng: f64, lat: f64) -> bool {
        let next = self.corners.iter().cycle().skip(1);
        let crossed = self.corners.iter().zip(next).filter(|([x0, y0], [x1, y1])| {
            (*y0 <= lat) != (*y1 <= lat) && lng < x0 + (lat - y0) / (y1 - y0) * (x1 - x0)
        });
        crossed.count() % 2 == 1
    }
}

/// The corners of a box, counter-clockwise from the south-west.
fn corners_of(bounds: Bounds) -> [[f64; 2]; 4] {
    let (west, east) = (bounds.west(), bounds.west() + bounds.width());
    let (south, north) = (bounds.south(), bounds.north());
    [[west, south], [east, south], [east, north], [west, north]]
}

/// The box that has these corners, if there is one.
fn box_of(corners: &[[f64; 2]]) -> Option<Bounds> {
    let &[[west, south], [east, _], [_, north], _] = corners else { return None };
    let east = if east > 180.0 { east - 360.0 } else { east };
    let bounds = Bounds::new(west, south, east, north).ok()?;
    (corners_of(bounds) == *corners).then_some(bounds)
}

impl From<Bounds> for Polygon {
    fn from(bounds: Bounds) -> Self {
        Self { corners: corners_of(bounds).to_vec(), edges: Some(bounds) }
    }
}

impl TryFrom<Vec<[f64; 2]>> for Polygon {
    type Error = PolygonError;

    fn try_from(corners: Vec<[f64; 2]>) -> Result<Self, PolygonError> {
        Self::new(corners)
    }
}

impl From<Polygon> for Vec<[f64; 2]> {
    fn from(polygon: Polygon) -> Self {
        polygon.corners
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn at(lng: f64, lat: f64) -> LngLat {
        LngLat::new(lng, lat).expect("a position")
    }

    #[test]
    fn the_box_around_a_ring_is_as_large_as_its_corners_ask_wherever_it_lies() {
        let around = |corners: &[[f64; 2]]| {
            Polygon::new(corners.to_vec()).expect("a ring").bounds().map(<[f64; 4]>::from)
        };
        let triangle = [[-77.5, 38.5], [-77.0, 38.6], [-77.2, 39.0]];
        assert_eq!(around(&triangle), Some([-77.5, 38.5, -77.0, 39.0]));
        // Across the antimeridian, from either side.
        assert_eq!(
            around(&[[179.0, -18.0], [181.0, -17.5], [180.0, -17.0]]),
            Some([179.0, -18.0, -179.0, -17.0])
        );
        assert_eq!(
            around(&[[-181.0, -18.0], [-179.0, -17.5], [-180.0, -17.0]]),
            Some([179.0, -18.0, -179.0, -17.0])
        );
        assert_eq!(around(&[[-200.0, 0.0], [200.0, 10.0], [0.0, 20.0]]), Some([-180.0, 0.0, 180.0, 20.0]));
        let edges = Bounds::new(-77.5, 38.5, -77.0, 39.0).expect("a box");
        assert_eq!(Polygon::from(edges).bounds(), Some(edges));
    }

    #[test]
    fn a_box_as_a_polygon_holds_what_the_box_holds() {
        let seed = 4;
        let mut dice = StdRng::seed_from_u64(seed);
        for edges in [[-77.5, 38.5, -77.0, 39.0], [179.0, -18.0, -179.5, -17.0], [-180.0, -90.0, 180.0, 90.0]]
        {
            let bounds = Bounds::try_from(edges).expect("a box");
            let polygon = Polygon::from(bounds);
            assert_eq!(polygon.edges(), Some(bounds));
            for _ in 0..1000 {
                let near = bounds.centre();
                let lng = near.lng() + dice.random_range(-2.0..2.0);
                let lng = if lng > 180.0 {
                    lng - 360.0
                } else if lng < -180.0 {
                    lng + 360.0
                } else {
                    lng
                };
                let position = at(lng, (near.lat() + dice.random_range(-2.0..2.0)).clamp(-89.9, 89.9));
                assert_eq!(
                    polygon.contains(position),
                    bounds.contains(position),
                    "seed {seed}: {position:?}"
                );
            }
        }
    }

    #[test]
    fn a_ring_with_a_bay_leaves_the_bay_out_in_either_direction() {
        let slanted = vec![[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [1.0, 4.0]];
        assert_eq!(Polygon::new(slanted).expect("a ring").edges(), None);
        let mut corners = vec![[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 1.0], [0.0, 4.0]];
        for _ in 0..2 {
            let ring = Polygon::new(corners.clone()).expect("a ring");
            assert!(ring.contains(at(0.5, 2.0)) && ring.contains(at(3.5, 2.0)));
            assert!(!ring.contains(at(2.0, 2.0)) && !ring.contains(at(5.0, 1.0)));
            corners.reverse();
        }
    }

    #[test]
    fn what_encloses_nothing_is_refused() {
        assert!(Polygon::new(vec![[0.0, 0.0], [1.0, 1.0]]).is_err());
        assert!(Polygon::new(vec![[0.0, 0.0]; Polygon::MAX_CORNERS + 1]).is_err());
        for wrong in [f64::NAN, f64::INFINITY, 541.0] {
            assert!(Polygon::new(vec![[0.0, 0.0], [1.0, 1.0], [wrong, 0.0]]).is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<Polygon>("[[0,0],[1,91],[2,0]]").is_err());
    }
}
