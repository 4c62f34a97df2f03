//! Products with packed weights on 64-bit ARM: by the dot products of bytes that most processors have, else by NEON's
//! products of bytes, which all have.

use core::arch::aarch64::*;
use core::arch::asm;
use std::arch::is_aarch64_feature_detected;

use super::Output;
use super::kernel::Kernel;
use super::layout::{COLUMN_MULTIPLE, Encoding, Layout};
use super::packed_portable::finish;
use super::product::{Product, tiles};

/// Numbers in a vector.
const VECTOR: usize = 4;
/// Vectors of sums of a row of activations.
const VECTORS: usize = 2;
/// Rows in a panel.
const LANES: usize = VECTOR * VECTORS;
/// Neighbouring columns of a row.
const DEPTH: usize = 4;

const LAYOUT: Layout = Layout { lanes: LANES, depth: DEPTH, activations: Encoding::Signed };

/// The fastest first.
pub(super) static KERNELS: [&Kernel; 2] = [&DOT_PRODUCTS, &NEON];

static DOT_PRODUCTS: Kernel = Kernel {
    name: "NEON dot products",
    layout: LAYOUT,
    runs: || is_aarch64_feature_detected!("dotprod"),
    // SAFETY: kernels multiply only where `runs` said that they do.
    multiply: |product, y, output| unsafe { dot_products(product, y, output) },
};

static NEON: Kernel = Kernel {
    name: "NEON",
    layout: LAYOUT,
    runs: || is_aarch64_feature_detected!("neon"),
    // SAFETY: as above.
    multiply: |product, y, output| unsafe { neon(product, y, output) },
};

/// Four products of bytes added to each number of `sum`: `w` by the four bytes of `x` that `$lane` counts.
///
/// The intrinsic for it is not in stable Rust.
macro_rules! dot_by_lane {
    ($sum:expr, $w:expr, $x:expr, $lane:literal) => {
        asm!(
            concat!("sdot {sum:v}.4s, {w:v}.16b, {x:v}.4b[", $lane, "]"),
            sum = inout(vreg) $sum,
            w = in(vreg) $w,
            x = in(vreg) $x,
            options(pure, nomem, nostack, preserves_flags)
        )
    };
}

/// Four columns of eight rows at a time, sixteen columns of activations in a register.
#[target_feature(enable = "neon,dotprod")]
fn dot_products(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5, 6, 7, 8], dot_products_tile(y, output));
}

#[inline(never)]
#[target_feature(enable = "neon,dotprod")]
fn dot_products_tile<const T: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    output: Output,
    at: usize,
    panel: usize,
) {
    let weights = product.panel(panel);
    let x: [&[u8]; T] = product.rows_of(&product.x.codes, at);
    let mut sums = [[vdupq_n_s32(0); VECTORS]; T];
    for column in (0..product.columns).step_by(COLUMN_MULTIPLE) {
        // SAFETY: a row has one byte a column, and columns are whole steps of 16.
        let x = x.map(|x| unsafe { vld1q_s8(x.as_ptr().add(column).cast()) });
        macro_rules! columns {
            ($($lane:literal)*) => {$(
                for vector in 0..VECTORS {
                    let from = (column + $lane * DEPTH) * LANES + vector * VECTOR * DEPTH;
                    // SAFETY: a panel has 8 bytes a column, and this is one of its columns; the instruction touches
                    // registers only.
                    unsafe {
                        let w = vld1q_s8(weights.as_ptr().add(from).cast());
                        for t in 0..T {
                            dot_by_lane!(sums[t][vector], w, x[t], $lane);
                        }
                    }
                }
            )*};
        }
        columns!(0 1 2 3);
    }
    store(product, y, output, at, panel, sums);
}

/// Four columns of eight rows at a time.
#[target_feature(enable = "neon")]
fn neon(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5, 6], neon_tile(y, output));
}

#[inline(never)]
#[target_feature(enable = "neon")]
fn neon_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], output: Output, at: usize, panel: usize) {
    let weights = product.panel(panel);
    let x: [&[u8]; T] = product.rows_of(&product.x.codes, at);
    let mut sums = [[vdupq_n_s32(0); VECTORS]; T];
    for column in (0..product.columns).step_by(DEPTH) {
        // SAFETY: a panel has 8 bytes a column, and columns are a multiple of 4.
        let w: [int8x16_t; VECTORS] = std::array::from_fn(|vector| unsafe {
            vld1q_s8(weights.as_ptr().add(column * LANES + vector * VECTOR * DEPTH).cast())
        });
        for (sums, x) in sums.iter_mut().zip(x) {
            // SAFETY: a row has one byte a column, and columns are a multiple of 4.
            let four = unsafe { x.as_ptr().add(column).cast::<i32>().read_unaligned() };
            let four = vreinterpretq_s8_s32(vdupq_n_s32(four));
            for (sum, w) in sums.iter_mut().zip(w) {
                let low = vmull_s8(vget_low_s8(w), vget_low_s8(four));
                // Two products of at most 127 by 127 fit into 16 bits.
                let pairs = vpaddq_s16(low, vmull_high_s8(w, four));
                *sum = vpadalq_s16(*sum, pairs);
            }
        }
    }
    store(product, y, output, at, panel, sums);
}

#[inline(always)]
fn store<const T: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    output: Output,
    at: usize,
    panel: usize,
    sums: [[int32x4_t; VECTORS]; T],
) {
    for (t, sums) in sums.into_iter().enumerate() {
        let mut lanes = [0_i32; LANES];
        for (lanes, sum) in lanes.as_chunks_mut::<VECTOR>().0.iter_mut().zip(sums) {
            // SAFETY: all of 64-bit ARM has NEON; the array has 4 numbers.
            unsafe { vst1q_s32(lanes.as_mut_ptr(), sum) };
        }
        finish(product, y, output, at + t, panel * LANES, &lanes);
    }
}
