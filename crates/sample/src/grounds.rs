//! Places of sport: stadiums, schools with their fields, parks of pitches, tennis clubs, public pools.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, TAU};

use crate::basins::pool;
use crate::car_park::car_park;
use crate::class::Class;
use crate::draw::lit;
use crate::geometry::{Frame, P};
use crate::palette::{self, Ink, Material, ink};
use crate::scene::{Address, Roof, Stage, layer};
use crate::site::{Site, closed};
use crate::sport::{baseball, oval, soccer, tennis, track};
use crate::streets;
use crate::transport;

/// A stadium: a bowl of stands round a pitch, with roofs over the long sides, and car parks.
pub fn stadium(stage: &mut Stage, site: &Site) {
    stage.within(Class::Stadium, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::CONCRETE.coloured([160, 156, 149]));
        let at = site.frame.sub(site.w / 2.0, site.h / 2.0, if site.w < site.h { FRAC_PI_2 } else { 0.0 });
        let fit = (site.w.min(site.h) / 250.0).clamp(0.7, 1.0);
        let with_track = stage.dice.chance(0.4);
        let (straight, r0) = if with_track { (84.0, 48.0) } else { (60.0, 48.0 * fit.max(0.9)) };
        let (tiers, step) = (5, 8.0 * fit);
        let outer = r0 + tiers as f64 * step;
        stage.count(Class::Stadium, at.origin, 130.0);
        stage.fill(layer::SURFACE, oval(&at, straight, r0 + 2.0), palette::LAWN.class(Class::Stadium));
        if with_track {
            track(stage, at)
        } else {
            soccer(stage, at, 104.0, 67.0)
        }
        stands(stage, &at, straight, r0, tiers, step);
        for (u, v) in [(0.0, 0.0), (site.w - 60.0, 0.0), (0.0, site.h - 46.0), (site.w - 60.0, site.h - 46.0)]
        {
            let lot = Site { frame: site.frame.sub(u, v, 0.0), w: 60.0, h: 46.0 };
            let d = site.frame.at(u + 30.0, v + 23.0) - at.origin;
            let (x, y) = (d.dot(P::at_angle(at.angle)).abs(), d.dot(P::at_angle(at.angle + FRAC_PI_2)).abs());
            if x > straight / 2.0 + outer + 12.0
                || y > outer + 30.0
                || (x - straight / 2.0).hypot(y) > outer + 36.0
            {
                car_park(stage, &lot, 0.7);
            }
        }
        let name = streets::name(&mut stage.dice);
        stage.addresses.push(Address { at: at.origin, text: format!("1 {name}") });
    });
}

fn stands(stage: &mut Stage, at: &Frame, straight: f64, r0: f64, tiers: usize, step: f64) {
    let seat = *stage.dice.pick(&[[170, 174, 180], [112, 128, 166], [164, 106, 96], [186, 184, 178]]);
    let sun = stage.dice.range(0.0, 0.1) + 1.5;
    let outer = r0 + tiers as f64 * step;
    let rim = oval(at, straight, outer);
    let inner = oval(at, straight, r0);
    let n = rim.len();
    for k in 0..n {
        let (a, b) = (rim[k], rim[(k + 1) % n]);
        let (c, d) = (inner[(k + 1) % n], inner[k]);
        let facing = (at.origin - a).angle();
        let tone = 0.95 + 0.16 * (facing - sun).cos();
        for t in 0..tiers {
            let (near, far) = (t as f64 / tiers as f64, (t as f64 + 0.93) / tiers as f64);
            let quad = vec![d.towards(a, near), c.towards(b, near), c.towards(b, far), d.towards(a, far)];
            let band = lit(seat, tone * (0.92 + 0.05 * (t % 2) as f64) * if k % 6 == 0 { 1.12 } else { 1.0 });
            let height = 4.0 + t as f64 * 4.0;
            stage.raised(layer::DECK, quad, ink(band, Material::Roof, Class::Stadium), height);
        }
    }
    let crown = closed(rim);
    stage.line(layer::DECK_MARK, crown, 3.0, ink([206, 204, 198], Material::Plain, Class::Stadium));
    let roof = ink([216, 216, 212], Material::Roof, Class::Stadium);
    let (depth, v) = (step * 2.8, r0 + (tiers as f64 - 1.2) * step);
    for s in [-1.0, 1.0] {
        let half = straight * 0.5 + 26.0;
        let cover = at.centred(0.0, s * v, half * 2.0, depth);
        stage.raised(layer::BUILDING, cover, roof.coloured(lit(roof.rgb, 0.97 + 0.04 * s)), 22.0);
        let mut u = -half + 6.0;
        while u < half {
            let rib = at.path(&[(u, s * (v - depth / 2.0)), (u, s * (v + depth / 2.0))]);
            stage.line(layer::TOP, rib, 0.5, roof.coloured([176, 176, 174]));
            u += 9.0;
        }
    }
}

/// A school: wings round a yard, a running track, a baseball field, courts, a car park.
pub fn school(stage: &mut Stage, site: &Site) {
    stage.within(Class::School, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::PARKLAND.class(Class::None));
        let f = site.frame;
        let name = streets::name(&mut stage.dice);
        stage.count(Class::School, f.at(88.0, 60.0), 60.0);
        stage.addresses.push(Address { at: f.at(88.0, 60.0), text: format!("{} {name}", 200) });
        stage.fill(
            layer::SURFACE,
            f.rect(14.0, 16.0, 150.0, 84.0),
            palette::CONCRETE.coloured([172, 166, 154]),
        );
        let rgb = *stage.dice.pick(&[[184, 180, 170], [164, 156, 146], [150, 128, 112], [204, 202, 196]]);
        let wings = [
            (88.0, 34.0, 140.0, 24.0),
            (32.0, 66.0, 22.0, 46.0),
            (88.0, 68.0, 20.0, 48.0),
            (146.0, 68.0, 30.0, 44.0),
        ];
        for (u, v, w, h) in wings {
            let tone = stage.dice.shade(rgb, 0.06);
            stage.building(f.sub(u, v, 0.0), (w, h), 9.0, Roof::Flat, tone);
        }
        let lot = Site { frame: f.sub(14.0, 112.0, 0.0), w: 104.0, h: 40.0 };
        car_park(stage, &lot, 0.65);
        if stage.dice.chance(0.7) {
            tennis(stage, f.sub(124.0, 112.0, 0.0), 3, 1);
        } else {
            stage.fill(layer::ROAD, f.rect(124.0, 112.0, 44.0, 30.0), palette::CAR_PARK.class(Class::None));
        }
        track(stage, f.sub(site.w - 108.0, 62.0, 0.0));
        baseball(stage, f.sub(194.0, site.h - 16.0, -FRAC_PI_4), 92.0);
        if site.h > 215.0 {
            soccer(stage, f.sub(76.0, site.h - 40.0, 0.0), 96.0, 58.0);
        }
        let path = f.path(&[(88.0, 100.0), (88.0, 108.0), (180.0, 108.0), (190.0, site.h - 12.0)]);
        stage.line(layer::SURFACE, path, 2.4, palette::PATH);
    });
}

/// Four baseball fields with their home plates together.
pub fn baseball_park(stage: &mut Stage, site: &Site) {
    stage.within(Class::Park, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::PARKLAND);
        let (cu, cv) = (site.w / 2.0, site.h / 2.0);
        let reach = (site.w.min(site.h) / 2.0 - 24.0).min(96.0) * 0.98;
        stage.fill(layer::SURFACE, site.frame.ellipse(cu, cv, 27.0, 27.0, 30), palette::PATH);
        let wanted = if stage.dice.chance(0.65) { 4 } else { 2 };
        for k in 0..wanted {
            let a = FRAC_PI_4 + TAU * f64::from(k) / 4.0 * if wanted == 2 { 2.0 } else { 1.0 };
            let home = site.frame.sub(cu + 21.0 * a.cos(), cv + 21.0 * a.sin(), a);
            baseball(stage, home, reach);
        }
        stage.building(site.frame.sub(cu, cv, 0.4), (11.0, 9.0), 5.0, Roof::Hip, [150, 142, 130]);
        if wanted == 2 {
            for s in [-1.0, 1.0] {
                let at = site.frame.sub(cu + s * site.w * 0.27, cv - s * site.h * 0.27, 0.0);
                soccer(stage, at, (site.w * 0.36).min(100.0), (site.h * 0.3).min(64.0));
            }
        }
        let lot = Site { frame: site.frame.sub(cu - 40.0, site.h - 40.0, 0.0), w: 80.0, h: 38.0 };
        car_park(stage, &lot, 0.6);
    });
}

/// Several soccer pitches side by side.
pub fn soccer_park(stage: &mut Stage, site: &Site) {
    stage.within(Class::Park, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::PARKLAND);
        let (columns, rows) = ((site.w / 122.0).floor().max(1.0), ((site.h - 44.0) / 84.0).floor().max(1.0));
        for r in 0..rows as usize {
            for c in 0..columns as usize {
                let u = (c as f64 + 0.5) * site.w / columns;
                let v = (r as f64 + 0.5) * (site.h - 44.0) / rows;
                soccer(stage, site.frame.sub(u, v, 0.0), 100.0, 64.0);
            }
        }
        let lot = Site { frame: site.frame.sub(10.0, site.h - 41.0, 0.0), w: site.w - 20.0, h: 38.0 };
        car_park(stage, &lot, 0.5);
    });
}

/// A running track of its own, with a small stand.
pub fn track_park(stage: &mut Stage, site: &Site) {
    stage.within(Class::Park, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::PARKLAND);
        let at = site.frame.sub(site.w / 2.0, site.h / 2.0 - 8.0, 0.0);
        track(stage, at);
        stage.building(at.sub(0.0, 54.0, 0.0), (70.0, 10.0), 7.0, Roof::Flat, [196, 196, 192]);
    });
}

/// A tennis club: courts, a clubhouse, a pool.
pub fn tennis_club(stage: &mut Stage, site: &Site) {
    stage.within(Class::Park, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::PARKLAND);
        let columns = ((site.w - 24.0) / 17.5).floor().max(2.0) as usize;
        let per = (columns / 2).max(2);
        let rows = ((site.h - 48.0) / 40.0).floor().clamp(1.0, 3.0) as usize;
        for r in 0..rows {
            tennis(stage, site.frame.sub(8.0, 8.0 + r as f64 * 40.0, 0.0), per, 1);
            tennis(
                stage,
                site.frame.sub(14.0 + per as f64 * 17.5, 8.0 + r as f64 * 40.0, 0.0),
                columns - per,
                1,
            );
        }
        let v = 8.0 + rows as f64 * 40.0 + 14.0;
        stage.building(site.frame.sub(30.0, v, 0.0), (30.0, 14.0), 6.0, Roof::Hip, [134, 112, 98]);
        let lot = Site { frame: site.frame.sub(56.0, v - 14.0, 0.0), w: site.w - 66.0, h: 36.0 };
        car_park(stage, &lot, 0.6);
    });
}

/// A public swimming place: large pools, terraces, lawns.
pub fn pools(stage: &mut Stage, site: &Site) {
    stage.within(Class::Park, |stage| {
        stage.fill(layer::GROUND, site.outline(), palette::PARKLAND);
        let f = site.frame;
        let (w, h) = (site.w, site.h);
        stage.fill(
            layer::SURFACE,
            f.rect(10.0, 10.0, w - 20.0, h - 62.0),
            palette::CONCRETE.coloured([204, 196, 182]),
        );
        pool(stage, f.sub(w * 0.34, (h - 52.0) * 0.5, 0.0), 50.0, 22.0);
        let lanes = ink([70, 140, 168], Material::Plain, Class::SwimmingPool);
        for k in -3..=3 {
            let v = (h - 52.0) * 0.5 + f64::from(k) * 2.75;
            stage.line(layer::MARK, f.path(&[(w * 0.34 - 24.0, v), (w * 0.34 + 24.0, v)]), 0.4, lanes);
        }
        let water: Ink = palette::POOL;
        for (u, v, a, b) in [(0.74, 0.34, 11.0, 9.0), (0.74, 0.68, 16.0, 8.0)] {
            let (u, v) = (w * u, (h - 52.0) * v + 4.0);
            stage.fill(
                layer::ROAD,
                f.ellipse(u, v, a + 2.0, b + 2.0, 26),
                palette::PATH.coloured([220, 214, 202]),
            );
            stage.fill(layer::ROAD, f.ellipse(u, v, a, b, 26), water);
            stage.count(Class::SwimmingPool, f.at(u, v), a);
        }
        stage.building(f.sub(w * 0.3, 12.0, 0.0), (34.0, 9.0), 5.0, Roof::Hip, [168, 120, 96]);
        for _ in 0..26 {
            let at = f.at(stage.dice.range(14.0, w - 14.0), stage.dice.range(18.0, h - 58.0));
            let white = ink([232, 230, 224], Material::Plain, Class::None);
            let shade = Frame { origin: at, angle: 0.0 }.ellipse(0.0, 0.0, 1.3, 1.3, 8);
            stage.fill(layer::SURFACE, shade, white);
        }
        let lot = Site { frame: f.sub(10.0, h - 46.0, 0.0), w: w - 20.0, h: 38.0 };
        car_park(stage, &lot, 0.6);
        transport::street(stage, &f.path(&[(w - 4.0, h - 50.0), (w - 4.0, h)]), 6.0);
    });
}
