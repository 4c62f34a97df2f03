//! What was read from a table and what was not: rows left out, by reason, line and name, in lists that stay short.

use std::collections::BTreeMap;
use std::fmt;

/// Members of a list that are named.
const NAMED: usize = 5;
/// Characters of a name that are shown.
const MAX_NAME: usize = 80;

/// Why a row cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub enum RowFault {
    /// A cell of the position is empty, or says so in words.
    NoPosition,
    /// There is no name.
    NoName,
    /// There is no address.
    NoAddress,
    /// Longitude and latitude are 0, as devices write that do not know.
    NullIsland,
    /// The latitude can only be a longitude. Degrees.
    Swapped {
        /// What stands in the column of longitudes.
        lng: f64,
        /// What stands in the column of latitudes.
        lat: f64,
    },
    /// Far too large for degrees: metres or feet of some map projection.
    Projected {
        /// What stands in the column of longitudes.
        x: f64,
        /// What stands in the column of latitudes.
        y: f64,
    },
    /// Not degrees of this planet; says which.
    OutOfRange(String),
    /// This is no number of degrees.
    NotANumber(String),
    /// More cells than the header has names.
    TooManyCells {
        /// Cells up to the last that is not empty.
        found: usize,
        /// Names in the header.
        columns: usize,
    },
    /// A quotation mark opens a cell and none closes it.
    Unclosed,
    /// Longer than any row should be.
    LineTooLong,
    /// Bytes that are no UTF-8 text.
    NotUtf8,
    /// A feature of GeoJSON that is not at a point.
    NoPoint,
    /// Not JSON, or not as GeoJSON has it; says where.
    NotGeoJson(String),
}

impl RowFault {
    /// What rows with this fault have in common, and what to do.
    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::NoPosition => ("without a position", ""),
            Self::NoName => ("without a name", ""),
            Self::NoAddress => ("without an address", ""),
            Self::NullIsland => ("at longitude 0, latitude 0", "; devices that know no position write that"),
            Self::Swapped { .. } => (
                "with a latitude that can only be a longitude",
                "; have the columns of longitude and latitude changed places?",
            ),
            Self::Projected { .. } => (
                "with numbers too large for degrees",
                "; these are projected coordinates: convert them to longitude and latitude (WGS 84)",
            ),
            Self::OutOfRange(_) => ("with degrees out of range", ""),
            Self::NotANumber(_) => ("whose position is no number", ""),
            Self::TooManyCells { .. } => ("with more cells than the header", ""),
            Self::Unclosed => ("with a quotation mark that nothing closes", ""),
            Self::LineTooLong => ("longer than a row can be", ""),
            Self::NotUtf8 => ("in another encoding than UTF-8", "; save the table as UTF-8"),
            Self::NoPoint => ("not at a point", ""),
            Self::NotGeoJson(_) => ("that no GeoJSON feature can be read from", ""),
        }
    }

    /// What a list says beside the line, where the kind does not say it all.
    fn detail(&self) -> Option<String> {
        match self {
            Self::Swapped { lng, lat } => Some(format!("longitude {lng}, latitude {lat}")),
            Self::Projected { x, y } => Some(format!("{x}, {y}")),
            Self::OutOfRange(why) | Self::NotGeoJson(why) => Some(why.clone()),
            Self::NotANumber(text) => Some(format!("{:?} is not a number of degrees", shown(text))),
            Self::TooManyCells { found, columns } => Some(format!("{found} cells, the header has {columns}")),
            _ => None,
        }
    }
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, hint) = self.kind();
        match self.detail() {
            Some(detail) => write!(f, "{detail}{hint}"),
            None => write!(f, "a row {kind}{hint}"),
        }
    }
}

/// What was read from a table of positions or of address points.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableReport {
    /// Rows that are used.
    pub used: u64,
    /// What makes the rows that are used doubtful, a sentence.
    pub(super) suspicion: Option<&'static str>,
    /// Rows that are fine and lie outside the areas that were asked for.
    pub elsewhere: u64,
    left_out: BTreeMap<(&'static str, &'static str), Named>,
}

impl TableReport {
    /// Counts a row that cannot be used; `name` is what it is about, if that is known.
    pub(super) fn leave_out(&mut self, line: u64, name: Option<&str>, fault: &RowFault) {
        let about: Vec<String> = name.map(shown).into_iter().chain(fault.detail()).collect();
        let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(": ")) };
        self.left_out.entry(fault.kind()).or_default().add(|| format!("line {line}{about}"));
    }

    /// Rows that cannot be used.
    pub fn left_out(&self) -> u64 {
        self.left_out.values().map(|named| named.count).sum()
    }

    /// A sentence for each reason why rows are left out, with the first rows named, and one for what is doubtful.
    pub fn notes(&self) -> Vec<String> {
        let elsewhere = (self.elsewhere > 0).then(|| {
            let what = if self.used == 0 {
                "all of them: is this the table of another area?"
            } else {
                "and not needed"
            };
            format!("{} rows are out of reach of the imagery, {what}", self.elsewhere)
        });
        let doubtful = self.suspicion.map(str::to_owned);
        self.left_out_notes().into_iter().chain(doubtful).chain(elsewhere).collect()
    }

    /// A sentence for each reason why rows are left out, with the first rows named.
    pub fn left_out_notes(&self) -> Vec<String> {
        let sentence = |((kind, hint), named): (&(&str, &str), &Named)| {
            let (rows, are) = if named.count == 1 { ("row", "is") } else { ("rows", "are") };
            format!("{} {rows} {kind} {are} left out: {named}{hint}", named.count)
        };
        self.left_out.iter().map(sentence).collect()
    }
}

/// How many there are of something, and the first of them by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Named {
    count: u64,
    first: Vec<String>,
}

impl Named {
    /// Counts one more; `name` is asked only as long as names are kept.
    pub(super) fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(name());
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        match self.count - self.first.len() as u64 {
            0 => Ok(()),
            more => write!(f, " … and {more} more"),
        }
    }
}

/// A name from outside as it can be shown: not too long, and without control characters.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String =
        name.chars().take(MAX_NAME).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().nth(MAX_NAME).is_some() {
        shown.push('…');
    }
    shown
}
