//! Positions as people write them into tables, and what is wrong with those that are none.

use clip_rs_catalog::LngLat;

use crate::report::RowFault;

/// What stands in a cell that has no value, in lower case.
const BLANK: [&str; 13] =
    ["", "na", "n/a", "#n/a", "n.a.", "nan", "null", "\\n", "nil", "none", "-", "--", "unknown"];

/// Whether a cell says that there is no value.
pub(super) fn is_blank(text: &str) -> bool {
    let text = text.trim();
    BLANK.iter().any(|blank| text.eq_ignore_ascii_case(blank))
}

/// The position of two cells.
pub(super) fn position_of_texts(lng: &str, lat: &str) -> Result<LngLat, RowFault> {
    if is_blank(lng) || is_blank(lat) {
        return Err(RowFault::NoPosition);
    }
    let number = |text| degrees(text).ok_or_else(|| RowFault::NotANumber(text.to_owned()));
    position(number(lng)?, number(lat)?)
}

/// The position of two numbers, if they can be degrees of longitude and latitude and mean a place.
pub(super) fn position(lng: f64, lat: f64) -> Result<LngLat, RowFault> {
    if lng == 0.0 && lat == 0.0 {
        return Err(RowFault::NullIsland);
    }
    LngLat::new(lng, lat).map_err(|error| {
        if lng.abs() <= 90.0 && (90.0..=180.0).contains(&lat.abs()) {
            RowFault::Swapped { lng, lat }
        } else if lng.is_finite() && lat.is_finite() && (lng.abs() > 360.0 || lat.abs() > 360.0) {
            RowFault::Projected { x: lng, y: lat }
        } else {
            RowFault::OutOfRange(error.to_string())
        }
    })
}

/// A number of degrees: `-77.5`, `-77,5`, `77.5° W`.
fn degrees(text: &str) -> Option<f64> {
    let text = text.trim();
    let (text, sign) = match text.char_indices().last() {
        Some((at, 'S' | 's' | 'W' | 'w')) => (text.get(..at)?, -1.0),
        Some((at, 'N' | 'n' | 'E' | 'e')) => (text.get(..at)?, 1.0),
        _ => (text, 1.0),
    };
    let text = text.trim_end().trim_end_matches('°').trim_end();
    let mut plain = text.replace('\u{2212}', "-");
    if !plain.contains('.') {
        plain = plain.replacen(',', ".", 1);
    }
    let number: f64 = plain.parse().ok()?;
    number.is_finite().then_some(sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_read_as_they_are_written() {
        for text in ["-77.5", " -77,5 ", "\u{2212}77.5", "77.5 W", "77,5°w", "-77.5°"] {
            assert_eq!(degrees(text), Some(-77.5), "{text}");
        }
        for text in ["", "east", "W", "1.234,5", "1,2,3", "inf", "NaN", "é", "°"] {
            assert_eq!(degrees(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_position_is_told_apart() {
        for blank in ["", "NA", "n/a", "null", "None", "-", "NaN"] {
            assert_eq!(position_of_texts(blank, "38.8"), Err(RowFault::NoPosition), "{blank}");
            assert_eq!(position_of_texts("-77.5", blank), Err(RowFault::NoPosition), "{blank}");
        }
        assert_eq!(position_of_texts("0.000", "-0"), Err(RowFault::NullIsland));
        assert_eq!(position(38.8, -122.4), Err(RowFault::Swapped { lng: 38.8, lat: -122.4 }));
        assert_eq!(
            position(482_311.2, 4_316_020.1),
            Err(RowFault::Projected { x: 482_311.2, y: 4_316_020.1 })
        );
        assert!(
            matches!(position(200.0, 38.8), Err(RowFault::OutOfRange(why)) if why.contains("longitude is 200"))
        );
        assert_eq!(position(-77.5, 38.8).map(|at| (at.lng(), at.lat())), Ok((-77.5, 38.8)));
    }
}
