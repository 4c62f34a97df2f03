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

/// A box on the ground, in degrees: south <= north; west > east says that it crosses the antimeridian, as in GeoJSON
/// (RFC 7946, section 5.2). It covers the longitudes from west eastward to east.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 4]", into = "[f64; 4]")]
pub struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Bounds {
    /// A box from its edges, if they are in range and south is not north of north.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, CatalogError> {
        LngLat::new(west, south)?;
        LngLat::new(east, north)?;
        if south > north {
            let found = format!("{west},{south},{east},{north}");
            return Err(CatalogError::value("bounds", found, "west, south, east, north with south <= north"));
        }
        Ok(Self { west, south, east, north })
    }

    /// A box from edges that are known to be in range and in order.
    pub(crate) fn from_edges(west: f64, south: f64, east: f64, north: f64) -> Self {
        Self { west, south, east, north }
    }

    /// The smallest box around all of `boxes`; none if there is none. Across the antimeridian if that is shorter.
    pub fn around(boxes: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut spans = Vec::new();
        let mut latitudes: Option<(f64, f64)> = None;
        for Self { west, south, east, north } in boxes {
            let (low, high) = latitudes.unwrap_or((south, north));
            latitudes = Some((low.min(south), high.max(north)));
            spans.push((west, if west <= east { east } else { east + 360.0 }));
        }
        let (south, north) = latitudes?;
        let (west, east) = around_circle(spans);
        Some(Self { west, south, east, north })
    }

    /// West edge, degrees of longitude.
    pub fn west(&self) -> f64 {
        self.west
    }

    /// South edge, degrees of latitude.
    pub fn south(&self) -> f64 {
        self.south
    }

    /// East edge, degrees of longitude; less than west where the box crosses the antimeridian.
    pub fn east(&self) -> f64 {
        self.east
    }

    /// North edge, degrees of latitude.
    pub fn north(&self) -> f64 {
        self.north
    }

    /// Whether the box goes on from 180 to -180 degrees.
    pub fn crosses_antimeridian(&self) -> bool {
        self.west > self.east
    }

    /// The box, or where it crosses the antimeridian its part on either side, none of which wraps around.
    pub fn parts(&self) -> impl Iterator<Item = Self> {
        let Self { west, south, east, north } = *self;
        let parts = if self.crosses_antimeridian() {
            [Some(Self { west, south, east: 180.0, north }), Some(Self { west: -180.0, south, east, north })]
        } else {
            [Some(*self), None]
        };
        parts.into_iter().flatten()
    }

    /// Edges that do not wrap around, west, south, east and north, for formats that know no other: those of a box that crosses
    /// the antimeridian are as wide as the map.
    pub fn within_the_map(&self) -> [f64; 4] {
        let (west, east) = if self.crosses_antimeridian() { (-180.0, 180.0) } else { (self.west, self.east) };
        [west, self.south, east, self.north]
    }

    /// Width in degrees of longitude, 0 to 360.
    pub fn width(&self) -> f64 {
        if self.crosses_antimeridian() { self.east - self.west + 360.0 } else { self.east - self.west }
    }

    /// The point half way between the edges.
    pub fn centre(&self) -> LngLat {
        let lng = self.west + self.width() / 2.0;
        LngLat { lng: if lng > 180.0 { lng - 360.0 } else { lng }, lat: (self.south + self.north) / 2.0 }
    }

    /// Whether `at` lies inside or on an edge.
    pub fn contains(&self, at: LngLat) -> bool {
        self.holds_longitude(at.lng) && (self.south..=self.north).contains(&at.lat)
    }

    fn holds_longitude(&self, lng: f64) -> bool {
        // 180 and -180 are the same meridian.
        let between = |lng: f64| {
            if self.crosses_antimeridian() {
                lng >= self.west || lng <= self.east
            } else {
                (self.west..=self.east).contains(&lng)
            }
        };
        between(lng) || (lng.abs() == 180.0 && between(-lng))
    }

    /// Whether the two boxes share at least a point.
    pub fn intersects(&self, other: &Self) -> bool {
        (self.holds_longitude(other.west) || other.holds_longitude(self.west))
            && self.south <= other.north
            && other.south <= self.north
    }

    /// The smallest box that holds both. Of many boxes, [`Self::around`] finds it where pair by pair would not.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (west, east) =
            around_circle([self, other].map(|one| (one.west, one.west + one.width())).to_vec());
        Self { west, south: self.south.min(other.south), east, north: self.north.max(other.north) }
    }
}

/// The shortest arc, west to east, that holds all arcs: what is left of the circle without the widest gap. Each arc
/// begins at -180..=180 degrees and ends less than 360 further on.
fn around_circle(mut arcs: Vec<(f64, f64)>) -> (f64, f64) {
    arcs.sort_by(|a, b| a.0.total_cmp(&b.0));
    // How far is covered, and the end of the arc that covers it: subtracting a turn and adding it again would not give the same
    // number. What goes on beyond 180 degrees covers the circle's beginning.
    let further = |a: (f64, f64), b: (f64, f64)| if b.0 > a.0 { b } else { a };
    let mut reach = arcs.iter().map(|arc| (arc.1 - 360.0, arc.1)).fold((f64::NEG_INFINITY, 180.0), further);
    // Width of the widest gap, where it begins and where it ends. Of gaps alike the one around the antimeridian is taken,
    // which is the first.
    let mut widest = (0.0, 180.0, -180.0);
    for (begin, end) in arcs {
        if begin - reach.0 > widest.0 {
            widest = (begin - reach.0, reach.1, begin);
        }
        reach = further(reach, (end, end));
    }
    let (_, east, west) = widest;
    (west, if east > 180.0 { east - 360.0 } else { east })
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
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    #[test]
    fn positions_and_bounds_out_of_range_are_refused() {
        assert!(LngLat::new(181.0, 0.0).is_err());
        assert!(LngLat::new(0.0, -90.1).is_err());
        assert!(LngLat::new(f64::NAN, 0.0).is_err());
        assert!(Bounds::new(0.0, 1.0, 1.0, 0.0).is_err());
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

    fn bounds(edges: [f64; 4]) -> Bounds {
        edges.try_into().expect("in range")
    }

    #[test]
    fn a_box_across_the_antimeridian_knows_its_inside() {
        let fiji = bounds([177.0, -19.0, -178.0, -16.0]);
        assert!(fiji.crosses_antimeridian());
        assert_eq!((fiji.width(), fiji.centre().lng()), (5.0, 179.5));
        for (lng, inside) in
            [(178.0, true), (180.0, true), (-180.0, true), (-179.0, true), (0.0, false), (176.9, false)]
        {
            assert_eq!(fiji.contains(LngLat::new(lng, -17.0).expect("in range")), inside, "{lng}");
        }
        assert!(fiji.intersects(&bounds([-178.5, -17.0, -170.0, -10.0])));
        assert!(fiji.intersects(&bounds([170.0, -17.0, 177.0, -10.0])));
        assert!(!fiji.intersects(&bounds([-177.9, -17.0, 176.9, -10.0])));
        assert_eq!(
            bounds([179.0, 0.0, 180.0, 1.0]).union(&bounds([-180.0, 0.0, -179.0, 1.0])),
            bounds([179.0, 0.0, -179.0, 1.0])
        );
    }

    #[test]
    fn the_box_around_one_is_the_same_to_the_last_digit() {
        let seed = 8;
        let mut dice = StdRng::seed_from_u64(seed);
        for _ in 0..1000 {
            let (lng, lat) = (dice.random_range(-180.0..180.0), dice.random_range(-90.0..90.0));
            for width in [0.0, 0.1] {
                let east = if lng + width > 180.0 { lng + width - 360.0 } else { lng + width };
                let one = bounds([lng, lat, east, lat]);
                assert_eq!(Bounds::around([one, one]), Some(one), "seed {seed}");
            }
        }
    }

    #[test]
    fn the_box_around_many_is_the_shortest_that_holds_all() {
        let seed = 3;
        let mut dice = StdRng::seed_from_u64(seed);
        for round in 0..2000 {
            let around = dice.random_range(-180.0..180.0);
            let spread = dice.random_range(0.0..360.0);
            let boxes: Vec<Bounds> = (0..dice.random_range(1..8))
                .map(|_| {
                    let wrap = |lng: f64| (lng + 540.0).rem_euclid(360.0) - 180.0;
                    let west: f64 = around + dice.random_range(0.0..=spread);
                    let east = west + dice.random_range(0.0..20.0);
                    bounds([wrap(west), 0.0, wrap(east), 1.0])
                })
                .collect();
            let found = Bounds::around(boxes.clone()).expect("boxes");
            let holds = |whole: Bounds| {
                boxes.iter().all(|one| {
                    let from = (one.west() - whole.west()).rem_euclid(360.0);
                    from + one.width() <= whole.width() + 1e-9
                })
            };
            assert!(holds(found), "seed {seed}, round {round}: {found:?} of {boxes:?}");
            // The best box begins at some box and ends at some box: none of those is shorter.
            for (a, b) in boxes.iter().flat_map(|a| boxes.iter().map(move |b| (a, b))) {
                let other = bounds([a.west(), 0.0, b.east(), 1.0]);
                assert!(
                    !holds(other) || other.width() >= found.width() - 1e-9,
                    "seed {seed}, round {round}: {other:?} is shorter than {found:?}"
                );
            }
        }
        assert_eq!(Bounds::around([]), None);
        for edges in [[170.0, 0.0, 180.0, 1.0], [-180.0, 0.0, -170.0, 1.0], [180.0, 0.0, 180.0, 0.0]] {
            assert_eq!(Bounds::around([bounds(edges)]), Some(bounds(edges)));
        }
        let world = Bounds::around([bounds([-180.0, 0.0, 0.0, 1.0]), bounds([0.0, 0.0, 180.0, 1.0])]);
        assert_eq!(world, Some(bounds([-180.0, 0.0, 180.0, 1.0])));
    }
}
