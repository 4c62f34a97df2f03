//! From the pixels of a picture to the numbers that an image tower takes, as CLIP's reference preprocessing does.
//!
//! The resize is the one models were trained with: separable cubic convolution (Keys 1981, a = -0.5), or a triangle, that
//! widens when it shrinks, rounding to 8 bits after each direction, as the Python imaging library's `BICUBIC` and
//! `BILINEAR` do.

use image::RgbImage;

use super::{Fit, ImageConfig, ModelError, Resize};

/// A picture as an image tower takes it: `(size, size, 3)`, normalised red, green, blue.
#[derive(Debug, Clone, PartialEq)]
pub struct ImagePixels {
    size: usize,
    values: Vec<f32>,
}

impl ImagePixels {
    /// Brings a picture to the model's size, by its short side of which the middle is cut out or by both, and normalises.
    pub fn from_rgb(config: &ImageConfig, picture: &RgbImage) -> Result<Self, ModelError> {
        let size = config.image_size;
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let short = width.min(height);
        if short == 0 {
            return Err(ModelError::PictureSize { expected: size, found: 0 });
        }
        let scaled = |length: usize| match config.fit {
            Fit::ShortSideCentreCrop => length * size / short,
            Fit::Squash => size,
        };
        let columns = Window::middle(width, scaled(width), size, config.resize);
        let rows = Window::middle(height, scaled(height), size, config.resize);
        let pixels = resize(picture.as_raw(), width, &columns, &rows);
        let normalise = |(i, value): (usize, &u8)| {
            let channel = i % 3;
            (f32::from(*value) / 255.0 - config.mean[channel]) / config.std[channel]
        };
        Ok(Self { size, values: pixels.iter().enumerate().map(normalise).collect() })
    }

    /// The picture with rows and columns exchanged.
    pub fn transposed(&self) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        for column in 0..self.size {
            let pixels = self.values.as_chunks::<3>().0.iter().skip(column).step_by(self.size);
            values.extend(pixels.flatten());
        }
        Self { size: self.size, values }
    }

    /// Pixels a side.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The numbers, row by row, three to a pixel.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// How each output pixel of one direction is mixed from input pixels.
struct Window {
    mixes: Vec<Mix>,
}

struct Mix {
    first: usize,
    weights: Vec<f32>,
}

impl Window {
    /// The middle `size` of the `scaled` pixels that `length` pixels are resized to.
    fn middle(length: usize, scaled: usize, size: usize, resize: Resize) -> Self {
        // How far the kernel reaches, and the kernel.
        let (reach, kernel): (f64, fn(f64) -> f64) = match resize {
            Resize::Bicubic => (2.0, cubic),
            Resize::Bilinear => (1.0, triangle),
        };
        let start = ((scaled - size) as f64 / 2.0).round_ties_even() as usize;
        let scale = length as f64 / scaled as f64;
        let widening = scale.max(1.0);
        let mix = |at: usize| {
            let centre = (at as f64 + 0.5) * scale;
            let first = (centre - reach * widening + 0.5).max(0.0) as usize;
            let last = ((centre + reach * widening + 0.5) as usize).min(length);
            let weight = |x: usize| kernel((x as f64 - centre + 0.5) / widening);
            let sum: f64 = (first..last).map(weight).sum();
            Mix { first, weights: (first..last).map(|x| (weight(x) / sum) as f32).collect() }
        };
        Self { mixes: (start..start + size).map(mix).collect() }
    }

    /// Input pixels that are used at all.
    fn used(&self) -> std::ops::Range<usize> {
        let first = self.mixes.first().map_or(0, |mix| mix.first);
        first..self.mixes.last().map_or(0, |mix| mix.first + mix.weights.len())
    }
}

/// Keys' kernel with a = -0.5.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    match x.abs() {
        x if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
        x if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
        _ => 0.0,
    }
}

fn triangle(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

fn byte(value: f32) -> u8 {
    // The cast saturates.
    (value + 0.5) as u8
}

/// `input: (height, width, 3) -> (rows, columns, 3)`; first across, then down.
fn resize(input: &[u8], width: usize, columns: &Window, rows: &Window) -> Vec<u8> {
    let used = rows.used();
    let row_length = columns.mixes.len() * 3;
    let mut across = Vec::with_capacity(used.len() * row_length);
    for row in input.chunks_exact(width * 3).skip(used.start).take(used.len()) {
        for mix in &columns.mixes {
            let mut sum = [0.0; 3];
            let pixels = row[mix.first * 3..].as_chunks::<3>().0;
            for (pixel, weight) in pixels.iter().zip(&mix.weights) {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += f32::from(*value) * weight;
                }
            }
            across.extend(sum.map(byte));
        }
    }
    let mut output = Vec::with_capacity(rows.mixes.len() * row_length);
    let mut sums = vec![0.0_f32; row_length];
    for mix in &rows.mixes {
        sums.fill(0.0);
        let rows = across.chunks_exact(row_length).skip(mix.first - used.start);
        for (row, weight) in rows.zip(&mix.weights) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += f32::from(*value) * weight;
            }
        }
        output.extend(sums.iter().map(|sum| byte(*sum)));
    }
    output
}

#[cfg(test)]
#[path = "preprocess_tests.rs"]
mod tests;
