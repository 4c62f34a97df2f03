//! A product of packed weights and quantised activations as its kernels see it.

use super::layout::Layout;
use super::rows::Activations;

/// What turns the integer sums of each row of a matrix into numbers: scales, bias and the correction for a zero point.
/// Filled up with zeros to whole panels.
#[derive(Debug)]
pub(super) struct Epilogue {
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
    pub(super) epilogue: &'a Epilogue,
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
#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
pub(super) use tiles;
