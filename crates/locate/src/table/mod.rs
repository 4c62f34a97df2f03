//! Tables as people have them: comma, semicolon, tab or bar, with or without a byte order mark or a line that names
//! the separator, columns in any order under the names in use. Read row by row, so that length costs no memory.

mod records;

use std::io::BufRead;
use std::path::{Path, PathBuf};

use clip_rs_catalog::LngLat;
use clip_rs_stage::StageError;

use crate::degrees;
use crate::lines::Lines;
use crate::report::{RowFault, TableReport};

use records::{Record, Records};

/// Names of the columns of a position, best first. Degrees are preferred to `x` and `y`, which are often projected.
const POSITION: [(&[&str], &[&str]); 3] = [
    (
        &["longitude", "lng", "lon", "long", "gpslongitude", "longitudedd", "londd"],
        &["latitude", "lat", "gpslatitude", "latitudedd", "latdd"],
    ),
    (&["pointx"], &["pointy"]),
    (&["x", "easting"], &["y", "northing"]),
];

/// A table with a header line.
pub(super) struct Table {
    path: PathBuf,
    records: Records,
    titles: Vec<String>,
}

/// One row that could be split into cells, and the line it stands on.
pub(super) struct Row {
    /// From 1.
    pub(super) line: u64,
    record: Record,
}

/// The columns of longitude and latitude.
#[derive(Debug, Clone, Copy)]
pub(super) struct PositionColumns {
    lng: usize,
    lat: usize,
}

/// A column's name as it is compared: letters and digits only, in lower case.
pub(super) fn canonical(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Table {
    /// Begins to read a table: its header.
    pub(super) fn new(path: &Path, input: Box<dyn BufRead>) -> Result<Self, StageError> {
        let mut lines = Lines::new(input);
        let mut delimiter = None;
        let header = loop {
            let line = lines.take().map_err(StageError::io("read", path))?;
            let Some(line) = line.map(Option::unwrap_or_default) else { break None };
            match named_delimiter(&line) {
                Some(named) if delimiter.is_none() => delimiter = Some(named),
                _ if line.trim_ascii().is_empty() => {}
                _ => break Some(line),
            }
        };
        let header = header.unwrap_or_default();
        if header.contains(&0) {
            return Err(StageError::content(path, "no text; save the table as CSV in UTF-8"));
        }
        let delimiter = delimiter.unwrap_or_else(|| most_used_delimiter(&header));
        if !header.is_empty() {
            lines.give_back(vec![Some(header)]);
        }
        let mut records = Records::new(lines, delimiter);
        let header = records.next().map_err(StageError::io("read", path))?;
        let titles = match header {
            Some((_, Ok(record))) => record.cells().map(str::to_owned).collect(),
            Some((line, Err(fault))) => {
                return Err(StageError::Row { path: path.to_owned(), line, why: fault.to_string() });
            }
            None => Vec::new(),
        };
        Ok(Self { path: path.to_owned(), records, titles })
    }

    /// The header's names in order.
    pub(super) fn titles(&self) -> &[String] {
        &self.titles
    }

    /// The first column that has one of these names, best first.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.titles.iter().position(|title| canonical(title) == *name))
    }

    /// Like [`Self::column`]; the error says which names would do.
    pub(super) fn need(&self, names: &[&str]) -> Result<usize, StageError> {
        self.column(names).ok_or_else(|| self.lacks(names))
    }

    /// The error that no column has one of these names.
    pub(super) fn lacks(&self, names: &[&str]) -> StageError {
        let titles = self.titles.join(", ");
        let why = format!("no column called {}; the header says: {titles}", names.join(", "));
        StageError::Row { path: self.path.clone(), line: 1.max(self.records.line()), why }
    }

    /// The columns of longitude and latitude, of one kind both.
    pub(super) fn position_columns(&self) -> Result<PositionColumns, StageError> {
        let pairs = POSITION.iter().map(|(lng, lat)| (self.column(lng), self.column(lat)));
        for (lng, lat) in pairs {
            if let (Some(lng), Some(lat)) = (lng, lat) {
                return Ok(PositionColumns { lng, lat });
            }
        }
        let has_lng = POSITION.iter().any(|(lng, _)| self.column(lng).is_some());
        let names: &[&str] =
            if has_lng { &["latitude", "lat", "y"] } else { &["longitude", "lng", "lon", "x"] };
        Err(self.lacks(names))
    }

    /// The next row that can be split into cells; those that cannot be are put down in `report`. None at the end.
    pub(super) fn next(&mut self, report: &mut TableReport) -> Result<Option<Row>, StageError> {
        let columns = self.titles.len();
        loop {
            let next = self.records.next().map_err(StageError::io("read", &self.path))?;
            let Some((line, record)) = next else { return Ok(None) };
            let fault = match record {
                Ok(record) if record.filled() <= columns => return Ok(Some(Row { line, record })),
                Ok(record) => RowFault::TooManyCells { found: record.filled(), columns },
                Err(fault) => fault,
            };
            report.leave_out(line, None, &fault);
        }
    }
}

impl Row {
    /// The text in a column, without the space around it; empty where there is none.
    pub(super) fn text(&self, column: usize) -> &str {
        self.record.cell(column)
    }

    /// The position in the columns of longitude and latitude.
    pub(super) fn position(&self, columns: PositionColumns) -> Result<LngLat, RowFault> {
        degrees::position_of_texts(self.text(columns.lng), self.text(columns.lat))
    }
}

/// The separator that a spreadsheet's first line `sep=;` names.
fn named_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_start();
    let (name, rest) = line.split_at_checked(4)?;
    let named = name.eq_ignore_ascii_case(b"sep=").then_some(rest)?;
    named.first().copied().filter(|byte| byte.is_ascii() && *byte != b'"')
}

/// The separator that the header line uses most outside quotation marks.
fn most_used_delimiter(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in header {
        quoted ^= *byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += u32::from(!quoted && byte == delimiter);
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    counts.iter().find(|(_, count)| Some(*count) == most).map_or(b',', |(delimiter, _)| *delimiter)
}
