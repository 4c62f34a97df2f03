//! Rows of address points on their way from a file to whoever wants them, with what cannot be used of them.

use std::io::BufRead;
use std::path::Path;

use clip_rs_catalog::LngLat;
use clip_rs_stage::StageError;

use super::geojson::{self, Feature};
use super::parts::{Part, Parts, part_of};
use crate::degrees;
use crate::report::{RowFault, TableReport};
use crate::source;
use crate::table::Table;

/// Who is shown address points, one after the other, and says of each whether it is wanted.
pub type Told<'a> = &'a mut dyn FnMut(LngLat, &str) -> Result<bool, StageError>;

/// Whether a column or property of this name holds an address or a part of one.
pub fn is_part_of_address(title: &str) -> bool {
    part_of(title).is_some()
}

/// Shows `told` the address points of a table (columns of position and of an address, whole or in parts) or of GeoJSON (a
/// collection, or a feature a line), either of them packed by gzip or not, or of all such files in a ZIP archive.
///
/// Rows that cannot be used are in the report; an error if that is all of them.
pub fn read_address_points(path: &Path, told: Told<'_>) -> Result<TableReport, StageError> {
    let mut rows = AddressRows::new(path, told);
    for mut input in source::open_all(path)? {
        if begins_with_brace(&mut input).map_err(StageError::io("read", path))? {
            geojson::read(path, input, &mut |number, feature| match feature {
                Ok(feature) => rows.feature(number, feature),
                Err(fault) => {
                    rows.report.leave_out(number, None, &fault);
                    Ok(())
                }
            })?;
        } else {
            rows.table(Table::new(path, input)?)?;
        }
    }
    rows.finish()
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

/// Rows of a file whose form another crate reads.
pub struct AddressRows<'a> {
    path: &'a Path,
    told: Told<'a>,
    report: TableReport,
}

impl<'a> AddressRows<'a> {
    /// None so far; `path` is where they are from.
    pub fn new(path: &'a Path, told: Told<'a>) -> Self {
        Self { path, told, report: TableReport::default() }
    }

    /// Takes the row of this number, from 1: its longitude and latitude in degrees, none where it is not at a point, and its cells
    /// by the names of their columns.
    pub fn row<'c>(
        &mut self,
        number: u64,
        at: Option<[f64; 2]>,
        cells: impl IntoIterator<Item = (&'c str, &'c str)>,
    ) -> Result<(), StageError> {
        let mut parts = Parts::default();
        for (title, text) in cells {
            if let Some((part, rank)) = part_of(title) {
                parts.set(part, rank, text);
            }
        }
        let at = at.map_or(Err(RowFault::NoPoint), |[lng, lat]| degrees::position(lng, lat));
        self.point(number, at, &parts)
    }

    /// What was read; an error if no row can be used.
    pub fn finish(self) -> Result<TableReport, StageError> {
        let report = self.report;
        if report.used + report.elsewhere == 0 && report.left_out() > 0 {
            let why = format!("no row gives an address; {}", report.notes().join("; "));
            return Err(StageError::content(self.path, why));
        }
        Ok(report)
    }

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
        match (at, parts.address()) {
            (Ok(at), Some(address)) => {
                let is_wanted = (self.told)(at, &address)?;
                *(if is_wanted { &mut self.report.used } else { &mut self.report.elsewhere }) += 1;
            }
            (Err(fault), address) => self.report.leave_out(line, address.as_deref(), &fault),
            (Ok(_), None) => self.report.leave_out(line, None, &RowFault::NoAddress),
        }
        Ok(())
    }
}
