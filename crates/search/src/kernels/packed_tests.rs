//! Every kernel against its definition, and the definition against products in full precision.

// In a browser these run as they do here.
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

use super::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

/// A matrix in f32, and its codes.
struct Apart<'a>(&'a [f32], Vec<u8>);

impl Packing for Apart<'_> {
    fn row(&self, row: usize, numbers: &mut [f32]) {
        numbers.copy_from_slice(&self.0[row * numbers.len()..(row + 1) * numbers.len()]);
    }

    fn keep(&mut self, at: usize, panel: &[u8]) {
        assert_eq!(at, self.1.len(), "panels come in order");
        self.1.extend(panel);
    }
}

fn numbers(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    }
}

fn matrix(kernel: Kernel, weights: &[f32], rows: usize, bias: &[f32]) -> PackedMatrix {
    let columns = weights.len() / rows;
    let mut packing = Apart(weights, Vec::new());
    let epilogue = pack_for(kernel, rows, columns, Some(bias), &mut packing).expect("not too wide");
    assert_eq!(packing.1.len(), kernel.layout().bytes(rows, columns));
    PackedMatrix { kernel, rows, columns, codes: Codes::Apart(packing.1), epilogue }
}

#[test]
fn every_kernel_gives_what_its_definition_gives_for_every_shape_and_tail() {
    let seed = 7;
    let mut number = numbers(seed);
    for kernel in Kernel::available() {
        for count in (1..10).chain([13]) {
            for rows in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 48, 65, 100] {
                for columns in [1, 3, 4, 7, 8, 27, 32, 60, 64, 216] {
                    let weights: Vec<f32> = (0..rows * columns).map(|_| number()).collect();
                    let bias: Vec<f32> = (0..rows).map(|_| number()).collect();
                    let x: Vec<f32> = (0..count * columns).map(|_| number()).collect();
                    let matrix = matrix(kernel, &weights, rows, &bias);
                    let mut activations = Activations::default();
                    activations.quantise_for(kernel, &x, columns);
                    for (output, zero_point) in [(Output::Overwrite, 0), (Output::Accumulate, -9)] {
                        activations.zero_point = zero_point;
                        let (mut found, mut expected) = (vec![1.0; count * rows], vec![1.0; count * rows]);
                        matrix.multiply(&[], &activations, &mut found, output);
                        let Codes::Apart(codes) = &matrix.codes else { unreachable!() };
                        let (epilogue, x) = (&matrix.epilogue, &activations);
                        let columns = columns.next_multiple_of(COLUMN_MULTIPLE);
                        let layout = kernel.layout();
                        plain(&Product { layout, rows, columns, codes, epilogue, x }, &mut expected, output);
                        for (found, expected) in found.iter().zip(&expected) {
                            assert!(
                                (found - expected).abs() <= 1e-6 * (1.0 + expected.abs()),
                                "seed {seed}, {kernel:?}, {count} x {rows} x {columns}, {output:?}: {found}, {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_kernel_comes_near_the_product_in_full_precision() {
    let seed = 8;
    let mut number = numbers(seed);
    let (count, rows, columns) = (5, 40, 512);
    let weights: Vec<f32> = (0..rows * columns).map(|_| number()).collect();
    let bias: Vec<f32> = (0..rows).map(|_| number()).collect();
    let x: Vec<f32> = (0..count * columns).map(|_| number() * 3.0).collect();
    let exact: Vec<f64> = (0..count * rows)
        .map(|at| {
            let (at, row) = (at / rows, at % rows);
            let (x, w) = (&x[at * columns..][..columns], &weights[row * columns..][..columns]);
            x.iter().zip(w).map(|(x, w)| f64::from(x * w)).sum::<f64>() + f64::from(bias[row])
        })
        .collect();
    let length = exact.iter().map(|y| y * y).sum::<f64>().sqrt();
    for kernel in Kernel::available() {
        let matrix = matrix(kernel, &weights, rows, &bias);
        let mut activations = Activations::default();
        activations.quantise_for(kernel, &x, columns);
        let mut y = vec![0.0; count * rows];
        matrix.multiply(&[], &activations, &mut y, Output::Overwrite);
        let off = y.iter().zip(&exact).map(|(y, e)| (f64::from(*y) - e).powi(2)).sum::<f64>().sqrt();
        assert!(off / length < 0.03, "seed {seed}, {kernel:?}: off by {}", off / length);
    }
}

#[test]
fn the_largest_sums_do_not_overflow() {
    let columns = MAX_COLUMNS;
    for kernel in Kernel::available() {
        let matrix = matrix(kernel, &vec![1.0; columns], 1, &[0.0]);
        for sign in [1.0, -1.0] {
            let mut activations = Activations::default();
            activations.quantise_for(kernel, &vec![sign; columns], columns);
            let mut y = [0.0];
            matrix.multiply(&[], &activations, &mut y, Output::Overwrite);
            assert!((y[0] * sign - columns as f32).abs() < 1.0, "{kernel:?}: {}", y[0]);
        }
    }
    let wide = vec![0.0; columns + 1];
    assert!(pack_for(Kernel::best(), 1, wide.len(), None, &mut Apart(&wide, Vec::new())).is_none());
}

#[test]
fn nan_and_infinity_spoil_their_own_row_and_nothing_else() {
    for kernel in Kernel::available() {
        for odd in [f32::NAN, f32::INFINITY] {
            let mut weights = vec![0.5; 64];
            weights[3] = odd;
            let matrix = matrix(kernel, &weights, 2, &[0.0; 2]);
            let mut activations = Activations::default();
            activations.quantise_for(kernel, &[0.25; 32], 32);
            let mut y = [0.0; 2];
            matrix.multiply(&[], &activations, &mut y, Output::Overwrite);
            assert!(!y[0].is_finite() && (y[1] - 4.0).abs() < 0.1, "{kernel:?}, {odd}: {y:?}");
        }
    }
}
