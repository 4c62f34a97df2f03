//! Areas that words of place mean, as rings of corners: boxes, boxes with a border of so many metres, and what lies on one
//! side of a box.
//!
//! On a sphere, the border of a box between two meridians and two parallels is made of parallels in the north and south,
//! lines at a constant distance from the meridians in the east and west, and parts of circles around the corners. All but
//! the parallels are walked by bearing and distance. Where the border goes over a pole, what is within it is whatever lies
//! poleward of some latitude on each meridian.

use std::f64::consts::{FRAC_PI_2, PI};

use clip_rs_catalog::Bounds;

use super::relation::Relation;
use crate::unwrapped::{Extent, Frame};

/// Most corners of a ring.
pub const MAX_CORNERS: usize = 48;
/// What lies so near to a place of less extent is in it, metres.
pub const IN_ROOM_M: f64 = 200.0;
/// Mean radius of the Earth (IUGG), metres.
const RADIUS_M: f64 = 6_371_008.8;
/// Steps along a quarter of a circle, and along a meridian. A box that is tall on a map by Mercator needs more of the latter.
const STEPS: (u32, u32) = (10, 3);
const TALL_STEPS: (u32, u32) = (6, 11);
/// From where on a box is tall, radians of the equator.
const TALL: f64 = 0.5;
/// Steps from a box's meridian to the one opposite its middle, of a ring around a pole.
const POLE_STEPS: u32 = 22;

/// The ring of what `relation` says of the box `place`, in the longitudes of a map of `whole`.
pub fn ring(place: &Bounds, relation: Relation, whole: &Bounds) -> Vec<[f64; 2]> {
    let frame = Frame::of(Some(whole));
    let (place, whole) = (frame.extent(place), frame.extent(whole));
    let (mut west, mut south, mut east, mut north) = (whole.west, whole.south, whole.east, whole.north);
    match relation {
        Relation::In => {
            let narrow = width_m(&place).min((place.north - place.south).to_radians() * RADIUS_M) < IN_ROOM_M;
            return if narrow { bordered(&place, IN_ROOM_M) } else { corners(place) };
        }
        Relation::Near { metres } => return bordered(&place, metres),
        Relation::NorthOf | Relation::NorthEastOf | Relation::NorthWestOf => south = south.max(place.north),
        Relation::SouthOf | Relation::SouthEastOf | Relation::SouthWestOf => north = north.min(place.south),
        Relation::EastOf | Relation::WestOf => {}
    }
    match relation {
        Relation::EastOf | Relation::NorthEastOf | Relation::SouthEastOf => west = west.max(place.east),
        Relation::WestOf | Relation::NorthWestOf | Relation::SouthWestOf => east = east.min(place.west),
        _ => {}
    }
    if west < east && south < north { corners(Extent { west, south, east, north }) } else { Vec::new() }
}

fn corners(Extent { west, south, east, north }: Extent) -> Vec<[f64; 2]> {
    vec![[west, south], [east, south], [east, north], [west, north]]
}

/// Width of a box where it is narrowest, metres.
fn width_m(place: &Extent) -> f64 {
    let narrowest = place.north.abs().max(place.south.abs()).to_radians().cos();
    (place.east - place.west).to_radians() * narrowest * RADIUS_M
}

/// The box with a border of `metres`.
fn bordered(place: &Extent, metres: f64) -> Vec<[f64; 2]> {
    let reach = metres / RADIUS_M;
    let (south, north) = (place.south.to_radians(), place.north.to_radians());
    let poles = (south - reach <= -FRAC_PI_2, north + reach >= FRAC_PI_2);
    let middle = (place.west + place.east) / 2.0;
    let around = Extent {
        west: middle - 180.0,
        south: (south - reach).max(-FRAC_PI_2).to_degrees(),
        east: middle + 180.0,
        north: (north + reach).min(FRAC_PI_2).to_degrees(),
    };
    if poles == (true, true) {
        return corners(around);
    }
    if poles.0 || poles.1 {
        return around_pole(place, reach, poles.1);
    }
    // Half of the border's east side, as steps from the box's east edge; the west side is its mirror image.
    let side = side(south, north, reach);
    let widest = side.iter().map(|[across, _]| *across).fold(0.0, f64::max);
    if place.east - place.west + 2.0 * widest >= 360.0 {
        return corners(around);
    }
    let east = side.iter().map(|[across, lat]| [place.east + across, *lat]);
    let west = side.iter().rev().map(|[across, lat]| [place.west - across, *lat]);
    east.chain(west).collect()
}

/// The outline east of a meridian from `south` to `north`, from its southern end to its northern one, all in radians: degrees
/// east of the meridian, and of latitude.
fn side(south: f64, north: f64, reach: f64) -> Vec<[f64; 2]> {
    let (low, high) = (south.tan().asinh(), north.tan().asinh());
    let (quarter, meridian) = if high - low < TALL { STEPS } else { TALL_STEPS };
    let share = |at: u32, of: u32| f64::from(at) / f64::from(of);
    let below = (0..=quarter).map(|at| (south, PI - share(at, quarter) * FRAC_PI_2));
    // Even on that map: closer where meridians are.
    let beside =
        (1..meridian).map(|at| ((low + (high - low) * share(at, meridian)).sinh().atan(), FRAC_PI_2));
    let above = (0..=quarter).map(|at| (north, FRAC_PI_2 - share(at, quarter) * FRAC_PI_2));
    below.chain(beside).chain(above).map(|(lat, bearing)| walked(lat, bearing, reach)).collect()
}

/// Where one comes to from `lat` by a great circle of the length `reach` that sets out at `bearing` (clockwise from north), all
/// in radians: degrees of longitude eastward, and of latitude.
fn walked(lat: f64, bearing: f64, reach: f64) -> [f64; 2] {
    let there = (lat.sin() * reach.cos() + lat.cos() * reach.sin() * bearing.cos()).clamp(-1.0, 1.0).asin();
    let east = bearing.sin() * reach.sin() * lat.cos();
    let across = east.atan2(reach.cos() - lat.sin() * there.sin());
    [across.to_degrees(), there.to_degrees()]
}

/// The box with a border that goes over one pole: on each meridian what is poleward of where the border begins.
fn around_pole(place: &Extent, reach: f64, north: bool) -> Vec<[f64; 2]> {
    let (middle, half) = ((place.west + place.east) / 2.0, (place.east - place.west) / 2.0);
    let pole: f64 = if north { 90.0 } else { -90.0 };
    let outline: Vec<(f64, f64)> = (0..=POLE_STEPS)
        .map(|at| {
            let beyond = (180.0 - half) * f64::from(at) / f64::from(POLE_STEPS);
            // The pole is within; bisection finds the latitude furthest from it that is.
            let (mut within, mut outside) = (pole, -pole);
            for _ in 0..50 {
                let between = (within + outside) / 2.0;
                let inside = distance(place, beyond.to_radians(), between.to_radians()) <= reach;
                *(if inside { &mut within } else { &mut outside }) = between;
            }
            (half + beyond, within)
        })
        .collect();
    let west = outline.iter().rev().map(|(across, lat)| [middle - across, *lat]);
    let east = outline.iter().map(|(across, lat)| [middle + across, *lat]);
    let mut ring: Vec<[f64; 2]> = west.chain(east).collect();
    ring.extend([[middle + 180.0, pole], [middle - 180.0, pole]]);
    if !north {
        ring.reverse();
    }
    ring
}

/// How far a position at this latitude, so far in longitude from the nearer of a box's meridians, is from the box, radians.
fn distance(place: &Extent, beyond: f64, lat: f64) -> f64 {
    let (south, north) = (place.south.to_radians(), place.north.to_radians());
    let nearest = (lat.sin()).atan2(lat.cos() * beyond.cos());
    let ends = [south, north, nearest.clamp(south, north)];
    // Haversines, which small distances do not round away.
    let half = |angle: f64| (angle / 2.0).sin() * (angle / 2.0).sin();
    let to = |at: f64| half(lat - at) + lat.cos() * at.cos() * half(beyond);
    2.0 * ends.map(to).into_iter().fold(1.0, f64::min).sqrt().asin()
}
