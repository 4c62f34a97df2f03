//! Street addresses: the nearest address point of a list, within a distance that is stated beside it.

mod areas;
mod geojson;
mod parts;
mod points;
mod properties;
#[cfg(test)]
mod tests;

use std::io::BufRead;
use std::path::Path;

use clip_rs_catalog::{Bounds, LngLat};
use clip_rs_stage::StageError;

use crate::degrees;
use crate::report::{RowFault, TableReport};
use crate::source;
use crate::table::Table;
use areas::Areas;
use geojson::Feature;
use parts::{Part, Parts, part_of};
use points::{Collecting, Points};

/// Address points of an area, found by position.
#[derive(Debug)]
pub struct AddressBook {
    points: Points,
    reach_m: f64,
}

impl AddressBook {
    /// How far an address may be away if nothing else is asked for, metres.
    pub const REACH_M: f64 = 250.0;

    /// Reads a table (columns of position and of an address, whole or in parts) or GeoJSON (a collection, or a feature
    /// a line), either of them packed by gzip or not. Only points within `reach_m` metres of one of the `areas` are
    /// kept, which bounds the memory for a long list: 16 bytes a point, and each street once; all if there are no areas.
    ///
    /// Rows that cannot be used are in the report; an error if that is all of them.
    pub fn read(path: &Path, areas: &[Bounds], reach_m: f64) -> Result<(Self, TableReport), StageError> {
        let mut intake = Intake {
            path,
            areas: Areas::new(areas, reach_m),
            points: Collecting::default(),
            report: TableReport::default(),
        };
        let mut input = source::open(path)?;
        if begins_with_brace(&mut input).map_err(StageError::io("read", path))? {
            geojson::read(path, input, &mut |number, feature| match feature {
                Ok(feature) => intake.feature(number, feature),
                Err(fault) => {
                    intake.report.leave_out(number, None, &fault);
                    Ok(())
                }
            })?;
        } else {
            intake.table(Table::new(path, input)?)?;
        }
        let Intake { points, report, .. } = intake;
        if report.used + report.elsewhere == 0 && report.left_out() > 0 {
            let why = format!("no row gives an address; {}", report.notes().join("; "));
            return Err(StageError::content(path, why));
        }
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

/// Whether the first character that is no space is a brace, as in JSON. Space before it is skipped.
fn begins_with_brace(input: &mut dyn BufRead) -> std::io::Result<bool> {
    loop {
        let buffer = input.fill_buf()?;
        let space = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if space < buffer.len() || buffer.is_empty() {
            return Ok(buffer.get(space) == Some(&b'{'));
        }
        input.consume(space);
    }
}

/// Address points on their way from a file into a book.
struct Intake<'a> {
    path: &'a Path,
    areas: Areas,
    points: Collecting,
    report: TableReport,
}

impl Intake<'_> {
    fn table(&mut self, mut table: Table) -> Result<(), StageError> {
        let position = table.position_columns()?;
        let titles = table.titles().iter().enumerate();
        let columns: Vec<(usize, Part, usize)> =
            titles.filter_map(|(n, title)| part_of(title).map(|(part, rank)| (n, part, rank))).collect();
        if !columns.iter().any(|(_, part, _)| matches!(part, Part::Whole | Part::Street)) {
            return Err(table.lacks(&["address", "street"]));
        }
        while let Some(row) = table.next(&mut self.report)? {
            let mut parts = Parts::default();
            for (column, part, rank) in &columns {
                parts.set(*part, *rank, row.text(*column));
            }
            self.point(row.line, row.position(position), &parts)?;
        }
        Ok(())
    }

    fn feature(&mut self, number: u64, feature: Feature) -> Result<(), StageError> {
        let point = feature.geometry.as_ref().and_then(geojson::Geometry::point);
        let at = point.map_or(Err(RowFault::NoPoint), |[lng, lat]| degrees::position(lng, lat));
        self.point(number, at, &feature.properties.unwrap_or_default().0)
    }

    fn point(&mut self, line: u64, at: Result<LngLat, RowFault>, parts: &Parts) -> Result<(), StageError> {
        let address = parts.address();
        match (at, address) {
            (Ok(at), Some(_)) if !self.areas.contain(at) => self.report.elsewhere += 1,
            (Ok(at), Some(address)) => {
                if !self.points.add(at, &address) {
                    return Err(StageError::content(
                        self.path,
                        "too many different addresses; give a part of it",
                    ));
                }
                self.report.used += 1;
            }
            (Err(fault), address) => self.report.leave_out(line, address.as_deref(), &fault),
            (Ok(_), None) => self.report.leave_out(line, None, &RowFault::NoAddress),
        }
        Ok(())
    }
}
