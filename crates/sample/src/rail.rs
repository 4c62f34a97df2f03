//! The railway's places: goods yards with their fans of tracks, and passenger stations.

use crate::car_park::car_park;
use crate::class::Class;
use crate::geometry::{Frame, P, p};
use crate::layout::{Plan, Quarter};
use crate::palette::{self, Material, ink};
use crate::scene::{Address, Roof, Stage, layer};
use crate::site::Site;
use crate::streets;
use crate::transport;

/// A line beside the railway of a quarter, `off` metres away, from share `from` to share `to` of its length;
/// `away` is -1 when the quarter lies north of the railway and 1 when south.
fn beside(plan: &Plan, quarter: &Quarter, off: f64, from: f64, to: f64, away: f64) -> Vec<P> {
    let h = plan.rail_line;
    let (a, b) = (plan.crossing(quarter.columns.0, h).x, plan.crossing(quarter.columns.1, h).x);
    (0..=40)
        .map(|k| {
            let x = a + (b - a) * (from + (to - from) * f64::from(k) / 40.0);
            plan.world(p(x, plan.horizontal_y(h, x) + away * off))
        })
        .collect()
}

/// A yard of parallel tracks with goods wagons. Returns how deep it is, metres from the railway.
pub fn yard(stage: &mut Stage, plan: &Plan, quarter: &Quarter, away: f64) -> f64 {
    let tracks = 14;
    let depth = 8.0 + f64::from(tracks) * 5.2 + 8.0;
    stage.within(Class::None, |stage| {
        let mut ground = beside(plan, quarter, 2.0, 0.03, 0.97, away);
        ground.extend(beside(plan, quarter, depth, 0.08, 0.92, away).into_iter().rev());
        let ballast = ink([132, 123, 112], Material::Gravel, Class::Railway);
        stage.fill(layer::SURFACE, ground, ballast);
        for k in 0..tracks {
            let off = 8.0 + f64::from(k) * 5.2;
            let spread = 0.05 + 0.006 * f64::from(k);
            let line = beside(plan, quarter, off, spread + 0.02, 0.98 - spread, away);
            transport::rails(stage, &line);
            if let (Some(&first), Some(&last)) = (line.first(), line.last()) {
                let join = beside(plan, quarter, 2.2, (spread - 0.06).max(0.0), 1.0, away);
                transport::rails(stage, &[join[0], first]);
                let join = beside(plan, quarter, 2.2, 0.0, (1.06 - spread).min(1.0), away);
                transport::rails(stage, &[last, join[join.len() - 1]]);
            }
            wagons(stage, &line, 0.62);
        }
        stage.count(Class::Railway, quarter.centre, 150.0);
    });
    depth + 4.0
}

fn wagons(stage: &mut Stage, line: &[P], chance: f64) {
    let paints: [[u8; 3]; 7] = [
        [126, 78, 62],
        [104, 98, 92],
        [150, 130, 106],
        [78, 84, 92],
        [168, 166, 160],
        [92, 104, 82],
        [62, 60, 60],
    ];
    let length = 16.2;
    let (mut left, mut rgb) = (0usize, paints[0]);
    for (at, angle) in crate::geometry::walk(line, 20.0, length) {
        if left == 0 {
            if !stage.dice.chance(chance * 0.3) {
                continue;
            }
            left = 4 + stage.dice.below(14);
            rgb = *stage.dice.pick(&paints);
        }
        left -= 1;
        let tone = if stage.dice.chance(0.75) { rgb } else { *stage.dice.pick(&paints) };
        let tone = stage.dice.shade(tone, 0.14);
        stage.lorry(Frame { origin: at, angle }, length - 1.3, 3.0, tone);
    }
}

/// A passenger station: platforms with roofs, a train, a station building, a forecourt.
pub fn station(stage: &mut Stage, plan: &Plan, quarter: &Quarter, away: f64) -> f64 {
    stage.within(Class::RailwayStation, |stage| {
        let (from, to) = (0.30, 0.72);
        let strip = |stage: &mut Stage, near: f64, far: f64, ink, at: u8| {
            let mut points = beside(plan, quarter, near, from, to, away);
            points.extend(beside(plan, quarter, far, from, to, away).into_iter().rev());
            stage.fill(at, points, ink);
        };
        strip(stage, 2.0, 96.0, palette::CONCRETE.coloured([160, 155, 147]), layer::SURFACE);
        strip(stage, 3.0, 50.0, palette::BALLAST, layer::SURFACE);
        for k in 0..3 {
            let base = 8.0 + f64::from(k) * 15.6;
            for off in [base, base + 4.6] {
                let line = beside(plan, quarter, off, from - 0.05, to + 0.05, away);
                transport::rails(stage, &line);
                if stage.dice.chance(0.5) {
                    let half = line.len() / 2 + stage.dice.below(12);
                    train(stage, &line[8..half.min(line.len())]);
                }
            }
            let platform = beside(plan, quarter, base + 9.8, from, to, away);
            let slab = ink([192, 188, 178], Material::Concrete, Class::None);
            stage.line(layer::DECK, platform.clone(), 6.0, slab);
            let cover: Vec<P> = platform[9..31].to_vec();
            let (mut a, b) = (crate::geometry::offset(&cover, -2.9), crate::geometry::offset(&cover, 2.9));
            a.extend(b.into_iter().rev());
            let roof = ink([206, 206, 203], Material::Roof, Class::Building);
            stage.raised(layer::BUILDING, a, roof, 5.0);
            stage.line(layer::TOP, cover, 0.7, roof.coloured([164, 164, 162]));
        }
        let middle = beside(plan, quarter, 66.0, from, to, away);
        let (at, next) = (middle[20], middle[21]);
        let angle = (next - at).angle() + if away < 0.0 { std::f64::consts::PI } else { 0.0 };
        let f = Frame { origin: at, angle };
        stage.count(Class::RailwayStation, f.at(0.0, -35.0), 90.0);
        let rgb = *stage.dice.pick(&[[164, 120, 98], [184, 180, 172], [146, 134, 122]]);
        stage.building(f, (76.0, 18.0), 12.0, Roof::Hip, rgb);
        stage.building(f.sub(-54.0, 0.0, 0.0), (30.0, 12.0), 8.0, Roof::Flat, [178, 174, 166]);
        stage.raised(
            layer::TOP,
            f.rect(-4.0, -60.0, 8.0, 54.0),
            palette::CONCRETE.coloured([190, 188, 182]),
            7.0,
        );
        let lot = Site { frame: f.sub(-64.0, 14.0, 0.0), w: 128.0, h: 38.0 };
        car_park(stage, &lot, 0.75);
        let name = streets::name(&mut stage.dice);
        stage.addresses.push(Address { at: f.origin, text: format!("1 {name}") });
    });
    124.0
}

fn train(stage: &mut Stage, line: &[P]) {
    let rgb = *stage.dice.pick(&[[198, 200, 202], [150, 160, 176], [176, 76, 66]]);
    for (at, angle) in crate::geometry::walk(line, 14.0, 24.5) {
        stage.lorry(Frame { origin: at, angle }, 23.8, 3.1, rgb);
    }
}
