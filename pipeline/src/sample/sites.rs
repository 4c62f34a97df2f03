//! Who gets which ground: zones for the quarters, special places packed into them, the rest filled by zone.

use std::f64::consts::{FRAC_PI_2, PI};

use super::geometry::{Frame, P, p};
use super::layout::{Plan, Quarter, Zone};
use super::paint::METRES_PER_PIXEL;
use super::palette;
use super::scene::{Stage, layer};
use super::tile::TILE;
use super::{airport, industry, nature, rail, residential, sport, town, transport, water};

/// A rectangle of ground: u runs along `w`, v along `h`.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    pub frame: Frame,
    pub w: f64,
    pub h: f64,
}

impl Site {
    /// The rectangle's corners.
    pub fn outline(&self) -> Vec<P> {
        self.frame.rect(0.0, 0.0, self.w, self.h)
    }

    /// The rectangle's middle.
    pub fn middle(&self) -> P {
        self.frame.at(self.w / 2.0, self.h / 2.0)
    }
}

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
    Kind { size: (378.0, 245.0), count: 9.0, zones: TOWN, build: sport::school },
    Kind { size: (255.0, 255.0), count: 6.0, zones: TOWN, build: sport::baseball_park },
    Kind { size: (290.0, 250.0), count: 5.0, zones: TOWN, build: sport::stadium },
    Kind { size: (240.0, 215.0), count: 7.0, zones: WORKS, build: industry::tanks },
    Kind { size: (290.0, 235.0), count: 7.0, zones: EDGE, build: industry::solar },
    Kind { size: (160.0, 112.0), count: 8.0, zones: TOWN, build: sport::tennis_club },
    Kind { size: (130.0, 125.0), count: 8.0, zones: TOWN, build: sport::pools },
    Kind { size: (270.0, 220.0), count: 7.0, zones: TOWN, build: town::mall },
    Kind { size: (250.0, 215.0), count: 5.0, zones: TOWN, build: sport::soccer_park },
    Kind { size: (215.0, 130.0), count: 6.0, zones: TOWN, build: sport::track_park },
    Kind { size: (230.0, 200.0), count: 8.0, zones: EDGE, build: industry::bare_land },
    Kind { size: (290.0, 230.0), count: 7.0, zones: TOWN, build: nature::park },
    Kind { size: (180.0, 150.0), count: 9.0, zones: EDGE, build: water::pond_site },
    Kind { size: (170.0, 130.0), count: 6.0, zones: WORKS, build: big_car_park },
];

fn big_car_park(stage: &mut Stage, site: &Site) {
    town::car_park(stage, site, 0.8);
}

/// Draws the whole county on the stage.
pub fn build(stage: &mut Stage, plan: &mut Plan) {
    reserve(stage, plan);
    zone(stage, plan);
    let mut free: Vec<Vec<Site>> = plan.quarters.iter().map(|q| vec![whole(q)]).collect();
    rails(stage, plan, &mut free);
    shores(stage, plan, &mut free);
    // Woods grow over the edges of fields; towns are cut out of both.
    let rank = |zone: Zone| match zone {
        Zone::Farm => 0,
        Zone::Forest => 1,
        _ => 2,
    };
    for pass in 0..3 {
        for q in plan.quarters.iter().filter(|q| rank(q.zone) == pass) {
            ground(stage, q);
        }
    }
    pack(stage, plan, &mut free);
    for (k, sites) in free.iter().enumerate() {
        let zone = plan.quarters[k].zone;
        for site in sites.iter().filter(|s| s.w.min(s.h) > 34.0) {
            fill(stage, zone, site);
        }
    }
    transport::river(stage, plan);
    transport::network(stage, plan);
}

fn whole(q: &Quarter) -> Site {
    Site { frame: q.frame, w: q.size.0, h: q.size.1 }
}

/// Takes the ground of the places that need whole quarters.
fn reserve(stage: &mut Stage, plan: &mut Plan) {
    let span = if plan.side < 3000.0 {
        2
    } else if plan.side < 7000.0 {
        3
    } else {
        4
    };
    let row = plan.airport_row;
    let mut best: Option<(f64, usize)> = None;
    for from in 0..plan.verticals.len() - 1 - span {
        let crosses = (from + 1..from + span).any(|v| v == plan.motorway_line);
        let ends = [plan.crossing(from, row), plan.crossing(from + span, row + 1)];
        if crosses || !ends.iter().all(|&q| plan.contains(plan.world(q), -30.0)) {
            continue;
        }
        let off = ((ends[0].x + ends[1].x) / 2.0 - plan.side * 0.45).abs();
        if best.is_none_or(|(d, _)| off < d) {
            best = Some((off, from));
        }
    }
    if let Some((_, from)) = best {
        plan.merge(row, from, from + span, Zone::Airport);
    }
    if plan.side > 4000.0 {
        let v = plan.motorway_line;
        let rows: Vec<usize> = (2..plan.horizontals.len() - 2)
            .filter(|&h| {
                let far = |line: usize| h.abs_diff(line) > 1;
                far(plan.river_row)
                    && far(plan.river_row + 1)
                    && far(plan.rail_line)
                    && h != plan.airport_row
                    && h != plan.airport_row + 1
                    && plan.contains(plan.world(plan.crossing(v, h)), 260.0)
            })
            .collect();
        let wanted = ((plan.side / 2600.0).round() as usize).max(1);
        let step = (rows.len() / wanted).max(2);
        let start = stage.dice.below(2.min(rows.len()));
        for &h in rows.iter().skip(start).step_by(step).take(wanted) {
            plan.interchanges.push(h);
            for q in &mut plan.quarters {
                if (q.row == h || q.row + 1 == h)
                    && (q.columns.0 == v || q.columns.1 == v)
                    && q.zone == Zone::Farm
                {
                    q.zone = Zone::Interchange;
                }
            }
        }
    }
}

/// Gives every quarter its zone: town in the middle, country outside, works along the railway.
fn zone(stage: &mut Stage, plan: &mut Plan) {
    let middle = p(plan.side * stage.dice.range(0.44, 0.56), plan.side / 2.0);
    let centre = plan.world(p(middle.x, plan.river_middle(middle.x) - 330.0));
    let mut order: Vec<(f64, usize)> = Vec::new();
    for (k, q) in plan.quarters.iter().enumerate() {
        if q.zone == Zone::Farm && q.inside {
            let d = (q.centre - centre).len() / plan.side * stage.dice.range(0.72, 1.3);
            order.push((d, k));
        }
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = order.len() as f64;
    let quota = |share: f64| ((n * share).round() as usize).max(1);
    let mut rest = order.into_iter().map(|(_, k)| k).collect::<Vec<_>>();
    // Works first: they want the railway, a little way out of the centre.
    let rail = plan.rail_line;
    let wanted = quota(0.065);
    let mut works: Vec<usize> = rest
        .iter()
        .copied()
        .filter(|&k| plan.quarters[k].row == rail || plan.quarters[k].row + 1 == rail)
        .collect();
    let skip = if works.len() > wanted + 2 { 2 } else { 0 };
    works = works.into_iter().skip(skip).take(wanted).collect();
    for &k in &works {
        plan.quarters[k].zone = Zone::Industry;
    }
    rest.retain(|k| !works.contains(k));
    let mut take = |zone: Zone, count: usize, far: bool| {
        for _ in 0..count.min(rest.len()) {
            let k = if far { rest.remove(rest.len() * 3 / 5) } else { rest.remove(0) };
            plan.quarters[k].zone = zone;
        }
    };
    take(Zone::Centre, quota(0.024), false);
    take(Zone::Dense, quota(0.11), false);
    take(Zone::Medium, quota(0.16), false);
    take(Zone::Golf, quota(0.014), true);
    take(Zone::Lake, quota(0.012), true);
    take(Zone::Sparse, quota(0.12), false);
    for k in rest {
        // Woods and fields come in groups: neighbours share a slow wave.
        let c = plan.quarters[k].centre;
        let wave = (c.x / 1150.0 + plan.angle * 9.0).sin() + (c.y / 930.0 - plan.angle * 5.0).cos();
        if wave + stage.dice.range(-0.7, 0.7) > 0.15 {
            plan.quarters[k].zone = Zone::Forest;
        }
    }
    for q in plan.quarters.iter_mut().filter(|q| !q.inside && q.zone == Zone::Farm) {
        if (q.centre.x / 1150.0).sin() + (q.centre.y / 930.0).cos() > 0.0 {
            q.zone = Zone::Forest;
        }
    }
}

/// Puts yards and stations beside the railway.
fn rails(stage: &mut Stage, plan: &Plan, free: &mut [Vec<Site>]) {
    let beside = |q: &Quarter| q.row == plan.rail_line || q.row + 1 == plan.rail_line;
    let mut spots: Vec<usize> = (0..plan.quarters.len())
        .filter(|&k| {
            let q = &plan.quarters[k];
            beside(q)
                && q.inside
                && q.size.1 > 230.0
                && plan.contains(q.centre, 160.0)
                && matches!(
                    q.zone,
                    Zone::Industry | Zone::Dense | Zone::Medium | Zone::Centre | Zone::Sparse | Zone::Farm
                )
        })
        .collect();
    let scale = (plan.side / 11_437.0).powi(2);
    let count = |base: f64| ((base * scale).round() as usize).max(1);
    let mut take = |zones: &[Zone]| {
        let at = zones.iter().find_map(|z| spots.iter().position(|&k| plan.quarters[k].zone == *z));
        let k = spots.remove(at?);
        // No yard beside another one's throat.
        Some(k)
    };
    let mut places = Vec::new();
    for _ in 0..count(3.0) {
        places.extend(
            take(&[Zone::Centre, Zone::Dense, Zone::Medium, Zone::Sparse, Zone::Farm, Zone::Industry])
                .map(|k| (k, true)),
        );
    }
    for _ in 0..count(3.0) {
        places.extend(take(&[Zone::Industry, Zone::Farm, Zone::Medium]).map(|k| (k, false)));
    }
    for (k, is_station) in places {
        let q = &plan.quarters[k];
        let away = if q.row == plan.rail_line { 1.0 } else { -1.0 };
        let deep =
            if is_station { rail::station(stage, plan, q, away) } else { rail::yard(stage, plan, q, away) };
        let site = &mut free[k][0];
        site.h -= deep;
        if away > 0.0 {
            site.frame = site.frame.sub(0.0, deep, 0.0);
        }
    }
}

/// Puts marinas and beaches along the river.
fn shores(stage: &mut Stage, plan: &mut Plan, free: &mut [Vec<Site>]) {
    let scale = (plan.side / 11_437.0).powi(2).max(plan.side / 11_437.0 * 0.4);
    let count = |base: f64| ((base * scale).round() as usize).max(1);
    let mut spots: Vec<usize> = (0..plan.quarters.len())
        .filter(|&k| {
            let q = &plan.quarters[k];
            (q.row + 1 == plan.river_row || q.row == plan.river_row + 1)
                && plan.contains(q.centre, 150.0)
                && !matches!(q.zone, Zone::Airport | Zone::Lake | Zone::Golf | Zone::Interchange)
        })
        .collect();
    for n in 0..count(5.0) + count(4.0) {
        if spots.is_empty() {
            return;
        }
        let k = spots.remove(stage.dice.below(spots.len()));
        let q = plan.quarters[k].clone();
        let south = q.row == plan.river_row + 1;
        let sign = if south { 1.0 } else { -1.0 };
        let (a, b) =
            (plan.crossing(q.columns.0, plan.river_row).x, plan.crossing(q.columns.1, plan.river_row).x);
        let shore = |x: f64| plan.world(p(x, plan.river_middle(x) + sign * plan.river_half(x)));
        if n % 2 == 0 {
            let width = ((b - a) * 0.55).min(250.0);
            let x0 = (a + b) / 2.0 - width / 2.0;
            let (from, to) = (shore(x0), shore(x0 + width));
            let (origin, angle) = if south { (from, (to - from).angle()) } else { (to, (from - to).angle()) };
            let inward = P::at_angle(angle + FRAC_PI_2) * -4.0;
            water::marina(stage, Frame { origin: origin + inward, angle }, (to - from).len(), 104.0);
            plan.closed_horizontal.push((plan.river_row + usize::from(south), q.columns.0));
            let deep = 132.0;
            let site = &mut free[k][0];
            site.h -= deep;
            if south {
                site.frame = site.frame.sub(0.0, deep, 0.0);
            }
        } else {
            let (x0, x1) = (a + (b - a) * 0.2, a + (b - a) * 0.8);
            let line: Vec<P> = (0..=24).map(|k| shore(x0 + (x1 - x0) * f64::from(k) / 24.0)).collect();
            let water = P::at_angle((line[24] - line[0]).angle() - FRAC_PI_2 * sign);
            water::river_beach(stage, &line, water);
        }
    }
}

/// The ground of a quarter before anything is built on it.
fn ground(stage: &mut Stage, q: &Quarter) {
    match q.zone {
        Zone::Forest => nature::forest(stage, q),
        Zone::Farm => nature::farm(stage, q),
        Zone::Golf => nature::golf(stage, q),
        Zone::Lake => water::lake(stage, q),
        Zone::Airport => airport::airport(stage, &whole(q)),
        Zone::River => {}
        Zone::Interchange => {
            stage.fill(layer::GROUND, q.outline.clone(), palette::VERGE.coloured([110, 116, 78]));
            if stage.dice.chance(0.5) {
                let (w, h) = q.size;
                let at = q.frame.sub(w / 2.0, h / 2.0, 0.0);
                let grove = nature::blob(stage, at, w * 0.3, h * 0.3);
                stage.fill(layer::GROUND, grove, palette::WOODS);
            }
        }
        Zone::Centre | Zone::Dense | Zone::Medium | Zone::Sparse | Zone::Industry => {
            stage.fill(layer::GROUND, q.outline.clone(), palette::VERGE);
        }
    }
}

fn fill(stage: &mut Stage, zone: Zone, site: &Site) {
    match zone {
        Zone::Centre => town::centre(stage, site),
        Zone::Dense => residential::dense(stage, site),
        Zone::Medium => residential::medium(stage, site),
        Zone::Sparse => residential::sparse(stage, site),
        Zone::Industry => industry::works(stage, site),
        _ => {}
    }
}

/// Packs the special places in rounds, so that variety comes before number.
fn pack(stage: &mut Stage, plan: &Plan, free: &mut [Vec<Site>]) {
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
        let start = stage.dice.below(free.len());
        for n in 0..free.len() {
            let k = (start + n) % free.len();
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
