//! What numbers become before they are multiplied: the same codes on every processor, so that every kernel computes the
//! same integers, and a text or a picture has the same vector wherever it is encoded.
//!
//! A row of weights is `scale * code`, with codes from -127 to 127. A row of activations is `scale * (code - zero point)`,
//! with codes from 0 to 191 that reach from its smallest number to its largest.
//!
//! The ranges are those of the processors that have the narrowest sums. x86-64 before VNNI, which browsers with relaxed
//! SIMD compute with as well, multiplies unsigned bytes with signed ones and adds up in 16 bits; our kernels add four
//! such products before they widen the sum. So the weights of one sign among four columns that meet there sum up to 171 at
//! most (171 * 191 < 2^15), which costs rows of many alike weights some of their codes. Of the ways to share 15 bits
//! between both sides this one keeps text towers nearest to 32 bits.

/// Columns that are looked at together when quads are summed: the quads of eight columns are 0, 1, 4, 5 and 2, 3, 6, 7.
const OCTET: usize = 8;
/// The largest code of a weight; the smallest is its negative.
const MAX_WEIGHT: f32 = 127.0;
/// The largest sum of the weights of one sign in a quad, before each is rounded, which adds a half at most.
const MAX_QUAD: f32 = 169.0;
/// The largest code of an activation.
pub(super) const MAX_ACTIVATION: i32 = 191;
/// Steps from the smallest number of a row of activations to its largest: one less than there are, as the zero point
/// and the number are rounded apart.
const STEPS: f32 = MAX_ACTIVATION as f32 - 1.0;
/// A row whose numbers lie no farther apart is one of zeros: their codes times so small a scale would be as well.
const LEAST_RANGE: f32 = 1e-30;

/// The scale of a row of weights: what its codes are multiplied by. NaN or infinite if a weight is.
pub(super) fn weight_scale(weights: &[f32]) -> f32 {
    let (low, high) = extremes(weights);
    let largest = if high > -low { high } else { -low };
    let scale = (if high.is_nan() { high } else { largest }) / MAX_WEIGHT;
    let of_quads = largest_quad(weights) / MAX_QUAD;
    if of_quads > scale { of_quads } else { scale }
}

/// The largest sum of the weights of one sign in a quad of columns.
fn largest_quad(weights: &[f32]) -> f32 {
    let mut largest = [0.0_f32; 4];
    let mut look_at = |columns: &[f32; 2 * OCTET]| {
        for sign in [1.0, -1.0] {
            for (largest, quad) in largest.iter_mut().zip(quads(columns, sign)) {
                *largest = if quad > *largest { quad } else { *largest };
            }
        }
    };
    let (columns, rest) = weights.as_chunks();
    columns.iter().for_each(&mut look_at);
    look_at(&std::array::from_fn(|at| rest.get(at).copied().unwrap_or_default()));
    largest.into_iter().fold(0.0, |a, b| if b > a { b } else { a })
}

/// The sums of the weights of one sign in the four quads of two octets, written so that a compiler makes vectors of it.
#[inline(always)]
fn quads(columns: &[f32; 2 * OCTET], sign: f32) -> [f32; 4] {
    let parts = columns.map(|x| positive(x * sign));
    let pairs: [f32; OCTET] = std::array::from_fn(|at| {
        let first = at / 4 * OCTET + at % 4;
        parts[first] + parts[first + 4]
    });
    std::array::from_fn(|quad| pairs[2 * quad] + pairs[2 * quad + 1])
}

#[inline(always)]
fn positive(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.0 }
}

/// How a row of activations is coded.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Scale {
    /// What codes less the zero point are multiplied by; NaN or infinite if a number of the row is.
    pub(super) scale: f32,
    /// What numbers are multiplied by; 0 where the scale is no such number.
    pub(super) inverse: f32,
    /// The code that stands for 0, 0..=191.
    pub(super) zero_point: i32,
}

impl Scale {
    /// For numbers between these two, of which the first is at most 0 and the second at least.
    #[inline(always)]
    pub(super) fn between((low, high): (f32, f32)) -> Self {
        let range = high - low;
        if range < LEAST_RANGE {
            return Self::default();
        }
        let inverse = if range.is_finite() { STEPS / range } else { 0.0 };
        let zero_point = round_to_even(-low * inverse).clamp(0, MAX_ACTIVATION);
        Self { scale: range / STEPS, inverse, zero_point }
    }
}

/// The smallest number or 0, and the largest or 0. What is NaN counts as the farthest on one side.
#[inline(always)]
pub(super) fn extremes(x: &[f32]) -> (f32, f32) {
    // Without their sign, floats are in the order of their bits, with NaN behind infinity; with it, the bits are negative.
    let (low, high) = x.iter().fold((0, 0), |(low, high): (i32, i32), x| {
        let bits = x.to_bits().cast_signed();
        (low.max(bits ^ i32::MIN), high.max(bits))
    });
    (-f32::from_bits(low.cast_unsigned()), f32::from_bits(high.cast_unsigned()))
}

/// 1.5 x 2^23: to which a number of at most 22 bits can be added only as an integer, in the last bits of the sum.
pub(super) const ROUNDER: f32 = 12_582_912.0;

/// The integer next to `x`, the even one of two; any for NaN and for what has more than 22 bits.
#[inline(always)]
pub(super) fn round_to_even(x: f32) -> i32 {
    ((x + ROUNDER).to_bits() as i32).wrapping_sub(ROUNDER.to_bits() as i32)
}

#[cfg(test)]
mod tests {
    // In a browser these run as they do here.
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

    use super::*;

    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test_configure!(run_in_browser);

    /// The largest sum of codes of one sign that a kernel adds up with activations in 16 bits.
    fn largest_quad_of_codes(weights: &[f32]) -> i32 {
        let scale = weight_scale(weights);
        let code = |at: usize| weights.get(at).map_or(0, |weight| round_to_even(weight / scale));
        let mut largest = 0;
        for first in (0..weights.len()).step_by(OCTET) {
            for quad in [[0, 1, 4, 5], [2, 3, 6, 7]] {
                for sign in [1, -1] {
                    largest = largest.max(quad.map(|at| (sign * code(first + at)).max(0)).iter().sum());
                }
            }
        }
        largest
    }

    #[test]
    fn no_sum_of_four_products_has_more_than_16_bits() {
        let seed = 5;
        let mut state = seed;
        let mut number = || {
            state = u32::wrapping_mul(state, 1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        for columns in (1..40).chain([256, 511]) {
            for power in [1, 3, 0] {
                let weights: Vec<f32> = (0..columns).map(|_| number().powi(power)).collect();
                let quad = largest_quad_of_codes(&weights);
                assert!(
                    quad * MAX_ACTIVATION <= i32::from(i16::MAX),
                    "seed {seed}, {columns} columns: {quad}"
                );
                let largest = weights.iter().fold(0.0, |a: f32, b| a.max(b.abs()));
                assert!(largest / weight_scale(&weights) <= 127.001, "seed {seed}, {columns} columns");
            }
        }
    }

    #[test]
    fn a_row_of_one_large_weight_has_all_codes() {
        let mut weights = [0.01; 64];
        weights[9] = -1.0;
        assert_eq!(weight_scale(&weights), 1.0 / 127.0);
        assert_eq!(weight_scale(&[0.0; 16]), 0.0);
    }

    #[test]
    fn weights_that_are_no_numbers_are_not_lost() {
        for odd in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..20 {
                let mut weights = [0.5; 20];
                weights[at] = odd;
                assert!(!weight_scale(&weights).is_finite(), "{odd} at {at}");
            }
        }
    }

    #[test]
    fn activations_use_all_codes_between_their_smallest_and_their_largest() {
        for (low, high) in [(-1.0, 3.0), (0.0, 0.7), (-2.5, 0.0), (-1e-3, 1e3), (-1.0, 1.0)] {
            let scale = Scale::between((low, high));
            let code = |x: f32| round_to_even(x * scale.inverse) + scale.zero_point;
            assert_eq!((code(low), code(0.0)), (0, scale.zero_point), "{low} to {high}");
            assert!((MAX_ACTIVATION - 1..=MAX_ACTIVATION).contains(&code(high)), "{low} to {high}");
        }
    }

    #[test]
    fn extremes_are_found_anywhere_and_nan_is_not_lost() {
        for length in 1..40 {
            for at in 0..length {
                let mut x = vec![0.5; length];
                x[at] = -2.0;
                assert_eq!(extremes(&x).0, -2.0, "{length}, {at}");
                for odd in [f32::NAN, -f32::NAN] {
                    x[at] = odd;
                    let (low, high) = extremes(&x);
                    assert!((high - low).is_nan(), "{length}, {at}");
                    assert!(!Scale::between((low, high)).scale.is_finite(), "{length}, {at}");
                }
            }
        }
        assert_eq!(extremes(&[-1.0, -3.0]), (-3.0, 0.0));
        assert_eq!(extremes(&[]), (-0.0, 0.0));
    }

    #[test]
    fn rows_of_nearly_nothing_are_rows_of_zeros() {
        for x in [0.0, 1e-31, f32::MIN_POSITIVE, 1e-40] {
            assert_eq!(Scale::between((-x, x)), Scale::default(), "{x}");
        }
    }
}
