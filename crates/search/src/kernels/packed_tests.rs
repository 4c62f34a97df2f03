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
    fn row(&self, row: usize, numbers: &mut [f32]) -> Option<()> {
        numbers.copy_from_slice(self.0.get(row * numbers.len()..(row + 1) * numbers.len())?);
        Some(())
    }

    fn keep(&mut self, at: usize, panel: &[u8]) -> Option<()> {
        assert_eq!(at, self.1.len(), "panels come in order");
        self.1.extend(panel);
        Some(())
    }
}

fn numbers(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    }
}

fn matrix(kernel: &'static Kernel, weights: &[f32], rows: usize, bias: &[f32]) -> PackedMatrix {
    let columns = weights.len() / rows;
    let mut packing = Apart(weights, Vec::new());
    let epilogue = pack_for(kernel, rows, columns, Some(bias), &mut packing).expect("not too wide");
    assert_eq!(packing.1.len(), kernel.layout.bytes(rows, columns));
    PackedMatrix { kernel, rows, columns, codes: Codes::Apart(packing.1), epilogue }
}

/// The product by `kernel`, from the numbers on.
fn product(kernel: &'static Kernel, weights: &[f32], x: &[f32], bias: &[f32], before: f32) -> Vec<f32> {
    let (rows, columns) = (bias.len(), weights.len() / bias.len());
    let matrix = matrix(kernel, weights, rows, bias);
    let mut activations = Activations::default();
    activations.quantise_for(kernel.layout, x, columns);
    let mut y = vec![before; x.len() / columns * rows];
    let output = if before == 0.0 { Output::Overwrite } else { Output::Accumulate };
    matrix.multiply(&[], &activations, &mut y, output).expect("parts that fit");
    y
}

/// The definition: reads every code where the layout says it is, in integers that hold any sum.
fn defined(matrix: &PackedMatrix, x: &Activations, before: f32) -> Vec<f32> {
    let Codes::Apart(codes) = &matrix.codes else { unreachable!() };
    let columns = matrix.columns.next_multiple_of(COLUMN_MULTIPLE);
    let one = |at: usize, row: usize| {
        let code = |column| codes[matrix.kernel.layout.place(row, column, columns)].cast_signed();
        let sum: i64 =
            (0..columns).map(|column| i64::from(code(column)) * i64::from(x.step(at, column))).sum();
        let value = sum as f32 * (matrix.epilogue.scales[row] * x.scales[at]) + matrix.epilogue.bias[row];
        if before == 0.0 { value } else { before + value }
    };
    (0..x.count())
        .flat_map(|at| (0..matrix.rows).map(move |row| (at, row)))
        .map(|(at, row)| one(at, row))
        .collect()
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn every_kernel_gives_what_its_definition_gives_for_every_shape_and_tail() {
    let seed = 7;
    let mut number = numbers(seed);
    for count in (1..10).chain([13]) {
        for rows in [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33] {
            for columns in [1, 7, 8, 27, 32, 60] {
                let weights: Vec<f32> = (0..rows * columns).map(|_| number()).collect();
                let bias: Vec<f32> = (0..rows).map(|_| number()).collect();
                let x: Vec<f32> = (0..count * columns).map(|_| number() + 0.2).collect();
                let before = if count % 2 == 0 { 0.0 } else { 1.5 };
                let mut all: Option<Vec<u32>> = None;
                for kernel in Kernel::available() {
                    let case = format!("seed {seed}, {kernel:?}, {count} x {rows} x {columns}, {before}");
                    let found = bits(&product(kernel, &weights, &x, &bias, before));
                    let mut activations = Activations::default();
                    activations.quantise_for(kernel.layout, &x, columns);
                    let expected = defined(&matrix(kernel, &weights, rows, &bias), &activations, before);
                    assert_eq!(found, bits(&expected), "{case}");
                    assert_eq!(&found, all.get_or_insert_with(|| found.clone()), "unlike the others: {case}");
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
        let y = product(kernel, &weights, &x, &bias, 0.0);
        let off = y.iter().zip(&exact).map(|(y, e)| (f64::from(*y) - e).powi(2)).sum::<f64>().sqrt();
        assert!(off / length < 0.012, "seed {seed}, {kernel:?}: off by {}", off / length);
    }
}

#[test]
fn the_largest_sums_are_exact() {
    // Weights of one sign, of alternating signs, and of both in each quad; activations at either end and at both.
    let weights: [fn(usize) -> f32; 5] = [
        |_| 1.0,
        |_| -1.0,
        |at| if at % 2 == 0 { 1.0 } else { -1.0 },
        |at| [1.0, -0.5, 0.25, -1.0, 0.3, 0.0, -0.9, 0.8][at % 8],
        |at| if at % 8 == 0 { -1.0 } else { 0.01 },
    ];
    let x: [fn(usize) -> f32; 4] =
        [|_| 1.0, |_| -1.0, |at| if at == 0 { -1.0 } else { 1.0 }, |at| if at % 2 == 0 { 1.0 } else { -1.0 }];
    for kernel in Kernel::available() {
        for columns in [8, 64, MAX_COLUMNS] {
            for (w, weight) in weights.iter().enumerate() {
                let numbers: Vec<f32> = (0..columns).map(weight).collect();
                let matrix = matrix(kernel, &numbers, 1, &[0.0]);
                for (n, x) in x.iter().enumerate() {
                    let mut activations = Activations::default();
                    activations.quantise_for(
                        kernel.layout,
                        &(0..columns).map(x).collect::<Vec<f32>>(),
                        columns,
                    );
                    let mut y = [0.0];
                    matrix.multiply(&[], &activations, &mut y, Output::Overwrite).expect("parts that fit");
                    assert_eq!(
                        y.to_vec(),
                        defined(&matrix, &activations, 0.0),
                        "{kernel:?}, {columns}, {w} by {n}"
                    );
                }
            }
        }
    }
    let wide = vec![0.0; MAX_COLUMNS + 1];
    assert!(pack_for(Kernel::best(), 1, wide.len(), None, &mut Apart(&wide, Vec::new())).is_none());
}

#[test]
fn nan_and_infinity_spoil_their_own_row_and_nothing_else() {
    for kernel in Kernel::available() {
        for odd in [f32::NAN, f32::INFINITY] {
            let mut weights = vec![0.5; 64];
            weights[3] = odd;
            let y = product(kernel, &weights, &[0.25; 32], &[0.0; 2], 0.0);
            assert!(!y[0].is_finite() && (y[1] - 4.0).abs() < 0.1, "{kernel:?}, {odd}: {y:?}");
            let mut x = vec![0.25; 64];
            x[40] = odd;
            let y = product(kernel, &[0.5; 32], &x, &[0.0], 0.0);
            assert!(!y[1].is_finite() && (y[0] - 4.0).abs() < 0.1, "{kernel:?}, {odd}: {y:?}");
        }
    }
}

#[test]
fn parts_that_do_not_belong_together_are_an_error() {
    for kernel in Kernel::available() {
        let matrix = matrix(kernel, &[1.0; 3 * 20], 3, &[0.0; 3]);
        let mut x = Activations::default();
        for (columns, room) in [(40, 3), (20, 4), (20, 2), (16, 3)] {
            x.quantise_for(kernel.layout, &vec![1.0; columns], columns);
            let refused = matrix.multiply(&[], &x, &mut vec![0.0; room], Output::Overwrite);
            let numbers = columns.next_multiple_of(COLUMN_MULTIPLE);
            assert_eq!(refused, Err(Mismatch { rows: 3, columns: 20, x: numbers, y: room }), "{kernel:?}");
        }
        for other in Kernel::available().into_iter().filter(|other| other.layout != kernel.layout) {
            x.quantise_for(other.layout, &[1.0; 20], 20);
            let refused = matrix.multiply(&[], &x, &mut [0.0; 3], Output::Overwrite);
            assert!(refused.is_err(), "activations for {other:?} by {kernel:?}");
        }
    }
    let short = Apart(&[1.0; 30], Vec::new());
    assert!(PackedMatrix::pack(3, 16, None, short, |packing| Codes::Apart(packing.1)).is_none());
}
