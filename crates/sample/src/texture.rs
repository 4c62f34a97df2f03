//! What the ground's surfaces look like close up: noise at several scales, crop rows, water, a camera's grain.

use fastnoise_lite::{FastNoiseLite, NoiseType};

use crate::paint::Canvas;
use crate::palette::{CROP_BASE, Material};
use clip_rs_stage::dice::lattice;

/// The noise fields of one county, all in world pixels so that tiles agree at their borders.
pub struct Texture {
    seed: u64,
    fine: FastNoiseLite,
    middle: FastNoiseLite,
    broad: FastNoiseLite,
    vast: FastNoiseLite,
}

fn field(seed: u64, channel: u64, period: f32) -> FastNoiseLite {
    let mut noise =
        FastNoiseLite::with_seed((seed.wrapping_mul(31).wrapping_add(channel) & 0x7fff_ffff) as i32);
    noise.set_noise_type(Some(NoiseType::OpenSimplex2));
    noise.set_frequency(Some(1.0 / period));
    noise
}

impl Texture {
    /// The fields of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            fine: field(seed, 1, 3.4),
            middle: field(seed, 2, 13.0),
            broad: field(seed, 3, 70.0),
            vast: field(seed, 4, 420.0),
        }
    }

    /// Broad noise at a world pixel, -1..1: where woods are thin and lawns are dry.
    pub fn broad(&self, x: f32, y: f32) -> f32 {
        self.broad.get_noise_2d(x, y)
    }

    /// Texture of every pixel, by its material.
    pub fn apply(&self, canvas: &mut Canvas) {
        let side = canvas.side as usize;
        let (left, top) = (canvas.left, canvas.top);
        let ids = canvas.ids.data();
        let colour = canvas.colour.data_mut();
        for y in 0..side {
            let wy = (top + y as i64) as f32;
            for x in 0..side {
                let k = (y * side + x) * 4;
                let wx = (left + x as i64) as f32;
                let (light, warm) = self.at(ids[k + 1], wx, wy);
                let gain = [light * (1.0 + warm), light, light * (1.0 - warm)];
                for c in 0..3 {
                    colour[k + c] = (f32::from(colour[k + c]) * gain[c]).clamp(0.0, 255.0) as u8;
                }
            }
        }
    }

    /// Brightness factor and warmth (red up, blue down) of a material at a world pixel.
    fn at(&self, material: u8, x: f32, y: f32) -> (f32, f32) {
        let f = self.fine.get_noise_2d(x, y);
        let b = self.broad.get_noise_2d(x, y);
        // Bent by the broad field, so that no lattice shows through.
        let m = self.middle.get_noise_2d(x + 21.0 * b + 3.0 * f, y - 17.0 * b - 3.0 * f);
        if material >= CROP_BASE {
            return self.crop(material - CROP_BASE, x, y, f, m, b);
        }
        let is = |k: Material| material == k as u8;
        if is(Material::Water) {
            let v = self.vast.get_noise_2d(x, y);
            return (1.0 + 0.015 * f + 0.03 * b + 0.08 * v, 0.03 * v);
        }
        if is(Material::Lawn) {
            return (1.0 + 0.04 * f + 0.05 * m + 0.07 * b, 0.03 * b);
        }
        if is(Material::Woods) {
            return (1.0 + 0.22 * f + 0.12 * m, 0.0);
        }
        if is(Material::Soil) {
            return (1.0 + 0.05 * f + 0.07 * m + 0.09 * b, 0.025 * m);
        }
        if is(Material::Sand) {
            return (1.0 + 0.035 * f + 0.045 * m + 0.05 * b, 0.015 * b);
        }
        if is(Material::Asphalt) {
            return (1.0 + 0.035 * f + 0.045 * m + 0.06 * b, 0.01 * b);
        }
        if is(Material::Concrete) {
            return (1.0 + 0.03 * f + 0.04 * m + 0.05 * b, 0.015 * m);
        }
        if is(Material::Roof) {
            return (1.0 + 0.045 * f + 0.05 * m, 0.01 * m);
        }
        if is(Material::Gravel) {
            return (1.0 + 0.09 * f + 0.07 * m + 0.04 * b, 0.02 * m);
        }
        if is(Material::Plain) {
            return (1.0 + 0.015 * f, 0.0);
        }
        // Grass of some kind: tufts, patches, dry and wet parts.
        let v = self.vast.get_noise_2d(x, y);
        (1.0 + 0.09 * f + 0.10 * m + 0.11 * b, 0.05 * b + 0.05 * v + 0.02 * m)
    }

    fn crop(&self, code: u8, x: f32, y: f32, f: f32, m: f32, b: f32) -> (f32, f32) {
        let kind = code / 16;
        let angle = f32::from(code % 16) / 16.0 * std::f32::consts::PI;
        // Rows run at `angle`; count them across it, a little bent.
        let across = -x * angle.sin() + y * angle.cos() + b * 1.6;
        let along = x * angle.cos() + y * angle.sin();
        let wave = |period: f32| (across * std::f32::consts::TAU / period).sin();
        let row = (across / 9.0).floor();
        let streak = lattice(self.seed, row as i64, (along / 160.0).floor() as i64, 91) as f32 - 0.5;
        let (rows, patch) = match kind {
            0 => (0.055 * wave(3.1) + 0.05 * streak, 0.08),
            1 => (0.10 * wave(5.6) + 0.05 * streak, 0.09),
            2 => (0.06 * wave(15.0).signum() * wave(15.0).abs().sqrt() + 0.02 * wave(3.0), 0.05),
            _ => (0.05 * wave(4.2) + 0.09 * streak, 0.11),
        };
        let v = self.vast.get_noise_2d(x, y);
        (1.0 + rows + 0.035 * f + 0.05 * m + patch * b + 0.06 * v, 0.03 * b + 0.02 * v)
    }

    /// A lens's slight blur, haze and a sensor's grain; returns the inner `size` pixels as RGB.
    pub fn develop(&self, canvas: &Canvas, margin: usize, size: usize) -> Vec<u8> {
        let side = canvas.side as usize;
        let data = canvas.colour.data();
        let mut rows = vec![0.0f32; side * size * 3];
        let (edge, mid) = (0.17f32, 0.66f32);
        for y in 0..side {
            for x in 0..size {
                for c in 0..3 {
                    let at = |dx: usize| f32::from(data[(y * side + x + margin + dx - 1) * 4 + c]);
                    rows[(y * size + x) * 3 + c] = edge * (at(0) + at(2)) + mid * at(1);
                }
            }
        }
        let mut out = vec![0u8; size * size * 3];
        for y in 0..size {
            for x in 0..size {
                let (wx, wy) = (canvas.left + (x + margin) as i64, canvas.top + (y + margin) as i64);
                let grain =
                    (lattice(self.seed, wx, wy, 5) + lattice(self.seed, wx, wy, 6) - 1.0) as f32 * 4.6;
                let haze = self.vast.get_noise_2d(wx as f32 * 0.35, wy as f32 * 0.35) * 0.03 + 1.0;
                let mut rgb = [0.0f32; 3];
                for (c, out) in rgb.iter_mut().enumerate() {
                    let at = |dy: usize| rows[((y + margin + dy - 1) * size + x) * 3 + c];
                    *out = edge * (at(0) + at(2)) + mid * at(1);
                }
                let grey = 0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2];
                let lift = [7.0, 9.0, 12.0];
                for c in 0..3 {
                    let v = (grey + (rgb[c] - grey) * 0.95) * haze * 0.96 + lift[c] + grain;
                    out[(y * size + x) * 3 + c] = v.clamp(0.0, 255.0) as u8;
                }
            }
        }
        out
    }
}
