//! Tables as people have them: comma, semicolon or tab, with or without a byte order mark, columns in any
//! order under the names in use.

use std::path::{Path, PathBuf};

use clip_rs_catalog::LngLat;
use csv::StringRecord;

use clip_rs_stage::{StageError, files};

/// A table with a header line, read whole.
pub(super) struct Table {
    path: PathBuf,
    header: Vec<String>,
    /// Each with the line it begins on.
    rows: Vec<(StringRecord, u64)>,
    decimal_comma: bool,
}

/// One row and the line it stands on.
pub(super) struct Row<'a> {
    table: &'a Table,
    record: &'a StringRecord,
    line: u64,
}

impl Table {
    /// Reads a table; each row must be as long as the header.
    pub(super) fn read(path: &Path) -> Result<Self, StageError> {
        let content = files::read(path)?;
        if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
            return Err(StageError::content(path, "UTF-16 text; save it as UTF-8"));
        }
        let text = std::str::from_utf8(&content).map_err(|error| {
            let before = content.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
            StageError::Row { path: path.to_owned(), line, why: "not UTF-8 text".to_owned() }
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
            StageError::Row { path: path.to_owned(), line, why }
        };
        let header = reader.headers().map_err(refuse)?;
        let header = header.iter().map(|name| unquoted(name).to_lowercase()).collect();
        let mut lines = LineCounter::default();
        let rows = reader.records().map(|record| {
            let record = record.map_err(refuse)?;
            let begin = record.position().map_or(0, csv::Position::byte);
            let line = lines.of(text.as_bytes(), usize::try_from(begin).unwrap_or(usize::MAX));
            Ok((record, line))
        });
        let rows = rows.collect::<Result<_, StageError>>()?;
        Ok(Self { path: path.to_owned(), header, rows, decimal_comma: delimiter != b',' })
    }

    /// The first column that has one of these names (lower case).
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|title| title == name))
    }

    /// Like [`Self::column`]; the error says which names would do.
    pub(super) fn need(&self, names: &[&str]) -> Result<usize, StageError> {
        self.column(names).ok_or_else(|| StageError::Row {
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
    pub(super) fn position_columns(&self) -> Result<(usize, usize), StageError> {
        Ok((self.need(&["longitude", "lng", "lon", "long", "x"])?, self.need(&["latitude", "lat", "y"])?))
    }

    /// All rows in the order of the file.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(record, line)| Row { table: self, record, line: *line })
    }
}

impl Row<'_> {
    /// The text in a column, without the space around it; empty where there is none.
    pub(super) fn text(&self, column: usize) -> &str {
        unquoted(self.record.get(column).unwrap_or_default())
    }

    /// The position in the columns of longitude and latitude; none where both are empty.
    pub(super) fn position(&self, columns: (usize, usize)) -> Result<Option<LngLat>, StageError> {
        if self.text(columns.0).is_empty() && self.text(columns.1).is_empty() {
            return Ok(None);
        }
        let at = LngLat::new(self.number(columns.0)?, self.number(columns.1)?);
        at.map(Some).map_err(|error| self.refuse(error.to_string()))
    }

    fn number(&self, column: usize) -> Result<f64, StageError> {
        let text = self.text(column);
        let plain = if self.table.decimal_comma { text.replace(',', ".") } else { text.to_owned() };
        plain.parse().map_err(|_| self.refuse(format!("{text:?} is not a number of degrees")))
    }

    /// An error about this row.
    pub(super) fn refuse(&self, why: String) -> StageError {
        StageError::Row { path: self.table.path.clone(), line: self.line, why }
    }
}

/// A field without the quotation marks that a space before them has kept from being read as such.
fn unquoted(field: &str) -> &str {
    let inner = field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or(field, str::trim)
}

/// Counts lines up to growing positions. The reader's own count stands before the blank lines that it skips.
#[derive(Default)]
struct LineCounter {
    counted: usize,
    line_breaks: u64,
}

impl LineCounter {
    /// The line, from 1, of the first text at or after byte `begin`.
    fn of(&mut self, text: &[u8], begin: usize) -> u64 {
        let rest = text.get(begin..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let end = begin.saturating_add(blank);
        let between = text.get(self.counted..end).unwrap_or_default();
        self.line_breaks += between.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counted = end;
        self.line_breaks + 1
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
