//! The county's plan: river, main roads, railway and motorway as a bent grid, and the quarters between them.

use crate::geometry::{Frame, P, p};
use crate::scene::Sun;
use clip_rs_stage::dice::Dice;

/// What runs along a line of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    Road,
    Motorway,
    Rail,
    /// The road along the river's bank.
    Bank,
}

impl LineKind {
    /// Half of what the line takes up, metres.
    pub fn half_width(self) -> f64 {
        match self {
            LineKind::Road | LineKind::Bank => 8.0,
            LineKind::Motorway => 30.0,
            LineKind::Rail => 14.0,
        }
    }
}

/// A line of the grid: its kind and where it would run were nothing bent.
#[derive(Clone, Copy, Debug)]
pub struct GridLine {
    pub kind: LineKind,
    pub base: f64,
    pub phase: f64,
}

/// What a quarter is used for, where no special place takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    River,
    Centre,
    Dense,
    Medium,
    Sparse,
    Industry,
    Forest,
    Farm,
    Golf,
    Lake,
    Airport,
    Interchange,
}

/// A quarter between four lines of the grid.
#[derive(Clone, Debug)]
pub struct Quarter {
    /// Number of the line on its west side and of the one on its east side.
    pub columns: (usize, usize),
    /// Number of the line on its north side.
    pub row: usize,
    pub outline: Vec<P>,
    /// The largest rectangle that fits: its corner, and its size in metres.
    pub frame: Frame,
    pub size: (f64, f64),
    pub centre: P,
    pub zone: Zone,
    /// Whether the centre lies within the area.
    pub inside: bool,
}

/// The plan of one county.
pub struct Plan {
    /// The area's side, metres.
    pub side: f64,
    pub angle: f64,
    pub sun: Sun,
    pub verticals: Vec<GridLine>,
    pub horizontals: Vec<GridLine>,
    /// The number of the river's row of quarters.
    pub river_row: usize,
    pub rail_line: usize,
    pub motorway_line: usize,
    /// The row of quarters that is deep enough for an airport.
    pub airport_row: usize,
    pub quarters: Vec<Quarter>,
    /// Horizontal lines that the motorway meets in an interchange.
    pub interchanges: Vec<usize>,
    river_base: f64,
    waves: [(f64, f64, f64); 3],
    /// Vertical line segments (line, row) and horizontal ones (line, column) on which no road runs.
    pub closed_vertical: Vec<(usize, usize)>,
    pub closed_horizontal: Vec<(usize, usize)>,
}

/// Distance of the bank roads from the river's middle, metres.
const BANK: f64 = 92.0;

impl Plan {
    /// The plan of a seed for an area of `side` metres.
    pub fn new(seed: u64, side: f64) -> Plan {
        let mut dice = Dice::new(seed, 2);
        let scale = (side / 6000.0).min(1.0);
        let angle = dice.range(0.08, 0.42) * if dice.chance(0.5) { 1.0 } else { -1.0 };
        let river_base = side * dice.range(0.42, 0.56);
        let waves = [
            (dice.range(110.0, 170.0) * scale, dice.range(3600.0, 5200.0), dice.angle()),
            (dice.range(30.0, 48.0) * scale, dice.range(1500.0, 2100.0), dice.angle()),
            (dice.range(7.0, 11.0), dice.range(520.0, 760.0), dice.angle()),
        ];
        let sun = Sun::new(&mut dice);
        let (low, high) = (-0.34 * side - 700.0, 1.34 * side + 700.0);
        let (verticals, motorway_line) = verticals(&mut dice, side, low, high);
        let (horizontals, river_row, rail_line) = horizontals(&mut dice, side, river_base, low, high);
        let mut plan = Plan {
            side,
            angle,
            sun,
            verticals,
            horizontals,
            river_row,
            rail_line,
            motorway_line,
            airport_row: river_row + 1 + deep_row(side, river_base),
            quarters: Vec::new(),
            interchanges: Vec::new(),
            river_base,
            waves,
            closed_vertical: Vec::new(),
            closed_horizontal: Vec::new(),
        };
        for row in 0..plan.horizontals.len() - 1 {
            for column in 0..plan.verticals.len() - 1 {
                plan.quarters.push(plan.quarter((column, column + 1), row));
            }
        }
        plan
    }

    /// From the plan's own (unturned) coordinates to world metres.
    pub fn world(&self, q: P) -> P {
        let c = p(self.side / 2.0, self.side / 2.0);
        let f = Frame { origin: c, angle: self.angle };
        f.at(q.x - c.x, q.y - c.y)
    }

    fn bend(&self, x: f64) -> f64 {
        self.waves.iter().map(|(a, l, f)| a * (x * std::f64::consts::TAU / l + f).sin()).sum()
    }

    /// The river's middle at `x`, in plan coordinates.
    pub fn river_middle(&self, x: f64) -> f64 {
        self.river_base + self.bend(x)
    }

    /// Half the river's width at `x`.
    pub fn river_half(&self, x: f64) -> f64 {
        46.0 + 9.0 * (x / 410.0 + self.waves[0].2).sin() + 6.0 * (x / 173.0 + self.waves[1].2).sin()
    }

    /// The x of vertical line `k` at height `y`.
    pub fn vertical_x(&self, k: usize, y: f64) -> f64 {
        let line = self.verticals[k];
        line.base + 16.0 * (y / 830.0 + line.phase).sin() + 5.0 * (y / 290.0 + line.phase * 2.0).sin()
    }

    /// The y of horizontal line `k` at `x`.
    pub fn horizontal_y(&self, k: usize, x: f64) -> f64 {
        let line = self.horizontals[k];
        let off = line.base - self.river_base;
        if line.kind == LineKind::Bank {
            return self.river_middle(x) + off;
        }
        let fade = (-(off / 1300.0).powi(2)).exp();
        line.base + self.bend(x) * fade + 9.0 * (x / 700.0 + line.phase).sin()
    }

    /// Where vertical line `v` meets horizontal line `h`, in plan coordinates.
    pub fn crossing(&self, v: usize, h: usize) -> P {
        let mut at = p(self.verticals[v].base, self.horizontals[h].base);
        for _ in 0..8 {
            at = p(self.vertical_x(v, at.y), self.horizontal_y(h, at.x));
        }
        at
    }

    /// The course of vertical line `v` along row `row`, in world metres, from north to south.
    pub fn vertical_course(&self, v: usize, row: usize) -> Vec<P> {
        let (a, b) = (self.crossing(v, row).y, self.crossing(v, row + 1).y);
        let n = (((b - a) / 25.0).ceil() as usize).max(2);
        (0..=n)
            .map(|k| {
                let y = a + (b - a) * k as f64 / n as f64;
                self.world(p(self.vertical_x(v, y), y))
            })
            .collect()
    }

    /// The course of horizontal line `h` along column `column`, in world metres, from west to east.
    pub fn horizontal_course(&self, h: usize, column: usize) -> Vec<P> {
        let (a, b) = (self.crossing(column, h).x, self.crossing(column + 1, h).x);
        let n = (((b - a) / 25.0).ceil() as usize).max(2);
        (0..=n)
            .map(|k| {
                let x = a + (b - a) * k as f64 / n as f64;
                self.world(p(x, self.horizontal_y(h, x)))
            })
            .collect()
    }

    /// Whether a world point lies in the area, `margin` metres or more from its border.
    pub fn contains(&self, q: P, margin: f64) -> bool {
        let range = margin..=self.side - margin;
        range.contains(&q.x) && range.contains(&q.y)
    }

    /// Joins the quarters of columns `from..to` in a row; the roads between them are closed.
    pub fn merge(&mut self, row: usize, from: usize, to: usize, zone: Zone) -> usize {
        self.quarters.retain(|q| !(q.row == row && q.columns.0 >= from && q.columns.1 <= to));
        self.closed_vertical.extend((from + 1..to).map(|v| (v, row)));
        let mut quarter = self.quarter((from, to), row);
        quarter.zone = zone;
        self.quarters.push(quarter);
        self.quarters.len() - 1
    }

    fn quarter(&self, columns: (usize, usize), row: usize) -> Quarter {
        let mut outline = Vec::new();
        for c in columns.0..columns.1 {
            outline.extend(self.horizontal_course(row, c));
        }
        outline.extend(self.vertical_course(columns.1, row));
        for c in (columns.0..columns.1).rev() {
            outline.extend(self.horizontal_course(row + 1, c).into_iter().rev());
        }
        outline.extend(self.vertical_course(columns.0, row).into_iter().rev());
        let (frame, size) = self.inscribed(columns, row);
        let centre = frame.at(size.0 / 2.0, size.1 / 2.0);
        let zone = if row == self.river_row { Zone::River } else { Zone::Farm };
        Quarter { columns, row, outline, frame, size, centre, zone, inside: self.contains(centre, 60.0) }
    }

    /// The rectangle that fits between the lines with their widths, shrunk until it does.
    fn inscribed(&self, columns: (usize, usize), row: usize) -> (Frame, (f64, f64)) {
        let corner = |v, h| self.crossing(v, h);
        let (nw, ne) = (corner(columns.0, row), corner(columns.1, row));
        let (sw, se) = (corner(columns.0, row + 1), corner(columns.1, row + 1));
        let centre = (nw + ne + sw + se) * 0.25;
        let slope = ((ne - nw) + (se - sw)).angle();
        let (mut a, mut b) = ((ne.x - nw.x) / 2.0, (sw.y - nw.y) / 2.0);
        let local = Frame { origin: centre, angle: slope };
        let room = |kind: LineKind| kind.half_width() + 5.0;
        let (west, east) = (room(self.verticals[columns.0].kind), room(self.verticals[columns.1].kind));
        let (north, south) = (room(self.horizontals[row].kind), room(self.horizontals[row + 1].kind));
        for _ in 0..120 {
            let (mut side_hit, mut end_hit) = (false, false);
            for k in 0..=12 {
                let t = k as f64 / 6.0 - 1.0;
                for q in [local.at(t * a, -b), local.at(t * a, b), local.at(-a, t * b), local.at(a, t * b)] {
                    side_hit |= q.x < self.vertical_x(columns.0, q.y) + west
                        || q.x > self.vertical_x(columns.1, q.y) - east;
                    end_hit |= q.y < self.horizontal_y(row, q.x) + north
                        || q.y > self.horizontal_y(row + 1, q.x) - south;
                }
            }
            if !side_hit && !end_hit {
                break;
            }
            a *= if side_hit { 0.985 } else { 1.0 };
            b *= if end_hit { 0.985 } else { 1.0 };
        }
        let origin = self.world(local.at(-a, -b));
        (Frame { origin, angle: slope + self.angle }, (a * 2.0, b * 2.0))
    }
}

fn verticals(dice: &mut Dice, side: f64, low: f64, high: f64) -> (Vec<GridLine>, usize) {
    let wanted = side * if dice.chance(0.5) { 0.26 } else { 0.74 };
    let mut lines = Vec::new();
    let mut x = low;
    while x < high {
        lines.push(GridLine { kind: LineKind::Road, base: x, phase: dice.angle() });
        x += dice.range(440.0, 680.0);
    }
    let motorway = (0..lines.len())
        .min_by(|&a, &b| (lines[a].base - wanted).abs().total_cmp(&(lines[b].base - wanted).abs()))
        .unwrap_or(0);
    if let Some(line) = lines.get_mut(motorway) {
        line.kind = LineKind::Motorway;
    }
    (lines, motorway)
}

/// How many rows south of the river's bank the deep row lies.
fn deep_row(side: f64, river: f64) -> usize {
    ((side - river) / 1500.0).floor().max(0.0) as usize
}

fn horizontals(dice: &mut Dice, side: f64, river: f64, low: f64, high: f64) -> (Vec<GridLine>, usize, usize) {
    let mut north = vec![river - BANK];
    while north.last().is_some_and(|&y| y > low) {
        north.push(north[north.len() - 1] - dice.range(420.0, 600.0));
    }
    let mut south = vec![river + BANK];
    while south.last().is_some_and(|&y| y < high) {
        // One row is deep enough for an airport.
        let deep = south.len() == 1 + deep_row(side, river);
        south.push(south[south.len() - 1] + if deep { 600.0 } else { dice.range(420.0, 600.0) });
    }
    let rail_steps = if side > 3000.0 { 2 } else { 1 };
    let (river_row, rail) = (north.len() - 1, north.len() - 1 - rail_steps);
    let lines = north
        .into_iter()
        .rev()
        .chain(south)
        .enumerate()
        .map(|(k, base)| {
            let kind = match k {
                k if k == rail => LineKind::Rail,
                k if k == river_row || k == river_row + 1 => LineKind::Bank,
                _ => LineKind::Road,
            };
            GridLine { kind, base, phase: dice.angle() }
        })
        .collect();
    (lines, river_row, rail)
}
