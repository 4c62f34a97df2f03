//! What the processor could do at most: dot products of small integers that never leave the first cache.
//!
//! Several running sums, so that no product waits for the one before it, and every operand is used several times, as in
//! a matrix product that is blocked well. Instructions are those of the engine's kernels; but nothing is widened,
//! scaled, packed or stored.

use core::arch::wasm32::*;

use wasm_bindgen::prelude::wasm_bindgen;

/// Numbers of a row or a column: together they are 6 KB of bytes.
const LENGTH: usize = 1024;
const ROWS: usize = 2;
const COLUMNS: usize = 4;

/// What is multiplied: bytes where instructions take these, else 16 bits.
#[cfg(target_feature = "relaxed-simd")]
type Number = i8;
#[cfg(not(target_feature = "relaxed-simd"))]
type Number = i16;

/// Numbers that a step multiplies.
const STEP: usize = 32 / size_of::<Number>();

/// Multiplies 2 rows by 4 columns over and over; returns the sum, so that nothing can be left out.
///
/// One turn is `2 * 4 * 1024` multiplications with their additions.
#[wasm_bindgen]
pub fn peak(turns: usize) -> i32 {
    let (rows, columns) = ([[1; LENGTH], [2; LENGTH]], [[3; LENGTH], [5; LENGTH], [7; LENGTH], [11; LENGTH]]);
    let (rows, columns) = (core::hint::black_box(&rows), core::hint::black_box(&columns));
    let mut total = i32x4_splat(0);
    for _ in 0..turns {
        let mut sums = [[i32x4_splat(0); COLUMNS]; ROWS];
        for at in (0..LENGTH).step_by(STEP) {
            let columns = [0, 1, 2, 3].map(|column: usize| load(&columns[column], at));
            for (row, sums) in rows.iter().zip(&mut sums) {
                let row = load(row, at);
                for (column, sum) in columns.iter().zip(sums) {
                    *sum = i32x4_add(*sum, dot(row, *column));
                }
            }
        }
        total = core::hint::black_box(sums.iter().flatten().fold(total, |total, sum| i32x4_add(total, *sum)));
    }
    i32x4_extract_lane::<0>(total)
}

/// Two vectors of numbers.
fn load(numbers: &[Number; LENGTH], at: usize) -> [v128; 2] {
    let numbers = &numbers[at..at + STEP];
    // SAFETY: a step is two vectors; the loads need no alignment.
    unsafe { [0, 16].map(|from| v128_load(numbers.as_ptr().byte_add(from).cast())) }
}

/// Sums of four products of 7 bits fit into 16 bits.
#[cfg(target_feature = "relaxed-simd")]
fn dot(a: [v128; 2], b: [v128; 2]) -> v128 {
    let fours =
        i16x8_add(i16x8_relaxed_dot_i8x16_i7x16(a[0], b[0]), i16x8_relaxed_dot_i8x16_i7x16(a[1], b[1]));
    i32x4_dot_i16x8(fours, i16x8_splat(1))
}

#[cfg(not(target_feature = "relaxed-simd"))]
fn dot(a: [v128; 2], b: [v128; 2]) -> v128 {
    i32x4_add(i32x4_dot_i16x8(a[0], b[0]), i32x4_dot_i16x8(a[1], b[1]))
}
