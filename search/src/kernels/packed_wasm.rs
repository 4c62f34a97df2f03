//! Products with packed weights in wasm: by 128-bit SIMD, and by relaxed SIMD where that is compiled for.

use core::arch::wasm32::*;

use super::Onto;
use super::packed::{COLUMN_MULTIPLE, Product, tiles};

const LANES: usize = 4;

/// By products of 16 bits, summed in pairs: two columns of four rows at a time.
pub(super) fn simd128(product: &Product<'_>, y: &mut [f32], onto: Onto) {
    tiles!(product, LANES, [1, 2, 3, 4], simd128_tile(y, onto));
}

#[inline(never)]
fn simd128_tile<const T: usize, const P: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    onto: Onto,
    at: usize,
    panel: usize,
) {
    let columns = product.columns;
    let weights: [&[u8]; P] = product.panels(panel);
    let x: [&[i16]; T] = product.rows_of(&product.x.wide, at);
    let mut sums = [[i32x4_splat(0); P]; T];
    for column in (0..columns).step_by(COLUMN_MULTIPLE) {
        for column in (column..column + COLUMN_MULTIPLE).step_by(2) {
            // SAFETY: a panel has 4 bytes a column, a row one number a column, and columns are whole steps.
            unsafe {
                let w: [v128; P] = std::array::from_fn(|p| {
                    i16x8_load_extend_i8x8(weights[p].as_ptr().add(column * LANES).cast())
                });
                for t in 0..T {
                    let x = v128_load32_splat(x[t].as_ptr().add(column).cast());
                    for p in 0..P {
                        sums[t][p] = i32x4_add(sums[t][p], i32x4_dot_i16x8(w[p], x));
                    }
                }
            }
        }
    }
    finish(product, y, onto, at, panel, sums);
}

/// By products of 7 bits: eight columns of four rows at a time.
#[cfg(target_feature = "relaxed-simd")]
pub(super) fn relaxed(product: &Product<'_>, y: &mut [f32], onto: Onto) {
    tiles!(product, LANES, [1, 2, 3, 4, 5], relaxed_tile(y, onto));
}

#[cfg(target_feature = "relaxed-simd")]
#[inline(never)]
fn relaxed_tile<const T: usize, const P: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    onto: Onto,
    at: usize,
    panel: usize,
) {
    let columns = product.columns;
    let weights: [&[u8]; P] = product.panels(panel);
    let x: [&[i8]; T] = product.rows_of(&product.x.codes, at);
    let mut sums = [[i32x4_splat(0); P]; T];
    let ones = i16x8_splat(1);
    for column in (0..columns).step_by(COLUMN_MULTIPLE) {
        for column in (column..column + COLUMN_MULTIPLE).step_by(8) {
            // SAFETY: a panel has 4 bytes a column, a row one a column, and columns are whole steps.
            unsafe {
                let w: [[v128; 2]; P] = std::array::from_fn(|p| {
                    let w = weights[p].as_ptr().add(column * LANES);
                    [v128_load(w.cast()), v128_load(w.add(4 * LANES).cast())]
                });
                for t in 0..T {
                    let x = x[t].as_ptr().add(column);
                    let x = [v128_load32_splat(x.cast()), v128_load32_splat(x.add(4).cast())];
                    for p in 0..P {
                        // Each lane has 4 products of 0 to 126 by -63 to 63 in the end: they fit into 16 bits, and what
                        // the instruction gives is the same on every processor.
                        let fours = i16x8_add(
                            i16x8_relaxed_dot_i8x16_i7x16(x[0], w[p][0]),
                            i16x8_relaxed_dot_i8x16_i7x16(x[1], w[p][1]),
                        );
                        sums[t][p] = i32x4_add(sums[t][p], i32x4_dot_i16x8(fours, ones));
                    }
                }
            }
        }
    }
    finish(product, y, onto, at, panel, sums);
}

/// From sums of codes to numbers, with scales and bias.
#[inline(always)]
fn finish<const T: usize, const P: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    onto: Onto,
    at: usize,
    panel: usize,
    sums: [[v128; P]; T],
) {
    let zero = i32x4_splat(product.x.zero);
    for (t, sums) in sums.into_iter().enumerate() {
        let x_scale = f32x4_splat(product.x.scales[at + t]);
        let off = i32x4_splat(product.layout.offset * product.x.sums[at + t]);
        let y = &mut y[(at + t) * product.rows..][..product.rows];
        for (p, sum) in sums.into_iter().enumerate() {
            let row = (panel + p) * LANES;
            let sides = product.sides;
            let (scales, bias) = (&sides.scales[row..row + LANES], &sides.bias[row..row + LANES]);
            let weights = &sides.sums[row..row + LANES];
            let y = &mut y[row..];
            // SAFETY: the three slices are of 4 numbers; `y` is written only where it has 4.
            unsafe {
                let from_zero = i32x4_mul(v128_load(weights.as_ptr().cast()), zero);
                let sum = i32x4_sub(i32x4_sub(sum, off), from_zero);
                let scale = f32x4_mul(v128_load(scales.as_ptr().cast()), x_scale);
                let mut value = f32x4_mul(f32x4_convert_i32x4(sum), scale);
                value = f32x4_add(value, v128_load(bias.as_ptr().cast()));
                if y.len() >= LANES {
                    let to: *mut v128 = y.as_mut_ptr().cast();
                    if onto == Onto::Sum {
                        value = f32x4_add(value, v128_load(to));
                    }
                    v128_store(to, value);
                } else {
                    let mut values = [0.0_f32; LANES];
                    v128_store(values.as_mut_ptr().cast(), value);
                    for (y, value) in y.iter_mut().zip(values) {
                        *y = if onto == Onto::Sum { *y + value } else { value };
                    }
                }
            }
        }
    }
}
