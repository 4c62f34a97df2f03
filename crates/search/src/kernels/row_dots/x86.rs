//! On x86-64: AVX-512 with its dot products of bytes (VNNI) where the processor has them, else AVX2, else plain loops.

use core::arch::x86_64::*;

use super::portable;
use crate::kernels::has_vnni;

/// Bytes that one AVX-512 register holds.
const WIDE: usize = 64;
/// Numbers of 16 bits that one AVX2 register holds.
const BLOCK: usize = 16;

/// The query for the way that was chosen.
pub(super) enum Query {
    /// Bytes, filled up with zeros to whole registers, and 128 times their sum.
    Vnni { query: Box<[[i8; WIDE]]>, dim: usize, excess: i32 },
    /// Numbers of 16 bits, filled up with zeros to whole registers.
    Avx2 { query: Box<[[i16; BLOCK]]>, dim: usize },
    /// As it is.
    Plain(portable::Query),
}

impl Query {
    pub(super) fn new(query: &[i8]) -> Self {
        if has_vnni() {
            Self::vnni(query)
        } else if is_x86_feature_detected!("avx2") {
            Self::avx2(query)
        } else {
            Self::Plain(portable::Query::new(query))
        }
    }

    fn vnni(query: &[i8]) -> Self {
        let excess = 128 * query.iter().map(|&x| i32::from(x)).sum::<i32>();
        Self::Vnni { query: in_blocks(query), dim: query.len(), excess }
    }

    fn avx2(query: &[i8]) -> Self {
        let wide: Vec<i16> = query.iter().map(|&x| i16::from(x)).collect();
        Self::Avx2 { query: in_blocks(&wide), dim: query.len() }
    }

    /// For each row the sum of `row[i] * query[i]`.
    #[inline]
    pub(super) fn dots<const N: usize>(&self, rows: [&[i8]; N]) -> [i32; N] {
        match self {
            // SAFETY: only made where `has_vnni` says yes.
            Self::Vnni { query, dim, excess } => unsafe {
                vnni(query, rows.map(|row| &row[..*dim]), *excess)
            },
            // SAFETY: only made where AVX2 was found to be there.
            Self::Avx2 { query, dim } => unsafe { avx2(query, rows.map(|row| &row[..*dim])) },
            Self::Plain(query) => query.dots(rows),
        }
    }
}

fn in_blocks<T: Copy + Default, const N: usize>(numbers: &[T]) -> Box<[[T; N]]> {
    let block = |part: &[T]| std::array::from_fn(|at| part.get(at).copied().unwrap_or_default());
    numbers.chunks(N).map(block).collect()
}

/// The instruction multiplies unsigned bytes with signed ones: `x + 128` is unsigned, and what that adds to the sum,
/// `excess`, depends on the query alone.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn vnni<const N: usize>(query: &[[i8; WIDE]], rows: [&[i8]; N], excess: i32) -> [i32; N] {
    let rows = rows.map(|row| row.as_chunks::<WIDE>());
    let mut sums = [_mm512_setzero_si512(); N];
    let mut add = |block: &[i8; WIDE], parts: [__m512i; N]| {
        // SAFETY: a block is 64 bytes, and the load needs no alignment.
        let block = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
        for (sum, part) in sums.iter_mut().zip(parts) {
            let unsigned = _mm512_xor_si512(part, _mm512_set1_epi8(-128));
            *sum = _mm512_dpbusd_epi32(*sum, unsigned, block);
        }
    };
    let (query, last) = query.split_at(wholes(&rows));
    for (at, block) in query.iter().enumerate() {
        // SAFETY: a part is 64 bytes, and the load needs no alignment.
        add(block, rows.map(|(whole, _)| unsafe { _mm512_loadu_si512(whole[at].as_ptr().cast()) }));
    }
    for block in last {
        // SAFETY: the mask lets through the bytes of `rest`, at least one and less than 64; the others are not
        // touched. What they become does not matter, as the query is 0 there.
        let end =
            |rest: &[i8]| unsafe { _mm512_maskz_loadu_epi8(u64::MAX >> (WIDE - rest.len()), rest.as_ptr()) };
        add(block, rows.map(|(_, rest)| end(rest)));
    }
    sums.map(|sum| _mm512_reduce_add_epi32(sum) - excess)
}

/// Whole blocks of each row; the rows are equally long.
fn wholes<T>(rows: &[(&[T], &[i8])]) -> usize {
    rows.iter().map(|(whole, _)| whole.len()).min().unwrap_or(0)
}

#[target_feature(enable = "avx2")]
fn avx2<const N: usize>(query: &[[i16; BLOCK]], rows: [&[i8]; N]) -> [i32; N] {
    let rows = rows.map(|row| row.as_chunks::<BLOCK>());
    let mut sums = [_mm256_setzero_si256(); N];
    let mut add = |block: &[i16; BLOCK], parts: [&[i8; BLOCK]; N]| {
        // SAFETY: a block is 32 bytes, and the load needs no alignment.
        let block = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        for (sum, part) in sums.iter_mut().zip(parts) {
            // SAFETY: a part is 16 bytes, and the load needs no alignment.
            let part = unsafe { _mm_loadu_si128(part.as_ptr().cast()) };
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_cvtepi8_epi16(part), block));
        }
    };
    let (query, last) = query.split_at(wholes(&rows));
    for (at, block) in query.iter().enumerate() {
        add(block, rows.map(|(whole, _)| &whole[at]));
    }
    for block in last {
        let ends = rows.map(|(_, rest)| std::array::from_fn(|at| rest.get(at).copied().unwrap_or(0)));
        add(block, ends.each_ref());
    }
    sums.map(|sum| {
        let four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
        let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two)))
    })
}

#[cfg(test)]
impl Query {
    /// The query for every way that this processor has.
    pub(super) fn every_way(query: &[i8]) -> Vec<Self> {
        let mut ways = vec![Self::Plain(portable::Query::new(query))];
        if is_x86_feature_detected!("avx2") {
            ways.push(Self::avx2(query));
        }
        if has_vnni() {
            ways.push(Self::vnni(query));
        }
        ways
    }

    pub(super) fn way(&self) -> &'static str {
        match self {
            Self::Vnni { .. } => "VNNI",
            Self::Avx2 { .. } => "AVX2",
            Self::Plain(_) => "plain",
        }
    }
}
