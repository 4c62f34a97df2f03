//! Drawing a raster onto a map tile: each pixel of the tile is looked up in the raster's own system.

use clip_rs_catalog::TileId;

use super::bands::Stretch;
use super::raster::{Raster, Window};

/// Edge of the tiles that are made, pixels.
pub(super) const EDGE: usize = 256;
/// Distance of the points whose places are computed exactly, pixels; those between are interpolated.
const STEP: usize = 16;
const NODES: usize = EDGE / STEP + 1;
/// How far off an interpolated place may be, pixels of the raster.
const OFF: f64 = 0.125;
/// The most pixels of a raster that one tile is made of.
const MOST_PIXELS: usize = 1 << 24;

/// A tile in the making: red, green, blue and opacity a pixel; opacity is 0 or 255.
pub(super) struct Canvas {
    pub rgba: Vec<u8>,
}

impl Canvas {
    /// A tile on which nothing is drawn.
    pub fn new() -> Self {
        Self { rgba: vec![0; EDGE * EDGE * 4] }
    }

    /// Whether every pixel is drawn.
    pub fn is_full(&self) -> bool {
        self.rgba.chunks_exact(4).all(|pixel| pixel[3] == 255)
    }

    /// Draws what `raster` shows of the tile where nothing is drawn yet.
    pub fn draw(&mut self, raster: &Raster, tile: TileId, stretch: &Stretch) -> Result<(), String> {
        let places = places(raster, tile);
        let (width, height) = raster.size();
        let Some([left, top, right, bottom]) = reach(&places, width as usize, height as usize) else {
            return Ok(());
        };
        let (columns, rows) = (right - left, bottom - top);
        if columns.saturating_mul(rows) > MOST_PIXELS {
            return Err(format!(
                "this tile needs {columns}x{rows} pixels of it, which is more than can be held"
            ));
        }
        let window = raster.window(left, top, columns, rows)?;
        for (pixel, place) in self.rgba.chunks_exact_mut(4).zip(places) {
            let inside = place.filter(|(column, row)| {
                pixel[3] == 0
                    && (0.0..f64::from(width)).contains(column)
                    && (0.0..f64::from(height)).contains(row)
            });
            let Some((column, row)) = inside else { continue };
            if let Some(colour) = between(raster, &window, column, row) {
                for (value, (channel, sample)) in pixel.iter_mut().zip(colour.into_iter().enumerate()) {
                    *value = stretch.apply(channel, sample);
                }
                pixel[3] = 255;
            }
        }
        Ok(())
    }
}

/// Where in the raster the centres of the tile's pixels lie.
fn places(raster: &Raster, tile: TileId) -> Vec<Option<(f64, f64)>> {
    let n = f64::from(1_u32 << tile.z());
    let exact = |x: f64, y: f64| {
        let edge = EDGE as f64;
        raster.pixel_at((f64::from(tile.x()) + x / edge) / n, (f64::from(tile.y()) + y / edge) / n)
    };
    let node = |index: usize| exact(((index % NODES) * STEP) as f64, ((index / NODES) * STEP) as f64);
    let nodes: Option<Vec<(f64, f64)>> = (0..NODES * NODES).map(node).collect();
    let interpolated = nodes.map(|nodes| {
        move |x: f64, y: f64| {
            let (i, j) = ((x / STEP as f64) as usize, (y / STEP as f64) as usize);
            let (i, j) = (i.min(NODES - 2), j.min(NODES - 2));
            let (u, v) = (x / STEP as f64 - i as f64, y / STEP as f64 - j as f64);
            let at = |i: usize, j: usize| nodes[j * NODES + i];
            let mix = |a: f64, b: f64, c: f64, d: f64| {
                (a * (1.0 - u) + b * u) * (1.0 - v) + (c * (1.0 - u) + d * u) * v
            };
            let (a, b, c, d) = (at(i, j), at(i + 1, j), at(i, j + 1), at(i + 1, j + 1));
            (mix(a.0, b.0, c.0, d.0), mix(a.1, b.1, c.1, d.1))
        }
    });
    let centres = (0..EDGE * EDGE).map(|index| ((index % EDGE) as f64 + 0.5, (index / EDGE) as f64 + 0.5));
    let close = |place: &dyn Fn(f64, f64) -> (f64, f64)| {
        let half = STEP as f64 / 2.0;
        let probes =
            [(half, half), (EDGE as f64 - half, half), (EDGE as f64 / 2.0 + half, EDGE as f64 - half)];
        probes.into_iter().all(|(x, y)| {
            let found = place(x, y);
            exact(x, y).is_some_and(|(column, row)| (found.0 - column).abs().max((found.1 - row).abs()) < OFF)
        })
    };
    match interpolated {
        Some(place) if close(&place) => centres.map(|(x, y)| Some(place(x, y))).collect(),
        _ => centres.map(|(x, y)| exact(x, y)).collect(),
    }
}

/// The part of the raster that the places are interpolated from: left, top, right, bottom (beyond the last).
fn reach(places: &[Option<(f64, f64)>], width: usize, height: usize) -> Option<[usize; 4]> {
    let inside = |place: &&(f64, f64)| {
        (0.0..width as f64).contains(&place.0) && (0.0..height as f64).contains(&place.1)
    };
    let mut reach: Option<[f64; 4]> = None;
    for (column, row) in places.iter().flatten().filter(inside) {
        let [left, top, right, bottom] = reach.unwrap_or([*column, *row, *column, *row]);
        reach = Some([left.min(*column), top.min(*row), right.max(*column), bottom.max(*row)]);
    }
    let [left, top, right, bottom] = reach?;
    let low = |value: f64| (value - 0.5).floor().max(0.0) as usize;
    let high = |value: f64, most: usize| ((value + 0.5).floor() as usize + 1).min(most);
    Some([low(left), low(top), high(right, width), high(bottom, height)])
}

/// The colour between the four pixels around a place; none when most of it has no data.
fn between(raster: &Raster, window: &Window, column: f64, row: f64) -> Option<[f32; 3]> {
    let (column, row) = (column - 0.5 - window.column as f64, row - 0.5 - window.row as f64);
    let (left, top) = (column.floor(), row.floor());
    let (u, v) = (column - left, row - top);
    let mut sum = [0.0; 3];
    let mut weights = 0.0;
    for (i, j, weight) in [
        (0.0, 0.0, (1.0 - u) * (1.0 - v)),
        (1.0, 0.0, u * (1.0 - v)),
        (0.0, 1.0, (1.0 - u) * v),
        (1.0, 1.0, u * v),
    ] {
        // At the raster's edge the outermost pixels go on.
        let x = (left + i).clamp(0.0, (window.columns - 1) as f64) as usize;
        let y = (top + j).clamp(0.0, (window.rows - 1) as f64) as usize;
        let place = y * window.columns + x;
        let samples = raster.bands.samples;
        let pixel = &window.samples[place * samples..(place + 1) * samples];
        if window.mask.get(place) == Some(&0) || !raster.bands.has_data(pixel) {
            continue;
        }
        weights += weight;
        for (sum, band) in sum.iter_mut().zip(raster.bands.colours) {
            *sum += weight * f64::from(pixel[band]);
        }
    }
    (weights >= 0.5).then(|| sum.map(|value| (value / weights) as f32))
}
