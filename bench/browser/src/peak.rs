//! What the processor could do at most: dot products of 8-bit numbers that never leave the first cache.
//!
//! Several running sums, so that no product waits for the one before it, and every operand is used twice, as in
//! a matrix product that is blocked well. Nothing is scaled, packed or stored.

use core::arch::wasm32::*;

use wasm_bindgen::prelude::wasm_bindgen;

/// Numbers of a row or a column: together they are 6 KB.
const LENGTH: usize = 1024;

/// Multiplies 2 rows by 4 columns over and over; returns the sum, so that nothing can be left out.
///
/// One turn is `2 * 4 * 1024` multiplications with their additions.
#[wasm_bindgen]
pub fn peak(turns: usize) -> i32 {
    let rows = [[1_i8; LENGTH], [2; LENGTH]];
    let columns = [[3_i8; LENGTH], [5; LENGTH], [7; LENGTH], [11; LENGTH]];
    let (rows, columns) = (core::hint::black_box(&rows), core::hint::black_box(&columns));
    let mut total = i32x4_splat(0);
    for _ in 0..turns {
        let mut sums = [[i32x4_splat(0); 4]; 2];
        for at in (0..LENGTH).step_by(STEP) {
            let columns = [0, 1, 2, 3].map(|column: usize| load(&columns[column], at));
            for (row, sums) in rows.iter().zip(&mut sums) {
                let row = load(row, at);
                for (column, sum) in columns.iter().zip(sums) {
                    *sum = dot(row, *column, *sum);
                }
            }
        }
        total = core::hint::black_box(sums.iter().flatten().fold(total, |total, sum| i32x4_add(total, *sum)));
    }
    i32x4_extract_lane::<0>(total)
}

/// Numbers that one instruction multiplies.
#[cfg(target_feature = "relaxed-simd")]
const STEP: usize = 16;
#[cfg(not(target_feature = "relaxed-simd"))]
const STEP: usize = 8;

#[cfg(target_feature = "relaxed-simd")]
fn load(numbers: &[i8; LENGTH], at: usize) -> v128 {
    // SAFETY: `at` is a multiple of 16 below LENGTH, which is one too; the load needs no alignment.
    unsafe { v128_load(numbers.as_ptr().add(at).cast()) }
}

#[cfg(target_feature = "relaxed-simd")]
fn dot(a: v128, b: v128, sum: v128) -> v128 {
    i32x4_relaxed_dot_i8x16_i7x16_add(a, b, sum)
}

#[cfg(not(target_feature = "relaxed-simd"))]
fn load(numbers: &[i8; LENGTH], at: usize) -> v128 {
    // SAFETY: `at` is a multiple of 8 below LENGTH, which is one too; the load needs no alignment.
    unsafe { i16x8_load_extend_i8x8(numbers.as_ptr().add(at)) }
}

#[cfg(not(target_feature = "relaxed-simd"))]
fn dot(a: v128, b: v128, sum: v128) -> v128 {
    i32x4_add(sum, i32x4_dot_i16x8(a, b))
}
