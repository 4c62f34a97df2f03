//! A product of packed weights and quantised activations as its kernels see it, and the tiles that they cut it into.

use super::activations::Activations;
use super::layout::{COLUMN_MULTIPLE, Encoding, Layout};

/// What turns the integer sums of each row of a matrix into numbers: scales, bias and the correction for zero points.
/// Filled up with zeros to whole panels.
#[derive(Debug)]
pub(super) struct Epilogue {
    pub(super) scales: Vec<f32>,
    pub(super) bias: Vec<f32>,
    /// Of the codes.
    pub(super) sums: Vec<i32>,
}

/// A matrix, its codes and what it is multiplied with: what a kernel gets.
///
/// Kernels load from its slices without a check of bounds; [`Product::new`] is where these are checked.
pub(super) struct Product<'a> {
    pub(super) layout: Layout,
    /// Rows of the matrix.
    pub(super) rows: usize,
    /// Columns, filled up.
    pub(super) columns: usize,
    pub(super) codes: &'a [u8],
    pub(super) epilogue: &'a Epilogue,
    pub(super) x: &'a Activations,
}

/// A matrix and what it was to be multiplied with do not belong together: a mistake of whoever calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a matrix of {rows} x {columns} cannot be multiplied with {x} to {y} numbers")]
pub(crate) struct Mismatch {
    /// Rows of the matrix.
    pub(crate) rows: usize,
    /// Its columns.
    pub(crate) columns: usize,
    /// Numbers that were to be multiplied with it.
    pub(crate) x: usize,
    /// Numbers that there was room for.
    pub(crate) y: usize,
}

impl<'a> Product<'a> {
    /// Of the codes of a matrix, packed in this layout, `(rows, columns)` with `x`, into `y` numbers. None if they do not belong together.
    pub(super) fn new(
        layout: Layout,
        (rows, columns): (usize, usize),
        codes: &'a [u8],
        epilogue: &'a Epilogue,
        x: &'a Activations,
        y: usize,
    ) -> Option<Self> {
        let (padded, columns_filled) =
            (rows.next_multiple_of(layout.lanes), columns.next_multiple_of(COLUMN_MULTIPLE));
        let numbers = x.count() * columns_filled;
        let stored = if layout.activations == Encoding::Wide { x.wide.len() } else { x.codes.len() };
        let fits = x.layout == layout
            && x.columns == columns_filled
            && stored == numbers
            && x.zero_points.len() == x.count()
            && codes.len() == padded * columns_filled
            && [epilogue.scales.len(), epilogue.bias.len(), epilogue.sums.len()] == [padded; 3]
            && y == x.count() * rows;
        fits.then_some(Self { layout, rows, columns: columns_filled, codes, epilogue, x })
    }

    /// The codes of a panel, `lanes` bytes a column.
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

/// Calls `tile::<T>(.., first row of activations, panel)` for tiles of `T` rows of activations by a panel that cover a
/// product: `T` is one of the sizes given, as even as can be.
///
/// One panel at a time, as it is one stretch of memory: for few rows most of the time goes into fetching the weights, and
/// a processor that sees one stretch being read fetches it ahead.
macro_rules! tiles {
    ($product:ident, [$($size:literal),*], $tile:ident($y:expr, $output:expr)) => {{
        let (count, panels) = ($product.x.count(), $product.epilogue.scales.len() / $product.layout.lanes);
        let parts = count.div_ceil([$($size),*].len());
        for panel in 0..panels {
            for part in 0..parts {
                let (first, end) = (count * part / parts, count * (part + 1) / parts);
                match end - first {
                    $($size => $tile::<$size>($product, $y, $output, first, panel),)*
                    _ => {}
                }
            }
        }
    }};
}
pub(super) use tiles;
