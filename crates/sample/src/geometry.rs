//! Points, local frames and outlines in metres: x runs east, y runs south, from the area's north-west corner.

use std::ops::{Add, Mul, Sub};

/// A point or a vector in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct P {
    pub x: f64,
    pub y: f64,
}

/// Short for a point.
pub const fn p(x: f64, y: f64) -> P {
    P { x, y }
}

impl Add for P {
    type Output = P;
    fn add(self, o: P) -> P {
        p(self.x + o.x, self.y + o.y)
    }
}

impl Sub for P {
    type Output = P;
    fn sub(self, o: P) -> P {
        p(self.x - o.x, self.y - o.y)
    }
}

impl Mul<f64> for P {
    type Output = P;
    fn mul(self, k: f64) -> P {
        p(self.x * k, self.y * k)
    }
}

impl P {
    /// The vector's length.
    pub fn len(self) -> f64 {
        self.x.hypot(self.y)
    }

    /// The vector of length 1 at `angle` radians from east towards south.
    pub fn at_angle(angle: f64) -> P {
        p(angle.cos(), angle.sin())
    }

    /// The angle from east towards south, radians.
    pub fn angle(self) -> f64 {
        self.y.atan2(self.x)
    }

    /// The point on the way to `o`, `t` in 0..1.
    pub fn towards(self, o: P, t: f64) -> P {
        self + (o - self) * t
    }

    /// Scalar product.
    pub fn dot(self, o: P) -> f64 {
        self.x * o.x + self.y * o.y
    }
}

/// A local system of coordinates: u along `angle`, v at a right angle to it (to the right when looking along u).
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub origin: P,
    pub angle: f64,
}

impl Frame {
    /// The world point of local (u, v).
    pub fn at(&self, u: f64, v: f64) -> P {
        let (s, c) = self.angle.sin_cos();
        p(self.origin.x + u * c - v * s, self.origin.y + u * s + v * c)
    }

    /// A frame that starts at local (u, v), turned by `turn` more.
    pub fn sub(&self, u: f64, v: f64, turn: f64) -> Frame {
        Frame { origin: self.at(u, v), angle: self.angle + turn }
    }

    /// The four corners of the rectangle that starts at (u, v).
    pub fn rect(&self, u: f64, v: f64, w: f64, h: f64) -> Vec<P> {
        vec![self.at(u, v), self.at(u + w, v), self.at(u + w, v + h), self.at(u, v + h)]
    }

    /// The rectangle of `w` by `h` round (u, v).
    pub fn centred(&self, u: f64, v: f64, w: f64, h: f64) -> Vec<P> {
        self.rect(u - w / 2.0, v - h / 2.0, w, h)
    }

    /// An ellipse round (u, v) as a polygon of `n` corners.
    pub fn ellipse(&self, u: f64, v: f64, a: f64, b: f64, n: usize) -> Vec<P> {
        self.arc(u, v, a, b, 0.0, std::f64::consts::TAU, n)
    }

    /// Points on an elliptic arc from angle `from` to `to`, both ends included unless it is a whole turn.
    #[expect(clippy::too_many_arguments, reason = "an arc is what it is")]
    pub fn arc(&self, u: f64, v: f64, a: f64, b: f64, from: f64, to: f64, n: usize) -> Vec<P> {
        let whole = (to - from).abs() >= std::f64::consts::TAU - 1e-9;
        let steps = if whole { n } else { n.max(2) - 1 };
        (0..n.max(2))
            .map(|k| {
                let t = from + (to - from) * k as f64 / steps as f64;
                self.at(u + a * t.cos(), v + b * t.sin())
            })
            .collect()
    }

    /// Local points to world points.
    pub fn path(&self, local: &[(f64, f64)]) -> Vec<P> {
        local.iter().map(|&(u, v)| self.at(u, v)).collect()
    }
}

/// A box along the axes.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub min: P,
    pub max: P,
}

impl Bounds {
    /// The box round some points, `grow` metres larger on each side.
    pub fn of(points: &[P], grow: f64) -> Bounds {
        let mut b = Bounds { min: p(f64::MAX, f64::MAX), max: p(f64::MIN, f64::MIN) };
        for q in points {
            b.min = p(b.min.x.min(q.x - grow), b.min.y.min(q.y - grow));
            b.max = p(b.max.x.max(q.x + grow), b.max.y.max(q.y + grow));
        }
        b
    }

    /// The box moved by `by` and joined with itself: what an object and its shadow cover.
    pub fn swept(self, by: P) -> Bounds {
        Bounds {
            min: p(self.min.x.min(self.min.x + by.x), self.min.y.min(self.min.y + by.y)),
            max: p(self.max.x.max(self.max.x + by.x), self.max.y.max(self.max.y + by.y)),
        }
    }
}

/// The convex outline of points (Andrew's monotone chain).
pub fn hull(mut points: Vec<P>) -> Vec<P> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let turn = |o: P, a: P, b: P| (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
    let mut out: Vec<P> = Vec::with_capacity(points.len() * 2);
    for pass in 0..2 {
        let floor = out.len() + 1;
        let each: Box<dyn Iterator<Item = &P>> =
            if pass == 0 { Box::new(points.iter()) } else { Box::new(points.iter().rev()) };
        for &q in each {
            while out.len() > floor && turn(out[out.len() - 2], out[out.len() - 1], q) <= 0.0 {
                out.pop();
            }
            out.push(q);
        }
        out.pop();
    }
    out
}

/// A polyline moved sideways by `by` metres (to the right of its direction).
pub fn offset(line: &[P], by: f64) -> Vec<P> {
    (0..line.len())
        .map(|k| {
            let a = line[k.saturating_sub(1)];
            let b = line[(k + 1).min(line.len() - 1)];
            let d = b - a;
            let n = d.len().max(1e-9);
            line[k] + p(-d.y / n, d.x / n) * by
        })
        .collect()
}

/// Points along a polyline every `step` metres from `start` metres on, each with the direction there (radians).
pub fn walk(line: &[P], start: f64, step: f64) -> Vec<(P, f64)> {
    let mut out = Vec::new();
    let mut next = start;
    let mut gone = 0.0;
    for pair in line.windows(2) {
        let d = pair[1] - pair[0];
        let n = d.len();
        while next <= gone + n && n > 0.0 {
            out.push((pair[0].towards(pair[1], (next - gone) / n), d.angle()));
            next += step;
        }
        gone += n;
    }
    out
}

/// The length of a polyline.
pub fn length(line: &[P]) -> f64 {
    line.windows(2).map(|w| (w[1] - w[0]).len()).sum()
}
