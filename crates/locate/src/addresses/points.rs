//! Millions of address points in little memory, found by distance: sorted by bands of latitude and, in these, by
//! longitude.

use clip_rs_catalog::LngLat;
use indexmap::IndexSet;

use crate::sphere::{degrees_of_reach, distance_m};

/// Units in a degree: positions are kept to a centimetre.
const UNITS: f64 = 1e7;
/// Height of a band, in units: about 111 m.
const BAND: i32 = 10_000;

/// An address point, 16 bytes: its text is a house number and the rest, each of which many points share.
#[derive(Debug, Clone, Copy)]
struct Point {
    lng: i32,
    lat: i32,
    number: u32,
    rest: u32,
}

impl Point {
    fn at(self) -> Option<LngLat> {
        LngLat::new(f64::from(self.lng) / UNITS, f64::from(self.lat) / UNITS).ok()
    }

    fn place(self) -> (i32, i32) {
        (self.lat.div_euclid(BAND), self.lng)
    }
}

/// Address points that can still be added to.
#[derive(Debug, Default)]
pub(super) struct Collecting {
    points: Vec<Point>,
    texts: IndexSet<Box<str>>,
}

impl Collecting {
    /// Adds a point; false if there is no room for so many different texts.
    pub(super) fn add(&mut self, at: LngLat, address: &str) -> bool {
        let (number, rest) = match address.split_once(' ') {
            Some((number, rest)) if number.starts_with(|c: char| c.is_ascii_digit()) => (number, rest),
            _ => ("", address),
        };
        let (Some(number), Some(rest)) = (self.text(number), self.text(rest)) else { return false };
        let units = |degrees: f64| (degrees * UNITS).round() as i32;
        self.points.push(Point { lng: units(at.lng()), lat: units(at.lat()), number, rest });
        true
    }

    fn text(&mut self, text: &str) -> Option<u32> {
        let at = match self.texts.get_index_of(text) {
            Some(at) => at,
            None => self.texts.insert_full(text.into()).0,
        };
        u32::try_from(at).ok()
    }

    /// Sorts the points.
    pub(super) fn finish(mut self) -> Points {
        self.points.sort_unstable_by_key(|point| (point.place(), point.lat, point.number, point.rest));
        self.points.shrink_to_fit();
        Points { points: self.points, texts: self.texts.into_iter().collect() }
    }
}

/// Address points that can be searched.
#[derive(Debug)]
pub(super) struct Points {
    points: Vec<Point>,
    texts: Vec<Box<str>>,
}

impl Points {
    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// The address of the nearest point within `reach_m`, and its distance in metres.
    pub(super) fn nearest(&self, at: LngLat, reach_m: f64) -> Option<(String, f64)> {
        // In towns the nearest is a few steps away: a small circle has far fewer points in it.
        let nearest =
            [reach_m / 8.0, reach_m].into_iter().find_map(|reach_m| self.nearest_within(at, reach_m));
        nearest.map(|(point, distance)| (self.address(point), distance))
    }

    fn nearest_within(&self, at: LngLat, reach_m: f64) -> Option<(Point, f64)> {
        let (lng_reach, lat_reach) = degrees_of_reach(at.lat(), reach_m);
        // Rounded outwards by more than the rounding of the points.
        let units = |degrees: f64, more: f64| (degrees * UNITS + more).clamp(-1.8e9, 1.8e9) as i32;
        let bands = [(at.lat() - lat_reach, -2.0), (at.lat() + lat_reach, 2.0)]
            .map(|(lat, more)| units(lat, more).div_euclid(BAND));
        let mut nearest: Option<(Point, f64)> = None;
        for band in bands[0]..=bands[1] {
            // Over the antimeridian the same meridians have numbers that are a turn apart.
            for turn in [-360.0, 0.0, 360.0] {
                let (west, east) = (at.lng() - lng_reach + turn, at.lng() + lng_reach + turn);
                if west > 180.0 || east < -180.0 {
                    continue;
                }
                let (west, east) = ((band, units(west, -2.0)), (band, units(east, 2.0)));
                let first = self.points.partition_point(|point| point.place() < west);
                let points = self.points.get(first..).unwrap_or_default();
                for point in points.iter().take_while(|point| point.place() <= east) {
                    let distance = point.at().map_or(f64::INFINITY, |there| distance_m(at, there));
                    if distance <= reach_m && nearest.is_none_or(|(_, least)| distance < least) {
                        nearest = Some((*point, distance));
                    }
                }
            }
        }
        nearest
    }

    fn address(&self, point: Point) -> String {
        let text = |index: u32| self.texts.get(index as usize).map_or("", |text| text);
        match text(point.number) {
            "" => text(point.rest).to_owned(),
            number => format!("{number} {}", text(point.rest)),
        }
    }
}
