//! The open country: woods, fields, parks, golf courses.

use std::f64::consts::PI;

use crate::basins::pond;
use crate::class::Class;
use crate::draw::lit;
use crate::geometry::{Frame, P};
use crate::layout::Quarter;
use crate::palette::{self, Ink, Material, crop, ink};
use crate::scene::{Roof, Stage, layer};
use crate::site::{Site, blob, closed};
use crate::transport;

/// A wood that frays over its border, with clearings, the odd field and a track.
pub fn forest(stage: &mut Stage, quarter: &Quarter) {
    let (w, h) = quarter.size;
    for k in 0..quarter.outline.len() {
        if stage.dice.chance(0.22) {
            let angle = stage.dice.range(0.0, PI);
            let (a, b) = (stage.dice.range(25.0, 120.0), stage.dice.range(18.0, 60.0));
            let fringe = blob(stage, Frame { origin: quarter.outline[k], angle }, a, b);
            stage.fill(layer::GROUND, fringe, palette::WOODS);
        }
    }
    stage.clipped(quarter.outline.clone(), |stage| {
        stage.fill(layer::GROUND, quarter.outline.clone(), palette::WOODS);
        for _ in 0..stage.dice.below(3) {
            let at =
                quarter.frame.sub(stage.dice.unit() * w, stage.dice.unit() * h, stage.dice.range(0.0, 3.0));
            let (a, b) = (stage.dice.range(18.0, 46.0), stage.dice.range(12.0, 30.0));
            let clearing = blob(stage, at, a, b);
            stage.fill(layer::GROUND, clearing, palette::SCRUB.class(Class::Forest));
        }
        if stage.dice.chance(0.35) {
            let turn = stage.dice.range(0.0, 3.0);
            let at = quarter.frame.sub(stage.dice.unit() * w, stage.dice.unit() * h, turn);
            let (a, b) = (stage.dice.range(70.0, 130.0), stage.dice.range(50.0, 90.0));
            let field = blob(stage, at, a, b);
            stage.fill(layer::GROUND, field, palette::MEADOW);
        }
        if stage.dice.chance(0.45) {
            let f = quarter.frame;
            let (bow, from, to) = (stage.dice.range(-70.0, 70.0), stage.dice.unit(), stage.dice.unit());
            let course: Vec<P> = (0..=30)
                .map(|k| {
                    let t = f64::from(k) / 30.0;
                    let v = h * (from + (to - from) * t) + bow * (t * 5.0).sin() * 0.5;
                    f.at(w * (t * 1.2 - 0.1), v)
                })
                .collect();
            transport::track(stage, &course);
        }
    });
}

/// Colours of fields and how their rows look (see [`crop`]).
const FIELDS: &[([u8; 3], u8)] = &[
    ([106, 126, 66], 0),
    ([122, 138, 74], 1),
    ([92, 118, 60], 1),
    ([172, 156, 108], 0),
    ([186, 170, 122], 2),
    ([150, 122, 92], 3),
    ([132, 106, 80], 3),
    ([134, 142, 84], 2),
    ([112, 130, 78], 2),
    ([160, 150, 98], 0),
    ([120, 112, 82], 3),
    ([142, 146, 96], 0),
];

/// Fields divided by hedges and tracks, a farmstead here and there.
pub fn farm(stage: &mut Stage, quarter: &Quarter) {
    stage.clipped(quarter.outline.clone(), |stage| {
        let field = palette::MEADOW.class(Class::Farmland);
        stage.fill(layer::GROUND, quarter.outline.clone(), field);
        let (w, h) = quarter.size;
        let turn = stage.dice.range(-0.22, 0.22);
        let centre = quarter.frame.sub(w / 2.0, h / 2.0, turn);
        let frame = centre.sub(-w / 2.0 - 110.0, -h / 2.0 - 110.0, 0.0);
        split(stage, Site { frame, w: w + 220.0, h: h + 220.0 });
    });
}

fn split(stage: &mut Stage, site: Site) {
    let (longer, area) = (site.w.max(site.h), site.w * site.h);
    if longer > 150.0 && (area > 46_000.0 || stage.dice.chance(0.25)) {
        let t = stage.dice.range(0.32, 0.68);
        let (a, b) = if site.w > site.h {
            (
                Site { frame: site.frame, w: site.w * t, h: site.h },
                Site { frame: site.frame.sub(site.w * t, 0.0, 0.0), w: site.w * (1.0 - t), h: site.h },
            )
        } else {
            (
                Site { frame: site.frame, w: site.w, h: site.h * t },
                Site { frame: site.frame.sub(0.0, site.h * t, 0.0), w: site.w, h: site.h * (1.0 - t) },
            )
        };
        split(stage, a);
        split(stage, b);
        return;
    }
    let &(rgb, kind) = stage.dice.pick(FIELDS);
    let along = if site.w > site.h { 0.0 } else { PI / 2.0 };
    let across = if stage.dice.chance(0.15) { PI / 2.0 } else { 0.0 };
    let material = crop(site.frame.angle + along + across, kind);
    let rgb = stage.dice.shade(rgb, 0.09);
    let field = Ink { rgb, material, class: Class::Farmland };
    stage.fill(layer::GROUND, site.frame.rect(1.5, 1.5, site.w - 3.0, site.h - 3.0), field);
    // Headland: rows along the edge where the tractor turns.
    let edge = Ink {
        rgb: lit(rgb, 0.95),
        material: crop(site.frame.angle + along + PI / 2.0, kind),
        class: Class::Farmland,
    };
    let (head, span) = (9.0, if along > 0.0 { site.h } else { site.w });
    if span > 80.0 {
        let (a, b) = if along > 0.0 {
            (
                site.frame.rect(1.5, 1.5, site.w - 3.0, head),
                site.frame.rect(1.5, site.h - head - 1.5, site.w - 3.0, head),
            )
        } else {
            (
                site.frame.rect(1.5, 1.5, head, site.h - 3.0),
                site.frame.rect(site.w - head - 1.5, 1.5, head, site.h - 3.0),
            )
        };
        stage.fill(layer::GROUND, a, edge);
        stage.fill(layer::GROUND, b, edge);
    }
    let border = site.frame.path(&[(site.w, 0.0), (site.w, site.h), (0.0, site.h)]);
    match stage.dice.unit() {
        t if t < 0.34 => {
            let hedge = ink([70, 82, 48], Material::Hedge, Class::None);
            stage.line(layer::GROUND, border, 5.0, hedge);
        }
        t if t < 0.55 => stage.line(layer::GROUND, border, 4.0, palette::DIRT.coloured([166, 150, 120])),
        _ => {}
    }
    if stage.dice.chance(0.10) && site.w > 70.0 && site.h > 70.0 {
        let at =
            site.frame.sub(site.w * stage.dice.range(0.3, 0.7), site.h * stage.dice.range(0.3, 0.7), 0.0);
        let grove = blob(stage, at, 17.0, 12.0);
        stage.fill(layer::GROUND, grove, palette::WOODS.class(Class::None));
    }
}

/// A farm's buildings, somewhere in a quarter of fields, more often than not.
pub fn farmstead(stage: &mut Stage, quarter: &Quarter) {
    if !stage.dice.chance(0.55) {
        return;
    }
    let (w, h) = quarter.size;
    let at = quarter.frame.sub(stage.dice.range(0.2, 0.7) * w, stage.dice.range(0.2, 0.7) * h, 0.0);
    stage.fill(layer::WATER, at.rect(-10.0, -10.0, 92.0, 72.0), palette::VERGE.coloured([108, 116, 76]));
    stage.fill(layer::SURFACE, at.rect(4.0, 8.0, 62.0, 34.0), palette::DIRT);
    let barns = [
        (20.0, 4.0, 34.0, 14.0),
        (60.0, 22.0, 13.0, 30.0),
        (24.0, 48.0, 26.0, 12.0),
        (2.0, 26.0, 13.0, 10.0),
    ];
    for (u, v, w, h) in barns {
        let rgb = *stage.dice.pick(&[[178, 176, 170], [150, 92, 78], [132, 128, 122], [204, 202, 196]]);
        let (frame, size) =
            if h > w { (at.sub(u, v, PI / 2.0), (h, w)) } else { (at.sub(u, v, 0.0), (w, h)) };
        stage.building(frame, size, 8.0, Roof::Gable, rgb);
    }
    for k in 0..stage.dice.below(3) {
        // Silos are not storage tanks of the ground truth: they are a few metres wide.
        let silo = at.ellipse(74.0, 44.0 + 6.0 * k as f64, 2.4, 2.4, 14);
        stage.raised(layer::BUILDING, silo, palette::WHITE.coloured([200, 200, 196]), 12.0);
    }
    transport::track(stage, &at.path(&[(36.0, 26.0), (36.0, 90.0), (60.0, 160.0)]));
}

/// A park: lawns, curved paths, groups of trees, a pond, a playground.
pub fn park(stage: &mut Stage, site: &Site) {
    stage.within(Class::Park, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::PARKLAND);
        let (f, w, h) = (site.frame, site.w, site.h);
        let pond_at =
            f.sub(w * stage.dice.range(0.4, 0.6), h * stage.dice.range(0.4, 0.6), stage.dice.range(0.0, 3.0));
        let size = w.min(h) * stage.dice.range(0.13, 0.2);
        for _ in 0..3 {
            let at = f.sub(stage.dice.range(0.15, 0.85) * w, stage.dice.range(0.15, 0.85) * h, 0.0);
            let (a, b) = (stage.dice.range(0.08, 0.14) * w, stage.dice.range(0.08, 0.14) * h);
            let grove = blob(stage, at, a, b);
            stage.fill(layer::GROUND, grove, palette::WOODS.class(Class::Park));
        }
        let ring = closed(blob(stage, f.sub(w / 2.0, h / 2.0, 0.0), w * 0.34, h * 0.34));
        stage.line(layer::SURFACE, ring.clone(), 3.4, palette::PATH);
        for k in [0, 14, 28, 42] {
            let out =
                f.at(if k < 28 { w * 0.96 } else { w * 0.04 }, if k % 28 == 0 { h * 0.1 } else { h * 0.9 });
            stage.line(layer::SURFACE, vec![ring[k], out], 2.8, palette::PATH);
        }
        if size > 14.0 {
            pond(stage, pond_at, size * 1.3, size);
        }
        let play = f.ellipse(w * 0.16, h * 0.8, 10.0, 8.0, 18);
        stage.fill(layer::SURFACE, play, palette::SAND.class(Class::None));
    });
}

/// A golf course: fairways that bend through rough and trees, greens, bunkers, ponds.
pub fn golf(stage: &mut Stage, quarter: &Quarter) {
    stage.within(Class::GolfCourse, |stage| {
        stage.clipped(quarter.outline.clone(), |stage| {
            let rough = ink([88, 106, 60], Material::Parkland, Class::None);
            stage.fill(layer::GROUND, quarter.outline.clone(), rough);
            let (f, w, h) = (quarter.frame, quarter.size.0, quarter.size.1);
            for _ in 0..10 {
                let at = f.sub(stage.dice.unit() * w, stage.dice.unit() * h, stage.dice.range(0.0, 3.0));
                let (a, b) = (stage.dice.range(16.0, 44.0), stage.dice.range(7.0, 14.0));
                let grove = blob(stage, at, a, b);
                stage.fill(layer::GROUND, grove, palette::WOODS.class(Class::None));
            }
            let holes = ((h / 78.0).round() as usize).max(2);
            for k in 0..holes {
                let v = (k as f64 + 0.5) * h / holes as f64;
                let halves = if w > 420.0 && k.is_multiple_of(2) { 2 } else { 1 };
                for part in 0..halves {
                    let u0 = w * part as f64 / halves as f64 + 24.0;
                    let u1 = w * (part + 1) as f64 / halves as f64 - 24.0;
                    hole(stage, &f, (u0, u1), v, k.is_multiple_of(2));
                }
            }
            for _ in 0..2 {
                let at = f.sub(stage.dice.range(0.2, 0.8) * w, stage.dice.range(0.2, 0.8) * h, 0.4);
                pond(stage, at, 24.0, 15.0);
            }
            let house = f.sub(w * 0.5, h - 22.0, 0.0);
            stage.building(house, (40.0, 18.0), 8.0, Roof::Hip, [134, 110, 96]);
        });
    });
}

fn hole(stage: &mut Stage, f: &Frame, ends: (f64, f64), v: f64, flip: bool) {
    let (u0, u1) = if flip { (ends.1, ends.0) } else { ends };
    let bow = stage.dice.range(-26.0, 26.0);
    let at = |t: f64| f.at(u0 + (u1 - u0) * t, v + bow * (t * PI).sin());
    let course: Vec<P> = (2..=18).map(|k| at(f64::from(k) / 20.0)).collect();
    let fair = ink(stage.dice.shade([108, 136, 72], 0.05), Material::Lawn, Class::None);
    stage.line(layer::WATER, course.clone(), 40.0, fair.coloured([98, 122, 66]));
    for (cap, r) in [(at(0.1), 20.0), (at(0.9), 20.0)] {
        let disc = Frame { origin: cap, angle: 0.0 }.ellipse(0.0, 0.0, r, r, 24);
        stage.fill(layer::WATER, disc, fair.coloured([98, 122, 66]));
    }
    let mown = |k: usize| if k.is_multiple_of(2) { [116, 144, 78] } else { [108, 136, 72] };
    for (k, part) in course.windows(2).enumerate() {
        stage.line(layer::SURFACE, part.to_vec(), 30.0, fair.coloured(mown(k)));
    }
    let green = Frame { origin: at(0.97), angle: f.angle };
    let collar = blob(stage, green, 15.0, 13.0);
    stage.fill(layer::SURFACE, collar, fair.coloured([112, 142, 76]));
    let putting = blob(stage, green, 11.0, 9.5);
    stage.fill(layer::ROAD, putting, fair.coloured([132, 162, 92]));
    let sand = palette::SAND.class(Class::None).coloured([226, 214, 184]);
    for _ in 0..4 {
        let a = stage.dice.angle();
        let bunker = green.sub(18.0 * a.cos(), 17.0 * a.sin(), a);
        let shape = blob(stage, bunker, 5.0 + 2.5 * (a * 3.0).sin().abs(), 3.6);
        stage.fill(layer::ROAD, shape, sand);
    }
    for _ in 0..2 {
        let t = stage.dice.range(0.35, 0.75);
        let side = if stage.dice.chance(0.5) { 17.0 } else { -17.0 };
        let bunker = Frame { origin: at(t) + P::at_angle(f.angle + PI / 2.0) * side, angle: f.angle };
        let shape = blob(stage, bunker, 8.0, 4.0);
        stage.fill(layer::ROAD, shape, sand);
    }
    let tee = Frame { origin: at(0.02), angle: f.angle };
    stage.fill(layer::ROAD, tee.centred(0.0, 0.0, 12.0, 6.0), fair.coloured([124, 152, 84]));
}
