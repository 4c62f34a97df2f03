//! In browsers with relaxed SIMD: products of bytes, added up in fours.
//!
//! The instruction multiplies signed bytes with such of 7 bits, 0..=127. So the query's signs move to the rows:
//! with `m` = -1 where the query is negative and 0 elsewhere, `x ^ m` is `x` or `-x - 1`, and
//! `sum x q = sum (x ^ m) |q| + sum |q| over the negative q`, where the last sum depends on the query alone.

use core::arch::wasm32::*;

use super::simd128::sum_of_lanes;

/// Bytes that a register holds.
const BLOCK: usize = 16;

/// The query's magnitudes and signs, filled up with zeros to whole registers.
pub(super) struct Query {
    query: Box<[(v128, v128)]>,
    dim: usize,
    /// Sum of the magnitudes of what is negative.
    negative: i32,
}

impl Query {
    pub(super) fn new(query: &[i8]) -> Self {
        let signed = |part: &[i8]| {
            let part = load(part);
            (i8x16_abs(part), i8x16_shr(part, 7))
        };
        let negative = query.iter().map(|&x| i32::from(x).min(0).abs()).sum();
        Self { query: query.chunks(BLOCK).map(signed).collect(), dim: query.len(), negative }
    }

    /// For each row the sum of `row[i] * query[i]`.
    #[inline]
    pub(super) fn dots<const N: usize>(&self, rows: [&[i8]; N]) -> [i32; N] {
        let rows = rows.map(|row| row[..self.dim].as_chunks::<BLOCK>());
        let (query, last) = self.query.split_at(self.dim / BLOCK);
        let mut sums = [i32x4_splat(0); N];
        for (at, &(magnitudes, signs)) in query.iter().enumerate() {
            for (sum, (whole, _)) in sums.iter_mut().zip(rows) {
                // SAFETY: a part is 16 bytes, and the load needs no alignment.
                let part = unsafe { v128_load(whole[at].as_ptr().cast()) };
                *sum = i32x4_relaxed_dot_i8x16_i7x16_add(v128_xor(part, signs), magnitudes, *sum);
            }
        }
        for &(magnitudes, signs) in last {
            for (sum, (_, rest)) in sums.iter_mut().zip(rows) {
                *sum = i32x4_relaxed_dot_i8x16_i7x16_add(v128_xor(load(rest), signs), magnitudes, *sum);
            }
        }
        sums.map(|sum| sum_of_lanes(sum) + self.negative)
    }
}

/// At most 16 bytes, and zeros.
fn load(bytes: &[i8]) -> v128 {
    let block: [i8; BLOCK] = std::array::from_fn(|at| bytes.get(at).copied().unwrap_or_default());
    // SAFETY: a block is 16 bytes, and the load needs no alignment.
    unsafe { v128_load(block.as_ptr().cast()) }
}
