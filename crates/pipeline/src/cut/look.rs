//! What a picture looks like in few bytes: enough to tell two that are nearly the same.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

/// Pixels a side of the small picture that is kept.
const SIDE: u32 = 16;
/// Bytes of a look: the small picture's red, green and blue.
pub const LOOK_BYTES: usize = (SIDE * SIDE * 3) as usize;
/// Most mean difference of two looks of nearly the same picture, levels of 255.
const NEAR: f64 = 3.0;

/// A picture of 16 x 16 pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look(Vec<u8>);

impl Look {
    /// What `picture` looks like.
    pub fn of(picture: &RgbImage) -> Self {
        // The box filter alone reads every pixel once, whatever the size.
        let small = imageops::thumbnail(picture, SIDE, SIDE);
        Self(small.into_raw())
    }

    /// The look with these bytes; none if it is not as many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == LOOK_BYTES).then(|| Self(bytes.to_vec()))
    }

    /// Its bytes, [`LOOK_BYTES`] of them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// 64 bits, of which few differ between pictures that are nearly the same: for each cell of an 8 x 8 picture
    /// whether it is brighter than the one to its right (the "difference hash"; the last column is beside the first).
    pub fn hash(&self) -> u64 {
        let Some(picture) = RgbImage::from_raw(SIDE, SIDE, self.0.clone()) else { return 0 };
        let small = imageops::resize(&picture, 8, 8, FilterType::Triangle);
        let bright = |x: u32, y: u32| {
            let Rgb([red, green, blue]) = *small.get_pixel(x % 8, y);
            u32::from(red) * 2 + u32::from(green) * 5 + u32::from(blue)
        };
        let cells = (0..64).map(|cell| (cell % 8, cell / 8));
        cells.fold(0, |hash, (x, y)| hash << 1 | u64::from(bright(x, y) > bright(x + 1, y)))
    }

    /// Whether the two differ little, pixel by pixel.
    pub fn is_near(&self, other: &Self) -> bool {
        let differences = self.0.iter().zip(&other.0).map(|(a, b)| u64::from(a.abs_diff(*b)));
        let sum: u64 = differences.sum();
        sum as f64 <= NEAR * LOOK_BYTES as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(seed: u32, shift: u8) -> RgbImage {
        RgbImage::from_fn(100, 80, |x, y| {
            let level = ((x / 10 * 37 + y / 10 * 91) * (seed + 1) % 200) as u8;
            Rgb([level.saturating_add(shift), level / 2, 200 - level])
        })
    }

    #[test]
    fn a_picture_looks_like_its_slightly_brighter_twin_and_not_like_others() {
        let look = Look::of(&painted(1, 0));
        let twin = Look::of(&painted(1, 4));
        assert!(look.is_near(&twin));
        assert!((look.hash() ^ twin.hash()).count_ones() <= 3);
        for seed in 2..20 {
            assert!(!look.is_near(&Look::of(&painted(seed, 0))), "seed {seed}");
        }
        assert_eq!(Look::from_bytes(look.as_bytes()), Some(look));
        assert_eq!(Look::from_bytes(&[0; 5]), None);
    }
}
