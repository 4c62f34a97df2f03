//! The ways in which GGUF stores numbers, and what they are in f32.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. All are little-endian.

/// Numbers that share a scale in Q8_0 and Q4_0.
const BLOCK: usize = 32;

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dtype {
    F32,
    F16,
    Bf16,
    /// Blocks of 32: a 16-bit float scale, then 32 signed bytes.
    Q8_0,
    /// Blocks of 32: a 16-bit float scale, then 16 bytes of two numbers each. The low half of byte `i` is number `i`, its
    /// high half number `i + 16`; both are 8 too large.
    Q4_0,
}

impl Dtype {
    /// Those that are read, by their names in GGML.
    pub(super) const READ: &str = "F32, F16, BF16, Q8_0, Q4_0";

    /// By its number in GGUF.
    pub(super) fn of(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::F32),
            1 => Some(Self::F16),
            2 => Some(Self::Q4_0),
            8 => Some(Self::Q8_0),
            30 => Some(Self::Bf16),
            _ => None,
        }
    }

    /// Its name in GGML.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Q8_0 => "Q8_0",
            Self::Q4_0 => "Q4_0",
        }
    }

    /// Numbers and bytes of a block, the least that can be stored.
    pub(super) fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q8_0 => (BLOCK, 2 + BLOCK),
            Self::Q4_0 => (BLOCK, 2 + BLOCK / 2),
        }
    }

    /// Whether numbers share a scale.
    pub(super) fn is_quantised(self) -> bool {
        matches!(self, Self::Q8_0 | Self::Q4_0)
    }

    /// Bytes of `count` numbers, a multiple of a block's.
    pub(super) fn bytes(self, count: usize) -> usize {
        let (numbers, bytes) = self.block();
        count / numbers * bytes
    }

    /// Reads as many numbers as there are both bytes and room for.
    pub(super) fn read(self, bytes: &[u8], numbers: &mut [f32]) {
        match self {
            Self::F32 => {
                for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
                    *number = f32::from_le_bytes(*bytes);
                }
            }
            Self::F16 => {
                for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
                    *number = f32_from_f16(u16::from_le_bytes(*bytes));
                }
            }
            Self::Bf16 => {
                for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
                    *number = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
                }
            }
            Self::Q8_0 => {
                let blocks = bytes.as_chunks::<{ 2 + BLOCK }>().0;
                for (numbers, [low, high, codes @ ..]) in
                    numbers.as_chunks_mut::<BLOCK>().0.iter_mut().zip(blocks)
                {
                    let scale = f32_from_f16(u16::from_le_bytes([*low, *high]));
                    for (number, code) in numbers.iter_mut().zip(codes) {
                        *number = f32::from(code.cast_signed()) * scale;
                    }
                }
            }
            Self::Q4_0 => {
                let blocks = bytes.as_chunks::<{ 2 + BLOCK / 2 }>().0;
                for (numbers, [low, high, codes @ ..]) in
                    numbers.as_chunks_mut::<BLOCK>().0.iter_mut().zip(blocks)
                {
                    let scale = f32_from_f16(u16::from_le_bytes([*low, *high]));
                    let (first, second) = numbers.split_at_mut(BLOCK / 2);
                    for ((first, second), code) in first.iter_mut().zip(second).zip(codes) {
                        *first = f32::from((code & 15).cast_signed() - 8) * scale;
                        *second = f32::from((code >> 4).cast_signed() - 8) * scale;
                    }
                }
            }
        }
    }
}

/// IEEE 754 half precision to single.
fn f32_from_f16(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    match exponent {
        0 => sign * fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_read_as_the_standard_says() {
        let known = [
            (0x0000, 0.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, expected) in known {
            assert_eq!(f32_from_f16(bits), expected, "{bits:#06x}");
        }
        assert!(f32_from_f16(0x7e00).is_nan());
    }
}
