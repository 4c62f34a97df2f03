//! Where and when a photograph was taken, by its EXIF.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use clip_rs_catalog::{Date, LngLat};
use exif::{Exif, In, Rational, Reader, Tag, Value};

/// What EXIF says of a picture.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Taken {
    /// The camera's position.
    pub position: Option<LngLat>,
    /// Why what is there as a position is none.
    pub fault: Option<&'static str>,
    /// The day.
    pub date: Option<Date>,
}

/// Reads a picture's EXIF; a picture without any says nothing.
pub(crate) fn read(path: &Path) -> Taken {
    let Ok(file) = File::open(path) else { return Taken::default() };
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_from_container(&mut BufReader::new(file));
    match read.or_else(|error| error.distill_partial_result(|_| {})) {
        Ok(exif) => taken(&exif),
        Err(_) => Taken::default(),
    }
}

fn taken(exif: &Exif) -> Taken {
    let (position, fault) = match position(exif) {
        None => (None, None),
        Some(Ok(position)) => (Some(position), None),
        Some(Err(fault)) => (None, Some(fault)),
    };
    Taken { position, fault, date: date(exif) }
}

/// The position, if there is one, or what is wrong with it.
fn position(exif: &Exif) -> Option<Result<LngLat, &'static str>> {
    let latitude = exif.get_field(Tag::GPSLatitude, In::PRIMARY)?;
    let longitude = exif.get_field(Tag::GPSLongitude, In::PRIMARY)?;
    let (Some(latitude), Some(longitude)) = (degrees(&latitude.value), degrees(&longitude.value)) else {
        return Some(Err("is no number"));
    };
    let side = |tag: Tag, positive: u8, negative: u8| match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(text) => match text.first()?.first()?.to_ascii_uppercase() {
            letter if letter == positive => Some(1.0),
            letter if letter == negative => Some(-1.0),
            _ => None,
        },
        _ => None,
    };
    let (Some(north), Some(east)) =
        (side(Tag::GPSLatitudeRef, b'N', b'S'), side(Tag::GPSLongitudeRef, b'E', b'W'))
    else {
        return Some(Err("does not say which hemisphere"));
    };
    if latitude == 0.0 && longitude == 0.0 {
        return Some(Err("is 0, 0"));
    }
    Some(LngLat::new(longitude * east, latitude * north).map_err(|_| "is out of range"))
}

/// Degrees, minutes and seconds as degrees; minutes and seconds may be missing.
fn degrees(value: &Value) -> Option<f64> {
    let Value::Rational(parts) = value else { return None };
    let number = |part: &Rational| (part.denom != 0).then(|| part.to_f64());
    let mut sum = number(parts.first()?)?;
    for (part, share) in parts.iter().skip(1).zip([60.0, 3600.0]) {
        // Cameras that put all into the minutes write 0/0 seconds.
        sum += number(part).unwrap_or_default() / share;
    }
    sum.is_finite().then_some(sum)
}

/// The day of `DateTimeOriginal`, `2014:10:19 12:30:00`.
fn date(exif: &Exif) -> Option<Date> {
    let Value::Ascii(text) = &exif.get_field(Tag::DateTimeOriginal, In::PRIMARY)?.value else { return None };
    let text = std::str::from_utf8(text.first()?).ok()?;
    let mut parts = text.split([' ', 'T']).next()?.split([':', '-']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
