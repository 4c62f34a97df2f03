//! A position in the notations that people and other programs use: degrees, UTM and MGRS.
//!
//! UTM is the transverse Mercator projection of the WGS 84 ellipsoid by Krüger's series to the fourth order in the third
//! flattening, which is exact to a hundredth of a millimetre within a zone: C. F. F. Karney, "Transverse Mercator with an
//! accuracy of a few nanometers", J. Geodesy 85 (2011), equations 7 to 12, 14 and 35, <https://arxiv.org/abs/1002.1417>.
//! Zones, bands and the letters of MGRS squares are those of NGA.STND.0037, "Universal Grids and Grid Reference Systems".

use std::fmt;

use clip_rs_catalog::LngLat;

use crate::format;
use crate::unwrapped::wrapped;

/// Equatorial radius of WGS 84, metres.
const RADIUS_M: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;
/// Third flattening, `n`.
const N: f64 = FLATTENING / (2.0 - FLATTENING);
/// Scale on a zone's central meridian.
const SCALE: f64 = 0.9996;
const FALSE_EASTING_M: f64 = 500_000.0;
const FALSE_NORTHING_M: f64 = 10_000_000.0;
/// Latitudes that UTM covers, degrees.
const LATITUDES: std::ops::RangeInclusive<f64> = -80.0..=84.0;
/// Bands of 8 degrees of latitude from 80 degrees south on; the last one has 12.
const BANDS: &[u8] = b"CDEFGHJKLMNPQRSTUVWX";
/// Columns of squares of 100 km from 100 km east on, in zones 1, 2 and 3 of every three.
const COLUMNS: [&[u8]; 3] = [b"ABCDEFGH", b"JKLMNPQR", b"STUVWXYZ"];
/// Rows of squares of 100 km, over and over; in even zones five letters further on.
const ROWS: &[u8] = b"ABCDEFGHJKLMNPQRSTUV";
const SQUARE_M: f64 = 100_000.0;

/// A way to write a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// Longitude and latitude in decimal degrees.
    Decimal,
    /// Latitude and longitude in degrees, minutes and seconds.
    Dms,
    /// Universal Transverse Mercator.
    Utm,
    /// Military Grid Reference System.
    Mgrs,
}

impl Notation {
    /// All of them, the plainest first.
    pub const ALL: [Self; 4] = [Self::Decimal, Self::Dms, Self::Utm, Self::Mgrs];

    /// What people call it; where the order of the numbers is not plain, with the order.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decimal => "Longitude, latitude",
            Self::Dms => "Degrees, minutes, seconds",
            Self::Utm => "UTM",
            Self::Mgrs => "MGRS",
        }
    }

    /// The position in this notation, to about a metre; none where the notation has none (UTM and MGRS near the poles).
    pub fn write(self, at: LngLat) -> Option<String> {
        match self {
            Self::Decimal => Some(format::coordinates(at)),
            Self::Dms => Some(dms(at)),
            Self::Utm => Utm::of(at).map(|utm| utm.to_string()),
            Self::Mgrs => mgrs(at),
        }
    }
}

/// A position as `38°48'05.2"N 77°24'10.9"W`: latitude first, as this notation is always written, to a tenth of a second
/// (about three metres of latitude).
pub fn dms(at: LngLat) -> String {
    let part = |degrees: f64, positive: char, negative: char| {
        // Whole tenths of a second, so that 59.96 seconds become the next minute.
        let tenths = (degrees.abs() * 36_000.0).round() as u64;
        let (seconds, minutes, whole) = (tenths % 600, tenths / 600 % 60, tenths / 36_000);
        let side = if degrees < 0.0 && tenths > 0 { negative } else { positive };
        format!("{whole}°{minutes:02}'{:02}.{}\"{side}", seconds / 10, seconds % 10)
    };
    format!("{} {}", part(at.lat(), 'N', 'S'), part(at.lng(), 'E', 'W'))
}

/// A position in UTM.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Utm {
    /// 1 to 60.
    pub zone: u8,
    /// Band of latitude, C to X; N and later letters are in the north.
    pub band: char,
    /// Metres; 500,000 on the zone's central meridian.
    pub easting: f64,
    /// Metres from the equator; in the southern hemisphere from 10,000 km south of it.
    pub northing: f64,
}

impl Utm {
    /// The position in the zone that it lies in, with the exceptions of Norway and Svalbard; none south of 80 degrees south
    /// and north of 84 degrees north.
    pub fn of(at: LngLat) -> Option<Self> {
        let lat = at.lat();
        if !LATITUDES.contains(&lat) {
            return None;
        }
        let band = ((lat + 80.0) / 8.0).floor().min(BANDS.len() as f64 - 1.0);
        let band = char::from(*BANDS.get(band as usize)?);
        let lng = (at.lng() + 180.0).rem_euclid(360.0) - 180.0;
        let zone = zone(lng, lat);
        let (east, north) = transverse_mercator(wrapped(lng - (f64::from(zone) * 6.0 - 183.0)), lat);
        let northing = if lat < 0.0 { FALSE_NORTHING_M + north } else { north };
        Some(Self { zone, band, easting: FALSE_EASTING_M + east, northing })
    }
}

impl fmt::Display for Utm {
    /// Zone, band, easting and northing in whole metres: `18S 291324 4297486`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} {:.0} {:.0}", self.zone, self.band, self.easting, self.northing)
    }
}

/// A position's square of one metre in MGRS: `18S TH 91324 97486`. None where UTM has none.
pub fn mgrs(at: LngLat) -> Option<String> {
    let Utm { zone, band, easting, northing } = Utm::of(at)?;
    let set = COLUMNS.get(usize::from(zone - 1) % COLUMNS.len())?;
    let column = set.get(((easting / SQUARE_M) as usize).checked_sub(1)?)?;
    let shift = if zone.is_multiple_of(2) { 5 } else { 0 };
    let row = ROWS.get(((northing / SQUARE_M) as usize + shift) % ROWS.len())?;
    let within = |metres: f64| (metres % SQUARE_M) as u32;
    let (column, row) = (char::from(*column), char::from(*row));
    Some(format!("{zone}{band} {column}{row} {:05} {:05}", within(easting), within(northing)))
}

/// The zone of a position within UTM; longitude from -180 to less than 180.
fn zone(lng: f64, lat: f64) -> u8 {
    let regular = ((lng + 180.0) / 6.0).floor().clamp(0.0, 59.0) as u8 + 1;
    match lng {
        // South-west Norway lies in one zone.
        lng if (56.0..64.0).contains(&lat) && (3.0..12.0).contains(&lng) => 32,
        // So does each half of Svalbard.
        lng if lat >= 72.0 && (0.0..42.0).contains(&lng) => match lng {
            lng if lng < 9.0 => 31,
            lng if lng < 21.0 => 33,
            lng if lng < 33.0 => 35,
            _ => 37,
        },
        _ => regular,
    }
}

/// Metres east of the central meridian and north of the equator; `lng` is counted from the meridian, degrees.
fn transverse_mercator(lng: f64, lat: f64) -> (f64, f64) {
    let (lng, tau) = (lng.to_radians(), lat.to_radians().tan());
    let e = (FLATTENING * (2.0 - FLATTENING)).sqrt();
    // Conformal latitude, as its tangent (equations 7 to 9).
    let sigma = (e * (e * tau / tau.hypot(1.0)).atanh()).sinh();
    let tau = tau * sigma.hypot(1.0) - sigma * tau.hypot(1.0);
    let xi = tau.atan2(lng.cos());
    let eta = (lng.sin() / tau.hypot(lng.cos())).asinh();
    // The series' coefficients, alpha_1 to alpha_4 (equation 35).
    let (n2, n3, n4) = (N * N, N * N * N, N * N * N * N);
    let alpha = [
        N / 2.0 - 2.0 / 3.0 * n2 + 5.0 / 16.0 * n3 + 41.0 / 180.0 * n4,
        13.0 / 48.0 * n2 - 3.0 / 5.0 * n3 + 557.0 / 1440.0 * n4,
        61.0 / 240.0 * n3 - 103.0 / 140.0 * n4,
        49_561.0 / 161_280.0 * n4,
    ];
    let (mut east, mut north) = (eta, xi);
    for (twice, alpha) in [2.0, 4.0, 6.0, 8.0].into_iter().zip(alpha) {
        east += alpha * (twice * xi).cos() * (twice * eta).sinh();
        north += alpha * (twice * xi).sin() * (twice * eta).cosh();
    }
    // A meridian's quarter over pi / 2 (equation 14).
    let rectifying = RADIUS_M / (1.0 + N) * (1.0 + n2 / 4.0 + n4 / 64.0);
    (SCALE * rectifying * east, SCALE * rectifying * north)
}

#[cfg(test)]
#[path = "coordinates_tests.rs"]
mod tests;
