//! A piece of ground that something is built on, and the outlines that many of these things have.

use std::f64::consts::PI;

use crate::geometry::{Frame, P};
use crate::scene::Stage;

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

/// A polyline that ends where it starts.
pub fn closed(mut outline: Vec<P>) -> Vec<P> {
    outline.extend(outline.first().copied());
    outline
}

/// A closed blob: a circle with waves.
pub fn blob(stage: &mut Stage, at: Frame, a: f64, b: f64) -> Vec<P> {
    let (f2, f3, f5) = (stage.dice.angle(), stage.dice.angle(), stage.dice.angle());
    (0..56)
        .map(|k| {
            let t = f64::from(k) / 56.0 * PI * 2.0;
            let r = 1.0
                + 0.16 * (2.0 * t + f2).sin()
                + 0.09 * (3.0 * t + f3).sin()
                + 0.035 * (5.0 * t + f5).sin();
            at.at(a * r * t.cos(), b * r * t.sin())
        })
        .collect()
}
