//! Special places packed into the quarters' free ground, in rounds, so that variety comes before number.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::car_park::car_park;
use crate::geometry::P;
use crate::layout::{Plan, Zone};
use crate::paint::METRES_PER_PIXEL;
use crate::scene::Stage;
use crate::site::Site;
use crate::tile::TILE;
use crate::{grounds, industry, nature, town, transport, water};

/// A special place: its size, how many an area of 48 tiles a side has, where it likes to be.
struct Kind {
    size: (f64, f64),
    count: f64,
    zones: &'static [Zone],
    build: fn(&mut Stage, &Site),
}

const TOWN: &[Zone] = &[Zone::Dense, Zone::Medium, Zone::Sparse];
const EDGE: &[Zone] = &[Zone::Farm, Zone::Sparse];
const WORKS: &[Zone] = &[Zone::Industry];

/// In order of priority: a small area gets as many different ones as fit.
const KINDS: &[Kind] = &[
    Kind { size: (378.0, 245.0), count: 9.0, zones: TOWN, build: grounds::school },
    Kind { size: (255.0, 255.0), count: 6.0, zones: TOWN, build: grounds::baseball_park },
    Kind { size: (290.0, 250.0), count: 5.0, zones: TOWN, build: grounds::stadium },
    Kind { size: (240.0, 215.0), count: 7.0, zones: WORKS, build: industry::tanks },
    Kind { size: (290.0, 235.0), count: 7.0, zones: EDGE, build: industry::solar },
    Kind { size: (160.0, 112.0), count: 8.0, zones: TOWN, build: grounds::tennis_club },
    Kind { size: (130.0, 125.0), count: 8.0, zones: TOWN, build: grounds::pools },
    Kind { size: (270.0, 220.0), count: 7.0, zones: TOWN, build: town::mall },
    Kind { size: (250.0, 215.0), count: 5.0, zones: TOWN, build: grounds::soccer_park },
    Kind { size: (215.0, 130.0), count: 6.0, zones: TOWN, build: grounds::track_park },
    Kind { size: (230.0, 200.0), count: 8.0, zones: EDGE, build: industry::bare_land },
    Kind { size: (290.0, 230.0), count: 7.0, zones: TOWN, build: nature::park },
    Kind { size: (180.0, 150.0), count: 9.0, zones: EDGE, build: water::pond_site },
    Kind { size: (170.0, 130.0), count: 6.0, zones: WORKS, build: big_car_park },
];

fn big_car_park(stage: &mut Stage, site: &Site) {
    car_park(stage, site, 0.8);
}

/// Packs the special places in rounds, so that variety comes before number.
pub fn pack(stage: &mut Stage, plan: &Plan, free: &mut [Vec<Site>]) {
    let scale = (plan.side / 11_437.0).powi(2);
    let most = KINDS.iter().map(|k| k.count).fold(0.0, f64::max) * scale.max(0.12);
    for round in 0..most.ceil() as usize {
        for kind in KINDS {
            let wanted = ((kind.count * scale).round() as usize).max(1);
            if round < wanted {
                place(stage, plan, free, kind);
            }
        }
    }
}

fn place(stage: &mut Stage, plan: &Plan, free: &mut [Vec<Site>], kind: &Kind) {
    let open = [Zone::Medium, Zone::Sparse, Zone::Dense, Zone::Industry, Zone::Farm, Zone::Forest];
    for zones in [kind.zones, &open] {
        // A stride that scatters them: the next quarter tried is far from the last one.
        let (start, stride) = (stage.dice.below(free.len()), 7919);
        for n in 0..free.len() {
            let k = (start + n * stride) % free.len();
            if !zones.contains(&plan.quarters[k].zone) {
                continue;
            }
            for s in 0..free[k].len() {
                let ground = free[k][s];
                let Some(part) = cut(stage, &ground, kind.size) else { continue };
                if !part.site.outline().iter().all(|&q| plan.contains(q, 12.0)) {
                    continue;
                }
                free[k].swap_remove(s);
                free[k].extend(part.rest);
                (kind.build)(stage, &part.site);
                if stage.dice.chance(0.8) {
                    transport::street(stage, &part.street, 7.0);
                }
                return;
            }
        }
    }
}

/// A site cut out of free ground.
struct Part {
    site: Site,
    rest: Vec<Site>,
    /// The street along the first cut.
    street: [P; 2],
}

const GAP: f64 = 14.0;

/// Cuts a site of some size out of free ground, turned if need be.
fn cut(stage: &mut Stage, ground: &Site, size: (f64, f64)) -> Option<Part> {
    let fits = |w: f64, h: f64| w <= ground.w && h <= ground.h;
    let turned = match (fits(size.0, size.1), fits(size.1, size.0)) {
        (true, true) => stage.dice.chance(0.4),
        (true, false) => false,
        (false, true) => true,
        (false, false) => return None,
    };
    let (w, h) = if turned { (size.1, size.0) } else { size };
    let (du, dv) = shift(ground, w, h);
    let f = ground.frame.sub(du, dv, 0.0);
    let half_turn = stage.dice.chance(0.5);
    let frame = match (turned, half_turn) {
        (false, false) => f,
        (false, true) => f.sub(w, h, PI),
        (true, false) => f.sub(w, 0.0, FRAC_PI_2),
        (true, true) => f.sub(0.0, h, -FRAC_PI_2),
    };
    let site = Site { frame, w: size.0, h: size.1 };
    let (w, h) = (w + du, h + dv);
    let (right, below) = (ground.w - w - GAP, ground.h - h - GAP);
    let f = ground.frame;
    let mut rest = Vec::new();
    let mut keep = |u: f64, v: f64, w: f64, h: f64| {
        if w > 20.0 && h > 20.0 {
            rest.push(Site { frame: f.sub(u, v, 0.0), w, h });
        }
    };
    let street = if right > below {
        keep(w + GAP, 0.0, right, ground.h);
        keep(0.0, h + GAP, w, below);
        [f.at(w + GAP / 2.0, 0.0), f.at(w + GAP / 2.0, ground.h)]
    } else {
        keep(0.0, h + GAP, ground.w, below);
        keep(w + GAP, 0.0, right, h);
        [f.at(0.0, h + GAP / 2.0), f.at(ground.w, h + GAP / 2.0)]
    };
    Some(Part { site, rest, street })
}

/// How far to move a site of `w` by `h` metres into its ground, so that its middle comes near a tile's
/// middle and a picture shows it whole rather than by quarters.
fn shift(ground: &Site, w: f64, h: f64) -> (f64, f64) {
    let tile_m = TILE as f64 * METRES_PER_PIXEL;
    let off = |v: f64| ((v / tile_m).fract() - 0.5).abs();
    let (most_u, most_v) = ((ground.w - w).clamp(0.0, 70.0), (ground.h - h).clamp(0.0, 70.0));
    let mut best = (f64::MAX, (0.0, 0.0));
    for a in 0..=5 {
        for b in 0..=5 {
            let (du, dv) = (most_u * f64::from(a) / 5.0, most_v * f64::from(b) / 5.0);
            let middle = ground.frame.at(du + w / 2.0, dv + h / 2.0);
            let far = off(middle.x).hypot(off(middle.y));
            if far < best.0 {
                best = (far, (du, dv));
            }
        }
    }
    best.1
}
