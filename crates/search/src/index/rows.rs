//! The codes of all items in one block of bytes, as they are in the file, and their cosines to a query.

use std::ops::Range;

use super::IndexError;
use crate::Code;
use crate::code::{CodeError, CodeRef, MAX_DIM, scale_of};
use crate::kernels::{self, ROWS_TOGETHER, RowDots};

/// Rows that are on their way from memory while others are looked at: they lie anywhere, so no processor guesses which are next.
/// With fewer or more a walk over 100,000 vectors of 512 bytes takes longer; with none, a scan of them all twice as long.
const AHEAD: usize = 2 * ROWS_TOGETHER;

/// Codes of one dimension; row `ordinal` is the code of that item.
#[derive(Default)]
pub(super) struct Rows {
    /// The codes end where the bytes end.
    bytes: Vec<u8>,
    /// Where the codes begin.
    start: usize,
    dim: usize,
    /// For each row what brings its integers to length 1.
    scales: Vec<f32>,
}

/// A query, ready to be compared with rows.
pub(super) struct PreparedQuery {
    dots: RowDots,
    scale: f32,
}

impl Rows {
    /// Takes over `bytes`, which hold the `count` codes at `place`; what is behind them is let go.
    pub(super) fn new(
        mut bytes: Vec<u8>,
        place: Range<usize>,
        dim: usize,
        count: usize,
    ) -> Result<Self, IndexError> {
        if count > 0 && dim > MAX_DIM {
            return Err(IndexError::Code { ordinal: 0, error: CodeError::TooLong(dim) });
        }
        bytes.truncate(place.end);
        bytes.shrink_to_fit();
        let mut rows = Self { bytes, start: place.start, dim, scales: Vec::new() };
        let scale = |ordinal| {
            scale_of(rows.row(ordinal)).ok_or(IndexError::Code { ordinal, error: CodeError::NoDirection })
        };
        rows.scales = (0..count).map(scale).collect::<Result<_, _>>()?;
        Ok(rows)
    }

    pub(super) fn len(&self) -> usize {
        self.scales.len()
    }

    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// The codes as they are in the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn row(&self, ordinal: usize) -> &[i8] {
        bytemuck::cast_slice(&self.bytes()[ordinal * self.dim..][..self.dim])
    }

    pub(super) fn get(&self, ordinal: usize) -> Option<CodeRef<'_>> {
        let scale = *self.scales.get(ordinal)?;
        Some(CodeRef::scaled(self.row(ordinal), scale))
    }

    /// The cosine of two items.
    pub(super) fn cosine(&self, a: u32, b: u32) -> f32 {
        let (a, b) = (a as usize, b as usize);
        kernels::dot(self.row(a), self.row(b)) as f32 * (self.scales[a] * self.scales[b])
    }

    /// Tells `found` the cosine to the query of each of `ordinals`, which are items.
    #[inline]
    pub(super) fn cosines(&self, query: &PreparedQuery, ordinals: &[u32], mut found: impl FnMut(u32, f32)) {
        let (groups, rest) = ordinals.as_chunks::<ROWS_TOGETHER>();
        let mut later = ordinals.iter();
        let mut fetch = |count| {
            if kernels::PREFETCHES {
                later.by_ref().take(count).for_each(|&later| kernels::prefetch(self.row(later as usize)));
            }
        };
        fetch(AHEAD);
        for group in groups {
            fetch(ROWS_TOGETHER);
            self.cosines_of(query, *group, &mut found);
        }
        for &ordinal in rest {
            self.cosines_of(query, [ordinal], &mut found);
        }
    }

    #[inline]
    fn cosines_of<const N: usize>(
        &self,
        query: &PreparedQuery,
        ordinals: [u32; N],
        found: &mut impl FnMut(u32, f32),
    ) {
        let dots = query.dots.of(ordinals.map(|ordinal| self.row(ordinal as usize)));
        for (ordinal, dot) in ordinals.into_iter().zip(dots) {
            found(ordinal, dot as f32 * (query.scale * self.scales[ordinal as usize]));
        }
    }
}

impl PreparedQuery {
    /// An item as the query.
    pub(super) fn of_row(rows: &Rows, ordinal: u32) -> Self {
        let at = ordinal as usize;
        Self { dots: RowDots::new(rows.row(at)), scale: rows.scales[at] }
    }

    pub(super) fn new(query: &Code) -> Self {
        let query = CodeRef::from(query);
        Self { dots: RowDots::new(query.as_slice()), scale: query.scale() }
    }
}
