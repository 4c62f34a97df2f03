//! Products with packed weights in wasm: by 128-bit SIMD, and by relaxed SIMD where that is compiled for.
//!
//! The dot products of relaxed SIMD are defined for bytes of which one side has 7 bits. Ours has more, and an engine does
//! with it what its processor does: it takes the byte for unsigned (x86-64) or for signed (ARM), always the same way. Which way
//! is asked by multiplying; should neither be the answer, plain loops do it. Each build has its own kernels only: the worker that a
//! first visit loads is to be small.

use core::arch::wasm32::*;

use super::Output;
use super::kernel::Kernel;
use super::layout::{Encoding, Layout};
use super::product::{Product, tiles};

/// Numbers in a vector.
const LANES: usize = 4;

/// All that the plain build has.
#[cfg(not(target_feature = "relaxed-simd"))]
static SIMD128: Kernel = Kernel {
    name: "128-bit SIMD",
    layout: Layout { lanes: 2 * LANES, depth: 2, activations: Encoding::Wide },
    runs: || true,
    multiply: simd128,
};

/// The fastest first.
#[cfg(not(target_feature = "relaxed-simd"))]
pub(super) static KERNELS: [&Kernel; 1] = [&SIMD128];
#[cfg(target_feature = "relaxed-simd")]
pub(super) static KERNELS: [&Kernel; 3] = [&FOURS_UNSIGNED, &FOURS_SIGNED, &PAIRS];

/// Where one instruction adds four products to a sum of 32 bits and takes activations for unsigned, as VNNI does.
#[cfg(target_feature = "relaxed-simd")]
static FOURS_UNSIGNED: Kernel = Kernel {
    name: "relaxed SIMD, sums of four, unsigned",
    layout: Layout { lanes: LANES, depth: 4, activations: Encoding::Unsigned },
    runs: || sum_of_four(127, 255) == 4 * 127 * 255 && sum_of_four(-127, 255) == -4 * 127 * 255,
    multiply: fours,
};

/// The same with signed ones, as on ARM.
#[cfg(target_feature = "relaxed-simd")]
static FOURS_SIGNED: Kernel = Kernel {
    name: "relaxed SIMD, sums of four, signed",
    layout: Layout { lanes: LANES, depth: 4, activations: Encoding::Signed },
    runs: || sum_of_four(127, 192) == 4 * 127 * -64 && sum_of_four(-127, 127) == -4 * 127 * 127,
    multiply: fours,
};

/// Where two products are added in 16 bits first and activations are unsigned, as on x86-64 without VNNI.
#[cfg(target_feature = "relaxed-simd")]
static PAIRS: Kernel = Kernel {
    name: "relaxed SIMD, sums of two",
    layout: Layout { lanes: LANES, depth: 4, activations: Encoding::Unsigned },
    runs: || sum_of_two(85, 191) == 2 * 85 * 191 && sum_of_two(-85, 191) == -2 * 85 * 191,
    multiply: pairs,
};

/// What this processor makes of four products of a weight and an activation.
#[cfg(target_feature = "relaxed-simd")]
fn sum_of_four(weight: i8, activation: u8) -> i32 {
    let [w, x] = core::hint::black_box([i8x16_splat(weight), u8x16_splat(activation)]);
    i32x4_extract_lane::<0>(i32x4_relaxed_dot_i8x16_i7x16_add(w, x, i32x4_splat(0)))
}

/// What this processor makes of two products of a weight and an activation.
#[cfg(target_feature = "relaxed-simd")]
fn sum_of_two(weight: i8, activation: u8) -> i32 {
    let [w, x] = core::hint::black_box([i8x16_splat(weight), u8x16_splat(activation)]);
    i32::from(i16x8_extract_lane::<0>(i16x8_relaxed_dot_i8x16_i7x16(w, x)))
}

/// By products of 16 bits, summed in pairs: two columns of eight rows at a time.
#[cfg(not(target_feature = "relaxed-simd"))]
fn simd128(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4], simd128_tile(y, output));
}

#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(never)]
fn simd128_tile<const T: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    output: Output,
    at: usize,
    panel: usize,
) {
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
    finish(product, y, output, at, panel, sums);
}

/// By products of bytes, summed in 16 bits: eight columns of four rows at a time.
#[cfg(target_feature = "relaxed-simd")]
fn pairs(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5, 6, 7, 8], pairs_tile(y, output));
}

/// As [`pairs`], by instructions that sum four products.
#[cfg(target_feature = "relaxed-simd")]
fn fours(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5, 6, 7, 8], fours_tile(y, output));
}

#[cfg(target_feature = "relaxed-simd")]
#[inline(never)]
fn pairs_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], output: Output, at: usize, panel: usize) {
    let ones = i16x8_splat(1);
    tile_by_eight::<T>(product, y, output, at, panel, |sum, x, w| {
        // The 4 products of a quad fit into 16 bits.
        let quads =
            i16x8_add(i16x8_relaxed_dot_i8x16_i7x16(w[0], x[0]), i16x8_relaxed_dot_i8x16_i7x16(w[1], x[1]));
        i32x4_add(sum, i32x4_dot_i16x8(quads, ones))
    });
}

#[cfg(target_feature = "relaxed-simd")]
#[inline(never)]
fn fours_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], output: Output, at: usize, panel: usize) {
    tile_by_eight::<T>(product, y, output, at, panel, |sum, x, w| {
        let sum = i32x4_relaxed_dot_i8x16_i7x16_add(w[0], x[0], sum);
        i32x4_relaxed_dot_i8x16_i7x16_add(w[1], x[1], sum)
    });
}

/// A tile whose sums `add` adds to: the products of two times four columns of a row with those of four rows of weights.
#[cfg(target_feature = "relaxed-simd")]
#[inline(always)]
fn tile_by_eight<const T: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    output: Output,
    at: usize,
    panel: usize,
    add: impl Fn(v128, [v128; 2], [v128; 2]) -> v128,
) {
    let mut weights = product.panel(panel).as_ptr();
    let mut x = product.rows_of::<_, T>(&product.x.codes, at).map(<[u8]>::as_ptr);
    let mut sums = [[i32x4_splat(0)]; T];
    for _ in 0..product.columns / 8 {
        // SAFETY: a panel has 4 bytes a column, a row one a column, and columns are whole steps.
        unsafe {
            let w = [0, 4 * LANES].map(|from| v128_load(weights.add(from).cast()));
            for t in 0..T {
                let fours = [0, 4].map(|from| v128_load32_splat(x[t].add(from).cast()));
                sums[t][0] = add(sums[t][0], fours, w);
                x[t] = x[t].add(8);
            }
            weights = weights.add(8 * LANES);
        }
    }
    finish(product, y, output, at, panel, sums);
}

/// From sums of codes to numbers, with scales and bias.
#[inline(always)]
fn finish<const T: usize, const P: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    output: Output,
    at: usize,
    panel: usize,
    sums: [[v128; P]; T],
) {
    let row = panel * P * LANES;
    let Product { rows, epilogue, x, .. } = product;
    let of_panel = row..row + P * LANES;
    let (scales, bias) = (&epilogue.scales[of_panel.clone()], &epilogue.bias[of_panel.clone()]);
    let codes = &epilogue.sums[of_panel];
    // SAFETY: the three slices are of P times 4 numbers.
    let (scales, bias, codes) = unsafe { (load::<_, P>(scales), load::<_, P>(bias), load::<_, P>(codes)) };
    for (t, sums) in sums.into_iter().enumerate() {
        let x_scale = f32x4_splat(x.scales[at + t]);
        let zero = i32x4_splat(x.zero_points[at + t]);
        let start = (at + t) * rows;
        let mut y = &mut y[start + row..start + rows];
        for p in 0..P {
            let sum = i32x4_sub(sums[p], i32x4_mul(codes[p], zero));
            let value = f32x4_mul(f32x4_convert_i32x4(sum), f32x4_mul(scales[p], x_scale));
            let value = f32x4_add(value, bias[p]);
            let (part, rest) = y.split_at_mut(y.len().min(LANES));
            write(part, value, output);
            y = rest;
        }
    }
}

/// The vectors that `numbers` are, four in each.
///
/// # Safety
///
/// `numbers` are at least `P` times 4, of 4 bytes each.
#[inline(always)]
unsafe fn load<N, const P: usize>(numbers: &[N]) -> [v128; P] {
    // SAFETY: the caller's promise.
    std::array::from_fn(|p| unsafe { v128_load(numbers.as_ptr().add(p * LANES).cast()) })
}

/// Writes as many of four values as `y` has room for.
#[inline(always)]
fn write(y: &mut [f32], value: v128, output: Output) {
    // SAFETY: `y` is written whole only where it has 4 numbers; the array has 4.
    unsafe {
        if y.len() == LANES {
            let to: *mut v128 = y.as_mut_ptr().cast();
            v128_store(
                to,
                if output == Output::Accumulate { f32x4_add(value, v128_load(to)) } else { value },
            );
        } else {
            let mut values = [0.0_f32; LANES];
            v128_store(values.as_mut_ptr().cast(), value);
            for (y, value) in y.iter_mut().zip(values) {
                *y = if output == Output::Accumulate { *y + value } else { value };
            }
        }
    }
}
