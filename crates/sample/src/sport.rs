//! Sports grounds: baseball, soccer, tennis, running tracks, stadiums, pools, and the schools that have them.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use crate::class::Class;
use crate::draw::lit;
use crate::geometry::{Frame, P};
use crate::palette::{self, Material, ink};
use crate::scene::{Roof, Stage, layer};
use crate::site::closed;

/// A baseball field: home plate at the origin, the field opens along u; `reach` metres to the fence.
pub fn baseball(stage: &mut Stage, home: Frame, reach: f64) {
    let f = home.sub(0.0, 0.0, -FRAC_PI_4);
    let turf = ink(stage.dice.shade([88, 116, 60], 0.07), Material::Lawn, Class::BaseballField);
    let clay = palette::CLAY.coloured(stage.dice.shade(palette::CLAY.rgb, 0.08));
    let sector = |r: f64, back: f64| {
        let mut points = vec![f.at(-back, -back)];
        points.extend(f.arc(0.0, 0.0, r, r, -0.03, FRAC_PI_2 + 0.03, 26));
        points
    };
    stage.count(Class::BaseballField, f.at(reach * 0.38, reach * 0.38), reach * 0.5);
    stage.fill(layer::SURFACE, sector(reach + 4.0, 14.0), clay.coloured(lit(clay.rgb, 0.92)));
    stage.fill(layer::ROAD, sector(reach, 9.0), turf);
    // Mown stripes in the outfield.
    for k in 0..9 {
        let a = (f64::from(k) + 0.5) / 9.0 * FRAC_PI_2;
        if k % 2 == 0 {
            let mut stripe = f.arc(0.0, 0.0, reach - 2.0, reach - 2.0, a - 0.085, a + 0.085, 4);
            stripe.push(f.at(0.0, 0.0));
            stage.fill(layer::ROAD, stripe, turf.coloured(lit(turf.rgb, 1.06)));
        }
    }
    let base = 27.4 * (reach / 105.0).clamp(0.68, 1.0);
    let skin = base * 1.06;
    // The infield's clay: a quarter disc round the pitcher, then the grass diamond in it.
    let mut infield = vec![f.at(-3.0, -3.0), f.at(base * 1.35, -3.0)];
    infield.extend(f.arc(base * 0.5, base * 0.5, skin, skin, -0.62, FRAC_PI_2 + 0.62, 20));
    infield.push(f.at(-3.0, base * 1.35));
    stage.fill(layer::MARK, infield, clay);
    stage.fill(layer::MARK, f.ellipse(0.0, 0.0, 6.0, 6.0, 20), clay);
    if stage.dice.chance(0.72) {
        stage.fill(layer::MARK, f.rect(3.2, 3.2, base - 5.0, base - 5.0), turf);
        stage.fill(layer::MARK, f.ellipse(base * 0.5, base * 0.5, 3.2, 3.2, 16), clay);
        stage.fill(layer::MARK, f.ellipse(0.0, 0.0, 4.6, 4.6, 16), clay);
    }
    let white = palette::WHITE.class(Class::BaseballField);
    for line in [[(0.0, 0.0), (reach, 0.0)], [(0.0, 0.0), (0.0, reach)]] {
        stage.line(layer::MARK, f.path(&line), 0.4, white);
    }
    for (u, v) in [(base * 0.4, -9.0), (-9.0, base * 0.4)] {
        let turn = if u > 0.0 { 0.0 } else { FRAC_PI_2 };
        stage.building(f.sub(u, v, turn), (12.0, 3.2), 3.0, Roof::Flat, [170, 170, 166]);
    }
    stage.line(layer::MARK, f.path(&[(2.0, -9.0), (-9.0, -9.0), (-9.0, 2.0)]), 1.2, palette::CONCRETE);
}

/// A soccer pitch round the frame's origin, `length` by `width` metres.
pub fn soccer(stage: &mut Stage, at: Frame, length: f64, width: f64) {
    let turf = if stage.dice.chance(0.25) { [64, 106, 66] } else { [90, 118, 64] };
    let turf = ink(stage.dice.shade(turf, 0.06), Material::Lawn, Class::SoccerField);
    stage.count(Class::SoccerField, at.origin, length / 2.0);
    stage.fill(layer::ROAD, at.centred(0.0, 0.0, length + 8.0, width + 8.0), turf);
    let bands = 12;
    for k in (0..bands).step_by(2) {
        let u = (f64::from(k) + 0.5) / f64::from(bands) * length - length / 2.0;
        let band = at.centred(u, 0.0, length / f64::from(bands), width);
        stage.fill(layer::ROAD, band, turf.coloured(lit(turf.rgb, 1.09)));
    }
    let white = palette::WHITE.coloured([214, 220, 206]).class(Class::SoccerField);
    let (l, w) = (length / 2.0, width / 2.0);
    let mut lines: Vec<Vec<P>> = vec![
        closed(at.centred(0.0, 0.0, length, width)),
        at.path(&[(0.0, -w), (0.0, w)]),
        closed(at.ellipse(0.0, 0.0, 9.15, 9.15, 28)),
    ];
    for s in [-1.0, 1.0] {
        lines.push(closed(at.centred(s * (l - 8.25), 0.0, 16.5, 40.3_f64.min(width * 0.7))));
        lines.push(closed(at.centred(s * (l - 2.75), 0.0, 5.5, 18.3)));
    }
    for line in lines {
        stage.line(layer::MARK, line, 0.5, white);
    }
    // Worn goal mouths.
    for s in [-1.0, 1.0] {
        let worn = at.ellipse(s * (l - 5.0), 0.0, 5.0, 6.0, 16);
        stage.fill(layer::ROAD, worn, turf.coloured([126, 128, 84]));
    }
}

/// Tennis courts in rows round the frame's origin corner: `columns` by `rows` of them.
pub fn tennis(stage: &mut Stage, corner: Frame, columns: usize, rows: usize) {
    let (out, inner) = *stage.dice.pick(&[
        ([78, 112, 82], [58, 92, 128]),
        ([82, 116, 84], [82, 116, 84]),
        ([70, 104, 82], [140, 84, 68]),
        ([66, 98, 126], [62, 88, 136]),
        ([150, 98, 74], [84, 120, 86]),
    ]);
    let (w, h) = (columns as f64 * 17.5, rows as f64 * 36.0);
    let outer = ink(stage.dice.shade(out, 0.04), Material::Plain, Class::TennisCourt);
    stage.fill(layer::ROAD, corner.rect(0.0, 0.0, w, h), outer);
    stage.line(
        layer::MARK,
        closed(corner.rect(0.0, 0.0, w, h)),
        0.6,
        palette::RAIL.class(Class::TennisCourt),
    );
    let white = palette::WHITE.class(Class::TennisCourt);
    for r in 0..rows {
        for c in 0..columns {
            let at = corner.sub((c as f64 + 0.5) * 17.5, (r as f64 + 0.5) * 36.0, FRAC_PI_2);
            stage.count(Class::TennisCourt, at.origin, 12.0);
            stage.fill(layer::MARK, at.centred(0.0, 0.0, 23.8, 11.0), outer.coloured(inner));
            stage.line(layer::MARK, closed(at.centred(0.0, 0.0, 23.8, 11.0)), 0.55, white);
            stage.line(layer::MARK, closed(at.centred(0.0, 0.0, 12.8, 8.2)), 0.4, white);
            stage.line(layer::MARK, at.path(&[(-11.9, -4.1), (11.9, -4.1)]), 0.35, white);
            stage.line(layer::MARK, at.path(&[(-11.9, 4.1), (11.9, 4.1)]), 0.35, white);
            stage.line(layer::MARK, at.path(&[(-6.4, 0.0), (6.4, 0.0)]), 0.35, white);
            stage.line(layer::MARK, at.path(&[(0.0, -6.4), (0.0, 6.4)]), 0.6, white.coloured([70, 74, 72]));
        }
    }
}

/// A stadium-shaped outline: two straights of `straight` metres joined by half circles of radius `r`.
pub fn oval(at: &Frame, straight: f64, r: f64) -> Vec<P> {
    let mut points = at.arc(straight / 2.0, 0.0, r, r, -FRAC_PI_2, FRAC_PI_2, 22);
    points.extend(at.arc(-straight / 2.0, 0.0, r, r, FRAC_PI_2, PI * 1.5, 22));
    points
}

/// A 400-metre running track with a soccer pitch in it.
pub fn track(stage: &mut Stage, at: Frame) {
    let red = *stage.dice.pick(&[[164, 88, 70], [150, 78, 66], [176, 102, 82], [96, 112, 150]]);
    let red = ink(stage.dice.shade(red, 0.05), Material::Plain, Class::RunningTrack);
    stage.count(Class::RunningTrack, at.origin, 75.0);
    stage.fill(layer::SURFACE, oval(&at, 84.0, 48.5), palette::LAWN);
    stage.fill(layer::ROAD, oval(&at, 84.0, 46.0), red);
    for k in 1..8 {
        let lane = closed(oval(&at, 84.0, 46.0 - f64::from(k) * 1.22));
        stage.line(layer::ROAD, lane, 0.3, red.coloured(lit(red.rgb, 1.28)));
    }
    stage.fill(layer::ROAD, oval(&at, 84.0, 36.2), palette::LAWN.class(Class::RunningTrack));
    for s in [-1.0, 1.0] {
        let mut d = at.arc(s * 52.0, 0.0, 26.0, 28.0, -FRAC_PI_2 * s, FRAC_PI_2 * s, 16);
        d.push(at.at(s * 52.0, 0.0));
        if stage.dice.chance(0.6) {
            stage.fill(layer::ROAD, d, red);
        }
    }
    soccer(stage, at, 92.0, 56.0);
}
