//! The weight matrices of a model, each computed with as precisely as the file has it.
//!
//! The matrices of a quantised file are repacked for products in 8 bits, where they fit in the very place they have in the
//! file: a model then takes hardly more memory than its file. Such a file has in 16 bits what is not made of whole blocks;
//! that is rounded as well. The matrices of a file that is not quantised are computed with in 32 bits.

use super::ModelError;
use super::gguf::{Stored, Weights};
use crate::kernels::{Activations, Codes, FloatMatrix, Output, PackedMatrix, Packing};

/// A weight matrix `(out, in)` and the bias `(out,)` of its products.
pub(super) enum Matrix {
    /// In 8 bits.
    Packed(PackedMatrix),
    /// In f32.
    Float(FloatMatrix),
}

/// What products need besides weights: the file that packed weights are in, and memory that is used again and again.
pub(super) struct Workspace<'a> {
    pub(super) file: &'a [u8],
    pub(super) activations: Activations,
}

impl<'a> Workspace<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self { file, activations: Activations::default() }
    }
}

impl Matrix {
    /// Loads a matrix without bias.
    pub(super) fn load(weights: &mut Weights, name: &str) -> Result<Self, ModelError> {
        Self::load_in_order(weights, name, None, |_| ())
    }

    /// Loads `{name}.weight` and `{name}.bias`.
    pub(super) fn with_bias(weights: &mut Weights, name: &str) -> Result<Self, ModelError> {
        let bias = weights.numbers(&format!("{name}.bias"))?;
        Self::load_in_order(weights, &format!("{name}.weight"), Some(&bias), |_| ())
    }

    /// Loads a matrix whose rows are to be put in another order of columns by `reorder`.
    pub(super) fn load_in_order(
        weights: &mut Weights,
        name: &str,
        bias: Option<&[f32]>,
        reorder: impl Fn(&mut [f32]),
    ) -> Result<Self, ModelError> {
        let stored = weights.stored(name)?;
        let &[rows, columns] = stored.shape.as_slice() else {
            return Err(ModelError::Gguf(format!("tensor {name} is no matrix")));
        };
        if !weights.is_quantised() {
            let mut numbers = weights.numbers(name)?;
            numbers.chunks_exact_mut(columns.max(1)).for_each(reorder);
            return Ok(Self::Float(FloatMatrix::new(&numbers, columns, bias)));
        }
        let size = PackedMatrix::bytes(rows, columns);
        let start = stored.bytes.start;
        let packed = if size <= stored.bytes.len()
            && stored.dtype.bytes(columns) >= PackedMatrix::row_bytes(columns)
        {
            let packing = InPlace { file: weights.file_mut(), stored, reorder };
            PackedMatrix::pack(rows, columns, bias, packing, |_| Codes::InPlace(start..start + size))
        } else {
            let packing =
                Apart { file: weights.file_mut(), stored, reorder, codes: Vec::with_capacity(size) };
            PackedMatrix::pack(rows, columns, bias, packing, |packing| Codes::Apart(packing.codes))
        };
        packed
            .map(Self::Packed)
            .ok_or_else(|| ModelError::Gguf(format!("tensor {name} of {rows} x {columns} cannot be packed")))
    }

    /// Numbers in a row of a product.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Packed(matrix) => matrix.rows(),
            Self::Float(matrix) => matrix.rows(),
        }
    }

    /// `x W^T + bias` for `x`, `(count, columns)`, to `y`, `(count, rows)`.
    pub(super) fn multiply(
        &self,
        work: &mut Workspace<'_>,
        x: &[f32],
        columns: usize,
        y: &mut [f32],
        output: Output,
    ) -> Result<(), ModelError> {
        Self::multiply_each(work, x, columns, output, [(self, y)])
    }

    /// As [`Self::multiply`], by several matrices: `x` is rounded once for all.
    pub(super) fn multiply_each<const N: usize>(
        work: &mut Workspace<'_>,
        x: &[f32],
        columns: usize,
        output: Output,
        products: [(&Self, &mut [f32]); N],
    ) -> Result<(), ModelError> {
        if products.iter().any(|(matrix, _)| matches!(matrix, Self::Packed(_))) {
            work.activations.quantise(x, columns);
        }
        for (matrix, y) in products {
            match matrix {
                Self::Packed(matrix) => matrix.multiply(work.file, &work.activations, y, output)?,
                Self::Float(matrix) => matrix.multiply(x, y, output)?,
            }
        }
        Ok(())
    }
}

/// Packs a matrix where it is. A panel never takes more than its rows took, so what it overwrites has been read.
struct InPlace<'a, F> {
    file: &'a mut [u8],
    stored: Stored,
    reorder: F,
}

impl<F: Fn(&mut [f32])> Packing for InPlace<'_, F> {
    fn row(&self, row: usize, numbers: &mut [f32]) -> Option<()> {
        self.stored.read_row(self.file, row, numbers)?;
        (self.reorder)(numbers);
        Some(())
    }

    fn keep(&mut self, at: usize, panel: &[u8]) -> Option<()> {
        let start = self.stored.bytes.start + at;
        self.file.get_mut(start..start + panel.len())?.copy_from_slice(panel);
        Some(())
    }
}

/// Packs a matrix into memory of its own.
struct Apart<'a, F> {
    file: &'a [u8],
    stored: Stored,
    reorder: F,
    codes: Vec<u8>,
}

impl<F: Fn(&mut [f32])> Packing for Apart<'_, F> {
    fn row(&self, row: usize, numbers: &mut [f32]) -> Option<()> {
        self.stored.read_row(self.file, row, numbers)?;
        (self.reorder)(numbers);
        Some(())
    }

    fn keep(&mut self, _: usize, panel: &[u8]) -> Option<()> {
        self.codes.extend_from_slice(panel);
        Some(())
    }
}
