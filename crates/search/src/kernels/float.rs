//! Weight matrices in 32 bits, for what a file has in 32 bits or 16: nothing of their precision is lost.

use super::product::Mismatch;
use super::{Output, vectorised};

/// Rows of a panel, whose sums one or two vectors hold.
const LANES: usize = 16;
/// Rows of activations that share a pass over the weights.
const TILE: usize = 4;

/// A weight matrix `(rows, columns)` in f32, with the bias that is added to its products.
#[derive(Debug)]
pub(crate) struct FloatMatrix {
    rows: usize,
    columns: usize,
    /// For each panel of 16 rows, column after column of it; filled up with zeros.
    panels: Vec<f32>,
    /// Filled up with zeros to whole panels.
    bias: Vec<f32>,
}

impl FloatMatrix {
    /// From the numbers of `(rows, columns)` and, if there is one, the bias `(rows,)`.
    pub(crate) fn new(numbers: &[f32], columns: usize, bias: Option<&[f32]>) -> Self {
        let rows = numbers.len() / columns.max(1);
        let padded = rows.next_multiple_of(LANES);
        let mut panels = vec![0.0; padded * columns];
        for (row, numbers) in numbers.chunks_exact(columns.max(1)).enumerate() {
            let panel = &mut panels[row / LANES * LANES * columns..];
            for (to, number) in panel.iter_mut().skip(row % LANES).step_by(LANES).zip(numbers) {
                *to = *number;
            }
        }
        let mut padded_bias = bias.map_or_else(Vec::new, <[f32]>::to_vec);
        padded_bias.resize(padded, 0.0);
        Self { rows, columns, panels, bias: padded_bias }
    }

    /// Rows, which a product's rows are as long as.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// `x W^T + bias` to `y`, for `x` `(count, columns)`: `(count, rows)`.
    pub(crate) fn multiply(&self, x: &[f32], y: &mut [f32], output: Output) -> Result<(), Mismatch> {
        let (rows, columns) = (self.rows, self.columns);
        if columns == 0 || !x.len().is_multiple_of(columns) || y.len() != x.len() / columns * rows {
            return Err(Mismatch { rows, columns, x: x.len(), y: y.len() });
        }
        product(&self.panels, &self.bias, rows, columns, x, y, output);
        Ok(())
    }
}

vectorised! {
    fn product(panels: &[f32], bias: &[f32], rows: usize, columns: usize, x: &[f32], y: &mut [f32], output: Output) {
        let parts = panels.chunks_exact(LANES * columns).zip(bias.as_chunks::<LANES>().0);
        for (first, (panel, bias)) in (0..).step_by(LANES).zip(parts) {
            let panel = panel.as_chunks::<LANES>().0;
            for (x, y) in x.chunks(TILE * columns).zip(y.chunks_mut(TILE * rows)) {
                let mut sums = [*bias; TILE];
                if x.len() == TILE * columns {
                    add_products(panel, x, columns, &mut sums);
                } else {
                    for (sums, x) in sums.iter_mut().zip(x.chunks_exact(columns)) {
                        add_products(panel, x, columns, std::array::from_mut(sums));
                    }
                }
                for (sums, y) in sums.iter().zip(y.chunks_exact_mut(rows)) {
                    for (y, sum) in y[first..].iter_mut().zip(sums) {
                        *y = if output == Output::Accumulate { *y + sum } else { *sum };
                    }
                }
            }
        }
    }
}

/// Adds the products of a panel with `T` rows of `x`. Plain indices over arrays of a known length are what a compiler
/// keeps in registers.
#[inline(always)]
fn add_products<const T: usize>(
    panel: &[[f32; LANES]],
    x: &[f32],
    columns: usize,
    sums: &mut [[f32; LANES]; T],
) {
    let x: [&[f32]; T] = std::array::from_fn(|t| &x[t * columns..][..columns]);
    let mut own = *sums;
    for column in 0..columns.min(panel.len()) {
        for t in 0..T {
            let x = x[t][column];
            for lane in 0..LANES {
                own[t][lane] += panel[column][lane] * x;
            }
        }
    }
    *sums = own;
}

#[cfg(test)]
mod tests {
    // In a browser these run as they do here.
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

    use super::*;

    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test_configure!(run_in_browser);

    #[test]
    fn products_in_full_precision_are_exact_for_every_shape_and_tail() {
        // Small integers, whose sums are exact in any order.
        let number = |i: usize| (i * 7 % 11) as f32 - 5.0;
        for count in 1..10 {
            for rows in [1, 3, 15, 16, 17, 40] {
                for columns in [1, 2, 7, 27, 64] {
                    let weights: Vec<f32> = (0..rows * columns).map(number).collect();
                    let bias: Vec<f32> = (0..rows).map(|i| number(i + 3)).collect();
                    let x: Vec<f32> = (0..count * columns).map(|i| number(i + 5)).collect();
                    let matrix = FloatMatrix::new(&weights, columns, Some(&bias));
                    let expected: Vec<f32> = x
                        .chunks(columns)
                        .flat_map(|x| weights.chunks(columns).zip(&bias).map(move |(w, bias)| (x, w, bias)))
                        .map(|(x, w, bias)| x.iter().zip(w).map(|(x, w)| x * w).sum::<f32>() + bias)
                        .collect();
                    let mut y = vec![2.0; count * rows];
                    matrix.multiply(&x, &mut y, Output::Overwrite).expect("parts that fit");
                    assert_eq!(y, expected, "{count} x {rows} x {columns}");
                    matrix.multiply(&x, &mut y, Output::Accumulate).expect("parts that fit");
                    let twice: Vec<f32> = expected.iter().map(|y| y * 2.0).collect();
                    assert_eq!(y, twice, "{count} x {rows} x {columns}");
                }
            }
        }
    }

    #[test]
    fn parts_that_do_not_belong_together_are_an_error() {
        let matrix = FloatMatrix::new(&[1.0; 12], 4, None);
        for (x, y) in [(5, 3), (8, 3), (4, 6)] {
            let error = matrix.multiply(&vec![1.0; x], &mut vec![0.0; y], Output::Overwrite);
            assert_eq!(error, Err(Mismatch { rows: 3, columns: 4, x, y }));
        }
    }
}
