//! In every browser: products of 16 bits, added up in pairs.

use core::arch::wasm32::*;

/// Numbers of 16 bits that a register holds.
const BLOCK: usize = 8;

/// Numbers of 16 bits, filled up with zeros to whole registers.
pub(super) struct Query {
    query: Box<[v128]>,
    dim: usize,
}

impl Query {
    pub(super) fn new(query: &[i8]) -> Self {
        Self { query: query.chunks(BLOCK).map(wide).collect(), dim: query.len() }
    }

    /// For each row the sum of `row[i] * query[i]`.
    #[inline]
    pub(super) fn dots<const N: usize>(&self, rows: [&[i8]; N]) -> [i32; N] {
        let rows = rows.map(|row| row[..self.dim].as_chunks::<BLOCK>());
        let (query, last) = self.query.split_at(self.dim / BLOCK);
        let mut sums = [i32x4_splat(0); N];
        for (at, &block) in query.iter().enumerate() {
            for (sum, (whole, _)) in sums.iter_mut().zip(rows) {
                // SAFETY: a part is 8 bytes, and the load needs no alignment.
                let part = unsafe { i16x8_load_extend_i8x8(whole[at].as_ptr()) };
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(part, block));
            }
        }
        for &block in last {
            for (sum, (_, rest)) in sums.iter_mut().zip(rows) {
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(wide(rest), block));
            }
        }
        sums.map(sum_of_lanes)
    }
}

/// At most 8 bytes, and zeros.
fn wide(bytes: &[i8]) -> v128 {
    let at = |at| bytes.get(at).copied().map_or(0, i16::from);
    i16x8(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7))
}

pub(super) fn sum_of_lanes(lanes: v128) -> i32 {
    let two = i32x4_add(lanes, i32x4_shuffle::<2, 3, 0, 1>(lanes, lanes));
    i32x4_extract_lane::<0>(two) + i32x4_extract_lane::<1>(two)
}
