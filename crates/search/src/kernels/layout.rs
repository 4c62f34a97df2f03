//! How kernels want their operands: what the packing of weights, the quantisation of activations and the products of both
//! have to agree on.

/// Columns are filled up with zeros to a multiple of this.
pub(super) const COLUMN_MULTIPLE: usize = 16;

/// How a kernel wants its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Rows in a panel.
    pub(super) lanes: usize,
    /// Neighbouring columns of a row.
    pub(super) depth: usize,
    pub(super) activations: Encoding,
}

/// How a code of activations, 0..=191, is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(all(target_arch = "wasm32", target_feature = "relaxed-simd")),
    expect(dead_code, reason = "the kernels of one processor do not use them all")
)]
pub(super) enum Encoding {
    /// As an unsigned byte.
    Unsigned,
    /// As a signed byte, less 64.
    Signed,
    /// In 16 bits, less the zero point.
    Wide,
}

impl Encoding {
    /// What is stored of a code is this less.
    pub(super) fn offset(self, zero_point: i32) -> i32 {
        match self {
            Self::Unsigned => 0,
            Self::Signed => 64,
            Self::Wide => zero_point,
        }
    }
}

impl Layout {
    /// Of nothing so far.
    pub(super) const NONE: Self = Self { lanes: 1, depth: 1, activations: Encoding::Wide };

    /// Bytes of a packed matrix.
    pub(super) fn bytes(&self, rows: usize, columns: usize) -> usize {
        rows.next_multiple_of(self.lanes) * columns.next_multiple_of(COLUMN_MULTIPLE)
    }

    /// Where a code is, for columns that are filled up.
    pub(super) fn place(&self, row: usize, column: usize, columns: usize) -> usize {
        let (panel, lane) = (row / self.lanes, row % self.lanes);
        panel * self.lanes * columns
            + column / self.depth * (self.depth * self.lanes)
            + lane * self.depth
            + column % self.depth
    }
}
