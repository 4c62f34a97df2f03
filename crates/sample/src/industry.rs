//! Works: halls with yards, tank farms, solar farms, and building sites.

use crate::car_park::car_park;
use crate::class::Class;
use crate::geometry::P;
use crate::palette::{self, Material, ink};
use crate::scene::{Roof, Stage, layer};
use crate::site::{Site, closed};
use crate::transport;

/// An industrial area: rows of halls, lorry yards, car parks.
pub fn works(stage: &mut Stage, site: &Site) {
    stage.within(Class::Industry, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::GRAVEL.coloured([142, 138, 128]));
        let rows = ((site.h / 120.0).round() as usize).max(1);
        let pitch = site.h / rows as f64;
        for row in 0..rows {
            let v = row as f64 * pitch;
            let line = site.frame.path(&[(0.0, v + 5.0), (site.w, v + 5.0)]);
            transport::street(stage, &line, 9.0);
            let mut u = 5.0;
            while u < site.w - 30.0 {
                let width = stage.dice.range(46.0, 110.0).min(site.w - u - 3.0);
                let lot = Site { frame: site.frame.sub(u, v + 13.0, 0.0), w: width - 6.0, h: pitch - 18.0 };
                match stage.dice.unit() {
                    t if t < 0.10 => storage_yard(stage, &lot),
                    t if t < 0.18 => car_park(stage, &lot, 0.6),
                    _ => hall(stage, &lot),
                }
                u += width;
            }
        }
    });
}

fn hall(stage: &mut Stage, lot: &Site) {
    let paved = palette::CONCRETE.coloured(stage.dice.shade([150, 148, 143], 0.1));
    stage.fill(layer::SURFACE, lot.outline(), paved);
    let (w, h) = (lot.w * stage.dice.range(0.74, 0.94), lot.h * stage.dice.range(0.5, 0.72));
    let rgb = *stage.dice.pick(palette::HALL_ROOFS);
    let rgb = stage.dice.shade(rgb, 0.08);
    let at = lot.frame.sub(lot.w / 2.0, lot.h - h / 2.0 - 3.0, 0.0);
    if w < 34.0 || stage.dice.chance(0.3) {
        let (frame, size) =
            if h > w { (at.sub(0.0, 0.0, std::f64::consts::FRAC_PI_2), (h, w)) } else { (at, (w, h)) };
        // Long halls side by side, each with its own low ridge.
        let bays = (size.1 / 18.0).ceil().max(1.0);
        for k in 0..bays as usize {
            let v = (k as f64 + 0.5 - bays / 2.0) * size.1 / bays;
            stage.building(frame.sub(0.0, v, 0.0), (size.0, size.1 / bays), 8.0, Roof::Gable, rgb);
        }
    } else {
        stage.building(at, (w, h), 10.0, Roof::Flat, rgb);
    }
    let docks = (w / 7.0) as usize;
    for k in 0..docks {
        if stage.dice.chance(0.45) {
            let u = lot.w / 2.0 - w / 2.0 + 4.0 + k as f64 * 7.0;
            let rgb = stage.dice.shade([214, 214, 210], 0.12);
            let v = lot.h - h - 3.0 - 7.5;
            stage.lorry(lot.frame.sub(u, v, std::f64::consts::FRAC_PI_2), 13.0, 2.7, rgb);
        }
    }
}

fn storage_yard(stage: &mut Stage, lot: &Site) {
    stage.fill(layer::SURFACE, lot.outline(), palette::DIRT.coloured([158, 146, 128]));
    let paints = [[150, 76, 58], [70, 96, 128], [176, 172, 164], [92, 116, 92], [188, 152, 84]];
    for _ in 0..((lot.w * lot.h) / 120.0) as usize {
        let rgb = *stage.dice.pick(&paints);
        let rgb = stage.dice.shade(rgb, 0.15);
        let (u, v) = (stage.dice.range(6.0, lot.w - 6.0), stage.dice.range(3.0, lot.h - 3.0));
        let v = (v / 3.2).floor() * 3.2;
        stage.lorry(lot.frame.sub(u, v, 0.0), 12.0, 2.5, rgb);
    }
}

/// A tank farm: tanks in bunds, with pipes and a few sheds.
pub fn tanks(stage: &mut Stage, site: &Site) {
    stage.within(Class::Industry, |stage| {
        let ground = *stage.dice.pick(&[[158, 150, 134], [142, 140, 128], [118, 122, 90]]);
        stage.fill(layer::GROUND, site.outline(), palette::GRAVEL.coloured(ground));
        let big = stage.dice.range(30.0, 46.0);
        let cell = big * 1.65;
        let columns = ((site.w - 20.0) / cell).floor().max(1.0);
        let rows = ((site.h - 34.0) / cell).floor().max(1.0);
        let (du, dv) = ((site.w - 16.0) / columns, (site.h - 34.0) / rows);
        for r in 0..rows as usize {
            for c in 0..columns as usize {
                let (u, v) = (8.0 + (c as f64 + 0.5) * du, 8.0 + (r as f64 + 0.5) * dv);
                let bund = site.frame.centred(u, v, du - 7.0, dv - 7.0);
                let floor = ink(stage.dice.shade([152, 142, 122], 0.1), Material::Gravel, Class::None);
                stage.fill(layer::SURFACE, bund.clone(), floor);
                stage.line(layer::ROAD, closed(bund), 1.8, palette::CONCRETE.coloured([184, 178, 164]));
                match stage.dice.unit() {
                    t if t < 0.62 => {
                        let r = big / 2.0 * stage.dice.range(0.8, 1.0);
                        stage.tank(site.frame.at(u, v), r, 13.0);
                    }
                    t if t < 0.94 => {
                        for (a, b) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
                            let r = big * 0.2 * stage.dice.range(0.85, 1.1);
                            stage.tank(site.frame.at(u + a * du * 0.2, v + b * dv * 0.2), r, 10.0);
                        }
                    }
                    _ => {}
                }
            }
        }
        let v = site.h - 20.0;
        transport::street(stage, &site.frame.path(&[(0.0, v), (site.w, v)]), 6.0);
        for k in 0..=columns as usize {
            let u = 8.0 + k as f64 * du;
            let pipe = site.frame.path(&[(u, 8.0), (u, v - 6.0)]);
            stage.line(layer::DECK, pipe, 1.6, palette::WHITE.coloured([188, 184, 174]));
        }
        for k in 0..3 {
            let at = site.frame.sub(30.0 + k as f64 * site.w * 0.3, site.h - 9.0, 0.0);
            let wide = stage.dice.range(14.0, 26.0);
            stage.building(at, (wide, 9.0), 5.0, Roof::Flat, [186, 184, 178]);
        }
    });
}

/// A solar farm: long rows of dark panels on grass.
pub fn solar(stage: &mut Stage, site: &Site) {
    stage.within(Class::SolarFarm, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::MEADOW.coloured([124, 126, 88]));
        let (columns, rows) = (((site.w - 10.0) / 62.0).floor().max(1.0), ((site.h - 10.0) / 8.6).floor());
        let du = (site.w - 10.0) / columns;
        let panel = ink([52, 62, 88], Material::Plain, Class::SolarFarm);
        stage.count(Class::SolarFarm, site.middle(), site.w.min(site.h) / 2.0);
        for r in 0..rows as usize {
            let v = 7.0 + r as f64 * 8.6;
            if r % 14 == 13 {
                continue;
            }
            for c in 0..columns as usize {
                let u = 5.0 + c as f64 * du;
                let tone = stage.dice.shade(panel.rgb, 0.08);
                stage.raised(layer::DECK, site.frame.rect(u, v, du - 5.5, 4.4), panel.coloured(tone), 1.6);
                let edge = site.frame.path(&[(u, v), (u + du - 5.5, v)]);
                stage.line(layer::DECK_MARK, edge, 0.6, panel.coloured([128, 138, 156]));
                let seam = site.frame.path(&[(u, v + 2.2), (u + du - 5.5, v + 2.2)]);
                stage.line(layer::DECK_MARK, seam, 0.3, panel.coloured([92, 102, 126]));
            }
        }
        let v = 7.0 + 13.0 * 8.6 + 2.0;
        if v < site.h {
            stage.line(layer::ROAD, site.frame.path(&[(0.0, v), (site.w, v)]), 4.0, palette::GRAVEL);
        }
        for _ in 0..3 {
            let (u, v) = (site.w * stage.dice.range(0.1, 0.9), v + stage.dice.range(-1.0, 1.0));
            stage.building(site.frame.sub(u, v, 0.0), (7.0, 3.0), 3.0, Roof::Flat, [214, 214, 210]);
        }
        let fence = closed(site.frame.rect(1.5, 1.5, site.w - 3.0, site.h - 3.0));
        stage.line(layer::ROAD, fence, 2.6, palette::GRAVEL.coloured([158, 150, 130]));
    });
}

/// Cleared land: graded soil, heaps, tracks.
pub fn bare_land(stage: &mut Stage, site: &Site) {
    stage.within(Class::BareLand, |stage| {
        let rgb = *stage.dice.pick(&[[176, 146, 110], [164, 134, 104], [182, 160, 128], [156, 124, 98]]);
        stage.fill(layer::GROUND, site.outline(), palette::BARE.coloured(rgb));
        for _ in 0..14 {
            let (u, v) = (stage.dice.range(0.1, 0.9) * site.w, stage.dice.range(0.1, 0.9) * site.h);
            let (a, b) = (stage.dice.range(6.0, 40.0), stage.dice.range(5.0, 24.0));
            let (a, b) = (a.min(u * 0.8).min((site.w - u) * 0.8), b.min(v * 0.8).min((site.h - v) * 0.8));
            let tone = stage.dice.shade(rgb, 0.09);
            let blot =
                site.frame.sub(u, v, stage.dice.range(0.0, 3.1)).ellipse(0.0, 0.0, a.min(b * 2.0), b, 22);
            stage.fill(layer::WATER, blot, palette::BARE.coloured(tone));
        }
        for _ in 0..4 {
            let from = (stage.dice.unit() * site.w, 0.0);
            let bow = stage.dice.range(-0.3, 0.3) * site.w;
            let to = (stage.dice.unit() * site.w, site.h);
            let course: Vec<P> = (0..=20)
                .map(|k| {
                    let t = f64::from(k) / 20.0;
                    let u = from.0 + (to.0 - from.0) * t + bow * (t * std::f64::consts::PI).sin();
                    site.frame.at(u.clamp(2.0, site.w - 2.0), site.h * t)
                })
                .collect();
            for side in [-0.9, 0.9] {
                let rut = crate::geometry::offset(&course, side);
                stage.line(layer::SURFACE, rut, 0.9, palette::BARE.coloured(crate::draw::lit(rgb, 1.12)));
            }
        }
        for _ in 0..3 {
            let at =
                site.frame.sub(stage.dice.range(0.2, 0.8) * site.w, stage.dice.range(0.2, 0.8) * site.h, 0.7);
            stage.lorry(at, 7.0, 3.0, [206, 164, 66]);
        }
    });
}
