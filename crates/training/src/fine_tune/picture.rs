//! Pictures in memory, and how they are changed each time they are seen.
//!
//! A picture from above has no upright: it is turned and mirrored (eight ways), cut to a part, and its colours are
//! varied a little. All of it is one sampling of the picture.

use clip_rs_search::model::{ImageConfig, ImagePixels, ModelError};
use image::RgbImage;

use clip_rs_stage::dice::Dice;

/// Least share of a picture's area that is shown.
const LEAST_AREA: f64 = 0.6;
/// Most that the sides of the shown part differ, as a ratio.
const MOST_STRETCH: f64 = 1.25;
/// Most change of brightness (in 0..1), of contrast and of saturation (as a factor from 1).
const COLOUR: f64 = 0.1;

/// A square picture, 8 bits a channel.
pub(super) struct Square {
    side: usize,
    /// `(side, side, 3)`
    pixels: Box<[u8]>,
}

impl Square {
    /// Brings a picture to `side` pixels a side as the model's own preprocessing does.
    pub(super) fn new(config: &ImageConfig, side: usize, picture: &RgbImage) -> Result<Self, ModelError> {
        // With this mean and deviation the pixels are their levels divided by 255.
        let plain = ImageConfig { image_size: side, mean: [0.0; 3], std: [1.0; 3], ..config.clone() };
        let pixels = ImagePixels::from_rgb(&plain, picture)?;
        // The cast saturates.
        let pixels = pixels.values().iter().map(|value| (value * 255.0).round() as u8).collect();
        Ok(Self { side, pixels })
    }

    /// Pixels a side.
    pub(super) fn side(&self) -> usize {
        self.side
    }

    /// The levels, `(side, side, 3)`.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The picture as it is, normalised, appended to `to`.
    pub(super) fn plain(&self, config: &ImageConfig, to: &mut Vec<f32>) {
        to.extend(self.pixels.iter().enumerate().map(|(i, level)| {
            let channel = i % 3;
            (f32::from(*level) / 255.0 - config.mean[channel]) / config.std[channel]
        }));
    }

    /// The picture changed at random, `(image_size, image_size, 3)`, normalised.
    pub(super) fn varied(&self, config: &ImageConfig, dice: &mut Dice) -> Vec<f32> {
        let view = View::random(self.side, config.image_size, dice);
        let colour = Colour::random(dice);
        let size = config.image_size;
        let mut values = Vec::with_capacity(size * size * 3);
        for y in 0..size {
            for x in 0..size {
                let level = colour.apply(self.sample(view.place(x, y)));
                for (channel, level) in level.into_iter().enumerate() {
                    values.push((level - config.mean[channel]) / config.std[channel]);
                }
            }
        }
        values
    }

    /// Red, green and blue (0 to 1) between the four pixels around a place.
    fn sample(&self, (x, y): (f32, f32)) -> [f32; 3] {
        let most = (self.side - 1) as f32;
        let (x, y) = (x.clamp(0.0, most), y.clamp(0.0, most));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.side - 1), (top + 1).min(self.side - 1));
        let (dx, dy) = (x - left as f32, y - top as f32);
        let mut levels = [0.0; 3];
        for (x, y, share) in [
            (left, top, (1.0 - dx) * (1.0 - dy)),
            (right, top, dx * (1.0 - dy)),
            (left, bottom, (1.0 - dx) * dy),
            (right, bottom, dx * dy),
        ] {
            let at = (y * self.side + x) * 3;
            for (level, pixel) in levels.iter_mut().zip(&self.pixels[at..at + 3]) {
                *level += f32::from(*pixel) / 255.0 * share;
            }
        }
        levels
    }
}

/// Where each pixel of the result comes from.
struct View {
    /// Left and top of the shown part, in pixels of the picture.
    corner: (f32, f32),
    /// Pixels of the picture from one pixel of the result to the next, across and down.
    step: (f32, f32),
    size: usize,
    mirrored: bool,
    /// Quarter turns are a half turn, or not, after swapping rows and columns, or not.
    swapped: bool,
    half_turned: bool,
}

impl View {
    fn random(side: usize, size: usize, dice: &mut Dice) -> Self {
        let side = side as f64;
        let length = dice.range(LEAST_AREA, 1.0).sqrt();
        let stretch = MOST_STRETCH.sqrt().powf(dice.range(-1.0, 1.0));
        let (width, height) = ((length * stretch).min(1.0) * side, (length / stretch).min(1.0) * side);
        let corner = ((side - width) * dice.unit(), (side - height) * dice.unit());
        Self {
            corner: (corner.0 as f32, corner.1 as f32),
            step: ((width / size as f64) as f32, (height / size as f64) as f32),
            size,
            mirrored: dice.chance(0.5),
            swapped: dice.chance(0.5),
            half_turned: dice.chance(0.5),
        }
    }

    /// The place in the picture, in pixels from the middle of the first one.
    fn place(&self, x: usize, y: usize) -> (f32, f32) {
        let last = self.size - 1;
        let (x, y) = if self.swapped { (y, x) } else { (x, y) };
        let (x, y) = if self.half_turned { (last - x, last - y) } else { (x, y) };
        let x = if self.mirrored { last - x } else { x };
        let along = |corner: f32, step: f32, at: usize| corner + (at as f32 + 0.5) * step - 0.5;
        (along(self.corner.0, self.step.0, x), along(self.corner.1, self.step.1, y))
    }
}

/// A change of all colours of a picture.
struct Colour {
    brightness: f32,
    contrast: f32,
    saturation: f32,
}

impl Colour {
    fn random(dice: &mut Dice) -> Self {
        let brightness = dice.range(-COLOUR, COLOUR) as f32;
        let mut factor = || 1.0 + dice.range(-COLOUR, COLOUR) as f32;
        Self { brightness, contrast: factor(), saturation: factor() }
    }

    fn apply(&self, levels: [f32; 3]) -> [f32; 3] {
        let grey = levels.iter().sum::<f32>() / 3.0;
        levels.map(|level| {
            let level = grey + (level - grey) * self.saturation;
            ((level - 0.5) * self.contrast + 0.5 + self.brightness).clamp(0.0, 1.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_eight_turns_and_mirrorings_all_occur_and_show_the_whole_square() {
        let mut seen = BTreeSet::new();
        for (mirrored, swapped, half_turned) in (0..8).map(|n| (n & 1 == 1, n & 2 == 2, n & 4 == 4)) {
            let view = View { corner: (0.0, 0.0), step: (1.0, 1.0), size: 3, mirrored, swapped, half_turned };
            let places: Vec<(i32, i32)> = (0..9)
                .map(|at| view.place(at % 3, at / 3))
                .map(|(x, y)| (x.round() as i32, y.round() as i32))
                .collect();
            assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), 9, "every pixel once");
            seen.insert(places);
        }
        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn what_is_sampled_lies_inside_and_one_colour_stays_one_colour() {
        let square = Square { side: 10, pixels: vec![128; 300].into() };
        for seed in 0..200 {
            let mut dice = Dice::new(seed, 0);
            let view = View::random(10, 7, &mut dice);
            for at in 0..49 {
                let (x, y) = view.place(at % 7, at / 7);
                assert!((-0.5..=9.5).contains(&x) && (-0.5..=9.5).contains(&y), "seed {seed}: {x}, {y}");
            }
            let levels = square.sample(view.place(3, 5));
            assert!(levels.iter().all(|level| (level - 128.0 / 255.0).abs() < 1e-6), "seed {seed}");
        }
    }
}
