//! Ground resolutions that are asked for become sizes of windows.

use clip_rs_stage::progress::counted;

/// Pixels of the imagery that a window's side has at least.
const LEAST_PIXELS: f64 = 32.0;
/// Windows differ by at most this factor from what was asked.
const NEAR: f64 = 1.5;

/// Windows of one size: squares of tiles so many zooms below the searched one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Zooms below the searched one.
    pub deeper: u8,
    /// Tiles of that zoom on a side, at least 2.
    pub span: u8,
}

impl Shape {
    /// The shape whose side is nearest to `sides` times a searched tile's; none beyond 255 tiles. Windows as large as a
    /// tile lie half a tile apart.
    fn nearest(sides: f64) -> Option<Self> {
        let deeper = (0_u8..8).find(|deeper| sides * f64::from(1_u32 << deeper) >= 1.75)?;
        let span = (sides * f64::from(1_u32 << deeper)).round();
        (span <= 255.0).then_some(Self { deeper, span: span as u8 })
    }

    /// Side in searched tiles.
    pub fn sides(self) -> f64 {
        f64::from(self.span) / f64::from(1_u32 << self.deeper)
    }

    /// From one window to the next, in tiles of its zoom: a power of two, at most half the span.
    pub fn step(self) -> u32 {
        let half = u32::from(self.span / 2).max(1);
        1 << half.ilog2()
    }
}

/// What an encoder and a zoom make of scales.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// Pixels a side that the encoder takes.
    pub input: usize,
    /// Pixels a side of a searched tile.
    pub edge: u32,
    /// Metres that one of them stands for.
    pub metres_per_pixel: f64,
    /// The searched zoom.
    pub zoom: u8,
}

impl Ground {
    /// The shape for a scale in metres a pixel as the encoder sees it, or why there is none.
    pub fn shape(&self, scale: f64) -> Result<Shape, String> {
        let side = scale * self.input as f64;
        let sides = side / (self.metres_per_pixel * f64::from(self.edge));
        let pixels = sides * f64::from(self.edge);
        if pixels < LEAST_PIXELS {
            return Err(format!(
                "--scales {scale}: a window of {side:.0} m has {pixels:.0} pixels, and {LEAST_PIXELS} are the least"
            ));
        }
        let shape = Shape::nearest(sides).filter(|shape| {
            let off = shape.sides() / sides;
            (1.0 / NEAR..=NEAR).contains(&off)
                && u32::from(self.zoom) + u32::from(shape.deeper)
                    <= u32::from(clip_rs_catalog::TileId::MAX_ZOOM)
                && u32::from(shape.span) <= 1_u32 << (self.zoom + shape.deeper)
        });
        shape.ok_or_else(|| {
            format!("--scales {scale}: a window of {side:.0} m cannot be cut from these tiles")
        })
    }

    /// The scale of the tiles as they are, metres a pixel as the encoder sees it.
    pub fn of_tiles(&self) -> f64 {
        self.metres_per_pixel * f64::from(self.edge) / self.input as f64
    }

    /// What is cut for a shape, as a sentence.
    pub fn told(&self, shape: Shape, count: usize) -> String {
        let side = shape.sides() * self.metres_per_pixel * f64::from(self.edge);
        let scale = side / self.input as f64;
        let windows = counted(count, "window", "windows");
        format!(
            "{windows} of {side:.0} m ({} tiles a side, {scale:.2} m a pixel to the model)",
            shape.sides()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground() -> Ground {
        Ground { input: 128, edge: 256, metres_per_pixel: 0.5, zoom: 17 }
    }

    #[test]
    fn windows_are_the_nearest_that_tiles_can_be_put_together_to() {
        // A tile is 128 m, which is 1 m a pixel to the model.
        assert_eq!(ground().of_tiles(), 1.0);
        for (scale, deeper, span, step) in
            [(2.0, 0, 2, 1), (3.1, 0, 3, 1), (8.0, 0, 8, 4), (1.0, 1, 2, 1), (1.5, 1, 3, 1), (0.5, 2, 2, 1)]
        {
            let shape = ground().shape(scale).expect("a shape");
            assert_eq!((shape.deeper, shape.span, shape.step()), (deeper, span, step), "{scale}");
        }
        for at in 1..200 {
            let scale = f64::from(at) * 0.25;
            let off = ground().shape(scale).expect("a shape").sides() / scale;
            assert!((0.75..1.34).contains(&off), "{scale}: {off}");
        }
    }

    #[test]
    fn scales_that_cannot_be_had_are_refused_with_the_reason() {
        assert!(ground().shape(0.1).expect_err("too fine").contains("has 26 pixels, and 32 are the least"));
        assert!(ground().shape(400.0).expect_err("too coarse").contains("cannot be cut"));
        let deepest = Ground { zoom: 24, ..ground() };
        assert!(deepest.shape(0.5).is_err() && deepest.shape(2.0).is_ok());
        let world = Ground { zoom: 1, ..ground() };
        assert!(world.shape(3.0).is_err() && world.shape(2.0).is_ok());
    }
}
