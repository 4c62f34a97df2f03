//! Street addresses: the nearest address point of a table, within walking distance.

use std::path::Path;

use clip_rs_catalog::LngLat;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::sphere::{distance_m, point_m};
use super::table::{Row, Table};
use clip_rs_stage::StageError;

/// Address points of an area, found by position.
pub struct AddressBook {
    tree: RTree<GeomWithData<[f64; 3], (LngLat, String)>>,
}

impl AddressBook {
    /// An address further away than this says nothing about a place, metres.
    pub const REACH_M: f64 = 150.0;

    /// Reads a table with the columns longitude, latitude and address, or, in place of the last, OpenAddresses'
    /// number, street, unit and city. Rows without a position or an address are skipped.
    pub fn read(path: &Path) -> Result<Self, StageError> {
        let table = Table::read(path)?;
        let columns = table.position_columns()?;
        let whole = table.column(&["address", "full_address", "addr"]);
        let parts = Parts::of(&table);
        if whole.is_none() && parts.is_none() {
            table.need(&["address", "street"])?;
        }
        let mut points = Vec::new();
        for row in table.rows() {
            let address = whole.map(|column| row.text(column).to_owned()).filter(|text| !text.is_empty());
            let address = address.or_else(|| parts.as_ref().and_then(|parts| parts.address(&row)));
            if let (Some(at), Some(address)) = (row.position(columns)?, address) {
                points.push(GeomWithData::new(point_m(at), (at, address)));
            }
        }
        Ok(Self { tree: RTree::bulk_load(points) })
    }

    /// The nearest address and its distance in metres, unless it is further than [`Self::REACH_M`].
    pub fn nearest(&self, at: LngLat) -> Option<(&str, f64)> {
        let (point, address) = &self.tree.nearest_neighbor(point_m(at))?.data;
        let distance = distance_m(at, *point);
        (distance <= Self::REACH_M).then_some((address, distance))
    }

    /// Number of address points.
    pub fn len(&self) -> usize {
        self.tree.size()
    }

    /// Whether there is no address point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The columns of an address that is given in parts.
struct Parts {
    street: usize,
    number: Option<usize>,
    unit: Option<usize>,
    city: Option<usize>,
}

impl Parts {
    fn of(table: &Table) -> Option<Self> {
        Some(Self {
            street: table.column(&["street"])?,
            number: table.column(&["number", "house_number", "housenumber"]),
            unit: table.column(&["unit"]),
            city: table.column(&["city"]),
        })
    }

    fn address(&self, row: &Row<'_>) -> Option<String> {
        let text = |column: Option<usize>| column.map(|column| row.text(column)).filter(|t| !t.is_empty());
        let street = text(Some(self.street))?;
        let mut address = text(self.number).map_or(street.to_owned(), |number| format!("{number} {street}"));
        for more in [text(self.unit), text(self.city)].into_iter().flatten() {
            address = format!("{address}, {more}");
        }
        Some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    fn book(text: &str) -> Result<AddressBook, StageError> {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), text).expect("write");
        AddressBook::read(file.path())
    }

    fn at(lng: f64, lat: f64) -> LngLat {
        LngLat::new(lng, lat).expect("a position")
    }

    #[test]
    fn the_nearest_address_is_the_one_that_brute_force_finds() -> Result<(), StageError> {
        let seed = 7;
        let mut dice = StdRng::seed_from_u64(seed);
        // Far north, where a degree of longitude is a quarter of a degree of latitude, and over the antimeridian.
        let mut position = || {
            let lng = dice.random_range(179.99..180.01);
            at(if lng > 180.0 { lng - 360.0 } else { lng }, dice.random_range(75.0..75.005))
        };
        let points: Vec<LngLat> = (0..500).map(|_| position()).collect();
        let rows =
            points.iter().enumerate().map(|(n, p)| format!("{},{},{n} Main Street\n", p.lng(), p.lat()));
        let book = book(&format!("longitude,latitude,address\n{}", rows.collect::<String>()))?;
        assert_eq!(book.len(), 500);
        for _ in 0..300 {
            let here = position();
            let nearest = (0..points.len())
                .min_by(|a, b| distance_m(here, points[*a]).total_cmp(&distance_m(here, points[*b])))
                .expect("points");
            let distance = distance_m(here, points[nearest]);
            let expected = (distance <= 150.0).then(|| format!("{nearest} Main Street"));
            let found = book.nearest(here).map(|(address, _)| address.to_owned());
            assert_eq!(found, expected, "seed {seed}, {here:?}, {distance} m");
        }
        Ok(())
    }

    #[test]
    fn an_address_out_of_reach_is_not_used() -> Result<(), StageError> {
        let book = book("lon,lat,address\n-77.5,38.8,1 High Street\n-77.4,38.8,\n")?;
        assert_eq!(book.len(), 1);
        // 0.0017 degrees of longitude are 147 m here, 0.0018 are 156 m.
        assert_eq!(book.nearest(at(-77.5017, 38.8)).map(|(text, _)| text), Some("1 High Street"));
        assert_eq!(book.nearest(at(-77.5018, 38.8)), None);
        Ok(())
    }

    #[test]
    fn addresses_in_parts_are_put_together() -> Result<(), StageError> {
        let book = book("LON,LAT,NUMBER,STREET,UNIT,CITY,POSTCODE\n1,2,12,Oak Lane,,Leesburg,20175\n")?;
        assert_eq!(book.nearest(at(1.0, 2.0)).map(|(text, _)| text), Some("12 Oak Lane, Leesburg"));
        Ok(())
    }

    #[test]
    fn a_table_without_addresses_is_refused_and_an_empty_one_finds_nothing() -> Result<(), StageError> {
        let error = book("lon,lat\n1,2\n").err().expect("refused").to_string();
        assert!(error.contains("no column called address, street"), "{error}");
        assert_eq!(book("lon,lat,address\n")?.nearest(at(0.0, 0.0)), None);
        Ok(())
    }
}
