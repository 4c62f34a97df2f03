//! The town centre and shopping centres: big flat roofs, street grids, car parks full of cars.

use crate::car_park::car_park;
use crate::class::Class;
use crate::palette::{self, Material, ink};
use crate::scene::{Address, Roof, Stage, layer};
use crate::site::Site;
use crate::streets;
use crate::transport;

/// A part of the town centre: blocks of close buildings between streets.
pub fn centre(stage: &mut Stage, site: &Site) {
    stage.within(Class::TownCentre, |stage| {
        let ground = ink([150, 146, 139], Material::Concrete, Class::None);
        stage.fill(layer::GROUND, site.outline(), ground);
        let columns = ((site.w / 98.0).round() as usize).max(1);
        let rows = ((site.h / 82.0).round() as usize).max(1);
        let (bw, bh) = (site.w / columns as f64, site.h / rows as f64);
        for k in 0..=columns {
            let u = k as f64 * bw;
            let line = [site.frame.at(u, 0.0), site.frame.at(u, site.h)];
            transport::road(stage, &line, 9.0, 24.0);
        }
        for k in 0..=rows {
            let v = k as f64 * bh;
            let line = [site.frame.at(0.0, v), site.frame.at(site.w, v)];
            transport::road(stage, &line, 9.0, 24.0);
        }
        for row in 0..rows {
            let name = streets::name(&mut stage.dice);
            for column in 0..columns {
                let block = Site {
                    frame: site.frame.sub(column as f64 * bw + 9.0, row as f64 * bh + 9.0, 0.0),
                    w: bw - 18.0,
                    h: bh - 18.0,
                };
                match stage.dice.unit() {
                    t if t < 0.14 => car_park(stage, &block, 0.75),
                    t if t < 0.22 => square(stage, &block),
                    _ => town_block(stage, &block, &name, column),
                }
            }
        }
    });
}

fn square(stage: &mut Stage, site: &Site) {
    stage.fill(layer::GROUND, site.outline(), palette::PARKLAND);
    for line in [[(0.0, 0.0), (site.w, site.h)], [(site.w, 0.0), (0.0, site.h)]] {
        stage.line(layer::SURFACE, site.frame.path(&line), 3.0, palette::PATH);
    }
    let (u, v) = (site.w / 2.0, site.h / 2.0);
    stage.fill(layer::SURFACE, site.frame.ellipse(u, v, 9.0, 9.0, 24), palette::PATH);
    stage.fill(layer::ROAD, site.frame.ellipse(u, v, 3.5, 3.5, 20), palette::POOL.class(Class::None));
}

fn town_block(stage: &mut Stage, site: &Site, street: &str, column: usize) {
    stage.fill(layer::GROUND, site.outline(), palette::CONCRETE.coloured([158, 154, 147]));
    let mut u = 0.0;
    let mut number = 100 * (column + 1);
    while u < site.w - 8.0 {
        let width = stage.dice.range(14.0, 34.0).min(site.w - u);
        for (v, sign) in [(0.0, 1.0), (site.h, -1.0)] {
            let depth = stage.dice.range(0.30, 0.50) * site.h;
            let height = if stage.dice.chance(0.16) {
                stage.dice.range(26.0, 48.0)
            } else {
                stage.dice.range(8.0, 20.0)
            };
            let rgb = *stage.dice.pick(palette::TOWN_ROOFS);
            let rgb = stage.dice.shade(rgb, 0.1);
            let at = site.frame.sub(u + width / 2.0, v + sign * depth / 2.0, 0.0);
            let roof =
                if depth < 22.0 && width < 22.0 && stage.dice.chance(0.3) { Roof::Hip } else { Roof::Flat };
            if stage.dice.chance(0.94) {
                stage.building(at, (width - 0.7, depth), height, roof, rgb);
                number += 2;
                let text = format!("{} {street}", number + usize::from(sign < 0.0));
                stage.addresses.push(Address { at: at.origin, text });
            }
        }
        u += width;
    }
}

/// A shopping centre: a hall and a large car park.
pub fn mall(stage: &mut Stage, site: &Site) {
    stage.within(Class::None, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::VERGE);
        let depth = site.h * 0.32;
        let rgb = *stage.dice.pick(&[[214, 212, 206], [196, 194, 190], [184, 178, 168], [222, 220, 215]]);
        let mut u = 8.0;
        while u < site.w - 45.0 {
            let width = stage.dice.range(48.0, 95.0).min(site.w - 8.0 - u);
            let deep = depth * stage.dice.range(0.75, 1.0);
            let rgb = stage.dice.shade(rgb, 0.07);
            let at = site.frame.sub(u + width / 2.0, 6.0 + deep / 2.0, 0.0);
            stage.building(at, (width - 1.0, deep), 9.0, Roof::Flat, rgb);
            u += width;
        }
        let lot = Site {
            frame: site.frame.sub(6.0, depth + 14.0, 0.0),
            w: site.w - 12.0,
            h: site.h - depth - 20.0,
        };
        car_park(stage, &lot, 0.72);
        let name = streets::name(&mut stage.dice);
        stage.addresses.push(Address { at: site.middle(), text: format!("1 {name}") });
    });
}
