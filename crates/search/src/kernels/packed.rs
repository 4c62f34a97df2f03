//! Weight matrices in 8 bits, packed for products with several rows of activations at once.
//!
//! A panel holds `lanes` rows of the matrix. In it, `depth` neighbouring columns of the first row are followed by the
//! same columns of the second row, and so on: what one vector instruction takes lies in one vector. A kernel keeps the
//! sums of a panel by some rows of activations in registers, so weights are read from memory once for all rows.
//!
//! Each row of weights has one scale, as has each row of activations. Both are integers around zero; instructions that
//! want one operand unsigned get the weights with `offset` added, and `offset` times the sum of the activations is taken
//! off again in the end. Where activations are never negative, their zero point is the least code: then
//! the zero point times the sum of the weights is taken off, too.

use std::ops::Range;

use super::Output;
use super::layout::{COLUMN_MULTIPLE, Kernel};
use super::product::{Epilogue, Product};
use super::rows::{self, Activations};

/// Most columns: sums of 127 x 254 must fit into 32 bits.
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
    kernel: Kernel,
    rows: usize,
    columns: usize,
    codes: Codes,
    epilogue: Epilogue,
}

/// Where the rows of a matrix come from, and where its packed codes go.
pub(crate) trait Packing {
    /// Writes a row's numbers to `numbers`, `(columns,)`.
    fn row(&self, row: usize, numbers: &mut [f32]);
    /// Keeps the codes of a panel, whose rows have all been read, at byte `at` of the matrix.
    fn keep(&mut self, at: usize, panel: &[u8]);
}

impl PackedMatrix {
    /// Bytes that the codes of a matrix take.
    pub(crate) fn bytes(rows: usize, columns: usize) -> usize {
        Kernel::best().layout().bytes(rows, columns)
    }

    /// Bytes that a row takes in a panel.
    pub(crate) fn row_bytes(columns: usize) -> usize {
        columns.next_multiple_of(COLUMN_MULTIPLE)
    }

    /// Packs a matrix panel by panel, beginning with the first rows; `bias` is `(rows,)`. Where the codes went is
    /// `codes`. None if the matrix is too wide for sums in 32 bits.
    pub(crate) fn pack<P: Packing>(
        rows: usize,
        columns: usize,
        bias: Option<&[f32]>,
        mut packing: P,
        codes: impl FnOnce(P) -> Codes,
    ) -> Option<Self> {
        let epilogue = pack_for(Kernel::best(), rows, columns, bias, &mut packing)?;
        Some(Self { kernel: Kernel::best(), rows, columns, codes: codes(packing), epilogue })
    }

    /// Rows, which a product's rows are as long as.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// `x W^T + bias` to `y`, `(x.count, rows)`. `file` is the buffer that codes in place are in.
    pub(crate) fn multiply(&self, file: &[u8], x: &Activations, y: &mut [f32], output: Output) {
        let codes = match &self.codes {
            Codes::Apart(codes) => codes,
            Codes::InPlace(range) => file.get(range.clone()).unwrap_or_default(),
        };
        let layout = self.kernel.layout();
        let columns = self.columns.next_multiple_of(COLUMN_MULTIPLE);
        let fits = codes.len() == layout.bytes(self.rows, self.columns)
            && x.columns() == columns
            && y.len() == x.count() * self.rows;
        debug_assert!(fits, "a product of parts that do not belong together");
        if fits {
            let (rows, epilogue) = (self.rows, &self.epilogue);
            self.kernel.multiply(&Product { layout, rows, columns, codes, epilogue, x }, y, output);
        }
    }
}

/// What belongs to each row of a matrix, whose codes it hands to `packing`.
fn pack_for(
    kernel: Kernel,
    rows: usize,
    columns: usize,
    bias: Option<&[f32]>,
    packing: &mut impl Packing,
) -> Option<Epilogue> {
    if columns > MAX_COLUMNS || columns == 0 {
        return None;
    }
    let layout = kernel.layout();
    let filled = columns.next_multiple_of(COLUMN_MULTIPLE);
    let (padded, zero) = (rows.next_multiple_of(layout.lanes), layout.offset as u8);
    let mut epilogue = Epilogue { scales: vec![0.0; padded], bias: vec![0.0; padded], sums: vec![0; padded] };
    epilogue.bias.iter_mut().zip(bias.unwrap_or_default()).for_each(|(to, bias)| *to = *bias);
    let mut numbers = vec![0.0; columns];
    let mut panel = vec![zero; layout.lanes * filled];
    for first in (0..padded).step_by(layout.lanes) {
        panel.fill(zero);
        for lane in 0..layout.lanes.min(rows - first) {
            packing.row(first + lane, &mut numbers);
            let abs_max = rows::abs_max(&numbers);
            let inverse = if abs_max > 0.0 { layout.max_weight as f32 / abs_max } else { 0.0 };
            epilogue.scales[first + lane] = abs_max / layout.max_weight as f32;
            let sum = &mut epilogue.sums[first + lane];
            for (column, numbers) in (0..).step_by(layout.depth).zip(numbers.chunks(layout.depth)) {
                let start = layout.place(lane, column, filled);
                for (to, x) in panel[start..].iter_mut().zip(numbers) {
                    let code = (rows::round_to_even(x * inverse) + layout.offset) as u8;
                    *sum += layout.signed(code);
                    *to = code;
                }
            }
        }
        packing.keep(first * filled, &panel);
    }
    Some(epilogue)
}

impl Kernel {
    fn multiply(self, product: &Product<'_>, y: &mut [f32], output: Output) {
        match self {
            #[cfg(any(test, not(target_arch = "wasm32")))]
            Self::Plain => plain(product, y, output),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => super::packed_wasm::simd128(product, y, output),
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::Relaxed => super::packed_wasm::relaxed(product, y, output),
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::Fused => super::packed_wasm::fused(product, y, output),
            // SAFETY: `best` found the features to be there.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { super::packed_x86::avx2(product, y, output) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => unsafe { super::packed_x86::vnni(product, y, output) },
        }
    }
}

/// The definition: reads every code where the layout says it is.
#[cfg(any(test, not(target_arch = "wasm32")))]
fn plain(product: &Product<'_>, y: &mut [f32], output: Output) {
    let Product { layout, rows, columns, codes, epilogue, x } = product;
    for (at, y) in y.chunks_exact_mut(*rows).enumerate() {
        for (row, y) in y.iter_mut().enumerate() {
            let code = |column| layout.signed(codes[layout.place(row, column, *columns)]);
            let sum: i32 =
                (0..*columns).map(|column| code(column) * (x.code(at, column) - x.zero_point())).sum();
            let value = sum as f32 * (epilogue.scales[row] * x.scale(at)) + epilogue.bias[row];
            *y = if output == Output::Accumulate { *y + value } else { value };
        }
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
