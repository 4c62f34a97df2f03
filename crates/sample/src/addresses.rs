//! Ground positions as longitudes and latitudes, and the address list.

use std::fmt::Write as _;

use crate::geometry::P;
use crate::paint::METRES_PER_PIXEL;
use crate::pyramid::Grid;
use crate::scene::Address;
use crate::tile::TILE;

/// Longitude and latitude in degrees of a point of the tile grid (in tiles of `zoom`, fractions allowed).
pub fn lng_lat(zoom: u8, x: f64, y: f64) -> (f64, f64) {
    let n = f64::from(1u32 << zoom);
    let lat = (std::f64::consts::PI * (1.0 - 2.0 * y / n)).sinh().atan().to_degrees();
    (x / n * 360.0 - 180.0, lat)
}

/// Longitude and latitude of a world point.
pub fn locate(grid: &Grid, at: P) -> (f64, f64) {
    let tile_m = TILE as f64 * METRES_PER_PIXEL;
    lng_lat(grid.zoom, f64::from(grid.left) + at.x / tile_m, f64::from(grid.top) + at.y / tile_m)
}

/// West, south, east, north of the area in degrees.
pub fn bounds(grid: &Grid) -> [f64; 4] {
    let (west, north) = lng_lat(grid.zoom, grid.left.into(), grid.top.into());
    let (east, south) = lng_lat(grid.zoom, (grid.left + grid.side).into(), (grid.top + grid.side).into());
    [west, south, east, north]
}

/// The address list as CSV (`longitude,latitude,address`) and its number of rows; only what lies in the area.
pub fn csv(grid: &Grid, addresses: &[Address]) -> (String, usize) {
    let mut text = String::from("longitude,latitude,address\n");
    let side = f64::from(grid.side) * TILE as f64 * METRES_PER_PIXEL;
    let mut rows = 0;
    for a in addresses.iter().filter(|a| (0.0..side).contains(&a.at.x) && (0.0..side).contains(&a.at.y)) {
        let (lng, lat) = locate(grid, a.at);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{lng:.6},{lat:.6},{}", a.text);
        rows += 1;
    }
    (text, rows)
}
