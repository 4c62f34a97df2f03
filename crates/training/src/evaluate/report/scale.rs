//! What the drawings share: a frame with axes, marks that differ in shape as well as in colour, a legend.

use maud::{Markup, html};

use super::super::bootstrap::Interval;
use super::{Comparison, colour, swatch};

/// Size of a drawing in its own units; as wide as a phone's screen, so that letters stay readable there.
pub(super) const WIDTH: f64 = 440.0;
pub(super) const HEIGHT: f64 = 290.0;

const LEFT: f64 = 40.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 52.0;

/// The area between the axes, with a vertical axis from 0 to `most`.
pub(super) struct Frame {
    ticks: Vec<f64>,
}

impl Frame {
    /// Room for values up to the last of `ticks`.
    pub(super) fn new(ticks: Vec<f64>) -> Self {
        Self { ticks }
    }

    /// Horizontal place of a share (0 to 1) of the width.
    pub(super) fn x(&self, share: f64) -> f64 {
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    /// Vertical place of a value.
    pub(super) fn y(&self, value: f64) -> f64 {
        let most = self.ticks.last().copied().unwrap_or(1.0);
        self.foot() - value / most * (self.foot() - TOP)
    }

    /// Vertical place of 0.
    pub(super) fn foot(&self) -> f64 {
        HEIGHT - BOTTOM
    }

    /// Lines across at the ticks, with their values.
    pub(super) fn grid(&self) -> Markup {
        html! {
            @for tick in &self.ticks {
                line.grid x1=(place(self.x(0.0))) x2=(place(self.x(1.0))) y1=(place(self.y(*tick))) y2=(place(self.y(*tick))) {}
                text.end x=(place(self.x(0.0) - 6.0)) y=(place(self.y(*tick) + 4.0)) { (tick) }
            }
        }
    }

    /// The range of an interval at a horizontal place.
    pub(super) fn whisker(&self, x: f64, interval: &Interval) -> Markup {
        let (low, high) = (self.y(interval.low), self.y(interval.high));
        html! {
            path.whisker d={
                "M" (place(x)) " " (place(low)) "V" (place(high))
                "M" (place(x - 3.0)) " " (place(low)) "h6M" (place(x - 3.0)) " " (place(high)) "h6"
            } {}
        }
    }
}

/// A coordinate with one decimal.
pub(super) fn place(at: f64) -> String {
    format!("{at:.1}")
}

/// A drawing with its title above, a description for those who do not see it, and a legend.
pub(super) fn figure(
    id: &str,
    title: &str,
    description: &str,
    comparison: &Comparison<'_>,
    content: &Markup,
) -> Markup {
    html! {
        figure {
            figcaption { (title) }
            @if comparison.reports.len() > 1 { (legend(comparison)) }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby={ (id) "-t " (id) "-d" } {
                title id={ (id) "-t" } { (title) }
                desc id={ (id) "-d" } { (description) }
                (content)
            }
        }
    }
}

fn legend(comparison: &Comparison<'_>) -> Markup {
    html! {
        ul.legend {
            @for (at, label, _) in comparison.each() { li { (swatch(at)) (label) } }
        }
    }
}

/// A point of a model: round, square, triangle or diamond.
pub(super) fn mark(at: usize, x: f64, y: f64, says: &str) -> Markup {
    let shape = match at % 4 {
        0 => "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
        1 => "m-4.5 -4.5h9v9h-9z",
        2 => "m0 -6l5.5 10h-11z",
        _ => "m0 -6l6 6l-6 6l-6 -6z",
    };
    html! {
        path.mark style=(colour(at)) d={ "M" (place(x)) " " (place(y)) (shape) } { title { (says) } }
    }
}

/// How the line of a model is dashed.
pub(super) fn dashes(at: usize) -> &'static str {
    ["none", "7 3", "2 3", "9 3 2 3"][at % 4]
}
