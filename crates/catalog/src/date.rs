//! The day on which imagery was captured.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::CatalogError;

/// A capture date, ISO 8601 `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A date of the years 1 to 9999 with a month of the year and a day of that month.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, CatalogError> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u8::from(leap),
            _ => 31,
        };
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=days).contains(&day) {
            return Err(CatalogError::value(
                "date",
                format!("{year}-{month}-{day}"),
                "a day of the calendar",
            ));
        }
        Ok(Self { year, month, day })
    }

    /// The decimal number YYYYMMDD, as files store it.
    pub(crate) fn to_number(self) -> u32 {
        (u32::from(self.year) * 100 + u32::from(self.month)) * 100 + u32::from(self.day)
    }

    /// The date with this number; an error for numbers that are none.
    pub(crate) fn from_number(number: u32) -> Result<Self, CatalogError> {
        let wrong = || CatalogError::value("date", number, "a number of the form YYYYMMDD");
        let year = u16::try_from(number / 10_000).map_err(|_| wrong())?;
        Self::new(year, (number / 100 % 100) as u8, (number % 100) as u8)
    }
}

impl FromStr for Date {
    type Err = CatalogError;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, CatalogError> {
        let wrong = || CatalogError::value("date", text.chars().take(20).collect::<String>(), "YYYY-MM-DD");
        let digits = |part: &str, count: usize| {
            (part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse().ok())
                .flatten()
        };
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let number = |part, count| digits(part, count).ok_or_else(wrong);
        let small = |part| number(part, 2).map(|number: u16| number as u8);
        Self::new(number(year, 4)?, small(month)?, small(day)?)
    }
}

impl TryFrom<String> for Date {
    type Error = CatalogError;

    fn try_from(text: String) -> Result<Self, CatalogError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_off_the_calendar_are_refused() {
        for (year, month, day) in
            [(2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 13, 1), (0, 1, 1), (2024, 1, 0)]
        {
            assert!(Date::new(year, month, day).is_err(), "{year}-{month}-{day}");
        }
        assert_eq!(Date::new(2000, 2, 29).map(|d| d.to_string()), Ok("2000-02-29".into()));
    }

    #[test]
    fn a_date_survives_its_number_and_other_numbers_are_refused() -> Result<(), CatalogError> {
        let date = Date::new(2024, 2, 29)?;
        assert_eq!(date.to_number(), 20_240_229);
        assert_eq!(Date::from_number(20_240_229)?, date);
        for number in [0, 20_230_229, 99_991_332, u32::MAX] {
            assert!(Date::from_number(number).is_err(), "{number}");
        }
        Ok(())
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        for text in ["2020-02-29", "0001-01-01", "9999-12-31"] {
            let day: Date = text.parse().expect("a day");
            assert_eq!(day.to_string(), text);
        }
        for text in [
            "",
            "2020",
            "2020-2-29",
            "2021-02-29",
            "2020-13-01",
            "+020-01-01",
            "2020-01-01-",
            "２０２０-01-01",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
