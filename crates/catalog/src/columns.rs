//! Files of named columns: what items, details and listings are written as. Their layout is in the [crate's
//! documentation](crate#files-of-columns).
//!
//! A reader takes the columns that it knows and passes over the others, and what it allocates is bounded by the bytes
//! that it was given.

use crate::{CatalogError, Fault};

/// Most columns of a file: what is kept of each takes more memory than it takes of the file.
const MAX_COLUMNS: usize = 256;

/// Writes a file of columns.
pub(crate) struct ColumnsWriter {
    rows: usize,
    columns: Vec<(&'static str, Vec<u8>)>,
}

impl ColumnsWriter {
    /// A file of so many rows.
    pub(crate) fn new(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// Adds a column of unsigned numbers.
    pub(crate) fn numbers(&mut self, name: &'static str, values: impl IntoIterator<Item = u32>) {
        let mut bytes = Vec::new();
        values.into_iter().for_each(|value| put(value, &mut bytes));
        self.columns.push((name, bytes));
    }

    /// Like [`Self::numbers`], unless all of them are `usual`: a reader takes that for an absent column.
    pub(crate) fn numbers_unless(&mut self, name: &'static str, usual: u32, values: &[u32]) {
        if values.iter().any(|value| *value != usual) {
            self.numbers(name, values.iter().copied());
        }
    }

    /// Adds a column of signed numbers, each stored as the step from the one before (the first from 0).
    pub(crate) fn steps(&mut self, name: &'static str, values: impl IntoIterator<Item = i32>) {
        let mut before = 0_i32;
        self.numbers(
            name,
            values.into_iter().map(|value| {
                let step = value.wrapping_sub(before);
                before = value;
                ((step << 1) ^ (step >> 31)) as u32
            }),
        );
    }

    /// Adds texts: their number, then each.
    pub(crate) fn texts<'a>(
        &mut self,
        name: &'static str,
        texts: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<(), CatalogError> {
        let mut bytes = Vec::new();
        put(count_of(texts.len())?, &mut bytes);
        for text in texts {
            put(count_of(text.len())?, &mut bytes);
            bytes.extend(text.as_bytes());
        }
        self.columns.push((name, bytes));
        Ok(())
    }

    /// Adds a column of fixed-width values, one after the other.
    pub(crate) fn bytes(&mut self, name: &'static str, bytes: Vec<u8>) {
        self.columns.push((name, bytes));
    }

    /// The file's content.
    pub(crate) fn finish(self, magic: &[u8; 8]) -> Result<Vec<u8>, CatalogError> {
        let mut file = magic.to_vec();
        put(count_of(self.rows)?, &mut file);
        put(count_of(self.columns.len())?, &mut file);
        for (name, content) in &self.columns {
            put(count_of(name.len())?, &mut file);
            file.extend(name.as_bytes());
            put(count_of(content.len())?, &mut file);
        }
        file.extend(self.columns.into_iter().flat_map(|(_, content)| content));
        Ok(file)
    }
}

/// A file of columns as it was read: which bytes belong to which column.
pub(crate) struct Columns<'a> {
    kind: &'static str,
    rows: usize,
    columns: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Columns<'a> {
    /// Reads the frame of a file of this `kind` (a word for messages) and `magic`.
    pub(crate) fn read(kind: &'static str, magic: &[u8; 8], bytes: &'a [u8]) -> Result<Self, CatalogError> {
        let wrong = |why: &str| CatalogError::content(kind, why);
        let mut rest = body(kind, magic, bytes)?;
        let ended = || wrong("it ends within its header");
        let rows = take(&mut rest).ok_or_else(ended)? as usize;
        let count = take(&mut rest).ok_or_else(ended)? as usize;
        if count > MAX_COLUMNS {
            return Err(wrong(&format!("{count} columns, at most {MAX_COLUMNS} are possible")));
        }
        let mut frame: Vec<(&str, usize)> = Vec::with_capacity(count);
        for _ in 0..count {
            let name =
                take(&mut rest).and_then(|length| rest.split_off(..length as usize)).ok_or_else(ended)?;
            let name = std::str::from_utf8(name).ok().filter(|name| name.is_ascii());
            let name = name.ok_or_else(|| wrong("a column's name is not ASCII"))?;
            if frame.iter().any(|(other, _)| *other == name) {
                return Err(wrong(&format!("column {name:?} is there twice")));
            }
            let length = take(&mut rest).ok_or_else(ended)? as usize;
            frame.push((name, length));
        }
        let mut columns = Vec::with_capacity(count);
        for (name, length) in frame {
            let content = rest.split_off(..length).ok_or_else(|| wrong("it ends within its columns"))?;
            columns.push((name, content));
        }
        if !rest.is_empty() {
            return Err(wrong("something follows its columns"));
        }
        Ok(Self { kind, rows, columns })
    }

    /// Number of rows. No more memory may be taken for them than columns turn out to hold.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    fn wrong(&self, name: &str, why: &str) -> CatalogError {
        CatalogError::content(self.kind, format!("column {name} {why}"))
    }

    /// The content of a column, if it is there.
    fn find(&self, name: &str) -> Option<&'a [u8]> {
        self.columns.iter().find_map(|(other, content)| (*other == name).then_some(*content))
    }

    /// The content of a column that must be there.
    fn need(&self, name: &str) -> Result<&'a [u8], CatalogError> {
        self.find(name).ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// A column of unsigned numbers, one a row.
    pub(crate) fn numbers(&self, name: &'static str) -> Result<Vec<u32>, CatalogError> {
        self.numbers_of(name, self.rows)
    }

    /// A column of so many unsigned numbers.
    pub(crate) fn numbers_of(&self, name: &'static str, count: usize) -> Result<Vec<u32>, CatalogError> {
        let mut content = self.need(name)?;
        // Each number takes a byte at least.
        if count > content.len() {
            return Err(self.wrong(name, "is too short"));
        }
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            numbers.push(
                take(&mut content).ok_or_else(|| {
                    self.wrong(name, "ends within a number, or has one of more than 32 bits")
                })?,
            );
        }
        if content.is_empty() { Ok(numbers) } else { Err(self.wrong(name, "is too long")) }
    }

    /// A column of unsigned numbers, one a row; empty if there is no such column.
    pub(crate) fn numbers_or_none(&self, name: &'static str) -> Result<Vec<u32>, CatalogError> {
        if self.find(name).is_some() { self.numbers(name) } else { Ok(Vec::new()) }
    }

    /// Like [`Self::steps`], but empty if there is no such column.
    pub(crate) fn steps_or_none(&self, name: &'static str) -> Result<Vec<i32>, CatalogError> {
        if self.find(name).is_some() { self.steps(name) } else { Ok(Vec::new()) }
    }

    /// A column of signed numbers stored as steps, one a row.
    pub(crate) fn steps(&self, name: &'static str) -> Result<Vec<i32>, CatalogError> {
        self.steps_of(name, self.rows)
    }

    /// A column of so many signed numbers stored as steps.
    pub(crate) fn steps_of(&self, name: &'static str, count: usize) -> Result<Vec<i32>, CatalogError> {
        let mut value = 0_i32;
        let numbers = self.numbers_of(name, count)?.into_iter().map(|coded| {
            let step = (coded >> 1) as i32 ^ -((coded & 1) as i32);
            value = value.wrapping_add(step);
            value
        });
        Ok(numbers.collect())
    }

    /// The texts of a dictionary; none if there is no such column.
    pub(crate) fn texts_or_none(&self, name: &'static str) -> Result<Option<Texts>, CatalogError> {
        self.find(name).map(|_| self.texts(name)).transpose()
    }

    /// The texts of a dictionary.
    pub(crate) fn texts(&self, name: &'static str) -> Result<Texts, CatalogError> {
        let mut content = self.need(name)?;
        let cut = || self.wrong(name, "ends within its texts");
        let count = take(&mut content).ok_or_else(cut)? as usize;
        if count > content.len() {
            return Err(cut());
        }
        let mut texts = Texts { ends: Vec::with_capacity(count), all: String::with_capacity(content.len()) };
        for _ in 0..count {
            let text =
                take(&mut content).and_then(|length| content.split_off(..length as usize)).ok_or_else(cut)?;
            let text = std::str::from_utf8(text).map_err(|_| self.wrong(name, "holds what is no UTF-8"))?;
            texts.push(text).ok_or_else(|| self.wrong(name, "is too long"))?;
        }
        texts.shrink_to_fit();
        if content.is_empty() { Ok(texts) } else { Err(self.wrong(name, "goes on behind its texts")) }
    }

    /// The bytes of a column, whatever they are.
    pub(crate) fn all(&self, name: &'static str) -> Result<&'a [u8], CatalogError> {
        self.need(name)
    }

    /// A column of `width` bytes a row.
    pub(crate) fn wide(&self, name: &'static str, width: usize) -> Result<&'a [u8], CatalogError> {
        let content = self.need(name)?;
        let fits = self.rows.checked_mul(width) == Some(content.len());
        fits.then_some(content).ok_or_else(|| self.wrong(name, "is not as long as there are rows"))
    }

    /// A column of `N` bytes a row.
    pub(crate) fn bytes<const N: usize>(&self, name: &'static str) -> Result<&'a [[u8; N]], CatalogError> {
        let (values, rest) = self.need(name)?.as_chunks::<N>();
        let fits = rest.is_empty() && values.len() == self.rows;
        fits.then_some(values).ok_or_else(|| self.wrong(name, "is not as long as there are rows"))
    }
}

/// What follows the magic, which says what is wrong if it is another one.
fn body<'a>(kind: &'static str, magic: &[u8; 8], bytes: &'a [u8]) -> Result<&'a [u8], CatalogError> {
    let fault = |fault| CatalogError::File { name: kind.to_owned(), fault };
    let (found, rest) =
        bytes.split_first_chunk::<8>().ok_or_else(|| fault(Fault::Magic { expected: kind }))?;
    match (found, magic) {
        _ if found == magic => Ok(rest),
        ([name @ .., version], [expected_name @ .., expected])
            if name == expected_name && version.is_ascii_digit() =>
        {
            let [found, expected] = [version, expected].map(|digit| u32::from(digit - b'0'));
            Err(fault(Fault::Version { found, expected }))
        }
        _ => Err(fault(Fault::Magic { expected: kind })),
    }
}

/// Texts by their number, all in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    all: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// Adds a text; none if there is no room for its end in 32 bits.
    pub(crate) fn push(&mut self, text: &str) -> Option<()> {
        let end = u32::try_from(self.all.len() + text.len()).ok()?;
        self.all.push_str(text);
        self.ends.push(end);
        Some(())
    }

    /// Lets go of the room for more.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.all.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The text with this number.
    pub(crate) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let begin =
            number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.all.get(begin..end)
    }

    /// All texts in the order of their numbers.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len()).map(|number| self.get(number).unwrap_or_default())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// A count or length as files store it.
pub(crate) fn count_of(count: usize) -> Result<u32, CatalogError> {
    u32::try_from(count).map_err(|_| CatalogError::value("count", count, "less than 4,294,967,296"))
}

fn put(mut number: u32, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A number from the front of `bytes`; none if there is no whole one of 32 bits.
fn take(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *bytes.split_off_first()?;
        if shift == 28 && byte > 0x0f {
            return None;
        }
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
