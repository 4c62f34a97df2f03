//! Products with packed weights on x86-64: by SSE2, which all of it has, by AVX2, and by the dot products of AVX-512 VNNI.

use core::arch::x86_64::*;

use super::Output;
use super::kernel::Kernel;
use super::layout::{COLUMN_MULTIPLE, Encoding, Layout};
use super::packed_portable::finish;
use super::product::{Product, tiles};

/// Rows in a panel of each.
const SSE2_LANES: usize = 8;
const AVX2_LANES: usize = 8;
const VNNI_LANES: usize = 16;

/// The fastest first.
pub(super) static KERNELS: [&Kernel; 3] = [&VNNI, &AVX2, &SSE2];

static VNNI: Kernel = Kernel {
    name: "VNNI",
    layout: Layout { lanes: VNNI_LANES, depth: 4, activations: Encoding::Unsigned },
    runs: super::has_vnni,
    // SAFETY: kernels multiply only where `runs` said that they do.
    multiply: |product, y, output| unsafe { vnni(product, y, output) },
};

static AVX2: Kernel = Kernel {
    name: "AVX2",
    layout: Layout { lanes: AVX2_LANES, depth: 4, activations: Encoding::Unsigned },
    runs: || is_x86_feature_detected!("avx2"),
    // SAFETY: as above.
    multiply: |product, y, output| unsafe { avx2(product, y, output) },
};

pub(super) static SSE2: Kernel = Kernel {
    name: "SSE2",
    layout: Layout { lanes: SSE2_LANES, depth: 2, activations: Encoding::Wide },
    runs: || true,
    multiply: sse2,
};

/// By products of 16 bits, summed in pairs: two columns of eight rows at a time.
fn sse2(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5], sse2_tile(y, output));
}

#[inline(never)]
fn sse2_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], output: Output, at: usize, panel: usize) {
    let weights = product.panel(panel);
    let x: [&[i16]; T] = product.rows_of(&product.x.wide, at);
    // SAFETY: all of x86-64 has SSE2.
    let mut sums = unsafe { [[_mm_setzero_si128(); 2]; T] };
    for column in (0..product.columns).step_by(2) {
        // SAFETY: a panel has 8 bytes a column, a row one number a column, and columns are a multiple of 2.
        unsafe {
            let w = _mm_loadu_si128(weights.as_ptr().add(column * SSE2_LANES).cast());
            let w = [_mm_unpacklo_epi8(w, w), _mm_unpackhi_epi8(w, w)].map(|w| _mm_srai_epi16::<8>(w));
            for (sums, x) in sums.iter_mut().zip(x) {
                let two = _mm_set1_epi32(x.as_ptr().add(column).cast::<i32>().read_unaligned());
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = _mm_add_epi32(*sum, _mm_madd_epi16(w, two));
                }
            }
        }
    }
    for (t, sums) in sums.into_iter().enumerate() {
        let mut lanes = [0; SSE2_LANES];
        // SAFETY: two vectors of 4 numbers.
        unsafe {
            _mm_storeu_si128(lanes.as_mut_ptr().cast(), sums[0]);
            _mm_storeu_si128(lanes.as_mut_ptr().add(4).cast(), sums[1]);
        }
        finish(product, y, output, at + t, panel * SSE2_LANES, &lanes);
    }
}

/// By products of bytes, summed in 16 bits: eight columns of eight rows at a time.
#[target_feature(enable = "avx2")]
fn avx2(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5, 6], avx2_tile(y, output));
}

#[inline(never)]
#[target_feature(enable = "avx2")]
fn avx2_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], output: Output, at: usize, panel: usize) {
    let weights = product.panel(panel);
    let x: [&[u8]; T] = product.rows_of(&product.x.codes, at);
    let ones = _mm256_set1_epi16(1);
    let mut sums = [_mm256_setzero_si256(); T];
    for column in (0..product.columns).step_by(8) {
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
            // The 4 products of a quad fit into 16 bits.
            let quads = _mm256_add_epi16(_mm256_maddubs_epi16(x[0], w[0]), _mm256_maddubs_epi16(x[1], w[1]));
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(quads, ones));
        }
    }
    for (t, sum) in sums.into_iter().enumerate() {
        let zero = _mm256_set1_epi32(product.x.zero_points[at + t]);
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
            let sum = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum, from_zero));
            let scale = _mm256_mul_ps(_mm256_loadu_ps(scales.as_ptr()), x_scale);
            let value = _mm256_add_ps(_mm256_mul_ps(sum, scale), _mm256_loadu_ps(bias.as_ptr()));
            _mm256_storeu_ps(values.as_mut_ptr(), value);
        }
        write(&mut y[row..], &values, output);
    }
}

/// By `vpdpbusd`: four columns of sixteen rows at a time.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn vnni(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4, 5, 6, 7, 8], vnni_tile(y, output));
}

#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn vnni_tile<const T: usize>(product: &Product<'_>, y: &mut [f32], output: Output, at: usize, panel: usize) {
    let columns = product.columns;
    let weights = product.panel(panel);
    let x: [&[u8]; T] = product.rows_of(&product.x.codes, at);
    let mut sums = [_mm512_setzero_si512(); T];
    for column in (0..columns).step_by(COLUMN_MULTIPLE) {
        for column in (column..column + COLUMN_MULTIPLE).step_by(4) {
            // SAFETY: a panel has 16 bytes a column, and columns are whole steps.
            let w = unsafe { _mm512_loadu_si512(weights.as_ptr().add(column * VNNI_LANES).cast()) };
            for (sum, x) in sums.iter_mut().zip(x) {
                // SAFETY: a row has one byte a column, and columns are whole steps.
                let x = _mm512_set1_epi32(unsafe { x.as_ptr().add(column).cast::<i32>().read_unaligned() });
                *sum = _mm512_dpbusd_epi32(*sum, x, w);
            }
        }
    }
    for (t, sum) in sums.into_iter().enumerate() {
        let zero = _mm512_set1_epi32(product.x.zero_points[at + t]);
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
            let sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, from_zero));
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
