//! Everything that runs along the grid: river, main roads with roundabouts, bridges, motorway, railway.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::class::Class;
use crate::geometry::{Frame, P, offset, p, walk};
use crate::layout::{LineKind, Plan};
use crate::palette::{self, Ink, Material, ink};
use crate::scene::{Stage, layer};

const YELLOW: Ink = ink([190, 172, 92], Material::Plain, Class::Road);
const LINE: Ink = ink([206, 205, 198], Material::Plain, Class::Road);
const DECK: Ink = ink([164, 160, 152], Material::Concrete, Class::Bridge);

/// Draws the river with its banks.
pub fn river(stage: &mut Stage, plan: &Plan) {
    let (low, high) = (-0.34 * plan.side - 600.0, 1.34 * plan.side + 600.0);
    let n = ((high - low) / 14.0) as usize;
    let at = |grow: f64, sign: f64, k: usize| {
        let x = low + (high - low) * k as f64 / n as f64;
        // The shore is never as smooth as the map.
        let rough =
            2.2 * (x / 23.0).sin() + 1.6 * (x / 9.7 + sign).sin() + 2.5 * (x / 61.0 - sign * 2.0).cos();
        plan.world(p(x, plan.river_middle(x) + sign * (plan.river_half(x) + grow + rough)))
    };
    let band = |grow: f64, from: usize, to: usize| {
        let mut points: Vec<P> = (from..=to).map(|k| at(grow, -1.0, k)).collect();
        points.extend((from..=to).rev().map(|k| at(grow, 1.0, k)));
        points
    };
    let bank = ink([78, 86, 56], Material::Scrub, Class::None);
    let mud = ink([122, 112, 84], Material::Soil, Class::None);
    let mut k = 0;
    while k < n {
        let to = (k + 20).min(n);
        stage.fill(layer::GROUND, band(20.0, k, to), bank);
        stage.fill(layer::WATER, band(3.0, k, to), mud);
        k = to;
    }
    let mut k = 0;
    while k < n {
        let to = (k + 20).min(n);
        stage.fill(layer::WATER, band(0.0, k, to), palette::RIVER);
        stage.fill(layer::WATER, band(-7.0, k, to), palette::RIVER.coloured([68, 79, 68]));
        k = to;
    }
}

/// Draws all lines of the grid.
pub fn network(stage: &mut Stage, plan: &Plan) {
    for column in 0..plan.verticals.len() - 1 {
        for h in 0..plan.horizontals.len() {
            if plan.closed_horizontal.contains(&(h, column)) {
                continue;
            }
            let course = plan.horizontal_course(h, column);
            match plan.horizontals[h].kind {
                LineKind::Rail => railway(stage, &course),
                LineKind::Bank if (h + column) % 3 == 0 => track(stage, &course),
                _ => road(stage, &course, 11.0, 46.0),
            }
        }
    }
    for v in 0..plan.verticals.len() {
        for row in 0..plan.horizontals.len() - 1 {
            if plan.closed_vertical.contains(&(v, row)) {
                continue;
            }
            let course = plan.vertical_course(v, row);
            match (plan.verticals[v].kind, row == plan.river_row) {
                (LineKind::Motorway, over) => motorway(stage, &course, over),
                (_, true) if v % 4 == 3 && plan.verticals.len() > 9 => {}
                (_, true) => bridge(stage, &course, 13.0),
                _ => road(stage, &course, 11.0, 46.0),
            }
        }
    }
    crossings(stage, plan);
}

/// A main road with markings and a few cars, every `cars` metres one on average.
pub fn road(stage: &mut Stage, course: &[P], width: f64, cars: f64) {
    stage.line(layer::SURFACE, course.to_vec(), width + 9.0, palette::VERGE);
    stage.line(
        layer::ROAD,
        course.to_vec(),
        width + 1.6,
        ink([146, 138, 122], Material::Gravel, Class::None),
    );
    stage.line(layer::ROAD, course.to_vec(), width, palette::ASPHALT);
    stage.line(layer::MARK, course.to_vec(), 0.45, YELLOW);
    for side in [-1.0, 1.0] {
        stage.line(layer::MARK, offset(course, side * (width / 2.0 - 0.8)), 0.3, LINE);
    }
    traffic(stage, course, &[-2.6, 2.6], cars);
}

/// A narrow street: `width` metres of asphalt.
pub fn street(stage: &mut Stage, course: &[P], width: f64) {
    stage.line(
        layer::ROAD,
        course.to_vec(),
        width + 3.6,
        ink([150, 150, 132], Material::Concrete, Class::None),
    );
    stage.line(layer::ROAD, course.to_vec(), width, palette::STREET);
}

/// A dirt track.
pub fn track(stage: &mut Stage, course: &[P]) {
    stage.line(layer::ROAD, course.to_vec(), 4.2, palette::DIRT.coloured([164, 148, 118]));
    stage.line(layer::ROAD, course.to_vec(), 1.0, palette::GRASS.coloured([132, 130, 92]));
}

fn traffic(stage: &mut Stage, course: &[P], lanes: &[f64], spacing: f64) {
    for &lane in lanes {
        let turn = if lane > 0.0 { 0.0 } else { PI };
        let start = stage.dice.range(0.0, spacing);
        for (at, angle) in walk(&offset(course, lane), start, spacing) {
            if stage.dice.chance(0.55) {
                let ahead = stage.dice.range(-spacing * 0.35, spacing * 0.35);
                let frame = Frame { origin: at, angle }.sub(ahead, stage.dice.range(-0.3, 0.3), turn);
                if stage.dice.chance(0.12) {
                    let rgb = stage.dice.shade([216, 216, 212], 0.1);
                    stage.lorry(frame, 13.0, 2.6, rgb);
                } else {
                    stage.car(frame);
                }
            }
        }
    }
}

/// A bridge: a deck that stands above what it crosses.
pub fn bridge(stage: &mut Stage, course: &[P], width: f64) {
    deck(stage, course, width, DECK, 8.0);
    stage.line(layer::DECK, course.to_vec(), width - 2.4, palette::ASPHALT.class(Class::Bridge));
    stage.line(layer::DECK_MARK, course.to_vec(), 0.45, YELLOW.class(Class::Bridge));
    let middle = course[course.len() / 2];
    stage.count(Class::Bridge, middle, 60.0);
    traffic(stage, course, &[-2.6, 2.6], 40.0);
}

fn deck(stage: &mut Stage, course: &[P], width: f64, ink: Ink, height: f64) {
    let mut points = offset(course, -width / 2.0);
    points.extend(offset(course, width / 2.0).into_iter().rev());
    stage.raised(layer::DECK, points, ink, height);
    for side in [-1.0, 1.0] {
        let rail = offset(course, side * (width / 2.0 - 0.4));
        stage.line(layer::DECK_MARK, rail, 0.8, ink.coloured([196, 193, 184]));
    }
}

fn motorway(stage: &mut Stage, course: &[P], over_water: bool) {
    if !over_water {
        stage.line(layer::SURFACE, course.to_vec(), 62.0, palette::VERGE);
        stage.line(layer::ROAD, course.to_vec(), 9.0, palette::GRASS.class(Class::Motorway));
    }
    for side in [-1.0, 1.0] {
        let lane = offset(course, side * 12.0);
        if over_water {
            deck(stage, &lane, 16.5, DECK, 10.0);
            stage.line(layer::DECK, lane.clone(), 14.5, palette::MOTORWAY.class(Class::Bridge));
        } else {
            stage.line(layer::ROAD, lane.clone(), 17.5, palette::GRAVEL);
            stage.line(layer::ROAD, lane.clone(), 15.5, palette::MOTORWAY);
        }
        let marks = if over_water { layer::DECK_MARK } else { layer::MARK };
        let class = if over_water { Class::Bridge } else { Class::Motorway };
        for k in [-1.85, 1.85] {
            stage.dashed(marks, offset(&lane, k), 0.55, LINE.class(class), (5.0, 9.0));
        }
        for k in [-5.6, 5.6] {
            stage.line(marks, offset(&lane, k), 0.45, LINE.class(class));
        }
    }
    if over_water {
        stage.count(Class::Bridge, course[course.len() / 2], 60.0);
    }
    traffic(stage, course, &[8.3, 12.0, 15.7, -8.3, -12.0, -15.7], 58.0);
}

/// Two railway tracks on ballast.
fn railway(stage: &mut Stage, course: &[P]) {
    stage.line(layer::SURFACE, course.to_vec(), 26.0, palette::SCRUB);
    stage.line(layer::ROAD, course.to_vec(), 12.5, palette::BALLAST);
    for side in [-2.2, 2.2] {
        rails(stage, &offset(course, side));
    }
}

/// One railway track: sleepers and two rails.
pub fn rails(stage: &mut Stage, course: &[P]) {
    stage.line(layer::MARK, course.to_vec(), 2.6, palette::RAIL.coloured([104, 95, 86]));
    for side in [-0.75, 0.75] {
        stage.line(layer::MARK, offset(course, side), 0.35, palette::RAIL.coloured([168, 160, 152]));
    }
}

fn crossings(stage: &mut Stage, plan: &Plan) {
    for v in 1..plan.verticals.len() - 1 {
        for h in 1..plan.horizontals.len() - 1 {
            let at = plan.world(plan.crossing(v, h));
            let rail = plan.horizontals[h].kind == LineKind::Rail;
            let near = |q: P| plan.contains(q, -400.0);
            let closed =
                plan.closed_horizontal.contains(&(h, v)) || plan.closed_horizontal.contains(&(h, v - 1));
            if !near(at) || closed {
                continue;
            }
            if plan.verticals[v].kind == LineKind::Motorway {
                overpass(stage, plan, v, h);
                if plan.interchanges.contains(&h) {
                    interchange(stage, plan, v, h);
                }
            } else if rail {
                let (a, b) = (plan.vertical_course(v, h - 1), plan.vertical_course(v, h));
                let n = a.len();
                let mut course = a[n.saturating_sub(4)..].to_vec();
                course.extend(b.iter().skip(1).take(3));
                if !plan.closed_vertical.contains(&(v, h)) && !plan.closed_vertical.contains(&(v, h - 1)) {
                    deck(stage, &course, 14.0, DECK.class(Class::Road), 7.0);
                    stage.line(layer::DECK, course.clone(), 11.0, palette::ASPHALT);
                    stage.line(layer::DECK_MARK, course, 0.45, YELLOW);
                }
            } else if plan.horizontals[h].kind == LineKind::Road && (v * 7 + h * 3) % 5 == 0 {
                let closed_v =
                    plan.closed_vertical.contains(&(v, h)) || plan.closed_vertical.contains(&(v, h - 1));
                if !closed_v {
                    roundabout(stage, at);
                }
            } else {
                let frame = Frame { origin: at, angle: plan.angle };
                stage.fill(layer::ROAD, frame.ellipse(0.0, 0.0, 9.5, 9.5, 20), palette::ASPHALT);
            }
        }
    }
}

/// A roundabout with a green island.
pub fn roundabout(stage: &mut Stage, at: P) {
    let r = stage.dice.range(24.0, 36.0);
    let frame = Frame { origin: at, angle: 0.0 };
    let disc = |r: f64| frame.ellipse(0.0, 0.0, r, r, 44);
    let road = palette::ASPHALT.class(Class::Roundabout);
    stage.fill(layer::ROAD, disc(r + 4.0), palette::VERGE.class(Class::Roundabout));
    stage.fill(layer::MARK, disc(r), road);
    stage.fill(layer::MARK, disc(r - 0.9), road.coloured([112, 111, 109]));
    stage.fill(layer::MARK, disc(r - 10.0), palette::PATH.class(Class::Roundabout));
    stage.fill(layer::MARK, disc(r - 11.5), palette::LAWN.class(Class::Roundabout));
    if stage.dice.chance(0.5) {
        stage.fill(layer::MARK, disc(4.0), palette::PATH.class(Class::Roundabout));
    }
    for _ in 0..6 {
        let (a, d) = (stage.dice.angle(), stage.dice.range(5.0, (r - 14.0).max(5.5)));
        let size = stage.dice.range(1.6, 3.2);
        stage.tree(at + P::at_angle(a) * d, size);
    }
    for _ in 0..3 {
        let a = stage.dice.angle();
        stage.car(Frame { origin: at + P::at_angle(a) * (r - 5.0), angle: a + FRAC_PI_2 });
    }
    stage.count(Class::Roundabout, at, r * 1.2);
}

/// The crossing road or railway on a deck above the motorway.
fn overpass(stage: &mut Stage, plan: &Plan, v: usize, h: usize) {
    let x = plan.crossing(v, h).x;
    let course: Vec<P> = (-5..=5)
        .map(|k| {
            let x = x + k as f64 * 10.0;
            plan.world(p(x, plan.horizontal_y(h, x)))
        })
        .collect();
    deck(stage, &course, 14.5, DECK.class(Class::Road), 7.5);
    if plan.horizontals[h].kind == LineKind::Rail {
        stage.line(layer::DECK, course.clone(), 11.0, palette::BALLAST);
        for side in [-2.2, 2.2] {
            stage.line(layer::DECK_MARK, offset(&course, side), 2.4, palette::RAIL);
        }
    } else {
        stage.line(layer::DECK, course.clone(), 12.0, palette::ASPHALT);
        stage.line(layer::DECK_MARK, course, 0.45, YELLOW);
    }
}

/// A cloverleaf: four loops and four outer ramps.
fn interchange(stage: &mut Stage, plan: &Plan, v: usize, h: usize) {
    let at = plan.crossing(v, h);
    let along_road = (plan.horizontal_y(h, at.x + 60.0) - plan.horizontal_y(h, at.x - 60.0)) / 120.0;
    let frame = Frame { origin: plan.world(at), angle: plan.angle + along_road.atan() * 0.5 };
    let ramp = palette::MOTORWAY.class(Class::Interchange);
    stage.count(Class::Interchange, frame.origin, 150.0);
    let r = 52.0;
    stage.within(Class::Interchange, |stage| {
        let land = palette::VERGE.coloured([108, 116, 76]);
        stage.fill(layer::GROUND, frame.ellipse(0.0, 0.0, 190.0, 190.0, 40), land);
    });
    for (sx, sy) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
        let (cx, cy) = (sx * (20.0 + r), sy * (8.0 + r));
        // Three quarters of a turn, from the motorway's outer lane round to the crossing road.
        let mut ring = vec![frame.at(cx - sx * 90.0, cy - sy * r)];
        ring.extend((0..=30).map(|k| {
            let t = -FRAC_PI_2 + PI * 1.5 * f64::from(k) / 30.0;
            frame.at(cx + sx * r * t.cos(), cy + sy * r * t.sin())
        }));
        ring.push(frame.at(cx - sx * r, cy - sy * 90.0));
        // A long curve from the motorway to the crossing road.
        let outer: Vec<P> = (0..=16)
            .map(|k| {
                let t = f64::from(k) / 16.0;
                let u = sx * (20.0 + 250.0 * t * t);
                let w = sy * (8.0 + 250.0 * (1.0 - t) * (1.0 - t));
                frame.at(u + sx * 46.0 * (t * PI).sin(), w + sy * 46.0 * (t * PI).sin())
            })
            .collect();
        for line in [ring, outer] {
            stage.line(layer::ROAD, line.clone(), 9.6, palette::GRAVEL.class(Class::Interchange));
            stage.line(layer::MARK, line.clone(), 7.6, ramp);
            for side in [-3.1, 3.1] {
                stage.line(layer::MARK, offset(&line, side), 0.35, LINE.class(Class::Interchange));
            }
            traffic(stage, &line, &[0.0], 70.0);
        }
    }
}
