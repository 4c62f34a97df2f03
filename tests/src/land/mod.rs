//! Imagery unlike the sample area, drawn so that every place has a colour of its own: a screenshot of the map then tells
//! whether what lies below a footprint is what belongs there.
//!
//! Red grows from west to east over the land, green from north to south, and blue goes up and down in stripes, so that
//! no tile is of a single colour. The colour depends on the position alone: tiles of every zoom and size, overviews
//! that somebody made of them, and reprojected rasters must all show the same one.

mod archives;
mod raster;
mod tiles;

use std::f64::consts::PI;

use clip_rs_catalog::LngLat;
use image::Rgb;

pub use raster::write_geotiff;
pub use tiles::{Pyramid, Rows};

/// How much red and green change from one edge of a land to the other.
const RANGE: f64 = 170.0;
/// Red or green at the western or northern edge.
const LEAST: f64 = 40.0;
/// Middle and swing of blue, and stripes from one edge to the other.
const BLUE: (f64, f64, f64) = (110.0, 35.0, 64.0);

/// A square of the Mercator plane, which colours are relative to.
#[derive(Debug, Clone, Copy)]
pub struct Land {
    west: f64,
    north: f64,
    side: f64,
}

impl Land {
    /// The land whose north-west corner is that of the tile `z/x/y`, `side` tiles wide and high. It may go on across the
    /// antimeridian.
    pub fn new(z: u8, x: u32, y: u32, side: u32) -> Self {
        let n = f64::from(1_u32 << z);
        Self { west: f64::from(x) / n, north: f64::from(y) / n, side: f64::from(side) / n }
    }

    /// The colour at a point of the Mercator plane, whose sides are 1, from its north-west corner.
    fn colour_at(&self, x: f64, y: f64) -> [f64; 3] {
        let across = (x - self.west).rem_euclid(1.0) / self.side;
        let down = (y - self.north) / self.side;
        let (middle, swing, stripes) = BLUE;
        let blue = middle + swing * (across * stripes * PI).sin() * (down * stripes * PI).sin();
        [LEAST + RANGE * across.clamp(0.0, 1.0), LEAST + RANGE * down.clamp(0.0, 1.0), blue]
    }

    /// Red and green at a position of the land, none elsewhere; blue depends on how finely one looks.
    pub fn red_green(&self, at: LngLat) -> Option<[f64; 2]> {
        let (x, y) = ((at.lng() + 180.0) / 360.0, mercator_y(at.lat()));
        let [red, green, _] = self.colour_at(x, y);
        let inside = |part: f64| (0.0..=1.0).contains(&(part / self.side));
        (inside((x - self.west).rem_euclid(1.0)) && inside(y - self.north)).then_some([red, green])
    }

    /// The pixel at a position.
    fn pixel(&self, x: f64, y: f64) -> Rgb<u8> {
        Rgb(self.colour_at(x, y).map(|value| value.round() as u8))
    }
}

/// How far south a latitude lies on the Mercator plane, 0 to 1.
fn mercator_y(lat: f64) -> f64 {
    (1.0 - lat.to_radians().tan().asinh() / PI) / 2.0
}
