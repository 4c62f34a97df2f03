//! Street addresses: the nearest address point of a list, within a distance that is stated beside it.

mod areas;
mod geojson;
mod parts;
mod points;
mod properties;
mod rows;
#[cfg(test)]
mod tests;

use std::path::Path;

use clip_rs_catalog::{Bounds, LngLat};
use clip_rs_stage::StageError;

use crate::report::TableReport;
use areas::Areas;
use points::{Collecting, Points};
pub use rows::{AddressRows, Told, is_part_of_address, read_address_points};

/// Address points of an area, found by position.
#[derive(Debug)]
pub struct AddressBook {
    points: Points,
    reach_m: f64,
}

impl AddressBook {
    /// How far an address may be away if nothing else is asked for, metres.
    pub const REACH_M: f64 = 250.0;

    /// Reads what [`read_address_points`] reads; see [`Self::collect`].
    pub fn read(path: &Path, areas: &[Bounds], reach_m: f64) -> Result<(Self, TableReport), StageError> {
        Self::collect(path, areas, reach_m, |told| read_address_points(path, told))
    }

    /// Takes the address points that `read` shows, which are those of the file `path`. Only points within `reach_m` metres of one
    /// of the `areas` are kept, which bounds the memory for a long list: 16 bytes a point, and each street once; all if there are
    /// no areas.
    pub fn collect(
        path: &Path,
        areas: &[Bounds],
        reach_m: f64,
        read: impl FnOnce(Told<'_>) -> Result<TableReport, StageError>,
    ) -> Result<(Self, TableReport), StageError> {
        let areas = Areas::new(areas, reach_m);
        let mut points = Collecting::default();
        let report = read(&mut |at, address| {
            if !areas.contain(at) {
                return Ok(false);
            }
            if !points.add(at, address) {
                return Err(StageError::content(path, "too many different addresses; give a part of it"));
            }
            Ok(true)
        })?;
        Ok((Self { points: points.finish(), reach_m }, report))
    }

    /// The nearest address and its distance in metres; none within the distance that was asked for.
    pub fn nearest(&self, at: LngLat) -> Option<(String, f64)> {
        self.points.nearest(at, self.reach_m)
    }

    /// Number of address points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is no address point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
