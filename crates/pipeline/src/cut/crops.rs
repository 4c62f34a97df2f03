//! Squares of large pictures that are no tiles, at the scales that are asked for.

use clip_rs_catalog::{Bounds, Crop};

/// Windows for which no ground resolution is asked, or known: their side as a share of the shorter side. That these pay is
/// measured (docs/EVALUATING.md, "Windows").
const SHARE: f64 = 0.6;
/// Such pictures have windows if their shorter side is longer than this many times what the encoder takes.
const LARGE: f64 = 4.0;
/// A picture has windows only if they are at most this share of its shorter side.
const MUCH_LARGER: f64 = 0.8;
/// Pixels of a side that a window has at least.
const LEAST_PIXELS: f64 = 32.0;
/// Windows of one scale along a side of a picture at most; they lie further apart in larger ones.
const MOST_ALONG: u32 = 64;

/// Which windows pictures are cut into.
#[derive(Debug, Clone, Default)]
pub struct Cutting {
    /// Metres a pixel as the encoder sees them; without any, and where the ground resolution is not known, the windows of
    /// large pictures are a share of them.
    pub scales: Vec<f64>,
    /// Pixels a side that the encoder takes.
    pub input: usize,
}

impl Cutting {
    /// The windows of a picture of this size in pixels, which shows `ground`.
    pub fn crops(&self, size: (u32, u32), ground: Option<Bounds>) -> Vec<Crop> {
        let short = f64::from(size.0.min(size.1));
        let metres = ground.and_then(|ground| metres_per_pixel(ground, size));
        let sides: Vec<f64> = match metres.filter(|_| !self.scales.is_empty()) {
            Some(metres) => self.scales.iter().map(|scale| scale * self.input as f64 / metres).collect(),
            None if short > LARGE * self.input as f64 => vec![SHARE * short],
            None => Vec::new(),
        };
        let fits = |side: &f64| (LEAST_PIXELS..=MUCH_LARGER * short).contains(side);
        let mut crops: Vec<Crop> =
            sides.into_iter().filter(fits).flat_map(|side| squares(size, side.round() as u32)).collect();
        crops.sort_unstable_by_key(|crop| (std::cmp::Reverse(crop.side), crop.y, crop.x));
        crops.dedup();
        crops
    }
}

/// Metres that a pixel stands for, where the ground has an extent.
fn metres_per_pixel(ground: Bounds, (width, _): (u32, u32)) -> Option<f64> {
    const DEGREE: f64 = 40_075_016.686 / 360.0;
    let metres = ground.width() * DEGREE * ground.centre().lat().to_radians().cos();
    (metres > 0.0).then(|| metres / f64::from(width.max(1)))
}

/// Squares of `side` pixels that overlap by about half and reach all sides.
fn squares((width, height): (u32, u32), side: u32) -> impl Iterator<Item = Crop> {
    let starts = move |length: u32| {
        let room = length.saturating_sub(side);
        let steps = room.div_ceil((side / 2).max(1)).min(MOST_ALONG);
        (0..=steps).map(move |at| {
            (u64::from(room) * u64::from(at)).checked_div(u64::from(steps)).unwrap_or(0) as u32
        })
    };
    starts(height).flat_map(move |y| starts(width).map(move |x| Crop { x, y, side }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cutting(scales: &[f64]) -> Cutting {
        Cutting { scales: scales.to_vec(), input: 100 }
    }

    #[test]
    fn pictures_of_unknown_resolution_have_windows_of_six_tenths_that_reach_all_sides() {
        let crops = cutting(&[]).crops((1000, 500), None);
        assert!(crops.iter().all(|crop| crop.side == 300));
        let (right, bottom) = (crops.iter().map(|crop| crop.x).max(), crops.iter().map(|crop| crop.y).max());
        assert_eq!((right, bottom), (Some(700), Some(200)));
        assert_eq!(crops.len(), 6 * 3);
        assert_eq!(cutting(&[]).crops((400, 400), None), [], "not much larger than the encoder looks");
    }

    #[test]
    fn windows_of_a_known_resolution_are_as_large_on_the_ground_as_was_asked() {
        // About 1113 m wide at the equator: 1.113 m a pixel.
        let ground = Bounds::new(0.0, -0.005, 0.01, 0.005).expect("bounds");
        let crops = cutting(&[2.0, 40.0]).crops((1000, 1000), Some(ground));
        assert!(!crops.is_empty() && crops.iter().all(|crop| crop.side == 180), "{crops:?}");
        assert!(crops.iter().all(|crop| crop.x + crop.side <= 1000 && crop.y + crop.side <= 1000));
        let crops = cutting(&[]).crops((1000, 1000), Some(ground));
        assert!(crops.iter().all(|crop| crop.side == 600), "no scale is asked for: {crops:?}");
    }

    #[test]
    fn a_huge_picture_does_not_have_countless_windows() {
        let crops =
            cutting(&[0.5]).crops((60_000, 60_000), Some(Bounds::new(0.0, 0.0, 0.5, 0.5).expect("bounds")));
        assert!(!crops.is_empty() && crops.len() <= 65 * 65, "{}", crops.len());
    }
}
