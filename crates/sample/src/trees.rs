//! Trees: where they stand follows from what the ground is, and each crown is a lit dome with leaves.

use crate::geometry::{Frame, P, p};
use crate::paint::{Canvas, METRES_PER_PIXEL};
use crate::palette::Material;
use crate::scene::Sun;
use crate::texture::Texture;
use clip_rs_stage::dice::{Dice, lattice};

/// Spacing of the lattice on which trees may stand, metres.
const SPACING: f64 = 6.3;

/// A tree ready to be drawn.
pub struct Crown {
    pub centre: P,
    pub radius: f64,
    pub seed: u64,
    /// Part of a closed forest: grown together, so its shadow hides among its neighbours.
    pub forest: bool,
}

/// The trees that grow on the canvas by themselves, in an order that is the same for every canvas.
pub fn scatter(canvas: &Canvas, texture: &Texture, seed: u64) -> Vec<Crown> {
    let span = f64::from(canvas.side) * METRES_PER_PIXEL;
    let (x0, y0) = (canvas.left as f64 * METRES_PER_PIXEL, canvas.top as f64 * METRES_PER_PIXEL);
    let cells = |from: f64| ((from / SPACING).floor() as i64, ((from + span) / SPACING).ceil() as i64);
    let ((cx0, cx1), (cy0, cy1)) = (cells(x0), cells(y0));
    let mut out = Vec::new();
    for cy in cy0..cy1 {
        for cx in cx0..cx1 {
            let roll = |channel| lattice(seed, cx, cy, channel);
            let at = p((cx as f64 + roll(1)) * SPACING, (cy as f64 + roll(2)) * SPACING);
            let (px, py) = (at.x / METRES_PER_PIXEL, at.y / METRES_PER_PIXEL);
            let (kx, ky) = (px.floor() as i64 - canvas.left, py.floor() as i64 - canvas.top);
            let Some([_, material, _]) = canvas.id_at(kx, ky) else { continue };
            let thick = f64::from(texture.broad(px as f32 * 0.7, py as f32 * 0.7));
            let Some((chance, low, high)) = growth(material, thick) else { continue };
            if roll(3) >= chance {
                continue;
            }
            let forest = material == Material::Woods as u8;
            let radius = low + (high - low) * roll(4).powf(1.4);
            // A trunk needs its own ground around it, or the tree is a smaller one.
            let clear = |r: f64| {
                [(r, 0.0), (-r, 0.0), (0.0, r), (0.0, -r)].iter().all(|&(dx, dy)| {
                    let k = (r / METRES_PER_PIXEL).max(1.0);
                    let step = (dx / r * k, dy / r * k);
                    canvas
                        .id_at(kx + step.0.round() as i64, ky + step.1.round() as i64)
                        .is_none_or(|id| growth(id[1], thick).is_some())
                })
            };
            let fits = forest || clear(radius * 0.6);
            let radius = if fits { radius } else { radius * 0.55 };
            if radius > 1.1 {
                out.push(Crown { centre: at, radius, seed: (roll(5) * 1e9) as u64, forest });
            }
        }
    }
    out
}

/// Chance of a tree in a lattice cell, and the range of its radius; `None` where nothing grows.
fn growth(material: u8, thick: f64) -> Option<(f64, f64, f64)> {
    let is = |k: Material| material == k as u8;
    if is(Material::Woods) {
        Some((0.97 + thick * 0.1, 2.7, 6.0))
    } else if is(Material::Scrub) {
        Some((0.30 + thick * 0.5, 1.2, 3.4))
    } else if is(Material::Hedge) {
        Some((0.85, 1.8, 4.2))
    } else if is(Material::Verge) {
        Some((if thick > 0.12 { 0.55 } else { 0.03 }, 2.0, 4.6))
    } else if is(Material::YardSmall) {
        Some((0.13 + thick * 0.1, 1.4, 3.4))
    } else if is(Material::Yard) {
        Some((0.20 + thick * 0.2, 1.8, 4.6))
    } else if is(Material::YardLarge) {
        Some((0.36 + thick * 0.6, 2.4, 5.6))
    } else if is(Material::Parkland) {
        Some((if thick > 0.2 { 0.5 } else { 0.06 }, 2.2, 5.0))
    } else if is(Material::Grass) {
        Some((0.012, 1.6, 3.8))
    } else {
        None
    }
}

/// Adds the crown's shadow.
pub fn cast(crown: &Crown, sun: &Sun, canvas: &mut Canvas) {
    let height = crown.radius * if crown.forest { 1.5 } else { 2.1 };
    let length = (sun.cast * height).len();
    let frame = Frame { origin: crown.centre, angle: sun.cast.angle() };
    let r = crown.radius;
    canvas.shade(&frame.ellipse(length * 0.5, 0.0, r * 0.5 + length * 0.5, r * 0.92, 14));
}

/// Paints the crown: a dome with lumps, bright towards the sun.
pub fn paint(crown: &Crown, sun: &Sun, texture: &Texture, seed: u64, canvas: &mut Canvas) {
    let mut dice = Dice::new(crown.seed, 3);
    let base = match dice.unit() {
        t if t < 0.62 => [72.0, 92.0, 52.0],
        t if t < 0.86 => [60.0, 82.0, 50.0],
        t if t < 0.95 => [88.0, 100.0, 56.0],
        _ => [98.0, 92.0, 58.0],
    };
    let r = crown.radius / METRES_PER_PIXEL;
    let (cx, cy) = (crown.centre.x / METRES_PER_PIXEL, crown.centre.y / METRES_PER_PIXEL);
    let stand = f64::from(texture.broad(cx as f32 * 0.5, cy as f32 * 0.5));
    let gain = dice.range(0.82, 1.2) * (1.0 + 0.16 * stand);
    let (lobes, phase) = (dice.range(3.0, 6.0).floor(), dice.angle());
    let reach = (r * 1.25).ceil() as i64 + 1;
    let side = i64::from(canvas.side);
    let (left, top) = (canvas.left, canvas.top);
    let data = canvas.colour.data_mut();
    for wy in (cy.floor() as i64 - reach)..=(cy.floor() as i64 + reach) {
        for wx in (cx.floor() as i64 - reach)..=(cx.floor() as i64 + reach) {
            let (x, y) = (wx - left, wy - top);
            if x < 0 || y < 0 || x >= side || y >= side {
                continue;
            }
            let d = p(wx as f64 + 0.5 - cx, wy as f64 + 0.5 - cy);
            let edge = r * (1.0 + 0.14 * (d.angle() * lobes + phase).sin());
            let q = d.len() / edge;
            let cover = ((1.0 - q) * r * 0.9 + 0.35).clamp(0.0, 1.0);
            if cover <= 0.0 {
                continue;
            }
            // Leaves: lumps of about two pixels.
            let lump = lattice(seed ^ crown.seed, wx.div_euclid(2), wy.div_euclid(2), 11) - 0.5;
            let leaf = lattice(seed ^ crown.seed, wx, wy, 12) - 0.5;
            let facing = (d * (1.0 / r.max(0.5))).dot(sun.towards);
            let dome = (1.0 - q * q).max(0.0).sqrt();
            let light = (0.50 + 0.34 * dome + 0.52 * facing + 0.26 * lump + 0.14 * leaf).max(0.22) * gain;
            let k = ((y * side + x) * 4) as usize;
            for c in 0..3 {
                let sky = if c == 2 { 0.04 } else { 0.0 };
                let v = base[c] * (light + sky);
                let under = f64::from(data[k + c]);
                data[k + c] = (under + (v - under) * cover).clamp(0.0, 255.0) as u8;
            }
        }
    }
}
