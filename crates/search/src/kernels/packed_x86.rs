//! Products with packed weights on x86-64: by AVX2, and by the dot products of AVX-512 VNNI.

use core::arch::x86_64::*;

use super::Output;
use super::layout::COLUMN_MULTIPLE;
use super::product::{Product, tiles};

/// Rows in a panel of each.
const AVX2_LANES: usize = 8;
const VNNI_LANES: usize = 16;

/// By products of 7 bits: eight columns of eight rows at a time.
#[target_feature(enable = "avx2")]
pub(super) fn avx2(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5, 6], avx2_tile(y, output));
}

#[inline(never)]
#[target_feature(enable = "avx2")]
fn avx2_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], output: Output, at: usize, panel: usize) {
    let columns = product.columns;
    let weights = product.panel(panel);
    let x: [&[i8]; T] = product.rows_of(&product.x.codes, at);
    let ones = _mm256_set1_epi16(1);
    let mut sums = [_mm256_setzero_si256(); T];
    for column in (0..columns).step_by(8) {
        // SAFETY: a panel has 8 bytes a column, and columns are a multiple of 8.
        let w = unsafe {
            let from = weights.as_ptr().add(column * AVX2_LANES);
            [_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(4 * AVX2_LANES).cast())]
        };
        for (sum, x) in sums.iter_mut().zip(x) {
            // SAFETY: a row has one byte a column, and columns are a multiple of 8.
            let x = unsafe {
                let from = x.as_ptr().add(column).cast::<i32>();
                [from.read_unaligned(), from.add(1).read_unaligned()].map(|x| _mm256_set1_epi32(x))
            };
            // 4 products of 0 to 126 by -63 to 63 fit into 16 bits.
            let fours = _mm256_add_epi16(_mm256_maddubs_epi16(w[0], x[0]), _mm256_maddubs_epi16(w[1], x[1]));
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(fours, ones));
        }
    }
    let zero = _mm256_set1_epi32(product.x.zero_point);
    for (t, sum) in sums.into_iter().enumerate() {
        let off = _mm256_set1_epi32(product.layout.offset * product.x.sums[at + t]);
        let x_scale = _mm256_set1_ps(product.x.scales[at + t]);
        let y = &mut y[(at + t) * product.rows..][..product.rows];
        let row = panel * AVX2_LANES;
        let epilogue = product.epilogue;
        let (scales, bias) = (&epilogue.scales[row..row + AVX2_LANES], &epilogue.bias[row..row + AVX2_LANES]);
        let weights = &epilogue.sums[row..row + AVX2_LANES];
        let mut values = [0.0; AVX2_LANES];
        // SAFETY: the slices and the array are of 8 numbers.
        unsafe {
            let from_zero = _mm256_mullo_epi32(_mm256_loadu_si256(weights.as_ptr().cast()), zero);
            let sum = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_sub_epi32(sum, off), from_zero));
            let scale = _mm256_mul_ps(_mm256_loadu_ps(scales.as_ptr()), x_scale);
            let value = _mm256_add_ps(_mm256_mul_ps(sum, scale), _mm256_loadu_ps(bias.as_ptr()));
            _mm256_storeu_ps(values.as_mut_ptr(), value);
        }
        write(&mut y[row..], &values, output);
    }
}

/// By `vpdpbusd`: four columns of sixteen rows at a time.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn vnni(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5, 6, 7, 8], vnni_tile(y, output));
}

#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn vnni_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], output: Output, at: usize, panel: usize) {
    let columns = product.columns;
    let weights = product.panel(panel);
    let x: [&[i8]; T] = product.rows_of(&product.x.codes, at);
    let mut sums = [_mm512_setzero_si512(); T];
    for column in (0..columns).step_by(COLUMN_MULTIPLE) {
        for column in (column..column + COLUMN_MULTIPLE).step_by(4) {
            // SAFETY: a panel has 16 bytes a column, and columns are whole steps.
            let w = unsafe { _mm512_loadu_si512(weights.as_ptr().add(column * VNNI_LANES).cast()) };
            for (sum, x) in sums.iter_mut().zip(x) {
                // SAFETY: a row has one byte a column, and columns are whole steps.
                let x = _mm512_set1_epi32(unsafe { x.as_ptr().add(column).cast::<i32>().read_unaligned() });
                *sum = _mm512_dpbusd_epi32(*sum, w, x);
            }
        }
    }
    let zero = _mm512_set1_epi32(product.x.zero_point);
    for (t, sum) in sums.into_iter().enumerate() {
        let off = _mm512_set1_epi32(product.layout.offset * product.x.sums[at + t]);
        let x_scale = _mm512_set1_ps(product.x.scales[at + t]);
        let y = &mut y[(at + t) * product.rows..][..product.rows];
        let row = panel * VNNI_LANES;
        let epilogue = product.epilogue;
        let (scales, bias) = (&epilogue.scales[row..row + VNNI_LANES], &epilogue.bias[row..row + VNNI_LANES]);
        let weights = &epilogue.sums[row..row + VNNI_LANES];
        let mut values = [0.0; VNNI_LANES];
        // SAFETY: the slices and the array are of 16 numbers.
        unsafe {
            let from_zero = _mm512_mullo_epi32(_mm512_loadu_si512(weights.as_ptr().cast()), zero);
            let sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_sub_epi32(sum, off), from_zero));
            let scale = _mm512_mul_ps(_mm512_loadu_ps(scales.as_ptr()), x_scale);
            let value = _mm512_add_ps(_mm512_mul_ps(sum, scale), _mm512_loadu_ps(bias.as_ptr()));
            _mm512_storeu_ps(values.as_mut_ptr(), value);
        }
        write(&mut y[row..], &values, output);
    }
}

/// Writes as many values as `y` has room for.
#[inline(always)]
fn write(y: &mut [f32], values: &[f32], output: Output) {
    for (y, value) in y.iter_mut().zip(values) {
        *y = if output == Output::Accumulate { *y + value } else { *value };
    }
}
