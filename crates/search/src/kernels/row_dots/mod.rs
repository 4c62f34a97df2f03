//! Dot products of one code with many: what walks and scans of an index spend their time on.
//!
//! The query's numbers are laid out once for the processor at hand, and several rows go through the registers at a
//! time. All ways give the same integers as `dot_scalar`, the definition.

#[cfg(any(test, not(all(target_arch = "wasm32", target_feature = "simd128"))))]
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
mod relaxed;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[cfg_attr(
    all(target_feature = "relaxed-simd", not(test)),
    expect(dead_code, reason = "the relaxed kernel is chosen, but tests hold both to the definition")
)]
mod simd128;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
use portable as best;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
use relaxed as best;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd")))]
use simd128 as best;
#[cfg(target_arch = "x86_64")]
use x86 as best;

/// Rows that go through the registers at a time.
pub(crate) const ROWS_TOGETHER: usize = 4;

/// A query's integers, ready to be multiplied with rows.
pub(crate) struct RowDots {
    query: best::Query,
    dim: usize,
}

impl RowDots {
    /// Lays out `query`, shape `(dim,)`: at most `code::MAX_DIM` integers, none of them -128.
    pub(crate) fn new(query: &[i8]) -> Self {
        Self { query: best::Query::new(query), dim: query.len() }
    }

    /// The dot product of each row, shape `(dim,)`, with the query.
    ///
    /// # Panics
    ///
    /// If a row is longer than the query, or shorter.
    #[inline]
    pub(crate) fn of<const N: usize>(&self, rows: [&[i8]; N]) -> [i32; N] {
        assert!(rows.iter().all(|row| row.len() == self.dim), "codes of different dimensions");
        self.query.dots(rows)
    }
}

#[cfg(test)]
mod tests {
    // In a browser these run as they do here.
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

    use super::*;
    use crate::kernels::dot::dot_scalar;

    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test_configure!(run_in_browser);

    /// Numbers that look random, of which `lowest` is the smallest.
    fn numbers(state: &mut u32, length: usize, lowest: i8) -> Vec<i8> {
        let mut byte = || {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((*state >> 24) as i8).max(lowest)
        };
        (0..length).map(|_| byte()).collect()
    }

    /// Lengths around every block that a kernel works in, and those of real models.
    fn lengths() -> impl Iterator<Item = usize> {
        (0..140).chain([255, 256, 257, 512, 513, 767, 768, 8192])
    }

    fn compare(length: usize, query: &[i8], rows: [&[i8]; ROWS_TOGETHER]) {
        let expected = rows.map(|row| dot_scalar(row, query));
        assert_eq!(portable::Query::new(query).dots(rows), expected, "portable, length {length}");
        let dots = RowDots::new(query);
        assert_eq!(dots.of(rows), expected, "{ROWS_TOGETHER} rows of {length}");
        assert_eq!(rows.map(|row| dots.of([row])[0]), expected, "single rows of {length}");
        #[cfg(target_arch = "x86_64")]
        for query in x86::Query::every_way(query) {
            assert_eq!(query.dots(rows), expected, "{ROWS_TOGETHER} rows of {length}, {}", query.way());
            assert_eq!(query.dots([rows[1]])[0], expected[1], "a row of {length}, {}", query.way());
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        assert_eq!(
            simd128::Query::new(query).dots(rows),
            expected,
            "{ROWS_TOGETHER} rows of {length}, simd128"
        );
    }

    #[test]
    fn every_way_gives_the_integers_of_the_definition() {
        let mut state = 11;
        for length in lengths() {
            let query = numbers(&mut state, length, -127);
            let rows: [_; ROWS_TOGETHER] = std::array::from_fn(|_| numbers(&mut state, length, -128));
            compare(length, &query, rows.each_ref().map(Vec::as_slice));
        }
    }

    #[test]
    fn the_largest_sums_do_not_overflow() {
        for length in lengths() {
            let rows = [[-128; 8192], [127; 8192], [-128; 8192], [0; 8192]];
            for extreme in [-127, 127] {
                compare(length, &vec![extreme; length], rows.each_ref().map(|row| &row[..length]));
            }
        }
    }

    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    #[should_panic(expected = "codes of different dimensions")]
    fn rows_of_another_dimension_are_refused() {
        RowDots::new(&[1; 32]).of([&[1; 32], &[1; 33]]);
    }
}
