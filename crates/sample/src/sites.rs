//! Who gets which ground: zones for the quarters, special places packed into them, the rest filled by zone.

use std::f64::consts::FRAC_PI_2;

use crate::geometry::{Frame, P, p};
use crate::layout::{Plan, Quarter, Zone};
use crate::palette;
use crate::scene::{Stage, layer};
use crate::site::{Site, blob};
use crate::{airport, industry, nature, packing, rail, residential, town, transport, water};

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
    packing::pack(stage, plan, &mut free);
    for (k, sites) in free.iter().enumerate() {
        let quarter = &plan.quarters[k];
        let zone = quarter.zone;
        if zone == Zone::Farm
            && sites.len() == 1
            && sites[0].w * sites[0].h > 0.98 * quarter.size.0 * quarter.size.1
        {
            nature::farmstead(stage, quarter);
        }
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
                let grove = blob(stage, at, w * 0.3, h * 0.3);
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
