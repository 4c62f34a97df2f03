//! Records of a table one at a time, each with the line it begins on, in memory that one of them takes.

use std::io;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::lines::{Line, Lines, MAX_LINE};
use crate::report::RowFault;

/// A quoted cell with more lines than this is a quotation mark that nothing closes.
const MAX_LINES_OF_RECORD: usize = 64;

/// The cells of one row.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: String,
    ends: Vec<usize>,
}

impl Record {
    /// The text of a cell, without the space and the quotation marks around it; empty where there is none.
    pub(super) fn cell(&self, column: usize) -> &str {
        let start = column.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let end = self.ends.get(column).copied();
        let cell = start.zip(end).and_then(|(start, end)| self.text.get(start..end));
        unquoted(cell.unwrap_or_default().trim())
    }

    /// All cells in order.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|column| self.cell(column))
    }

    /// Cells up to the last that is not empty.
    pub(super) fn filled(&self) -> usize {
        (0..self.ends.len()).rev().find(|column| !self.cell(*column).is_empty()).map_or(0, |last| last + 1)
    }
}

/// A cell without the quotation marks that a space before them has kept from being read as such.
fn unquoted(cell: &str) -> &str {
    cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map_or(cell, str::trim)
}

/// Reads one record after the other.
pub(super) struct Records {
    lines: Lines,
    parser: Parser,
}

impl Records {
    /// Reads the lines that are still to come.
    pub(super) fn new(lines: Lines, delimiter: u8) -> Self {
        Self { lines, parser: Parser::new(delimiter) }
    }

    /// Number of the line that was read last, from 1.
    pub(super) fn line(&self) -> u64 {
        self.lines.number()
    }

    /// The next record and the line it begins on, without blank lines; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Result<Record, RowFault>)>> {
        loop {
            let Some(line) = self.lines.take()? else { return Ok(None) };
            let number = self.lines.number();
            let Some(line) = line else { return Ok(Some((number, Err(RowFault::LineTooLong)))) };
            if !line.trim_ascii().is_empty() {
                return Ok(Some((number, self.complete(line)?)));
            }
        }
    }

    /// The record that begins with the line `first`.
    fn complete(&mut self, first: Vec<u8>) -> io::Result<Result<Record, RowFault>> {
        self.parser.begin();
        if self.parser.feed(first) {
            return Ok(self.parser.record());
        }
        let mut more: Vec<Line> = Vec::new();
        while more.len() < MAX_LINES_OF_RECORD
            && self.parser.used.0 < MAX_LINE
            && let Some(line) = self.lines.take()?
        {
            more.push(line.clone());
            let Some(line) = line else { break };
            if self.parser.feed(line) {
                return Ok(self.parser.record());
            }
        }
        // The quotation mark spoils its own line only: what follows is read as if it were not there.
        self.lines.give_back(more);
        Ok(Err(RowFault::Unclosed))
    }
}

/// One record in the making; its memory is used again for the next.
struct Parser {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// How much of `text` and `ends` is in use.
    used: (usize, usize),
}

impl Parser {
    fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { reader, text: Vec::new(), ends: Vec::new(), used: (0, 0) }
    }

    fn begin(&mut self) {
        self.reader.reset();
        self.used = (0, 0);
    }

    /// Takes a line without its end; whether the record is complete with it.
    fn feed(&mut self, mut line: Vec<u8>) -> bool {
        line.push(b'\n');
        // A line has no more bytes than this to write, and no more cells.
        make_room(&mut self.text, self.used.0 + line.len());
        make_room(&mut self.ends, self.used.1 + line.len());
        let text = self.text.get_mut(self.used.0..).unwrap_or_default();
        let ends = self.ends.get_mut(self.used.1..).unwrap_or_default();
        let (result, _, written, ended) = self.reader.read_record(&line, text, ends);
        self.used = (self.used.0 + written, self.used.1 + ended);
        result == ReadRecordResult::Record
    }

    fn record(&self) -> Result<Record, RowFault> {
        let text = self.text.get(..self.used.0).unwrap_or_default().to_vec();
        let text = String::from_utf8(text).map_err(|_| RowFault::NotUtf8)?;
        Ok(Record { text, ends: self.ends.get(..self.used.1).unwrap_or_default().to_vec() })
    }
}

fn make_room<T: Clone + Default>(memory: &mut Vec<T>, length: usize) {
    if memory.len() < length {
        memory.resize(length, T::default());
    }
}
