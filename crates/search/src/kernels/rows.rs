//! What happens to rows of activations between two products: norms, activation functions, attention.
//!
//! Plain loops over arrays, written so that a compiler makes vectors of them: sums run in several lanes, and functions
//! are polynomials without branches. The order of every sum is written down and no product is fused with a sum, so results are the
//! same bits on every processor.

use super::codes::ROUNDER;
use super::vectorised;

/// Lanes of a sum: two vectors of 128 bits, or one of 256.
const LANES: usize = 8;

/// Sum of `f(x, y)` over both slices, in lanes.
#[inline(always)]
fn sum_of(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0_f32; LANES];
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x.iter().zip(y) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += f(*x, *y);
        }
    }
    let rest: f32 = x_rest.iter().zip(y_rest).map(|(x, y)| f(*x, *y)).sum();
    lanes.iter().sum::<f32>() + rest
}

vectorised! {
    /// Layer norm of each row of `x`, `(count, weight.len())`, to `y`.
    pub(crate) fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], eps: f32, y: &mut [f32]) {
        let width = weight.len();
        assert!(x.len() == y.len() && bias.len() == width, "a layer norm of parts that do not belong together");
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            let mean = sum_of(x, x, |x, _| x) / width as f32;
            let variance = sum_of(x, x, |x, _| (x - mean) * (x - mean)) / width as f32;
            let inverse = 1.0 / (variance + eps).sqrt();
            for (((y, x), weight), bias) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                *y = (x - mean) * inverse * weight + bias;
            }
        }
    }
}

/// `e^x` to about 3e-7 of its value, for `x` from -87 to 88; beyond, what it is at that end.
///
/// `x = n ln 2 + r`, `e^x = 2^n e^r`, with the polynomial of Cephes' `expf` for `e^r`
/// (<https://www.netlib.org/cephes/>).
#[inline(always)]
fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = rounded - ROUNDER;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut polynomial = 1.987_569_1e-4 * r + 1.398_2e-3;
    polynomial = polynomial * r + 8.333_452e-3;
    polynomial = polynomial * r + 4.166_579_6e-2;
    polynomial = polynomial * r + 1.666_666_5e-1;
    polynomial = polynomial * r + 0.5;
    let power = rounded.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(127) << 23;
    (polynomial * r * r + r + 1.0) * f32::from_bits(power)
}

vectorised! {
    /// `x * sigmoid(1.702 x)`.
    pub(crate) fn quick_gelu(x: &mut [f32]) {
        for x in x {
            *x /= 1.0 + exp(-1.702 * *x);
        }
    }
}

vectorised! {
    /// `x * Phi(x)`, with the error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26).
    pub(crate) fn gelu(x: &mut [f32]) {
        for x in x {
            let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
            let t = 1.0 / (1.0 + 0.327_591_1 * z);
            let terms = [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
            let tail = terms.into_iter().fold(1.061_405_4, |sum: f32, term| sum * t + term) * t * exp(-z * z);
            // Half of 1 - erf(z): the part of the bell curve beyond.
            let beyond = 0.5 * tail;
            *x *= if *x < 0.0 { beyond } else { 1.0 - beyond };
        }
    }
}

vectorised! {
    /// `max(x, 0)`; 0 for NaN.
    pub(crate) fn relu(x: &mut [f32]) {
        for x in x {
            *x = if *x > 0.0 { *x } else { 0.0 };
        }
    }
}

/// Queries, keys and values of one text or picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attention<'a> {
    /// `(queries, width)`: of the last `queries` of the tokens.
    pub(crate) q: &'a [f32],
    /// `(tokens, width)`
    pub(crate) k: &'a [f32],
    /// `(tokens, width)`
    pub(crate) v: &'a [f32],
    pub(crate) width: usize,
    /// Divides `width`.
    pub(crate) heads: usize,
    /// Whether a token sees only itself and those before it.
    pub(crate) causal: bool,
}

vectorised! {
    /// Scaled dot-product attention: for each query the sum of the values that it attends to, `(queries, width)`. `scores` is
    /// memory that is used again.
    pub(crate) fn attention(tokens: Attention<'_>, scores: &mut Vec<f32>, mixed: &mut [f32]) {
        let Attention { q, k, v, width, heads, causal } = tokens;
        let (tokens, queries, head) = (k.len() / width, q.len() / width, width / heads);
        let fits = k.len() == tokens * width && v.len() == k.len() && q.len() == queries * width && mixed.len() == q.len();
        assert!(fits && head * heads == width && queries <= tokens, "attention of parts that do not belong together");
        let scale = 1.0 / (head as f32).sqrt();
        scores.clear();
        scores.resize(tokens, 0.0);
        for (at, (q, mixed)) in q.chunks_exact(width).zip(mixed.chunks_exact_mut(width)).enumerate() {
            let seen = if causal { tokens - queries + at + 1 } else { tokens };
            let scores = &mut scores[..seen];
            for part in (0..width).step_by(head).map(|start| start..start + head) {
                let q = &q[part.clone()];
                for (score, k) in scores.iter_mut().zip(k.chunks_exact(width)) {
                    *score = sum_of(q, &k[part.clone()], |q, k| q * k) * scale;
                }
                softmax(scores);
                weighted_sum(scores, v, width, part.start, &mut mixed[part]);
            }
        }
    }
}

/// Softmax.
#[inline(always)]
fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().fold(f32::NEG_INFINITY, |a, x| if *x > a { *x } else { a });
    for score in scores.iter_mut() {
        *score = exp(*score - largest);
    }
    let inverse = 1.0 / sum_of(scores, scores, |x, _| x);
    scores.iter_mut().for_each(|score| *score *= inverse);
}

/// The sum of rows of `v`, weighted by the scores, from column `first` on.
#[inline(always)]
fn weighted_sum(scores: &[f32], v: &[f32], width: usize, first: usize, mixed: &mut [f32]) {
    const COLUMNS: usize = 16;
    for (first, mixed) in (first..).step_by(COLUMNS).zip(mixed.chunks_mut(COLUMNS)) {
        let mut sums = [0.0; COLUMNS];
        for (score, v) in scores.iter().zip(v.chunks_exact(width)) {
            let v = &v[first..first + mixed.len()];
            if let Ok(v) = <&[f32; COLUMNS]>::try_from(v) {
                sums.iter_mut().zip(v).for_each(|(sum, v)| *sum += score * v);
            } else {
                sums.iter_mut().zip(v).for_each(|(sum, v)| *sum += score * v);
            }
        }
        mixed.copy_from_slice(&sums[..mixed.len()]);
    }
}

#[cfg(test)]
mod tests {
    // In a browser these run as they do here.
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

    use super::*;

    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test_configure!(run_in_browser);

    #[test]
    fn the_exponential_is_the_exponential() {
        for step in -8700..8800 {
            let x = step as f32 / 100.0;
            let expected = f64::from(x).exp();
            let off = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(off < 3e-7, "{x}: {}, {expected}", exp(x));
        }
        assert!(exp(-f32::INFINITY) < 2e-38);
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(1000.0).is_finite() && exp(f32::NAN).is_nan());
    }

    /// The bell curve's integral by the midpoint rule, in f64.
    fn phi(x: f64) -> f64 {
        let (steps, low) = (40_000, -9.0);
        let width = (x - low) / f64::from(steps);
        let at = |n: i32| low + (f64::from(n) + 0.5) * width;
        (0..steps).map(|n| (-at(n) * at(n) / 2.0).exp()).sum::<f64>() * width
            / (2.0 * std::f64::consts::PI).sqrt()
    }

    #[test]
    fn activation_functions_are_what_they_are_called() {
        for step in -40..=40 {
            let x = step as f32 / 5.0;
            let (mut found, exact) = ([x], f64::from(x) * phi(f64::from(x)));
            gelu(&mut found);
            assert!((f64::from(found[0]) - exact).abs() < 2e-6, "gelu of {x}: {}, {exact}", found[0]);
            let (mut found, exact) = ([x], f64::from(x) / (1.0 + (-1.702 * f64::from(x)).exp()));
            quick_gelu(&mut found);
            assert!((f64::from(found[0]) - exact).abs() < 2e-6, "quick gelu of {x}: {}, {exact}", found[0]);
        }
    }
}
