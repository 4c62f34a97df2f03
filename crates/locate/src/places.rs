//! Names of populated places, found without a network: GeoNames' cities inside the program.

use clip_rs_catalog::LngLat;
use reverse_geocoder::ReverseGeocoder;

use super::sphere::distance_m;

/// Credit that GeoNames' licence asks for wherever its names are shown.
pub const PLACES_CREDIT: &str = "Place names: GeoNames (CC BY 4.0)";

/// A place further away than this is not where something is, metres.
const REACH_M: f64 = 50_000.0;

/// The populated places of the world.
pub struct Places {
    geocoder: ReverseGeocoder,
}

impl Places {
    /// Reads the table inside the program (about 0.2 s).
    pub fn load() -> Self {
        Self { geocoder: ReverseGeocoder::new() }
    }

    /// The nearest populated place, such as `Leesburg, Virginia, US`; none within 50 km.
    pub fn near(&self, at: LngLat) -> Option<String> {
        let record = self.geocoder.search((at.lat(), at.lng())).record;
        let there = LngLat::new(record.lon, record.lat).ok()?;
        if distance_m(at, there) > REACH_M {
            return None;
        }
        let parts = [&record.name, &record.admin1, &record.cc];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        Some(parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_the_place_it_is_near_and_the_open_sea_has_none() {
        let places = Places::load();
        let near = |lng, lat| places.near(LngLat::new(lng, lat).expect("a position"));
        assert_eq!(near(-77.5636, 39.1157).as_deref(), Some("Leesburg, Virginia, US"));
        assert_eq!(near(-30.0, 0.0), None);
        assert_eq!(near(0.0, 90.0), None);
    }
}
