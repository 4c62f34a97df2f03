//! The canvas of one tile: colour (smooth edges), what each pixel is (hard edges), and the shadows.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};

use crate::class::Class;
use crate::geometry::P;
use crate::palette::Ink;

/// Ground size of a pixel in metres at zoom 17 and 38.8 degrees north.
pub const METRES_PER_PIXEL: f64 = 0.930_8;

/// A square picture of the world: `side` pixels from the world pixel (`left`, `top`) on.
pub struct Canvas {
    pub colour: Pixmap,
    /// Red: class number. Green: material. Blue: class number of the place it belongs to.
    pub ids: Pixmap,
    pub shadow: Mask,
    pub side: u32,
    pub left: i64,
    pub top: i64,
    /// Number of the outline in use, its mask with smooth and with hard edges.
    clip: Option<(u32, Mask, Mask)>,
}

fn colour_paint(rgb: [u8; 3], smooth: bool) -> Paint<'static> {
    let mut paint = Paint { anti_alias: smooth, ..Paint::default() };
    paint.set_color_rgba8(rgb[0], rgb[1], rgb[2], 255);
    paint
}

impl Canvas {
    /// An empty canvas; `None` when the size is not one a picture can have.
    pub fn new(side: u32, left: i64, top: i64) -> Option<Canvas> {
        Some(Canvas {
            colour: Pixmap::new(side, side)?,
            ids: Pixmap::new(side, side)?,
            shadow: Mask::new(side, side)?,
            side,
            left,
            top,
            clip: None,
        })
    }

    /// World metres to pixels of this canvas.
    pub fn pixel(&self, q: P) -> (f32, f32) {
        let x = q.x / METRES_PER_PIXEL - self.left as f64;
        let y = q.y / METRES_PER_PIXEL - self.top as f64;
        // A fixed grid of 1/256 pixel, so that neighbouring tiles round alike.
        (((x * 256.0).round() / 256.0) as f32, ((y * 256.0).round() / 256.0) as f32)
    }

    fn path(&self, points: &[P], closed: bool) -> Option<Path> {
        let mut b = PathBuilder::new();
        for (k, q) in points.iter().enumerate() {
            let (x, y) = self.pixel(*q);
            if k == 0 { b.move_to(x, y) } else { b.line_to(x, y) }
        }
        if closed {
            b.close();
        }
        b.finish()
    }

    /// Makes the outline `clip` (number `k` of the scene) the one that shapes are cut with.
    pub fn set_clip(&mut self, clip: Option<(u32, &[P])>) {
        match clip {
            None => self.clip = None,
            Some((k, _)) if self.clip.as_ref().is_some_and(|(have, ..)| *have == k) => {}
            Some((k, outline)) => {
                let mask = self.path(outline, true).and_then(|path| {
                    let mut mask = Mask::new(self.side, self.side)?;
                    mask.fill_path(&path, FillRule::Winding, true, Transform::identity());
                    Some(mask)
                });
                self.clip = mask.map(|soft| {
                    let edges = hard(&soft);
                    (k, soft, edges)
                });
            }
        }
    }

    /// Fills an outline on the colour picture.
    pub fn tint(&mut self, points: &[P], rgb: [u8; 3]) {
        if let Some(path) = self.path(points, true) {
            let mask = self.clip.as_ref().map(|(_, soft, _)| soft);
            self.colour.fill_path(
                &path,
                &colour_paint(rgb, true),
                FillRule::Winding,
                Transform::identity(),
                mask,
            );
        }
    }

    /// Notes what an outline is.
    pub fn mark(&mut self, points: &[P], ink: Ink, place: Class) {
        if let Some(path) = self.path(points, true) {
            let paint = colour_paint([ink.class as u8, ink.material, place as u8], false);
            // Hard edges need a hard clip: anything half covered would mix numbers.
            let mask = self.clip.as_ref().map(|(_, _, hard)| hard);
            self.ids.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), mask);
        }
    }

    /// Draws a line on the colour picture.
    pub fn tint_line(&mut self, points: &[P], width: f64, rgb: [u8; 3], dash: Option<(f64, f64)>) {
        if let Some(path) = self.path(points, false) {
            let mask = self.clip.as_ref().map(|(_, soft, _)| soft);
            let paint = colour_paint(rgb, true);
            self.colour.stroke_path(&path, &paint, &pen(width, dash), Transform::identity(), mask);
        }
    }

    /// Notes what a line is. Lines thinner than a pixel are not noted.
    pub fn mark_line(&mut self, points: &[P], width: f64, ink: Ink, place: Class) {
        if width < METRES_PER_PIXEL {
            return;
        }
        if let Some(path) = self.path(points, false) {
            let paint = colour_paint([ink.class as u8, ink.material, place as u8], false);
            let mask = self.clip.as_ref().map(|(_, _, hard)| hard);
            self.ids.stroke_path(&path, &paint, &pen(width, None), Transform::identity(), mask);
        }
    }

    /// Adds an outline to the shadows.
    pub fn shade(&mut self, points: &[P]) {
        if let Some(path) = self.path(points, true) {
            self.shadow.fill_path(&path, FillRule::Winding, true, Transform::identity());
        }
    }

    /// Fills the canvas before anything else is drawn.
    pub fn flood(&mut self, ink: Ink) {
        self.colour.fill(Color::from_rgba8(ink.rgb[0], ink.rgb[1], ink.rgb[2], 255));
        self.ids.fill(Color::from_rgba8(ink.class as u8, ink.material, 0, 255));
    }

    /// Darkens the colour picture where shadows lie: the light of the blue sky remains.
    pub fn apply_shadow(&mut self) {
        let light = [0.40, 0.435, 0.50];
        for (pixel, &cover) in self.colour.data_mut().chunks_exact_mut(4).zip(self.shadow.data()) {
            if cover > 0 {
                let a = f32::from(cover) / 255.0;
                for c in 0..3 {
                    pixel[c] = (f32::from(pixel[c]) * (1.0 - a + a * light[c])) as u8;
                }
            }
        }
    }

    /// Class, material and place at a pixel, `None` outside the canvas.
    pub fn id_at(&self, x: i64, y: i64) -> Option<[u8; 3]> {
        let side = i64::from(self.side);
        if x < 0 || y < 0 || x >= side || y >= side {
            return None;
        }
        let k = (y * side + x) as usize * 4;
        let d = self.ids.data();
        Some([d[k], d[k + 1], d[k + 2]])
    }
}

fn hard(mask: &Mask) -> Mask {
    let mut out = mask.clone();
    for v in out.data_mut() {
        *v = if *v > 127 { 255 } else { 0 };
    }
    out
}

fn pen(width: f64, dash: Option<(f64, f64)>) -> Stroke {
    let dash = dash.and_then(|(on, off)| {
        StrokeDash::new(vec![(on / METRES_PER_PIXEL) as f32, (off / METRES_PER_PIXEL) as f32], 0.0)
    });
    Stroke {
        width: (width / METRES_PER_PIXEL) as f32,
        line_cap: LineCap::Butt,
        line_join: LineJoin::Round,
        dash,
        ..Stroke::default()
    }
}
