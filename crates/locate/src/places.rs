//! Names of populated places, found without a network: GeoNames' cities inside the program.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use clip_rs_catalog::LngLat;
use rayon::prelude::*;
use reverse_geocoder::{Record, ReverseGeocoder};

use super::sphere::distance_m;

/// Credit that GeoNames' licence asks for wherever its names are shown.
pub const PLACES_CREDIT: &str = "Place names: GeoNames (CC BY 4.0)";

/// A place further away than this is not where something is, metres.
const REACH_M: f64 = 50_000.0;

/// Squares of this side are not halved further, degrees: a kilometre.
const SMALLEST: f64 = 0.01;

/// The populated places of the world.
pub struct Places {
    geocoder: ReverseGeocoder,
    /// Every place once, by name and what it lies in; made when a name is first asked for.
    all: OnceLock<Vec<Record>>,
}

impl Places {
    /// Reads the table inside the program (about 0.2 s).
    pub fn load() -> Self {
        Self { geocoder: ReverseGeocoder::new(), all: OnceLock::new() }
    }

    /// The nearest populated place, such as `Leesburg, Virginia, US`; none within 50 km.
    pub fn near(&self, at: LngLat) -> Option<String> {
        let record = self.geocoder.search((at.lat(), at.lng())).record;
        let there = LngLat::new(record.lon, record.lat).ok()?;
        if distance_m(at, there) > REACH_M {
            return None;
        }
        Some(told(record))
    }

    /// The places of a name, each with its position: `Manassas`, or with its state or country behind a comma, `Manassas, Virginia`
    /// or `Manassas, Virginia, US`. Upper and lower case are alike. The first time takes seconds.
    pub fn named(&self, text: &str) -> Vec<(String, LngLat)> {
        let wanted: Vec<String> = text.split(',').map(|part| part.trim().to_lowercase()).collect();
        let is_it = |record: &&Record| {
            let mut parts = wanted.iter();
            let has_name =
                parts.next().is_some_and(|name| !name.is_empty() && *name == record.name.to_lowercase());
            let lies_in = [&record.admin1, &record.admin2, &record.cc].map(|part| part.to_lowercase());
            has_name && parts.all(|part| lies_in.contains(part))
        };
        let found = self.all.get_or_init(|| self.gathered()).iter().filter(is_it);
        let mut found: Vec<(String, LngLat)> = found
            .filter_map(|record| Some((told(record), LngLat::new(record.lon, record.lat).ok()?)))
            .collect();
        found.dedup_by(|(a, _), (b, _)| a == b);
        found
    }

    /// Every place, in the order of what is told of it. The table can be asked for the nearest place only, so what lies within each
    /// part of the world is halved until it is one place; of two within a kilometre one is found.
    fn gathered(&self) -> Vec<Record> {
        let columns = (0..72_u32).into_par_iter();
        let mut all: Vec<(String, &Record)> = columns
            .flat_map_iter(|column| {
                let mut found = BTreeMap::new();
                for row in 0..36 {
                    let (west, south) = (f64::from(column) * 5.0 - 180.0, f64::from(row) * 5.0 - 90.0);
                    self.look(west, south, 5.0, &mut found);
                }
                found.into_values().map(|record| (told(record), record))
            })
            .collect();
        all.sort_by(|(a, one), (b, other)| a.cmp(b).then(one.lat.total_cmp(&other.lat)));
        all.into_iter().map(|(_, record)| record.clone()).collect()
    }

    /// Notes the places in the square of `size` degrees with this corner, by their positions.
    fn look<'a>(&'a self, west: f64, south: f64, size: f64, found: &mut BTreeMap<[u64; 2], &'a Record>) {
        let half = size / 2.0;
        let record = self.geocoder.search((south + half, west + half)).record;
        // A degree is nowhere more than 112 km, so this is outside a circle around the square.
        let reach_m = half * std::f64::consts::SQRT_2 * 112_000.0;
        let (Ok(middle), Ok(at)) =
            (LngLat::new(west + half, south + half), LngLat::new(record.lon, record.lat))
        else {
            return;
        };
        if distance_m(middle, at) > reach_m {
            return;
        }
        found.insert([record.lat.to_bits(), record.lon.to_bits()], record);
        if size > SMALLEST {
            for (across, up) in [(0.0, 0.0), (half, 0.0), (0.0, half), (half, half)] {
                self.look(west + across, south + up, half, found);
            }
        }
    }
}

/// A place's name with what it lies in: `Leesburg, Virginia, US`.
fn told(record: &Record) -> String {
    let parts = [&record.name, &record.admin1, &record.cc];
    let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_its_places_alone_or_with_what_they_lie_in() {
        let places = Places::load();
        let named = |text: &str| places.named(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(named("manassas, VIRGINIA"), ["Manassas, Virginia, US"]);
        assert_eq!(named("Leesburg, Virginia, US"), ["Leesburg, Virginia, US"]);
        assert!(named("Springfield").len() > 5);
        assert_eq!(named("Xyzzyville"), [""; 0]);
        assert_eq!(named(""), [""; 0]);
        let (_, at) = &places.named("Suva")[0];
        assert!((at.lng() - 178.44).abs() < 0.1 && (at.lat() + 18.14).abs() < 0.1, "{at:?}");
    }

    #[test]
    fn a_position_has_the_place_it_is_near_and_the_open_sea_has_none() {
        let places = Places::load();
        let near = |lng, lat| places.near(LngLat::new(lng, lat).expect("a position"));
        assert_eq!(near(-77.5636, 39.1157).as_deref(), Some("Leesburg, Virginia, US"));
        assert_eq!(near(-30.0, 0.0), None);
        assert_eq!(near(0.0, 90.0), None);
    }
}
