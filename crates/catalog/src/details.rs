//! What is known of items beyond name and footprint, in pages that are fetched for the items that are shown.

use std::collections::HashMap;

use crate::columns::{Columns, ColumnsWriter, Texts, count_of};
use crate::{CatalogError, Date};

const MAGIC: &[u8; 8] = b"CRSDETL1";
const KIND: &str = "details";

/// What is known of an item beyond name and footprint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Detail {
    /// The populated place that it lies in or near.
    pub place: Option<String>,
    /// The nearest street address.
    pub address: Option<String>,
    /// How far the address is from the item's centre, metres.
    pub address_m: Option<u32>,
    /// When it was captured.
    pub captured: Option<Date>,
    /// Which imagery it comes from, where a catalog mixes several.
    pub source: Option<String>,
}

/// A page of details, by the item's place in the page: a run of a shard's items.
///
/// The file `details.<hash>.bin` has the magic `CRSDETL1` and [columns](crate#files-of-columns), a row an item, and at most
/// [65,536 rows](crate::MAX_PAGE_ROWS):
///
/// | column | what |
/// |---|---|
/// | `texts` | texts: every text of the page once |
/// | `place`, `address`, `source` | number of a text plus 1; 0 for none. Absent: none for all |
/// | `address_m` | number: metres from the item's centre to the address, rounded; says nothing where there is no address. Absent: 0 for all |
/// | `captured` | number YYYYMMDD of a day of the calendar; 0 for unknown. Absent: unknown for all |
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    texts: Texts,
    rows: usize,
    place: Vec<u32>,
    address: Vec<u32>,
    source: Vec<u32>,
    address_m: Vec<u32>,
    captured: Vec<u32>,
}

impl Details {
    /// The page of these items.
    pub fn new(items: &[Detail]) -> Result<Self, CatalogError> {
        let mut texts = Texts::default();
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut column = |text: fn(&Detail) -> &Option<String>| -> Result<Vec<u32>, CatalogError> {
            let mut column = Vec::with_capacity(items.len());
            for item in items {
                let Some(text) = text(item) else {
                    column.push(0);
                    continue;
                };
                let known = match numbers.get(text.as_str()) {
                    Some(number) => *number,
                    None => {
                        texts.push(text).ok_or_else(|| wrong("its texts are too long together"))?;
                        let number = count_of(texts.len())?;
                        numbers.insert(text, number);
                        number
                    }
                };
                column.push(known);
            }
            Ok(column)
        };
        let place = column(|item| &item.place)?;
        let address = column(|item| &item.address)?;
        let source = column(|item| &item.source)?;
        Ok(Self {
            rows: items.len(),
            place,
            address,
            source,
            address_m: items.iter().map(|item| item.address_m.unwrap_or(0)).collect(),
            captured: items.iter().map(|item| item.captured.map_or(0, Date::to_number)).collect(),
            texts,
        })
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// What is known of the item at this place of the page.
    pub fn get(&self, at: usize) -> Option<Detail> {
        if at >= self.rows {
            return None;
        }
        let number = |column: &[u32]| column.get(at).copied().unwrap_or(0);
        let text = |column: &[u32]| {
            let before = (number(column) as usize).checked_sub(1)?;
            self.texts.get(before).map(str::to_owned)
        };
        let address = text(&self.address);
        Some(Detail {
            place: text(&self.place),
            address_m: address.as_ref().map(|_| number(&self.address_m)),
            address,
            captured: Date::from_number(number(&self.captured)).ok(),
            source: text(&self.source),
        })
    }

    /// The content of `details.<hash>.bin`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let mut writer = ColumnsWriter::new(self.rows);
        writer.texts("texts", self.texts.iter())?;
        for (name, column) in [
            ("place", &self.place),
            ("address", &self.address),
            ("source", &self.source),
            ("address_m", &self.address_m),
            ("captured", &self.captured),
        ] {
            writer.numbers_unless(name, 0, column);
        }
        writer.finish(MAGIC)
    }

    /// Reads the content of a details file; any other bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let columns = Columns::read(KIND, MAGIC, bytes)?;
        let texts = columns.texts("texts")?;
        let captured = columns.numbers_or_none("captured")?;
        for number in captured.iter().filter(|number| **number != 0) {
            Date::from_number(*number).map_err(|error| error.named(KIND))?;
        }
        let text = |name| -> Result<Vec<u32>, CatalogError> {
            let column = columns.numbers_or_none(name)?;
            let beyond = column.iter().find(|number| **number as usize > texts.len());
            beyond.map_or(Ok(()), |number| Err(wrong(&format!("text {number} of {}", texts.len()))))?;
            Ok(column)
        };
        let (place, address, source) = (text("place")?, text("address")?, text("source")?);
        let address_m = columns.numbers_or_none("address_m")?;
        let rows = columns.rows();
        // Without any column the number of rows would be bounded by nothing.
        if rows > crate::MAX_PAGE_ROWS {
            return Err(wrong(&format!(
                "{rows} items in a page, at most {} are possible",
                crate::MAX_PAGE_ROWS
            )));
        }
        Ok(Self { texts, rows, place, address, source, address_m, captured })
    }
}

fn wrong(why: &str) -> CatalogError {
    CatalogError::content(KIND, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> Vec<Detail> {
        let first = Detail {
            place: Some("Leesburg, Virginia, US".into()),
            address: Some("1 Mill Road".into()),
            address_m: Some(0),
            captured: Date::new(2024, 2, 29).ok(),
            source: None,
        };
        let second = Detail { address_m: Some(87), captured: None, ..first.clone() };
        vec![
            first,
            second,
            Detail::default(),
            Detail { source: Some("1 Mill Road".into()), ..Detail::default() },
        ]
    }

    #[test]
    fn details_survive_a_round_trip() -> Result<(), CatalogError> {
        let page = Details::new(&details())?;
        assert_eq!(page.texts.len(), 2, "each text is there once");
        let read = Details::from_bytes(&page.to_bytes()?)?;
        let all: Vec<Detail> = (0..read.len()).filter_map(|at| read.get(at)).collect();
        assert_eq!(all, details());
        assert_eq!(read.get(4), None);
        assert_eq!(Details::from_bytes(&Details::default().to_bytes()?)?.len(), 0);
        Ok(())
    }

    #[test]
    fn damaged_details_never_panic() -> Result<(), CatalogError> {
        let bytes = Details::new(&details())?.to_bytes()?;
        for at in 0..bytes.len() {
            assert!(Details::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
            for value in 0..=255 {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                if let Ok(read) = Details::from_bytes(&damaged) {
                    (0..read.len()).for_each(|at| assert!(read.get(at).is_some()));
                }
            }
        }
        Ok(())
    }
}
