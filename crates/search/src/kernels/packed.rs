//! Weight matrices in 8 bits, packed for products with several rows of activations at once.
//!
//! A panel holds `lanes` rows of the matrix. In it, `depth` neighbouring columns of the first row are followed by the
//! same columns of the second row, and so on: what one vector instruction takes lies in one vector. A kernel keeps the
//! sums of a panel by some rows of activations in registers, so weights are read from memory once for all rows.
//!
//! A row of weights has one scale, a row of activations a scale and a zero point ([`super::codes`]). The zero point times the
//! sum of the weights is taken off in the end.

use std::ops::Range;

use super::Output;
use super::activations::Activations;
use super::codes::{round_to_even, weight_scale};
use super::kernel::Kernel;
use super::layout::COLUMN_MULTIPLE;
use super::product::{Epilogue, Mismatch, Product};

/// Most columns: sums of 127 x 191 must fit into 32 bits.
const MAX_COLUMNS: usize = 1 << 15;

/// Where packed codes are: in the file they came from, which they replaced there, or apart.
#[derive(Debug)]
pub(crate) enum Codes {
    /// In the buffer that every product is handed.
    InPlace(Range<usize>),
    /// In memory of their own.
    Apart(Vec<u8>),
}

/// A weight matrix `(rows, columns)` in 8 bits, with the bias that is added to its products.
#[derive(Debug)]
pub(crate) struct PackedMatrix {
    kernel: &'static Kernel,
    rows: usize,
    columns: usize,
    codes: Codes,
    epilogue: Epilogue,
}

/// Where the rows of a matrix come from, and where its packed codes go.
pub(crate) trait Packing {
    /// Writes a row's numbers to `numbers`, `(columns,)`. None if there is no such row.
    #[must_use]
    fn row(&self, row: usize, numbers: &mut [f32]) -> Option<()>;
    /// Keeps the codes of a panel, whose rows have all been read, at byte `at` of the matrix. None if there is no room for
    /// them.
    #[must_use]
    fn keep(&mut self, at: usize, panel: &[u8]) -> Option<()>;
}

impl PackedMatrix {
    /// Bytes that the codes of a matrix take.
    pub(crate) fn bytes(rows: usize, columns: usize) -> usize {
        Kernel::best().layout.bytes(rows, columns)
    }

    /// Bytes that a row takes in a panel.
    pub(crate) fn row_bytes(columns: usize) -> usize {
        columns.next_multiple_of(COLUMN_MULTIPLE)
    }

    /// Packs a matrix panel by panel, beginning with the first rows; `bias` is `(rows,)`. Where the codes went is
    /// `codes`. None if the matrix is too wide for sums in 32 bits, or `packing` has not all of it.
    pub(crate) fn pack<P: Packing>(
        rows: usize,
        columns: usize,
        bias: Option<&[f32]>,
        mut packing: P,
        codes: impl FnOnce(P) -> Codes,
    ) -> Option<Self> {
        let kernel = Kernel::best();
        let epilogue = pack_for(kernel, rows, columns, bias, &mut packing)?;
        Some(Self { kernel, rows, columns, codes: codes(packing), epilogue })
    }

    /// Rows, which a product's rows are as long as.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// `x W^T + bias` to `y`, `(x.count, rows)`. `file` is the buffer that codes in place are in.
    pub(crate) fn multiply(
        &self,
        file: &[u8],
        x: &Activations,
        y: &mut [f32],
        output: Output,
    ) -> Result<(), Mismatch> {
        let codes = match &self.codes {
            Codes::Apart(codes) => codes,
            Codes::InPlace(range) => file.get(range.clone()).unwrap_or_default(),
        };
        let Self { kernel, rows, columns, ref epilogue, .. } = *self;
        let product = Product::new(kernel.layout, (rows, columns), codes, epilogue, x, y.len())
            .ok_or(Mismatch { rows, columns, x: x.count() * x.columns, y: y.len() })?;
        (kernel.multiply)(&product, y, output);
        Ok(())
    }
}

/// What belongs to each row of a matrix, whose codes it hands to `packing`.
fn pack_for(
    kernel: &Kernel,
    rows: usize,
    columns: usize,
    bias: Option<&[f32]>,
    packing: &mut impl Packing,
) -> Option<Epilogue> {
    if columns > MAX_COLUMNS || columns == 0 || bias.is_some_and(|bias| bias.len() != rows) {
        return None;
    }
    let layout = kernel.layout;
    let filled = columns.next_multiple_of(COLUMN_MULTIPLE);
    let padded = rows.next_multiple_of(layout.lanes);
    let mut epilogue = Epilogue { scales: vec![0.0; padded], bias: vec![0.0; padded], sums: vec![0; padded] };
    epilogue.bias.iter_mut().zip(bias.unwrap_or_default()).for_each(|(to, bias)| *to = *bias);
    let mut numbers = vec![0.0; columns];
    let mut panel = vec![0; layout.lanes * filled];
    for first in (0..padded).step_by(layout.lanes) {
        panel.fill(0);
        for lane in 0..layout.lanes.min(rows - first) {
            packing.row(first + lane, &mut numbers)?;
            let scale = weight_scale(&numbers);
            epilogue.scales[first + lane] = scale;
            let inverse = 1.0 / scale;
            // A row of zeros, or one with a weight that is no number, whose products will be none.
            if !(inverse.is_finite() && inverse > 0.0) {
                continue;
            }
            let sum = &mut epilogue.sums[first + lane];
            for (column, numbers) in (0..).step_by(layout.depth).zip(numbers.chunks(layout.depth)) {
                let start = layout.place(lane, column, filled);
                for (to, x) in panel[start..].iter_mut().zip(numbers) {
                    let code = round_to_even(x * inverse) as i8;
                    *sum += i32::from(code);
                    *to = code.cast_unsigned();
                }
            }
        }
        packing.keep(first * filled, &panel)?;
    }
    Some(epilogue)
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
