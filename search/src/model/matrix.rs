//! Weight matrices for products with rows of activations, kept in 8 bits where the file has 8 bits or 4.
//!
//! candle multiplies Q8_0 too, but on native its threads spin in wait of each other between the many small products of a
//! text tower: on two busy cores a query took 100 ms instead of 2. Here products are summed by one thread, unless
//! they are large.

use candle_core::{D, Device, Tensor};

use super::ModelError;
use crate::kernels::{self, BLOCK};

/// Bytes of a Q8_0 block in GGUF: a 16-bit float scale, then 32 signed bytes.
const Q8_0_BYTES: usize = 2 + BLOCK;
/// Bytes of a Q4_0 block in GGUF: a 16-bit float scale, then 16 bytes of two numbers each, the low half of byte `i`
/// being number `i` and its high half number `i + 16`, both 8 too large.
const Q4_0_BYTES: usize = 2 + BLOCK / 2;
/// From so many multiplications on, threads share a product (native only).
#[cfg(not(target_arch = "wasm32"))]
const WORTH_SHARING: usize = 1 << 24;

/// A weight matrix `(out, in)`.
pub(super) enum Matrix {
    /// As in the file: numbers of 8 bits, a scale to 32.
    Q8(Rows),
    /// In f32, for what the file has in f32 or f16.
    Dense(Tensor),
}

/// Rows of numbers of 8 bits, each 32 with a scale: what Q8_0 is, with the scales apart.
pub(super) struct Rows {
    columns: usize,
    codes: Vec<i8>,
    scales: Vec<f32>,
}

impl Matrix {
    /// `x W^T`: `(.., in) -> (.., out)`, f32.
    pub(super) fn multiply(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let mut shape = x.dims().to_vec();
        let columns = shape.pop().unwrap_or(1);
        let y = match self {
            Self::Dense(weight) => x.contiguous()?.reshape(((), columns))?.matmul(&weight.t()?)?,
            Self::Q8(weight) => {
                let x = Rows::quantise(&x.contiguous()?.flatten_all()?.to_vec1()?, columns);
                let y = x.product(weight);
                Tensor::from_vec(y, (x.count(), weight.count()), &Device::Cpu)?
            }
        };
        shape.push(y.dim(D::Minus1)?);
        y.reshape(shape)
    }
}

impl Rows {
    /// Takes Q8_0 blocks apart; `columns` is a multiple of 32.
    pub(super) fn from_q8_0(bytes: &[u8], columns: usize) -> Result<Self, ModelError> {
        Self::from_blocks::<Q8_0_BYTES>(bytes, columns, |codes, block| {
            codes.extend(block.iter().map(|byte| byte.cast_signed()));
        })
    }

    /// Takes Q4_0 blocks apart; `columns` is a multiple of 32. Numbers of 4 bits are exact in 8.
    pub(super) fn from_q4_0(bytes: &[u8], columns: usize) -> Result<Self, ModelError> {
        Self::from_blocks::<Q4_0_BYTES>(bytes, columns, |codes, block| {
            codes.extend(block.iter().map(|byte| (byte & 15).cast_signed() - 8));
            codes.extend(block.iter().map(|byte| (byte >> 4).cast_signed() - 8));
        })
    }

    /// Rows of blocks of `BYTES` bytes, each a scale and what `unpack` makes 32 codes of.
    fn from_blocks<const BYTES: usize>(
        bytes: &[u8],
        columns: usize,
        unpack: impl Fn(&mut Vec<i8>, &[u8]),
    ) -> Result<Self, ModelError> {
        let (blocks, rest) = bytes.as_chunks::<BYTES>();
        if !rest.is_empty() || columns == 0 || !(blocks.len() * BLOCK).is_multiple_of(columns) {
            return Err(ModelError::Gguf(format!(
                "{} bytes are no quantised rows of {columns}",
                bytes.len()
            )));
        }
        let mut codes = Vec::with_capacity(blocks.len() * BLOCK);
        let mut scales = Vec::with_capacity(blocks.len());
        for block in blocks {
            let (scale, numbers) = block.split_at(2);
            scales.push(f32_from_f16(scale.iter().rev().fold(0, |bits, byte| bits << 8 | u16::from(*byte))));
            unpack(&mut codes, numbers);
        }
        Ok(Self { columns, codes, scales })
    }

    /// Rounds rows of f32, as Q8_0 does: the largest of each 32 becomes 127 or -127.
    fn quantise(x: &[f32], columns: usize) -> Self {
        let mut codes = Vec::with_capacity(x.len());
        let mut scales = Vec::with_capacity(x.len() / BLOCK);
        for block in x.as_chunks::<BLOCK>().0 {
            let largest = block.iter().fold(0_f32, |max, x| max.max(x.abs()));
            let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
            scales.push(largest / 127.0);
            codes.extend(block.map(|x| (x * inverse).round_ties_even() as i8));
        }
        Self { columns, codes, scales }
    }

    fn count(&self) -> usize {
        self.codes.len() / self.columns
    }

    fn rows(&self) -> impl Iterator<Item = (&[i8], &[f32])> {
        self.codes.chunks_exact(self.columns).zip(self.scales.chunks_exact(self.columns / BLOCK))
    }

    /// `(count, columns) x (weight.count, columns)^T -> (count, weight.count)`
    fn product(&self, weight: &Self) -> Vec<f32> {
        let mut y = vec![0.0; self.count() * weight.count()];
        let row = |(y, (codes, scales)): (&mut [f32], (&[i8], &[f32]))| {
            for (y, (weight_codes, weight_scales)) in y.iter_mut().zip(weight.rows()) {
                *y = kernels::dot_blocks(codes, scales, weight_codes, weight_scales);
            }
        };
        #[cfg(not(target_arch = "wasm32"))]
        if y.len().saturating_mul(self.columns) >= WORTH_SHARING {
            use rayon::prelude::*;
            let rows: Vec<_> = y.chunks_exact_mut(weight.count()).zip(self.rows()).collect();
            rows.into_par_iter().for_each(row);
            return y;
        }
        y.chunks_exact_mut(weight.count()).zip(self.rows()).for_each(row);
        y
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

    #[test]
    fn shared_and_lonely_products_are_the_same() {
        let number = |i: usize| ((i * 7919 % 1000) as f32 - 500.0) / 300.0;
        let rows = |count: usize| Rows::quantise(&(0..count * 512).map(number).collect::<Vec<_>>(), 512);
        let (few, many, weight) = (rows(3), rows(70), rows(600));
        assert_eq!(few.product(&weight), many.product(&weight)[..3 * 600]);
    }

    #[test]
    fn bytes_that_are_no_rows_are_refused() {
        assert!(Rows::from_q8_0(&[0; 33], 32).is_err());
        assert!(Rows::from_q8_0(&[0; 34], 64).is_err());
        assert!(Rows::from_q8_0(&[0; 34], 0).is_err());
        assert_eq!(Rows::from_q8_0(&[0; 68], 32).expect("two rows").count(), 2);
        assert!(Rows::from_q4_0(&[0; 17], 32).is_err());
        assert!(Rows::from_q4_0(&[0; 18], 64).is_err());
        assert_eq!(Rows::from_q4_0(&[0; 36], 32).expect("two rows").count(), 2);
    }

    #[test]
    fn four_bits_are_read_as_the_reference_reads_them() {
        use candle_core::quantized::{GgmlDType, QTensor};
        let numbers: Vec<f32> = (0..192).map(|i| (i as f32 * 0.7).sin() * (1.0 + i as f32 / 64.0)).collect();
        let tensor = Tensor::from_vec(numbers, (2, 96), &Device::Cpu).expect("a tensor");
        let stored = QTensor::quantize(&tensor, GgmlDType::Q4_0).expect("blocks");
        let expected: Vec<f32> = stored
            .dequantize(&Device::Cpu)
            .and_then(|tensor| tensor.flatten_all()?.to_vec1())
            .expect("numbers");
        let rows = Rows::from_q4_0(&stored.data().expect("bytes"), 96).expect("rows");
        let scales = rows.scales.iter().flat_map(|scale| [*scale; BLOCK]);
        let found: Vec<f32> =
            rows.codes.iter().zip(scales).map(|(code, scale)| f32::from(*code) * scale).collect();
        assert_eq!(found, expected);
    }
}
