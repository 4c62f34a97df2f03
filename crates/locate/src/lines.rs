//! Lines of a stream, with any of the three line ends, none longer than a bound.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use memchr::memchr2;

/// A line longer than this is no line of a table, bytes.
pub(super) const MAX_LINE: usize = 1 << 20;

/// A line without its end; none where it was longer than [`MAX_LINE`].
pub(super) type Line = Option<Vec<u8>>;

/// Reads lines and counts them; some can be given back to be read again.
pub(super) struct Lines {
    input: Box<dyn BufRead>,
    again: VecDeque<Line>,
    /// Of the line that was taken last, from 1.
    number: u64,
}

impl Lines {
    pub(super) fn new(input: Box<dyn BufRead>) -> Self {
        Self { input, again: VecDeque::new(), number: 0 }
    }

    /// Number of the line that was taken last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line; none at the end of the stream.
    pub(super) fn take(&mut self) -> io::Result<Option<Line>> {
        let line = match self.again.pop_front() {
            Some(line) => Some(line),
            None => self.read()?,
        };
        self.number += u64::from(line.is_some());
        Ok(line)
    }

    /// Takes back the lines that were taken last, so that they are the next.
    pub(super) fn give_back(&mut self, lines: Vec<Line>) {
        self.number -= lines.len() as u64;
        for line in lines.into_iter().rev() {
            self.again.push_front(line);
        }
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let (mut line, mut length) = (Vec::new(), 0);
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok((length > 0).then(|| (length <= MAX_LINE).then_some(line)));
            }
            let end = memchr2(b'\n', b'\r', buffer);
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            length += part.len();
            if length <= MAX_LINE {
                line.extend_from_slice(part);
            } else {
                line = Vec::new();
            }
            let carriage_return = end.and_then(|end| buffer.get(end)) == Some(&b'\r');
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                if carriage_return && self.input.fill_buf()?.first() == Some(&b'\n') {
                    self.input.consume(1);
                }
                return Ok(Some((length <= MAX_LINE).then_some(line)));
            }
        }
    }
}
