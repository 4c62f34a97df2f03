//! Houses along streets, at three densities, with gardens, drives, pools and house numbers.

use crate::basins::pool;
use crate::class::Class;
use crate::geometry::{Frame, P, length, walk};
use crate::palette::{self, Material, ink};
use crate::scene::{Address, Roof, Stage, layer};
use crate::site::Site;
use crate::streets;
use crate::transport;

/// How a neighbourhood is built.
struct Density {
    class: Class,
    /// Distance between streets, metres.
    rows: f64,
    lot: f64,
    setback: f64,
    house: (f64, f64),
    street: f64,
    bend: f64,
    yard: Material,
    pools: f64,
    empty: f64,
}

/// Close rows of houses.
pub fn dense(stage: &mut Stage, site: &Site) {
    let density = Density {
        class: Class::DenseResidential,
        rows: 50.0,
        lot: 12.5,
        setback: 5.0,
        house: (10.2, 12.5),
        street: 7.0,
        bend: 0.0,
        yard: Material::YardSmall,
        pools: 0.0,
        empty: 0.03,
    };
    neighbourhood(stage, site, &density);
}

/// Houses with gardens.
pub fn medium(stage: &mut Stage, site: &Site) {
    let density = Density {
        class: Class::MediumResidential,
        rows: 74.0,
        lot: 21.0,
        setback: 8.0,
        house: (15.0, 10.5),
        street: 8.0,
        bend: 9.0,
        yard: Material::Yard,
        pools: 0.16,
        empty: 0.05,
    };
    neighbourhood(stage, site, &density);
}

/// Lone houses among trees.
pub fn sparse(stage: &mut Stage, site: &Site) {
    let density = Density {
        class: Class::SparseResidential,
        rows: 150.0,
        lot: 58.0,
        setback: 24.0,
        house: (20.0, 12.0),
        street: 6.5,
        bend: 22.0,
        yard: Material::YardLarge,
        pools: 0.38,
        empty: 0.15,
    };
    neighbourhood(stage, site, &density);
}

fn neighbourhood(stage: &mut Stage, site: &Site, d: &Density) {
    stage.within(d.class, |stage| {
        let ground = stage.dice.shade([98, 110, 70], 0.06);
        stage.fill(layer::GROUND, site.outline(), ink(ground, d.yard, Class::None));
        // Streets run along the longer side, now and then along the shorter one.
        let turn = (site.w < site.h) != stage.dice.chance(0.2);
        let (frame, w, h) = if turn {
            (site.frame.sub(site.w, 0.0, std::f64::consts::FRAC_PI_2), site.h, site.w)
        } else {
            (site.frame, site.w, site.h)
        };
        let streets = ((h / d.rows).floor() as usize).max(1);
        let pitch = h / streets as f64;
        let wave = stage.dice.angle();
        let cross = (w > 330.0).then(|| w * stage.dice.range(0.42, 0.58));
        for k in 0..streets {
            let middle = pitch * (k as f64 + 0.5);
            let bend = d.bend.min(pitch * 0.12);
            let course: Vec<P> = (0..=((w / 12.0) as usize).max(2))
                .map(|n| {
                    let u = n as f64 * w / ((w / 12.0) as usize).max(2) as f64;
                    frame.at(u, middle + bend * (u / 62.0 + wave + k as f64 * 0.4).sin())
                })
                .collect();
            transport::street(stage, &course, d.street);
            let name = streets::name(&mut stage.dice);
            houses(stage, &course, d, pitch, &name, cross);
        }
        for u in [0.0, w] {
            let ends = [frame.at(u, 0.0), frame.at(u, h)];
            transport::street(stage, &ends, d.street);
        }
        if let Some(u) = cross {
            transport::street(stage, &[frame.at(u, 0.0), frame.at(u, h)], d.street);
        }
    });
}

/// Houses on both sides of a street, but for the lots where the cross street runs.
fn houses(stage: &mut Stage, course: &[P], d: &Density, pitch: f64, street: &str, cross: Option<f64>) {
    let mut number = 100 + 100 * stage.dice.below(9);
    let clear = d.house.0 * 0.6 + d.street / 2.0 + 1.5;
    let (start, end) = (clear.max(d.lot * 0.5), length(course) - clear);
    for (k, (at, angle)) in walk(course, start, d.lot).into_iter().enumerate() {
        let u = start + k as f64 * d.lot;
        if u > end || cross.is_some_and(|c| (c - u).abs() < clear) {
            continue;
        }
        for side in [1.0, -1.0] {
            number += 2;
            if stage.dice.chance(d.empty) {
                continue;
            }
            let lot =
                Frame { origin: at, angle: angle + if side > 0.0 { 0.0 } else { std::f64::consts::PI } };
            house(stage, lot, d, pitch / 2.0 - d.street / 2.0);
            let door = lot.at(0.0, d.street / 2.0 + d.setback);
            stage
                .addresses
                .push(Address { at: door, text: format!("{} {street}", number + usize::from(side < 0.0)) });
        }
    }
}

/// One lot: u along the street, v away from it; `depth` metres deep.
fn house(stage: &mut Stage, lot: Frame, d: &Density, depth: f64) {
    let near = d.street / 2.0;
    let turf = stage.dice.shade([102, 118, 70], 0.13);
    let lawn = ink(turf, d.yard, Class::None);
    if d.lot < 40.0 {
        stage.fill(layer::GROUND, lot.rect(-d.lot / 2.0, near, d.lot - 0.4, depth), lawn);
    } else {
        let (a, b) = (d.lot * stage.dice.range(0.3, 0.42), depth * stage.dice.range(0.3, 0.42));
        stage.fill(
            layer::GROUND,
            lot.ellipse(0.0, near + d.setback + 8.0, a, b, 18),
            palette::LAWN.coloured(turf),
        );
    }
    let (l, w) = (d.house.0 * stage.dice.range(0.86, 1.15), d.house.1 * stage.dice.range(0.86, 1.15));
    let set = near + d.setback * stage.dice.range(0.9, 1.25) + w / 2.0;
    let skew = if d.lot > 40.0 { stage.dice.range(-0.35, 0.35) } else { stage.dice.range(-0.03, 0.03) };
    let slide = d.lot * 0.08 * stage.dice.range(-1.0, 1.0);
    let rgb = *stage.dice.pick(palette::HOUSE_ROOFS);
    let rgb = stage.dice.shade(rgb, 0.12);
    let at = lot.sub(slide, set, skew);
    let drive_u = slide + l * 0.32 * if stage.dice.chance(0.5) { 1.0 } else { -1.0 };
    let drive = palette::CONCRETE.coloured(stage.dice.shade([168, 163, 152], 0.12));
    stage.fill(layer::SURFACE, lot.rect(drive_u - 1.7, near - 0.5, 3.6, set - near + 0.5), drive);
    if stage.dice.chance(0.55) {
        let v = near + d.setback * 0.5;
        stage.car(lot.sub(drive_u, v, std::f64::consts::FRAC_PI_2));
    } else if stage.dice.chance(0.35) {
        let u = stage.dice.range(-0.3, 0.3) * d.lot;
        stage.car(lot.sub(u, near - 1.2, 0.0));
    }
    let roof = if stage.dice.chance(0.55) { Roof::Gable } else { Roof::Hip };
    // Deep houses on narrow lots have their ridge away from the street.
    let (at, size) =
        if w > l { (at.sub(0.0, 0.0, std::f64::consts::FRAC_PI_2), (w, l)) } else { (at, (l, w)) };
    if d.lot > 15.0 && stage.dice.chance(0.55) {
        let wing = at.sub(size.0 * 0.24, -size.1 * 0.35, std::f64::consts::FRAC_PI_2);
        stage.building(at, size, 6.5, roof, rgb);
        stage.building(wing, (size.1 * 1.05, size.0 * 0.38), 5.5, Roof::Gable, rgb);
    } else {
        stage.building(at, size, 7.0, roof, rgb);
    }
    let back = set + w / 2.0;
    if stage.dice.chance(d.pools) && depth > back + 6.0 {
        let (u, v) = (stage.dice.range(-0.2, 0.2) * d.lot, back + stage.dice.range(5.5, 8.0));
        let turn = stage.dice.range(-0.2, 0.2);
        pool(stage, lot.sub(u, v, turn), 9.5, 5.0);
    } else if stage.dice.chance(0.25) && depth > back + 5.0 {
        let shed = lot.sub(stage.dice.range(-0.35, 0.35) * d.lot, depth + near - 4.0, 0.0);
        stage.building(shed, (4.0, 3.2), 2.6, Roof::Gable, [140, 134, 124]);
    }
}
