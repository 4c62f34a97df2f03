//! Car parks, which belong to almost everything that people drive to.

use std::f64::consts::FRAC_PI_2;

use crate::class::Class;
use crate::draw::lit;
use crate::geometry::Frame;
use crate::palette::{self, Material, ink};
use crate::scene::{Stage, layer};
use crate::site::Site;

/// A car park: rows of stalls, aisles between them, a share `full` of the stalls taken.
pub fn car_park(stage: &mut Stage, site: &Site, full: f64) {
    let tone = stage.dice.range(0.88, 1.16);
    let ground = palette::CAR_PARK.coloured(lit(palette::CAR_PARK.rgb, tone));
    stage.fill(layer::SURFACE, site.outline(), ground);
    stage.count(Class::CarPark, site.middle(), site.w.min(site.h) / 2.0);
    let turn = site.h > site.w * 1.3;
    let (frame, w, h) = if turn {
        (site.frame.sub(site.w, 0.0, FRAC_PI_2), site.h, site.w)
    } else {
        (site.frame, site.w, site.h)
    };
    let (stall, depth, module) = (2.75, 5.3, 17.4);
    let mark = ink([186, 186, 182], Material::Asphalt, Class::CarPark);
    let rows = (h / module).floor() as usize;
    let first = (h - rows as f64 * module) / 2.0 + module / 2.0;
    for row in 0..rows {
        let v = first + row as f64 * module;
        let (from, to) = (7.0, w - 7.0);
        if to - from < 12.0 {
            continue;
        }
        if row % 2 == 1 && rows > 2 {
            let island = ink([98, 112, 70], Material::Hedge, Class::None);
            for u in [from - 2.0, to + 2.0] {
                stage.fill(layer::ROAD, frame.centred(u, v, 3.0, depth * 2.0), island);
            }
        }
        stage.line(layer::MARK, frame.path(&[(from, v), (to, v)]), 0.4, mark);
        let taken = full * stage.dice.range(0.65, 1.15);
        let mut u = from;
        while u < to {
            for sign in [-1.0, 1.0] {
                stage.line(layer::MARK, frame.path(&[(u, v), (u, v + sign * depth)]), 0.28, mark);
                if stage.dice.chance(taken) {
                    let at: Frame = frame.sub(
                        u + stall / 2.0 + stage.dice.range(-0.15, 0.15),
                        v + sign * (depth / 2.0 + stage.dice.range(-0.1, 0.3)),
                        FRAC_PI_2 * sign,
                    );
                    stage.car(at);
                }
            }
            u += stall;
        }
    }
}
