//! Weight matrices in 8 bits, packed for products with several rows of activations at once.
//!
//! A panel holds `lanes` rows of the matrix. In it, `depth` neighbouring columns of the first row are followed by the
//! same columns of the second row, and so on: what one vector instruction takes lies in one vector. A kernel keeps the
//! sums of a panel by some rows of activations in registers, so weights are read from memory once for all rows.
//!
//! Each row of weights has one scale, as has each row of activations. Both are integers around zero; instructions that
//! want one side unsigned get the weights with `offset` added, and `offset` times the sum of the activations is taken
//! off again in the end. Where activations are never negative, their codes begin at the least one, which stands for 0: then
//! that code times the sum of the weights is taken off, too.

use std::ops::Range;

use super::rows::Activations;
use super::{Onto, rows};

/// Most columns: sums of 127 x 254 must fit into 32 bits.
const MAX_COLUMNS: usize = 1 << 15;

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
    pub(super) most: i32,
    /// The same of an activation.
    pub(super) most_of_activations: i32,
    /// What is added to every code.
    pub(super) offset: i32,
}

impl Kernel {
    /// The fastest that runs here.
    pub(crate) fn best() -> Self {
        #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
        return if super::packed_wasm::sums_four_at_once() { Self::Fused } else { Self::Relaxed };
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
            Self::Plain => Layout { lanes: 4, depth: 4, most: 127, most_of_activations: 127, offset: 0 },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => Layout { lanes: 8, depth: 2, most: 127, most_of_activations: 127, offset: 0 },
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::Relaxed | Self::Fused => {
                Layout { lanes: 4, depth: 4, most: 63, most_of_activations: 63, offset: 63 }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Layout { lanes: 8, depth: 4, most: 63, most_of_activations: 63, offset: 63 },
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => Layout { lanes: 16, depth: 4, most: 127, most_of_activations: 127, offset: 128 },
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
    fn signed(&self, byte: u8) -> i32 {
        if self.offset == 0 { i32::from(byte.cast_signed()) } else { i32::from(byte) - self.offset }
    }

    /// Where a code is.
    fn place(&self, row: usize, column: usize, columns: usize) -> usize {
        let (panel, lane) = (row / self.lanes, row % self.lanes);
        panel * self.lanes * columns
            + column / self.depth * (self.depth * self.lanes)
            + lane * self.depth
            + column % self.depth
    }
}

/// Columns are filled up with zeros to a multiple of this.
pub(super) const COLUMN_MULTIPLE: usize = 16;

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
    sides: Sides,
}

/// What belongs to each row of a matrix, filled up with zeros to whole panels.
#[derive(Debug)]
pub(super) struct Sides {
    pub(super) scales: Vec<f32>,
    pub(super) bias: Vec<f32>,
    /// Of the codes, without offset.
    pub(super) sums: Vec<i32>,
}

/// A matrix, its codes and what it is multiplied with: what a kernel gets.
pub(super) struct Product<'a> {
    pub(super) layout: Layout,
    /// Rows of the matrix.
    pub(super) rows: usize,
    /// Columns, filled up.
    pub(super) columns: usize,
    pub(super) codes: &'a [u8],
    pub(super) sides: &'a Sides,
    pub(super) x: &'a Activations,
}

#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
impl<'a> Product<'a> {
    /// The codes of a panel.
    #[inline(always)]
    pub(super) fn panel(&self, panel: usize) -> &'a [u8] {
        let bytes = self.layout.lanes * self.columns;
        &self.codes[panel * bytes..][..bytes]
    }

    /// `T` rows of activations from `at` on, out of `codes`: those of the width that the kernel takes.
    #[inline(always)]
    pub(super) fn rows_of<C, const T: usize>(&self, codes: &'a [C], at: usize) -> [&'a [C]; T] {
        std::array::from_fn(|t| &codes[(at + t) * self.columns..][..self.columns])
    }
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
        let sides = pack_for(Kernel::best(), rows, columns, bias, &mut packing)?;
        Some(Self { kernel: Kernel::best(), rows, columns, codes: codes(packing), sides })
    }

    /// Rows, which a product's rows are as long as.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// `x W^T + bias` to `y`, `(x.count, rows)`. `file` is the buffer that codes in place are in.
    pub(crate) fn multiply(&self, file: &[u8], x: &Activations, y: &mut [f32], onto: Onto) {
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
            let (rows, sides) = (self.rows, &self.sides);
            self.kernel.multiply(&Product { layout, rows, columns, codes, sides, x }, y, onto);
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
) -> Option<Sides> {
    if columns > MAX_COLUMNS || columns == 0 {
        return None;
    }
    let layout = kernel.layout();
    let filled = columns.next_multiple_of(COLUMN_MULTIPLE);
    let (padded, zero) = (rows.next_multiple_of(layout.lanes), layout.offset as u8);
    let mut sides = Sides { scales: vec![0.0; padded], bias: vec![0.0; padded], sums: vec![0; padded] };
    sides.bias.iter_mut().zip(bias.unwrap_or_default()).for_each(|(to, bias)| *to = *bias);
    let mut numbers = vec![0.0; columns];
    let mut panel = vec![zero; layout.lanes * filled];
    for first in (0..padded).step_by(layout.lanes) {
        panel.fill(zero);
        for lane in 0..layout.lanes.min(rows - first) {
            packing.row(first + lane, &mut numbers);
            let largest = rows::largest(&numbers);
            let inverse = if largest > 0.0 { layout.most as f32 / largest } else { 0.0 };
            sides.scales[first + lane] = largest / layout.most as f32;
            let sum = &mut sides.sums[first + lane];
            for (column, numbers) in (0..).step_by(layout.depth).zip(numbers.chunks(layout.depth)) {
                let start = layout.place(lane, column, filled);
                for (to, x) in panel[start..].iter_mut().zip(numbers) {
                    let code = (rows::nearest(x * inverse) + layout.offset) as u8;
                    *sum += layout.signed(code);
                    *to = code;
                }
            }
        }
        packing.keep(first * filled, &panel);
    }
    Some(sides)
}

impl Kernel {
    fn multiply(self, product: &Product<'_>, y: &mut [f32], onto: Onto) {
        match self {
            #[cfg(any(test, not(target_arch = "wasm32")))]
            Self::Plain => plain(product, y, onto),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => super::packed_wasm::simd128(product, y, onto),
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::Relaxed => super::packed_wasm::relaxed(product, y, onto),
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Self::Fused => super::packed_wasm::fused(product, y, onto),
            // SAFETY: `best` found the features to be there.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { super::packed_x86::avx2(product, y, onto) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => unsafe { super::packed_x86::vnni(product, y, onto) },
        }
    }
}

/// The definition: reads every code where the layout says it is.
#[cfg(any(test, not(target_arch = "wasm32")))]
fn plain(product: &Product<'_>, y: &mut [f32], onto: Onto) {
    let Product { layout, rows, columns, codes, sides, x } = product;
    for (at, y) in y.chunks_exact_mut(*rows).enumerate() {
        for (row, y) in y.iter_mut().enumerate() {
            let code = |column| layout.signed(codes[layout.place(row, column, *columns)]);
            let sum: i32 = (0..*columns).map(|column| code(column) * (x.code(at, column) - x.zero())).sum();
            let value = sum as f32 * (sides.scales[row] * x.scale(at)) + sides.bias[row];
            *y = if onto == Onto::Sum { *y + value } else { value };
        }
    }
}

/// Calls `tile::<T>(.., first row of activations, panel)` for tiles of `T` rows of activations by a panel that cover a
/// product: `T` is one of the sizes given, as even as can be.
///
/// One panel at a time, as it is one stretch of memory: for few rows most of the time goes into fetching the weights, and
/// a processor that sees one stretch being read fetches it ahead.
macro_rules! tiles {
    ($product:ident, [$($size:literal),*], $tile:ident($y:expr, $onto:expr)) => {{
        let (count, panels) = ($product.x.count(), $product.sides.scales.len() / $product.layout.lanes);
        let parts = count.div_ceil([$($size),*].len());
        for panel in 0..panels {
            for part in 0..parts {
                let (first, end) = (count * part / parts, count * (part + 1) / parts);
                match end - first {
                    $($size => $tile::<$size>($product, $y, $onto, first, panel),)*
                    _ => {}
                }
            }
        }
    }};
}
#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
pub(super) use tiles;

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
