//! Which kernels there are, and how each wants its operands: what the packing of weights, the quantisation of
//! activations and the products of both have to agree on.

/// Columns are filled up with zeros to a multiple of this.
pub(super) const COLUMN_MULTIPLE: usize = 16;

/// A way to multiply, and how it wants its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// Plain Rust, for every processor.
    #[cfg(any(test, not(target_arch = "wasm32")))]
    Plain,
    /// 128-bit SIMD of wasm: products of 16 bits, summed in pairs.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    #[cfg_attr(
        all(target_feature = "relaxed-simd", not(test)),
        expect(dead_code, reason = "the relaxed kernel is chosen, but tests hold both to the definition")
    )]
    Simd128,
    /// Relaxed SIMD of wasm: products of 7 bits, summed in fours before they are widened.
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    Relaxed,
    /// The same with sums of four in one instruction, where the processor has such a one.
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    Fused,
    /// `vpmaddubsw`: products of 7 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// `vpdpbusd`: products of 8 bits.
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

/// How a kernel wants its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Rows in a panel.
    pub(super) lanes: usize,
    /// Neighbouring columns of a row.
    pub(super) depth: usize,
    /// The largest code of a weight; the smallest is its negative.
    pub(super) max_weight: i32,
    /// The largest code of an activation; the smallest is its negative.
    pub(super) max_activation: i32,
    /// What is added to every code.
    pub(super) offset: i32,
}

impl Kernel {
    /// The fastest that runs here.
    pub(crate) fn best() -> Self {
        #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
        return if sums_four_at_once() { Self::Fused } else { Self::Relaxed };
        #[cfg(all(
            target_arch = "wasm32",
            target_feature = "simd128",
            not(target_feature = "relaxed-simd")
        ))]
        return Self::Simd128;
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512bw") && has!("avx512vnni") {
                return Self::Vnni;
            }
            if has!("avx2") {
                return Self::Avx2;
            }
        }
        #[cfg(not(target_arch = "wasm32"))]
        Self::Plain
    }

    /// All that run here.
    #[cfg(test)]
    pub(super) fn available() -> Vec<Self> {
        let mut kernels = vec![Self::Plain, Self::best()];
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        kernels.push(Self::Simd128);
        #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
        kernels.extend([Self::Relaxed, Self::Fused]);
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            kernels.push(Self::Avx2);
        }
        kernels
    }

    /// How it wants its weights.
    pub(super) fn layout(self) -> Layout {
        match self {
            #[cfg(any(test, not(target_arch = "wasm32")))]
            Self::Plain => Layout { lanes: 4, depth: 4, max_weight: 127, max_activation: 127, offset: 0 },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => Layout { lanes: 8, depth: 2, max_weight: 127, max_activation: 127, offset: 0 },
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::Relaxed | Self::Fused => {
                Layout { lanes: 4, depth: 4, max_weight: 63, max_activation: 63, offset: 63 }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Layout { lanes: 8, depth: 4, max_weight: 63, max_activation: 63, offset: 63 },
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => Layout { lanes: 16, depth: 4, max_weight: 127, max_activation: 127, offset: 128 },
        }
    }

    /// Whether it takes activations of 16 bits instead of 8.
    pub(super) fn wants_wide_activations(self) -> bool {
        self.layout().depth == 2
    }
}

impl Layout {
    /// Bytes of a packed matrix.
    pub(super) fn bytes(&self, rows: usize, columns: usize) -> usize {
        rows.next_multiple_of(self.lanes) * columns.next_multiple_of(COLUMN_MULTIPLE)
    }

    /// The code that a byte of a packed matrix stands for.
    pub(super) fn signed(&self, byte: u8) -> i32 {
        if self.offset == 0 { i32::from(byte.cast_signed()) } else { i32::from(byte) - self.offset }
    }

    /// Where a code is.
    pub(super) fn place(&self, row: usize, column: usize, columns: usize) -> usize {
        let (panel, lane) = (row / self.lanes, row % self.lanes);
        panel * self.lanes * columns
            + column / self.depth * (self.depth * self.lanes)
            + lane * self.depth
            + column % self.depth
    }
}

/// Whether this processor has an instruction that adds four products of bytes to a sum of 32 bits, as most of ARM have
/// and the newer ones of Intel and AMD.
///
/// What it does with numbers beyond 7 bits tells: twice 127 times 255 is more than 16 bits hold. A processor that sums in
/// pairs first cuts that off; another one takes all of it, be 255 for it that or -1.
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
fn sums_four_at_once() -> bool {
    use core::arch::wasm32::*;

    let [large, larger] = core::hint::black_box([i8x16_splat(127), i8x16_splat(-1)]);
    let sums = i32x4_relaxed_dot_i8x16_i7x16_add(large, larger, i32x4_splat(0));
    i32x4_extract_lane::<0>(sums) != 2 * i32::from(i16::MAX)
}
