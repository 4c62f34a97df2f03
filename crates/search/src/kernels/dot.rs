//! Dot products of numbers of 8 bits: one scalar definition, and the same sums with SIMD where there is some.

/// Sum of `a[i] * b[i]`, in plain Rust: the definition the others are tested against.
///
/// Cannot overflow below 131,072 components (`code::MAX_DIM` is far less).
pub(crate) fn dot_scalar(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}

/// As [`dot_scalar`], by the fastest way this processor has.
///
/// # Panics
///
/// If one is longer than the other.
#[inline]
pub(crate) fn dot(a: &[i8], b: &[i8]) -> i32 {
    assert_eq!(a.len(), b.len(), "codes of different dimensions");
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    return simd128::dot(a, b);

    #[cfg(target_arch = "x86_64")]
    if super::has_vnni() {
        // SAFETY: all that it needs was just found to be there.
        return unsafe { vnni::dot(a, b) };
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: AVX2 was just found to be there.
        return unsafe { avx2::dot(a, b) };
    }

    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    dot_scalar(a, b)
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128 {
    use core::arch::wasm32::*;

    pub(super) fn dot(a: &[i8], b: &[i8]) -> i32 {
        let (a_blocks, a_rest) = a.as_chunks::<16>();
        let (b_blocks, b_rest) = b.as_chunks::<16>();
        let (mut low, mut high) = (i32x4_splat(0), i32x4_splat(0));
        for (x, y) in a_blocks.iter().zip(b_blocks) {
            // SAFETY: both point at 16 bytes; v128_load needs no alignment.
            let (x, y) = unsafe { (v128_load(x.as_ptr().cast()), v128_load(y.as_ptr().cast())) };
            let dot_low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(x), i16x8_extend_low_i8x16(y));
            let dot_high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(x), i16x8_extend_high_i8x16(y));
            low = i32x4_add(low, dot_low);
            high = i32x4_add(high, dot_high);
        }
        let sum = i32x4_add(low, high);
        let lanes = i32x4_extract_lane::<0>(sum)
            + i32x4_extract_lane::<1>(sum)
            + i32x4_extract_lane::<2>(sum)
            + i32x4_extract_lane::<3>(sum);
        lanes + super::dot_scalar(a_rest, b_rest)
    }
}

#[cfg(target_arch = "x86_64")]
mod vnni {
    use core::arch::x86_64::*;

    /// The instruction multiplies unsigned bytes with signed ones: `x + 128` is unsigned, and what that adds to the sum
    /// is 128 times the sum of the others.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn dot(a: &[i8], b: &[i8]) -> i32 {
        let (a_blocks, a_rest) = a.as_chunks::<64>();
        let (b_blocks, b_rest) = b.as_chunks::<64>();
        let (mut sums, mut others) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (x, y) in a_blocks.iter().zip(b_blocks) {
            // SAFETY: both point at 64 bytes; loadu needs no alignment.
            let (x, y) =
                unsafe { (_mm512_loadu_si512(x.as_ptr().cast()), _mm512_loadu_si512(y.as_ptr().cast())) };
            sums = _mm512_dpbusd_epi32(sums, _mm512_xor_si512(x, _mm512_set1_epi8(-128)), y);
            others = _mm512_dpbusd_epi32(others, _mm512_set1_epi8(1), y);
        }
        let excess = _mm512_slli_epi32::<7>(others);
        _mm512_reduce_add_epi32(_mm512_sub_epi32(sums, excess)) + super::dot_scalar(a_rest, b_rest)
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use core::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub(super) fn dot(a: &[i8], b: &[i8]) -> i32 {
        let (a_blocks, a_rest) = a.as_chunks::<16>();
        let (b_blocks, b_rest) = b.as_chunks::<16>();
        let mut sums = _mm256_setzero_si256();
        for (x, y) in a_blocks.iter().zip(b_blocks) {
            // SAFETY: both point at 16 bytes; loadu needs no alignment.
            let (x, y) = unsafe { (_mm_loadu_si128(x.as_ptr().cast()), _mm_loadu_si128(y.as_ptr().cast())) };
            let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(x), _mm256_cvtepi8_epi16(y));
            sums = _mm256_add_epi32(sums, products);
        }
        let four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
        let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
        let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two));
        _mm_cvtsi128_si32(one) + super::dot_scalar(a_rest, b_rest)
    }
}

#[cfg(test)]
mod tests {
    // In a browser these run as they do here.
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

    use super::*;

    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test_configure!(run_in_browser);

    #[test]
    fn the_fast_dot_product_is_the_scalar_one() {
        let mut state = 7_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as i8
        };
        for length in (0..70).chain([255, 256, 257, 512, 768, 8192]) {
            let a: Vec<i8> = (0..length).map(|_| byte()).collect();
            let b: Vec<i8> = (0..length).map(|_| byte()).collect();
            assert_eq!(dot(&a, &b), dot_scalar(&a, &b), "length {length}");
        }
    }

    #[test]
    fn the_largest_sums_do_not_overflow() {
        let extreme = vec![-128_i8; 8192];
        assert_eq!(dot(&extreme, &extreme), 8192 * 128 * 128);
    }

    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    #[should_panic(expected = "codes of different dimensions")]
    fn codes_of_different_dimensions_have_no_dot_product() {
        dot(&[1; 32], &[1; 16]);
    }
}
