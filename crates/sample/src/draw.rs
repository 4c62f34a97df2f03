//! How each kind of thing looks from above: what it covers, the shadow it throws, and its lit and dark sides.

use crate::class::Class;
use crate::geometry::{Frame, P, hull};
use crate::paint::Canvas;
use crate::palette::{Ink, Material, ink};
use crate::scene::{Draw, Item, ORIGIN, Roof, Sun};
use clip_rs_stage::dice::Dice;

const ROOF: Ink = ink([0, 0, 0], Material::Roof, Class::Building);
const BODY: Ink = ink([0, 0, 0], Material::Plain, Class::None);

/// Scales a colour's brightness.
pub fn lit(rgb: [u8; 3], by: f64) -> [u8; 3] {
    rgb.map(|c| (f64::from(c) * by).clamp(0.0, 250.0) as u8)
}

/// Writes down what the item's pixels are.
pub fn mark(item: &Item, canvas: &mut Canvas) {
    let place = item.place;
    match &item.draw {
        Draw::Fill { points, ink } | Draw::Raised { points, ink, .. } => canvas.mark(points, *ink, place),
        Draw::Line { points, width, ink, dash: None } => canvas.mark_line(points, *width, *ink, place),
        Draw::Line { .. } | Draw::Tree { .. } => {}
        Draw::Building { frame, length, depth, .. } => {
            canvas.mark(&frame.centred(0.0, 0.0, *length, *depth), ROOF, place);
        }
        Draw::Tank { centre, radius, .. } => {
            canvas.mark(&disc(*centre, *radius), BODY.class(Class::StorageTank), place);
        }
        Draw::Vehicle { frame, length, width, .. } => {
            let class = if *length < 6.0 { Class::Car } else { Class::None };
            if class == Class::Car {
                canvas.mark(&frame.centred(0.0, 0.0, *length, *width), BODY.class(class), place);
            }
        }
        Draw::Plane { frame, length, .. } => {
            for part in plane_parts(*frame, *length) {
                canvas.mark(&part, BODY.class(Class::Airplane), place);
            }
        }
        Draw::Boat { frame, length, .. } => {
            canvas.mark(&boat_hull(*frame, *length, 1.0), BODY.class(Class::Boat), place);
        }
    }
}

/// Adds the item's shadow.
pub fn cast(item: &Item, sun: &Sun, canvas: &mut Canvas) {
    match &item.draw {
        Draw::Raised { points, height, .. } => {
            // Decks and roofs of any form: the sides' shadow as the hull when convex enough, else the outline moved.
            let moved: Vec<P> = points.iter().map(|&q| q + sun.cast * *height).collect();
            canvas.shade(&moved);
            for k in 0..points.len() {
                let (a, b) = (points[k], points[(k + 1) % points.len()]);
                canvas.shade(&hull(vec![a, b, a + sun.cast * *height, b + sun.cast * *height]));
            }
        }
        Draw::Building { frame, length, depth, height, .. } => {
            swept(&frame.centred(0.0, 0.0, *length, *depth), *height, sun, canvas);
        }
        Draw::Tank { centre, radius, height, .. } => swept(&disc(*centre, *radius), *height, sun, canvas),
        Draw::Vehicle { frame, length, width, .. } => {
            let height = if *length > 6.0 { 3.2 } else { 1.5 };
            swept(&frame.centred(0.0, 0.0, *length, *width), height, sun, canvas);
        }
        Draw::Plane { frame, length, .. } => {
            let by = sun.cast * (*length * 0.1);
            for part in plane_parts(*frame, *length) {
                let moved: Vec<P> = part.iter().map(|&q| q + by).collect();
                canvas.shade(&moved);
            }
        }
        Draw::Boat { frame, length, .. } => {
            swept(&boat_hull(*frame, *length, 1.0), length * 0.12, sun, canvas)
        }
        Draw::Fill { .. } | Draw::Line { .. } | Draw::Tree { .. } => {}
    }
}

/// Paints the item's colours.
pub fn paint(item: &Item, sun: &Sun, canvas: &mut Canvas) {
    match &item.draw {
        Draw::Fill { points, ink } | Draw::Raised { points, ink, .. } => canvas.tint(points, ink.rgb),
        Draw::Line { points, width, ink, dash } => canvas.tint_line(points, *width, ink.rgb, *dash),
        Draw::Building { frame, length, depth, roof, rgb, seed, height } => {
            building(*frame, (*length, *depth), *height, *roof, *rgb, &mut Dice::new(*seed, 7), sun, canvas);
        }
        Draw::Tank { centre, radius, rgb, .. } => tank(*centre, *radius, *rgb, sun, canvas),
        Draw::Vehicle { frame, length, width, rgb } => vehicle(*frame, *length, *width, *rgb, canvas),
        Draw::Plane { frame, length, rgb } => plane(*frame, *length, *rgb, canvas),
        Draw::Boat { frame, length, rgb } => {
            canvas.tint(&boat_hull(*frame, *length, 1.0), *rgb);
            canvas.tint(&boat_hull(frame.sub(-length * 0.08, 0.0, 0.0), *length * 0.5, 0.7), lit(*rgb, 0.72));
        }
        Draw::Tree { .. } => {}
    }
}

fn disc(centre: P, radius: f64) -> Vec<P> {
    Frame { origin: centre, angle: 0.0 }.ellipse(0.0, 0.0, radius, radius, 28)
}

fn swept(outline: &[P], height: f64, sun: &Sun, canvas: &mut Canvas) {
    let mut all = outline.to_vec();
    all.extend(outline.iter().map(|&q| q + sun.cast * height));
    canvas.shade(&hull(all));
}

/// Brightness of a roof face that looks towards `facing` (a ground direction) with some slope.
fn face(sun: &Sun, facing: P, slope: f64) -> f64 {
    0.86 + slope * 0.52 * facing.dot(sun.towards)
}

#[expect(clippy::too_many_arguments, reason = "the fields of one building")]
fn building(
    frame: Frame,
    size: (f64, f64),
    height: f64,
    roof: Roof,
    rgb: [u8; 3],
    dice: &mut Dice,
    sun: &Sun,
    canvas: &mut Canvas,
) {
    let (l, d) = (size.0 / 2.0, size.1 / 2.0);
    let along = P::at_angle(frame.angle);
    let across = P::at_angle(frame.angle + std::f64::consts::FRAC_PI_2);
    let tone = |facing: P, slope: f64| lit(rgb, face(sun, facing, slope));
    match roof {
        Roof::Flat => flat_roof(frame, (l, d), height, rgb, dice, sun, canvas),
        Roof::Gable => {
            canvas.tint(&frame.rect(-l, -d, size.0, d + 0.2), tone(across * -1.0, 0.62));
            canvas.tint(&frame.rect(-l, 0.0, size.0, d), tone(across, 0.62));
        }
        Roof::Hip => {
            let r = (l - d).max(0.0);
            canvas.tint(&frame.centred(0.0, 0.0, size.0, size.1), lit(rgb, 0.9));
            canvas.tint(&frame.path(&[(-l, -d), (l, -d), (r, 0.0), (-r, 0.0)]), tone(across * -1.0, 0.6));
            canvas.tint(&frame.path(&[(-l, d), (l, d), (r, 0.0), (-r, 0.0)]), tone(across, 0.6));
            canvas.tint(&frame.path(&[(-l, -d), (-l, d), (-r, 0.0)]), tone(along * -1.0, 0.6));
            canvas.tint(&frame.path(&[(l, -d), (l, d), (r, 0.0)]), tone(along, 0.6));
        }
    }
}

fn flat_roof(
    frame: Frame,
    half: (f64, f64),
    height: f64,
    rgb: [u8; 3],
    dice: &mut Dice,
    sun: &Sun,
    canvas: &mut Canvas,
) {
    let (l, d) = half;
    // The parapet catches light; behind it, on the sun's side, a thin shadow lies on the roof.
    canvas.tint(&frame.centred(0.0, 0.0, l * 2.0, d * 2.0), lit(rgb, 1.10));
    let rim = 0.7_f64.min(d * 0.2);
    canvas.tint(&frame.centred(0.0, 0.0, (l - rim) * 2.0, (d - rim) * 2.0), lit(rgb, 0.80));
    let inner: Vec<P> = frame
        .centred(0.0, 0.0, (l - rim) * 2.0, (d - rim) * 2.0)
        .into_iter()
        .map(|q| q + sun.cast * 0.7)
        .collect();
    canvas.tint(&inner, rgb);
    if l * d > 1500.0 {
        // Long halls have seams and skylights across.
        let step = dice.range(9.0, 16.0);
        let mut u = -l + step;
        while u < l - 4.0 {
            canvas.tint_line(&[frame.at(u, -d + 1.0), frame.at(u, d - 1.0)], 0.7, lit(rgb, 0.93), None);
            u += step;
        }
    }
    let area = l * d * 4.0;
    let units = ((area / 260.0) as usize).clamp(0, 14);
    for _ in 0..units {
        let (u, v) = (dice.range(-l * 0.75, l * 0.75), dice.range(-d * 0.75, d * 0.75));
        let (a, b) = (dice.range(1.6, 4.2), dice.range(1.4, 3.2));
        let unit = frame.centred(u, v, a, b);
        let shadow: Vec<P> = unit.iter().map(|&q| q + sun.cast * 1.6).collect();
        canvas.tint(&shadow, lit(rgb, 0.55));
        canvas.tint(&unit, lit(rgb, dice.range(0.85, 1.16)));
    }
    if height > 18.0 && l > 8.0 && d > 8.0 {
        let box_at =
            frame.centred(dice.range(-l * 0.3, l * 0.3), dice.range(-d * 0.3, d * 0.3), l * 0.6, d * 0.5);
        let shadow: Vec<P> = box_at.iter().map(|&q| q + sun.cast * 3.5).collect();
        canvas.tint(&shadow, lit(rgb, 0.5));
        canvas.tint(&box_at, lit(rgb, 1.08));
    }
}

fn tank(centre: P, radius: f64, rgb: [u8; 3], sun: &Sun, canvas: &mut Canvas) {
    canvas.tint(&disc(centre, radius), lit(rgb, 0.78));
    canvas.tint(&disc(centre, radius - 0.5), rgb);
    // A shallow cone: the half that faces away from the sun is a little darker, in a few steps.
    let frame = Frame { origin: centre, angle: sun.towards.angle() };
    let r = radius - 0.8;
    for k in 0..10 {
        let a = std::f64::consts::TAU * k as f64 / 10.0;
        let tone = 0.93 + 0.07 * (a + 0.314).cos();
        let mut wedge = frame.arc(0.0, 0.0, r, r, a, a + 0.63, 6);
        wedge.push(centre);
        canvas.tint(&wedge, lit(rgb, tone));
    }
    canvas.tint(&disc(centre, (radius * 0.08).max(0.7)), lit(rgb, 0.8));
    if radius > 8.0 {
        let walk = [frame.at(radius * 0.1, radius * 0.05), frame.at(radius * 0.75, radius * 0.6)];
        canvas.tint_line(&walk, 0.6, lit(rgb, 0.75), None);
    }
}

fn vehicle(frame: Frame, length: f64, width: f64, rgb: [u8; 3], canvas: &mut Canvas) {
    canvas.tint(&frame.centred(0.0, 0.0, length, width), rgb);
    if length < 6.0 {
        canvas.tint(&frame.centred(length * 0.14, 0.0, 0.9, width * 0.86), lit(rgb, 0.45));
        canvas.tint(&frame.centred(-length * 0.32, 0.0, 0.6, width * 0.8), lit(rgb, 0.55));
    } else {
        canvas.tint(&frame.centred(0.0, width * 0.3, length, width * 0.3), lit(rgb, 0.88));
    }
}

/// Wings, tail and body of an aeroplane whose nose points along the frame.
fn plane_parts(frame: Frame, n: f64) -> Vec<Vec<P>> {
    let body = frame.path(&[
        (0.50 * n, 0.0),
        (0.47 * n, 0.030 * n),
        (0.40 * n, 0.048 * n),
        (-0.28 * n, 0.050 * n),
        (-0.50 * n, 0.012 * n),
        (-0.50 * n, -0.012 * n),
        (-0.28 * n, -0.050 * n),
        (0.40 * n, -0.048 * n),
        (0.47 * n, -0.030 * n),
    ]);
    let wing = |side: f64| {
        frame.path(&[
            (0.14 * n, 0.03 * n * side),
            (-0.13 * n, 0.48 * n * side),
            (-0.19 * n, 0.48 * n * side),
            (-0.10 * n, 0.03 * n * side),
        ])
    };
    let tail = |side: f64| {
        frame.path(&[
            (-0.38 * n, 0.02 * n * side),
            (-0.48 * n, 0.19 * n * side),
            (-0.53 * n, 0.19 * n * side),
            (-0.47 * n, 0.02 * n * side),
        ])
    };
    vec![wing(1.0), wing(-1.0), tail(1.0), tail(-1.0), body]
}

fn plane(frame: Frame, n: f64, rgb: [u8; 3], canvas: &mut Canvas) {
    let parts = plane_parts(frame, n);
    let last = parts.len() - 1;
    for (k, part) in parts.iter().enumerate() {
        canvas.tint(part, if k == last { rgb } else { lit(rgb, 0.84) });
    }
    if n > 18.0 {
        for side in [-1.0, 1.0] {
            canvas.tint(&frame.centred(0.07 * n, 0.17 * n * side, 0.09 * n, 0.045 * n), lit(rgb, 0.66));
        }
    }
    canvas.tint_line(&[frame.at(-0.30 * n, 0.0), frame.at(-0.5 * n, 0.0)], 0.7, lit(rgb, 0.62), None);
    canvas.tint_line(
        &[frame.at(-0.3 * n, 0.04 * n), frame.at(0.42 * n, 0.04 * n)],
        0.6,
        lit(rgb, 0.86),
        None,
    );
}

fn boat_hull(frame: Frame, n: f64, fullness: f64) -> Vec<P> {
    let w = n * 0.155 * fullness.max(0.6);
    let (a, b) = (ORIGIN.x - n / 2.0, n / 2.0);
    frame.path(&[
        (a, -w * 0.85),
        (n * 0.1, -w),
        (n * 0.34, -w * 0.6),
        (b, 0.0),
        (n * 0.34, w * 0.6),
        (n * 0.1, w),
        (a, w * 0.85),
    ])
}
