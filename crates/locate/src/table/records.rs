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

/// The next record of a table and the line it begins on, without blank lines; none at the end.
pub(super) fn next(lines: &mut Lines, delimiter: u8) -> io::Result<Option<(u64, Result<Record, RowFault>)>> {
    loop {
        let Some(line) = lines.take()? else { return Ok(None) };
        let number = lines.number();
        let Some(line) = line else { return Ok(Some((number, Err(RowFault::LineTooLong)))) };
        if !line.trim_ascii().is_empty() {
            return Ok(Some((number, complete(lines, line, delimiter)?)));
        }
    }
}

/// The record that begins with the line `first`.
fn complete(lines: &mut Lines, first: Vec<u8>, delimiter: u8) -> io::Result<Result<Record, RowFault>> {
    let mut parser = Parser::new(delimiter);
    if parser.feed(first) {
        return Ok(parser.finish());
    }
    let mut more: Vec<Line> = Vec::new();
    while more.len() < MAX_LINES_OF_RECORD
        && parser.text.len() < MAX_LINE
        && let Some(line) = lines.take()?
    {
        more.push(line.clone());
        let Some(line) = line else { break };
        if parser.feed(line) {
            return Ok(parser.finish());
        }
    }
    // The quotation mark spoils its own line only: what follows is read as if it were not there.
    lines.give_back(more);
    Ok(Err(RowFault::Unclosed))
}

/// One record in the making.
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

    /// Takes a line without its end; whether the record is complete with it.
    fn feed(&mut self, mut line: Vec<u8>) -> bool {
        line.push(b'\n');
        let mut rest = line.as_slice();
        loop {
            self.text.resize(self.used.0 + rest.len() + 1, 0);
            let cells = 1 + rest.len();
            self.ends.resize(self.used.1 + cells, 0);
            let text = self.text.get_mut(self.used.0..).unwrap_or_default();
            let ends = self.ends.get_mut(self.used.1..).unwrap_or_default();
            let (result, read, written, ended) = self.reader.read_record(rest, text, ends);
            rest = rest.get(read..).unwrap_or_default();
            self.used = (self.used.0 + written, self.used.1 + ended);
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => return true,
                ReadRecordResult::InputEmpty => return false,
                // Room was made for as many bytes and cells as there can be; more is made for what is left.
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
            }
        }
    }

    fn finish(mut self) -> Result<Record, RowFault> {
        self.text.truncate(self.used.0);
        self.ends.truncate(self.used.1);
        let text = String::from_utf8(self.text).map_err(|_| RowFault::NotUtf8)?;
        Ok(Record { text, ends: self.ends })
    }
}
