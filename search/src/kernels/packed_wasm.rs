//! Products with packed weights in wasm: by 128-bit SIMD, and by relaxed SIMD where that is compiled for.

use core::arch::wasm32::*;

use super::Onto;
use super::packed::{Product, tiles};

/// Numbers in a vector.
const LANES: usize = 4;

/// By products of 16 bits, summed in pairs: two columns of eight rows at a time.
pub(super) fn simd128(product: &Product<'_>, y: &mut [f32], onto: Onto) {
    tiles!(product, [1, 2, 3, 4], simd128_tile(y, onto));
}

#[inline(never)]
fn simd128_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], onto: Onto, at: usize, panel: usize) {
    let mut weights = product.panel(panel).as_ptr();
    let mut x = product.rows_of::<_, T>(&product.x.wide, at).map(<[i16]>::as_ptr);
    let mut sums = [[i32x4_splat(0); 2]; T];
    for _ in 0..product.columns / 2 {
        // SAFETY: a panel has 8 bytes a column, a row one number a column, and columns are whole steps.
        unsafe {
            let w = [0, 2 * LANES].map(|from| i16x8_load_extend_i8x8(weights.add(from).cast()));
            for t in 0..T {
                let two = v128_load32_splat(x[t].cast());
                for p in 0..2 {
                    sums[t][p] = i32x4_add(sums[t][p], i32x4_dot_i16x8(w[p], two));
                }
                x[t] = x[t].add(2);
            }
            weights = weights.add(4 * LANES);
        }
    }
    finish(product, y, onto, at, panel, sums);
}

/// By products of 7 bits: eight columns of four rows at a time.
#[cfg(target_feature = "relaxed-simd")]
pub(super) fn relaxed(product: &Product<'_>, y: &mut [f32], onto: Onto) {
    tiles!(product, [1, 2, 3, 4, 5, 6, 7, 8], relaxed_tile(y, onto));
}

#[cfg(target_feature = "relaxed-simd")]
#[inline(never)]
fn relaxed_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], onto: Onto, at: usize, panel: usize) {
    let mut weights = product.panel(panel).as_ptr();
    let mut x = product.rows_of::<_, T>(&product.x.codes, at).map(<[i8]>::as_ptr);
    let mut sums = [[i32x4_splat(0)]; T];
    let ones = i16x8_splat(1);
    for _ in 0..product.columns / 8 {
        // SAFETY: a panel has 4 bytes a column, a row one a column, and columns are whole steps.
        unsafe {
            let w = [0, 4 * LANES].map(|from| v128_load(weights.add(from).cast()));
            for t in 0..T {
                let fours = [0, 4].map(|from| v128_load32_splat(x[t].add(from).cast()));
                // Each lane has 4 products of 0 to 126 by -63 to 63 in the end: they fit into 16 bits, and what the
                // instruction gives is the same on every processor.
                let products = i16x8_add(
                    i16x8_relaxed_dot_i8x16_i7x16(fours[0], w[0]),
                    i16x8_relaxed_dot_i8x16_i7x16(fours[1], w[1]),
                );
                sums[t][0] = i32x4_add(sums[t][0], i32x4_dot_i16x8(products, ones));
                x[t] = x[t].add(8);
            }
            weights = weights.add(8 * LANES);
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
            let row = (panel * P + p) * LANES;
            let sides = product.sides;
            let (scales, bias) = (&sides.scales[row..row + LANES], &sides.bias[row..row + LANES]);
            let weights = &sides.sums[row..row + LANES];
            let y = y.get_mut(row..).unwrap_or_default();
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
