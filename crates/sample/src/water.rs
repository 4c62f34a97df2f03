//! Still water and its shores: ponds, lakes with beaches, marinas.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::basins::pond;
use crate::car_park::car_park;
use crate::class::Class;
use crate::geometry::{Frame, P};
use crate::layout::Quarter;
use crate::palette::{self, Material, ink};
use crate::scene::{Roof, Stage, layer};
use crate::site::{Site, blob, closed};

/// A pond in a meadow.
pub fn pond_site(stage: &mut Stage, site: &Site) {
    stage.within(Class::None, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::GRASS);
        for _ in 0..2 {
            let at = site.frame.sub(stage.dice.unit() * site.w, stage.dice.unit() * site.h, 0.0);
            let grove = blob(stage, at, 24.0, 16.0);
            stage.clipped(site.outline(), |stage| {
                stage.fill(layer::GROUND, grove, palette::WOODS.class(Class::None))
            });
        }
        let turn = stage.dice.range(-0.4, 0.4);
        pond(stage, site.frame.sub(site.w / 2.0, site.h / 2.0, turn), site.w * 0.3, site.h * 0.28);
    });
}

/// A lake with a bathing beach on one side and woods on the others.
pub fn lake(stage: &mut Stage, quarter: &Quarter) {
    let (f, w, h) = (quarter.frame, quarter.size.0, quarter.size.1);
    stage.clipped(quarter.outline.clone(), |stage| {
        stage.fill(layer::GROUND, quarter.outline.clone(), palette::WOODS);
        let meadow = f.rect(-80.0, h * 0.62, w + 160.0, h);
        stage.fill(layer::GROUND, meadow, palette::PARKLAND);
    });
    let at = f.sub(w / 2.0, h * 0.40, 0.0);
    let (a, b) = (w * 0.38, h * 0.28);
    let shore = blob(stage, at, a, b);
    let n = shore.len();
    let water = palette::POND.coloured([58, 84, 88]);
    stage.count(Class::Pond, at.origin, a.min(b));
    let line = closed(shore.clone());
    stage.line(layer::WATER, line.clone(), 7.0, ink([86, 92, 60], Material::Scrub, Class::None));
    // The beach: sand from the waterline outwards along the lower part of the shore.
    let beach: Vec<P> = (5..=24).map(|k| shore[k % n]).collect();
    let out: Vec<P> = (5..=24)
        .map(|k| {
            let d = shore[k % n] - at.origin;
            let wide = 50.0 * (((k - 5) as f64 / 19.0) * PI).sin() + 7.0;
            shore[k % n] + d * (wide / d.len().max(1.0))
        })
        .collect();
    let mut sand = beach.clone();
    sand.extend(out.iter().rev());
    stage.fill(layer::WATER, sand, palette::SAND);
    stage.count(Class::Beach, beach[beach.len() / 2], 90.0);
    stage.fill(layer::SURFACE, shore.clone(), water);
    for (grow, rgb) in [(0.985, [78, 106, 104]), (0.965, [66, 94, 96]), (0.93, [56, 82, 88])] {
        let inner = shore.iter().map(|&q| at.origin + (q - at.origin) * grow).collect();
        stage.fill(layer::SURFACE, inner, water.coloured(rgb));
    }
    stage.line(layer::SURFACE, beach.clone(), 3.4, palette::SAND.coloured([188, 170, 132]));
    stage.line(layer::ROAD, beach.clone(), 1.0, palette::WHITE.coloured([212, 216, 210]));
    umbrellas(stage, &beach, at.origin);
    let lot = Site { frame: f.sub(w * 0.5 - 45.0, h - 44.0, 0.0), w: 90.0, h: 38.0 };
    car_park(stage, &lot, 0.7);
    for _ in 0..7 {
        let at = at.sub(
            stage.dice.range(-0.5, 0.5) * a,
            stage.dice.range(-0.5, 0.5) * b,
            stage.dice.range(0.0, 6.0),
        );
        let n = stage.dice.range(6.0, 10.0);
        stage.boat(at, n);
    }
}

fn umbrellas(stage: &mut Stage, beach: &[P], centre: P) {
    let ends = beach.len().saturating_sub(1);
    for &shore in beach.iter().take(ends).skip(1) {
        for _ in 0..2 {
            let d = shore - centre;
            let at = shore + d * (stage.dice.range(6.0, 20.0) / d.len().max(1.0));
            let rgb = *stage.dice.pick(&[[206, 84, 70], [76, 120, 176], [232, 226, 210], [226, 190, 84]]);
            let at = Frame { origin: at, angle: stage.dice.range(0.0, 6.0) };
            let disc = at.ellipse(stage.dice.range(-6.0, 6.0), 0.0, 1.1, 1.1, 8);
            stage.raised(layer::DECK, disc, ink(rgb, Material::Plain, Class::None), 2.0);
        }
    }
}

/// Sand along the river's bank.
pub fn river_beach(stage: &mut Stage, shore: &[P], water: P) {
    let out: Vec<P> = shore
        .iter()
        .enumerate()
        .map(|(k, &q)| {
            let t = k as f64 / (shore.len() - 1) as f64;
            q - water * (38.0 * (t * PI).sin().powf(0.6))
        })
        .collect();
    let into: Vec<P> = shore.iter().map(|&q| q + water * 6.0).collect();
    let mut sand = into.clone();
    sand.extend(out.iter().rev());
    stage.fill(layer::WATER, sand, palette::SAND);
    stage.line(layer::WATER, into, 3.0, palette::SAND.coloured([176, 158, 122]));
    stage.count(Class::Beach, shore[shore.len() / 2], 70.0);
    umbrellas(stage, shore, shore[shore.len() / 2] + water * 400.0);
}

/// A harbour for boats: the frame's v = 0 lies on the open water, the basin reaches to v = `depth`.
pub fn marina(stage: &mut Stage, f: Frame, w: f64, depth: f64) {
    stage.within(Class::Marina, |stage| {
        let quay = palette::CONCRETE.coloured([186, 180, 168]);
        let water = ink([60, 78, 78], Material::Water, Class::None);
        stage.fill(layer::SURFACE, f.rect(-12.0, 26.0, w + 24.0, depth + 40.0), quay);
        stage.fill(layer::SURFACE, f.rect(0.0, -4.0, w, depth + 4.0), water);
        stage.count(Class::Marina, f.at(w / 2.0, depth * 0.55), 90.0);
        let piers = ((w / 44.0).floor() as usize).max(2);
        let wood = ink([192, 184, 168], Material::Plain, Class::None);
        for k in 0..piers {
            let u = w * (k as f64 + 0.5) / piers as f64;
            let reach = depth * 0.80;
            stage.raised(layer::DECK, f.rect(u - 1.3, depth - reach, 2.6, reach), wood, 1.2);
            let mut v = depth - reach + 4.0;
            while v < depth - 7.0 {
                let n = stage.dice.range(8.5, 15.0);
                for side in [-1.0, 1.0] {
                    if stage.dice.chance(0.82) {
                        let turn = if (side > 0.0) == stage.dice.chance(0.8) { 0.0 } else { PI };
                        stage.boat(f.sub(u + side * (2.2 + n / 2.0), v, turn), n);
                    }
                    let finger = f.path(&[(u, v + 2.9), (u + side * 9.0, v + 2.9)]);
                    stage.line(layer::DECK, finger, 0.9, wood);
                }
                v += 5.8;
            }
        }
        // Breakwaters on both sides of the mouth.
        for (u, s) in [(0.0, 1.0), (w, -1.0)] {
            let arm = f.path(&[(u, 24.0), (u, -8.0), (u + s * w * 0.26, -15.0)]);
            stage.line(layer::DECK, arm, 6.0, palette::GRAVEL.coloured([158, 152, 142]));
        }
        for _ in 0..3 {
            let at = f.sub(
                stage.dice.range(0.3, 0.7) * w,
                stage.dice.range(-20.0, 4.0),
                stage.dice.range(0.0, 6.0),
            );
            let n = stage.dice.range(9.0, 14.0);
            stage.boat(at, n);
        }
        stage.building(f.sub(w * 0.3, depth + 15.0, 0.0), (44.0, 13.0), 7.0, Roof::Hip, [150, 124, 108]);
        stage.building(f.sub(w * 0.72, depth + 16.0, 0.0), (30.0, 16.0), 8.0, Roof::Gable, [196, 196, 192]);
        let lot = Site { frame: f.sub(4.0, depth + 26.0, 0.0), w: w - 8.0, h: 38.0 };
        car_park(stage, &lot, 0.7);
        for k in 0..((w * 0.2 / 5.0) as usize) {
            let at = f.sub(w * 0.44 + 5.0 * k as f64, depth + 14.0, FRAC_PI_2);
            stage.boat(at, 9.0);
        }
    });
}
