//! Ponds and swimming pools, which lie on grounds of many kinds.

use crate::class::Class;
use crate::geometry::Frame;
use crate::palette::{self, Material, ink};
use crate::scene::{Stage, layer};
use crate::site::{blob, closed};

/// A pond of about `a` by `b` metres (half axes).
pub fn pond(stage: &mut Stage, at: Frame, a: f64, b: f64) {
    let shore = blob(stage, at, a, b);
    let tint = *stage.dice.pick(&[[60, 76, 70], [70, 84, 62], [52, 66, 72], [84, 92, 70]]);
    let water = palette::POND.coloured(stage.dice.shade(tint, 0.08));
    stage.count(Class::Pond, at.origin, a.min(b));
    let line = closed(shore.clone());
    stage.line(layer::SURFACE, line.clone(), 5.5, ink([84, 92, 58], Material::Scrub, Class::None));
    stage.line(layer::SURFACE, line, 2.2, palette::DIRT.coloured([138, 126, 98]));
    stage.fill(layer::SURFACE, shore, water);
}

/// A private pool with its terrace, round the frame's origin.
pub fn pool(stage: &mut Stage, at: Frame, length: f64, width: f64) {
    let deck = palette::CONCRETE.coloured([196, 190, 178]);
    stage.fill(layer::SURFACE, at.centred(0.0, 0.0, length + 4.5, width + 4.0), deck);
    let tint = stage.dice.shade(palette::POOL.rgb, 0.08);
    let water = palette::POOL.coloured(tint);
    stage.count(Class::SwimmingPool, at.origin, length / 2.0);
    if stage.dice.chance(0.4) {
        stage.fill(layer::ROAD, at.ellipse(0.0, 0.0, length / 2.0, width / 2.0, 20), water);
    } else {
        stage.fill(layer::ROAD, at.centred(0.0, 0.0, length, width), water);
    }
}
