//! What people said of items, yes or no, as a file that other programs write and read: GeoJSON (RFC 7946) or a table
//! (RFC 4180); for globes also KML, which is not read again.
//!
//! In GeoJSON a feature's `id` is the item's and its property `label` is `yes` or `no`. A table has the columns `id` and
//! `label`, in any order and beside others. What of a file is not understood is told, row by row.

use std::collections::BTreeMap;
use std::fmt;

use clip_rs_catalog::{Bounds, ItemId};
use serde_json::{Map, Value};

use super::csv::{self, Rows, quoted, unguarded};
use super::geojson::{collection, feature};
use super::{Format, kml};

/// Most rows or features of a file.
pub const MAX_ROWS: usize = 100_000;
/// Longest file, bytes.
pub const MAX_BYTES: usize = 10_000_000;
/// So much of a text is repeated where it is refused, characters.
const MOST_REPEATED: usize = 60;

/// A kind of file that marks come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarksFormat {
    /// Features with the property `label`.
    GeoJson,
    /// A table with the columns `id` and `label`.
    Csv,
}

/// What a file of marks says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Items' ids and whether they were said yes of, in the file's order, each id once.
    pub marks: Vec<(String, bool)>,
    /// The rows that are no marks.
    pub refused: Vec<Refused>,
}

/// A row that is no mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Number of a table's row, the one with the columns' names being 1, or of a feature, from 1.
    pub row: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.row, self.reason)
    }
}

/// Why a file has no marks at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarksError {
    /// It is longer than [`MAX_BYTES`].
    #[error("the file of marks has {0} bytes, more than {MAX_BYTES}")]
    TooLong(usize),
    /// It has more rows than [`MAX_ROWS`].
    #[error("the file of marks has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// Its first row does not name the columns.
    #[error("the first row of the table of marks names no columns id and label")]
    NoColumns,
    /// It is no GeoJSON.
    #[error("the file of marks is no GeoJSON collection of features: {0}")]
    NoFeatures(String),
}

impl MarksFormat {
    /// The kind of file that a name says it is; a table where it says nothing known.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if name.ends_with("json") { Self::GeoJson } else { Self::Csv }
    }
}

/// The content of a file of `marks`: item ids, and whether yes. `footprint` says where an item is, for the geometry of
/// features.
pub fn write_marks(
    marks: &[(String, bool)],
    format: Format,
    footprint: impl Fn(&str) -> Option<Bounds>,
) -> String {
    let label = |yes: bool| if yes { "yes" } else { "no" };
    match format {
        Format::GeoJson => {
            let features = marks.iter().map(|(id, yes)| {
                let properties = Map::from_iter([("label".to_owned(), Value::from(label(*yes)))]);
                feature(id, footprint(id), properties)
            });
            collection(features.collect())
        }
        Format::Kml => {
            kml::write_labels(marks.iter().map(|(id, yes)| (id.as_str(), label(*yes), footprint(id))))
        }
        Format::Csv => {
            let header = ["id,label".to_owned()];
            let rows = marks.iter().map(|(id, yes)| format!("{},{}", quoted(id), label(*yes)));
            csv::table(header.into_iter().chain(rows).collect())
        }
    }
}

/// What the file with this content says. Memory: some tens of times [`MAX_BYTES`] at most, for JSON of nothing but brackets.
pub fn read_marks(text: &str, format: MarksFormat) -> Result<Marks, MarksError> {
    if text.len() > MAX_BYTES {
        return Err(MarksError::TooLong(text.len()));
    }
    match format {
        MarksFormat::GeoJson => read_features(text),
        MarksFormat::Csv => read_table(text),
    }
}

fn read_features(text: &str) -> Result<Marks, MarksError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let read: Value =
        serde_json::from_str(text).map_err(|error| MarksError::NoFeatures(error.to_string()))?;
    let Some(features) = read.get("features").and_then(Value::as_array) else {
        return Err(MarksError::NoFeatures("it has no list of features".to_owned()));
    };
    if features.len() > MAX_ROWS {
        return Err(MarksError::TooManyRows);
    }
    let mut reader = Reader::default();
    for (row, feature) in (1..).zip(features) {
        let label = feature.get("properties").and_then(|properties| properties.get("label"));
        match (feature.get("id").and_then(Value::as_str), label.and_then(Value::as_str)) {
            (None, _) => reader.refuse(row, "the feature has no text as its id".to_owned()),
            (_, None) => reader.refuse(row, "the feature has no text as its property label".to_owned()),
            (Some(id), Some(label)) => reader.take(row, id, label),
        }
    }
    Ok(reader.read)
}

fn read_table(text: &str) -> Result<Marks, MarksError> {
    let mut rows = (1..).zip(Rows::new(text));
    let Some((_, Ok(header))) = rows.next() else { return Err(MarksError::NoColumns) };
    let column = |name: &str| header.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    let (Some(id), Some(label)) = (column("id"), column("label")) else { return Err(MarksError::NoColumns) };
    let mut reader = Reader::default();
    for (row, cells) in rows {
        if row > MAX_ROWS + 1 {
            return Err(MarksError::TooManyRows);
        }
        match cells {
            Err(fault) => reader.refuse(row, fault.to_owned()),
            // An empty line says nothing.
            Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => {}
            Ok(cells) => match (cells.get(id), cells.get(label)) {
                (Some(id), Some(label)) => reader.take(row, unguarded(id), label),
                _ => reader.refuse(row, "it has too few cells".to_owned()),
            },
        }
    }
    Ok(reader.read)
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    read: Marks,
    /// Rows of ids, with what they said.
    known: BTreeMap<String, (usize, bool)>,
}

impl Reader {
    fn take(&mut self, row: usize, id: &str, label: &str) {
        let label = label.trim();
        let yes = if label.eq_ignore_ascii_case("yes") {
            true
        } else if label.eq_ignore_ascii_case("no") {
            false
        } else {
            return self.refuse(row, format!("the label is {:?}, not yes or no", excerpt(label)));
        };
        if id.parse::<ItemId>().is_err() {
            return self.refuse(row, format!("no item can be called {:?}", excerpt(id)));
        }
        match self.known.get(id) {
            Some((_, said)) if *said == yes => {}
            Some((before, _)) => {
                let reason = format!("row {before} says the contrary of {:?}", excerpt(id));
                self.refuse(row, reason);
            }
            None => {
                self.known.insert(id.to_owned(), (row, yes));
                self.read.marks.push((id.to_owned(), yes));
            }
        }
    }

    fn refuse(&mut self, row: usize, reason: String) {
        self.read.refused.push(Refused { row, reason });
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(MOST_REPEATED).collect()
}

#[cfg(test)]
#[path = "marks_tests.rs"]
mod tests;
