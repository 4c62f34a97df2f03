//! Cosines as chances that people can read.
//!
//! A cosine says little by itself: texts and pictures lie in different corners of the space, so 0.3 may be excellent.
//! CLIP is trained to pick the right picture among others by a softmax over `s * cosine`, with `s` its logit
//! scale. So the similarity shown is the softmax against one picture of the area, on average over the area:
//!
//! `1 / (1 + mean_b exp(s (c_b - c)))`, where `c` is the item's cosine and `c_b` run over a background sample
//!
//! that is, the chance that this item, and not one drawn at random from the area, is what the query means. An
//! ordinary item is at 1/2 or below, what stands out approaches 1.

/// Most items of a background sample.
pub const BACKGROUND: usize = 1024;

/// Turns cosines to one query into similarities, 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    logit_scale: f32,
    /// Logarithm of the mean of `exp(s c_b)`.
    background: f32,
}

impl Calibration {
    /// Of the background's cosines to the query; without background, it is as if at a cosine of 0.
    pub fn new(background: impl Iterator<Item = f32>, logit_scale: f32) -> Self {
        let logits: Vec<f32> = background.map(|cosine| logit_scale * cosine).collect();
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let background = match logits.len() {
            0 => 0.0,
            count => {
                let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
                largest + (sum / count as f32).ln()
            }
        };
        Self { logit_scale, background }
    }

    /// Similarity of an item at this cosine to the query, 0..=1; grows with the cosine.
    pub fn similarity(&self, cosine: f32) -> f32 {
        1.0 / (1.0 + (self.background - self.logit_scale * cosine).exp())
    }
}

/// At most [`BACKGROUND`] numbers below `count`, evenly spread and always the same.
pub(crate) fn sample(count: usize) -> impl Iterator<Item = usize> {
    let picked = count.min(BACKGROUND);
    // In 64 bits: in the browser `i * count` would pass 32 from 4.2 million items on.
    (0..picked).map(move |i| (i as u64 * count as u64 / picked as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_like_all_others_is_at_one_half() {
        let calibration = Calibration::new([0.6; 9].into_iter(), 30.0);
        assert!((calibration.similarity(0.6) - 0.5).abs() < 1e-3);
    }

    #[test]
    fn the_similarity_is_the_formula_and_grows_with_the_cosine() {
        let background = [0.99, 0.2, -0.7];
        let scale = 12.0;
        let calibration = Calibration::new(background.into_iter(), scale);
        let mut last = 0.0;
        for cosine in [-1.0, -0.3, 0.0, 0.4, 0.9, 1.0] {
            let mean = background.iter().map(|b| (scale * (b - cosine)).exp()).sum::<f32>() / 3.0;
            let expected = 1.0 / (1.0 + mean);
            let found = calibration.similarity(cosine);
            assert!((found - expected).abs() < 1e-5, "{cosine}: {found}, expected {expected}");
            assert!(found > last && found <= 1.0);
            last = found;
        }
    }

    #[test]
    fn large_scales_do_not_overflow() {
        let calibration = Calibration::new([1.0, -1.0].into_iter(), 200.0);
        for cosine in [-1.0, 0.0, 1.0] {
            assert!((0.0..=1.0).contains(&calibration.similarity(cosine)), "{cosine}");
        }
        let nothing = Calibration::new(std::iter::empty(), 200.0);
        assert_eq!(nothing.similarity(0.0), 0.5);
    }

    #[test]
    fn the_sample_is_spread_over_all_items() {
        assert_eq!(sample(0).count(), 0);
        assert_eq!(sample(3).collect::<Vec<_>>(), [0, 1, 2]);
        let large: Vec<_> = sample(1_000_000).collect();
        assert_eq!(large.len(), BACKGROUND);
        assert!(large.windows(2).all(|pair| pair[1] - pair[0] >= 976) && large[1023] > 999_000);
        // More than 32 bits hold as `i * count`.
        let huge: Vec<_> = sample(u32::MAX as usize).collect();
        assert!(huge.is_sorted() && huge[1023] > 4_290_000_000);
    }
}
