//! An airport: runway, taxiways, aprons with parked aeroplanes, terminal, hangars.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::car_park::car_park;
use crate::class::Class;
use crate::geometry::{Frame, P};
use crate::palette::{self, Ink, Material, ink};
use crate::scene::{Address, Roof, Stage, layer};
use crate::site::Site;
use crate::streets;

const RUNWAY: Ink = ink([126, 125, 124], Material::Asphalt, Class::AirportRunway);
const TAXI: Ink = ink([148, 146, 142], Material::Concrete, Class::AirportRunway);
const APRON: Ink = ink([184, 181, 174], Material::Concrete, Class::None);

/// Fills a long quarter with an airport: the runway on the far side, the terminal near v = 0.
pub fn airport(stage: &mut Stage, site: &Site) {
    let (f, w, h) = (site.frame, site.w, site.h);
    stage.within(Class::None, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::LAWN.coloured([116, 122, 82]));
        let v = h - 70.0;
        runway(stage, &f, v, w);
        let taxi = v - 95.0;
        let band = |v: f64, wide: f64| f.rect(30.0, v - wide / 2.0, w - 60.0, wide);
        stage.fill(layer::SURFACE, band(taxi, 30.0), palette::LAWN.coloured([126, 126, 90]));
        stage.fill(layer::ROAD, band(taxi, 20.0), TAXI);
        stage.line(layer::MARK, f.path(&[(30.0, taxi), (w - 30.0, taxi)]), 0.5, YELLOW);
        let links = ((w / 340.0) as usize).max(2);
        for k in 0..=links {
            let u = 45.0 + (w - 90.0) * k as f64 / links as f64;
            stage.line(layer::ROAD, f.path(&[(u, taxi), (u, v)]), 20.0, TAXI);
            stage.line(layer::MARK, f.path(&[(u, taxi), (u, v)]), 0.5, YELLOW);
        }
        let depth = taxi - 22.0;
        let (mut u, mut turn) = (w * 0.03, 0);
        while w - u > 190.0 {
            let wide = (w - u - 16.0).min(if turn % 2 == 0 { 560.0 } else { 300.0 });
            let part = Site { frame: f.sub(u, 0.0, 0.0), w: wide, h: depth };
            if turn % 2 == 0 {
                terminal(stage, &part)
            } else {
                hangars(stage, &part)
            }
            u += wide + 26.0;
            turn += 1;
        }
    });
}

const YELLOW: Ink = ink([196, 176, 84], Material::Plain, Class::AirportRunway);

fn runway(stage: &mut Stage, f: &Frame, v: f64, w: f64) {
    let white = palette::WHITE.class(Class::AirportRunway);
    stage.fill(
        layer::SURFACE,
        f.rect(12.0, v - 36.0, w - 24.0, 72.0),
        palette::LAWN.coloured([126, 128, 88]),
    );
    stage.fill(layer::ROAD, f.rect(20.0, v - 24.0, w - 40.0, 48.0), RUNWAY.coloured([142, 140, 136]));
    stage.fill(layer::ROAD, f.rect(20.0, v - 22.0, w - 40.0, 44.0), RUNWAY);
    stage.count(Class::AirportRunway, f.at(w / 2.0, v), w / 2.0);
    stage.dashed(layer::MARK, f.path(&[(110.0, v), (w - 110.0, v)]), 1.0, white, (30.0, 22.0));
    for side in [-20.0, 20.0] {
        stage.line(layer::MARK, f.path(&[(20.0, v + side), (w - 20.0, v + side)]), 0.9, white);
    }
    for (u, s) in [(26.0, 1.0), (w - 26.0, -1.0)] {
        for k in 0..6 {
            for side in [-1.0, 1.0] {
                let vv = v + side * (3.0 + f64::from(k) * 3.0);
                stage.line(layer::MARK, f.path(&[(u, vv), (u + s * 30.0, vv)]), 1.7, white);
            }
        }
        for k in 0..3 {
            for side in [-1.0, 1.0] {
                let from = u + s * (120.0 + f64::from(k) * 75.0);
                let vv = v + side * 9.0;
                stage.line(layer::MARK, f.path(&[(from, vv), (from + s * 22.0, vv)]), 4.0, white);
            }
        }
        // Tyre marks where aeroplanes touch down.
        for side in [-3.5, 0.0, 3.5] {
            let skid = f.path(&[(u + s * 150.0, v + side), (u + s * 380.0, v + side)]);
            stage.line(layer::MARK, skid, 2.6, RUNWAY.coloured([106, 105, 104]));
        }
    }
}

fn terminal(stage: &mut Stage, site: &Site) {
    let (f, w, h) = (site.frame, site.w, site.h);
    stage.fill(layer::SURFACE, f.rect(0.0, 0.0, w, h - 2.0), APRON);
    seams(stage, site);
    let lot_h = (h * 0.27).max(40.0);
    let lot = Site { frame: f.sub(6.0, 2.0, 0.0), w: w - 12.0, h: lot_h };
    car_park(stage, &lot, 0.75);
    let deep = (h * 0.13).max(22.0);
    let v0 = lot_h + 8.0;
    let rgb = stage.dice.shade([212, 211, 206], 0.05);
    stage.building(f.sub(w / 2.0, v0 + deep / 2.0, 0.0), (w * 0.86, deep), 14.0, Roof::Flat, rgb);
    let piers = ((w / 190.0).round() as usize).max(1);
    let reach = (h - v0 - deep) * 0.74;
    for k in 0..piers {
        let u = w * (k as f64 + 0.5) / piers as f64;
        let pier = f.sub(u, v0 + deep + reach / 2.0 - 1.0, FRAC_PI_2);
        stage.building(pier, (reach, 17.0), 11.0, Roof::Flat, rgb);
        let mut v = v0 + deep + 28.0;
        while v < v0 + deep + reach + 14.0 {
            for side in [-1.0, 1.0] {
                if stage.dice.chance(0.86) {
                    let n = stage.dice.range(33.0, 46.0);
                    let turn = if side > 0.0 { PI } else { 0.0 };
                    let at = f.sub(u + side * (13.0 + n / 2.0), v, turn + stage.dice.range(-0.04, 0.04));
                    stage.plane(at, n);
                    let bridge = f.path(&[(u + side * 8.0, v - 7.0), (u + side * 17.0, v - 3.0)]);
                    stage.line(layer::TOP, bridge, 2.6, palette::WHITE.coloured([190, 190, 188]));
                    for _ in 0..3 {
                        let at = f.sub(
                            u + side * stage.dice.range(14.0, 40.0),
                            v + stage.dice.range(12.0, 19.0),
                            0.4,
                        );
                        stage.lorry(at, 6.5, 2.4, [222, 218, 200]);
                    }
                }
            }
            v += 47.0;
        }
    }
    let name = streets::name(&mut stage.dice);
    stage.addresses.push(Address { at: f.at(w / 2.0, v0), text: format!("1 {name}") });
}

/// Joints between the apron's slabs.
fn seams(stage: &mut Stage, site: &Site) {
    let line = ink([170, 167, 160], Material::Concrete, Class::None);
    let mut u = 15.0;
    while u < site.w {
        stage.line(layer::ROAD, site.frame.path(&[(u, 0.0), (u, site.h - 2.0)]), 0.5, line);
        u += 15.0;
    }
    let mut v = 15.0;
    while v < site.h {
        stage.line(layer::ROAD, site.frame.path(&[(0.0, v), (site.w, v)]), 0.5, line);
        v += 15.0;
    }
}

/// Hangars and rows of small aeroplanes on their own apron.
fn hangars(stage: &mut Stage, site: &Site) {
    let (f, w, h) = (site.frame, site.w, site.h);
    stage.fill(layer::SURFACE, f.rect(0.0, h * 0.2, w, h * 0.8 - 2.0), APRON.coloured([160, 158, 152]));
    let apron = Site { frame: f.sub(0.0, h * 0.2, 0.0), w, h: h * 0.8 };
    seams(stage, &apron);
    let mut u = 6.0;
    while u < w - 40.0 {
        let wide = stage.dice.range(38.0, 62.0);
        let rgb = *stage.dice.pick(palette::HALL_ROOFS);
        stage.building(
            f.sub(u + wide / 2.0, h * 0.2 + 18.0, 0.0),
            (wide - 4.0, 34.0),
            11.0,
            Roof::Gable,
            rgb,
        );
        u += wide;
    }
    let lot = Site { frame: f.sub(6.0, 4.0, 0.0), w: w - 12.0, h: h * 0.2 - 8.0 };
    car_park(stage, &lot, 0.5);
    let mut v = h * 0.2 + 62.0;
    while v < h - 18.0 {
        let size = if v > h * 0.5 { 34.0 } else { 16.0 };
        let mut u = size * 0.7;
        while u < w - size * 0.5 {
            if stage.dice.chance(0.72) {
                let n = size * stage.dice.range(0.8, 1.1);
                let at: P = f.at(u, v + stage.dice.range(-1.0, 1.0));
                let angle = f.angle - FRAC_PI_2 + stage.dice.range(-0.08, 0.08);
                stage.plane(Frame { origin: at, angle }, n);
            }
            u += size * 1.25;
        }
        v += size * 1.5;
    }
}
