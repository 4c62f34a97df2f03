//! Tables as people have them: comma, semicolon or tab, with or without a byte order mark, columns in any
//! order under the names in use.

use std::path::{Path, PathBuf};

use clip_rs_catalog::LngLat;
use csv::StringRecord;

use crate::{PipelineError, files};

/// A table with a header line, read whole.
pub(super) struct Table {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<StringRecord>,
    decimal_comma: bool,
}

/// One row and the line it stands on.
pub(super) struct Row<'a> {
    table: &'a Table,
    record: &'a StringRecord,
}

impl Table {
    /// Reads a table; each row must be as long as the header.
    pub(super) fn read(path: &Path) -> Result<Self, PipelineError> {
        let content = files::read(path)?;
        if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
            return Err(PipelineError::content(path, "UTF-16 text; save it as UTF-8"));
        }
        let text = std::str::from_utf8(&content).map_err(|error| {
            let before = content.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
            PipelineError::Row { path: path.to_owned(), line, why: "not UTF-8 text".to_owned() }
        })?;
        let text = text.trim_start_matches('\u{feff}');
        let delimiter = delimiter_of(text);
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
        let refuse = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            let why = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} columns, the header has {expected_len}")
                }
                _ => error.to_string(),
            };
            PipelineError::Row { path: path.to_owned(), line, why }
        };
        let header = reader.headers().map_err(refuse)?;
        let header = header.iter().map(|name| name.to_lowercase()).collect();
        let rows = reader.records().collect::<Result<_, _>>().map_err(refuse)?;
        Ok(Self { path: path.to_owned(), header, rows, decimal_comma: delimiter != b',' })
    }

    /// The first column that has one of these names (lower case).
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|title| title == name))
    }

    /// Like [`Self::column`]; the error says which names would do.
    pub(super) fn need(&self, names: &[&str]) -> Result<usize, PipelineError> {
        self.column(names).ok_or_else(|| PipelineError::Row {
            path: self.path.clone(),
            line: 1,
            why: format!(
                "no column called {}; the header says: {}",
                names.join(", "),
                self.header.join(", ")
            ),
        })
    }

    /// The columns of longitude and latitude.
    pub(super) fn position_columns(&self) -> Result<(usize, usize), PipelineError> {
        Ok((self.need(&["longitude", "lng", "lon", "long", "x"])?, self.need(&["latitude", "lat", "y"])?))
    }

    /// All rows in the order of the file.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }
}

impl Row<'_> {
    /// The text in a column, without the space around it; empty where there is none.
    pub(super) fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    /// The position in the columns of longitude and latitude; none where both are empty.
    pub(super) fn position(&self, columns: (usize, usize)) -> Result<Option<LngLat>, PipelineError> {
        if self.text(columns.0).is_empty() && self.text(columns.1).is_empty() {
            return Ok(None);
        }
        let at = LngLat::new(self.number(columns.0)?, self.number(columns.1)?);
        at.map(Some).map_err(|error| self.refuse(error.to_string()))
    }

    fn number(&self, column: usize) -> Result<f64, PipelineError> {
        let text = self.text(column);
        let plain = if self.table.decimal_comma { text.replace(',', ".") } else { text.to_owned() };
        plain.parse().map_err(|_| self.refuse(format!("{text:?} is not a number of degrees")))
    }

    /// An error about this row.
    pub(super) fn refuse(&self, why: String) -> PipelineError {
        let line = self.record.position().map_or(0, csv::Position::line);
        PipelineError::Row { path: self.table.path.clone(), line, why }
    }
}

/// The separator that the header line uses most outside quotation marks.
fn delimiter_of(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in text.lines().next().unwrap_or_default().bytes() {
        quoted ^= byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += u32::from(!quoted && byte == *delimiter);
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    counts.iter().find(|(_, count)| Some(*count) == most).map_or(b',', |(delimiter, _)| *delimiter)
}
