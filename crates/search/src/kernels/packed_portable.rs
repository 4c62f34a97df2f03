//! Products with packed weights in plain Rust, for processors without kernels of their own: blocked as the others are, with
//! sums that a compiler keeps in whatever registers there are.

use super::Output;
use super::kernel::Kernel;
use super::layout::{Encoding, Layout};
use super::product::{Product, tiles};

/// Rows in a panel.
const LANES: usize = 8;
/// Neighbouring columns of a row.
const DEPTH: usize = 2;

/// Two columns of eight rows at a time, as products of 16 bits.
pub(super) static PORTABLE: Kernel = Kernel {
    name: "portable",
    layout: Layout { lanes: LANES, depth: DEPTH, activations: Encoding::Wide },
    runs: || true,
    multiply: portable,
};

fn portable(product: &Product<'_>, y: &mut [f32], output: Output) {
    tiles!(product, [1, 2, 3, 4], portable_tile(y, output));
}

#[inline(never)]
fn portable_tile<const T: usize>(
    product: &Product<'_>,
    y: &mut [f32],
    output: Output,
    at: usize,
    panel: usize,
) {
    let x: [&[[i16; DEPTH]]; T] =
        product.rows_of::<_, T>(&product.x.wide, at).map(|row| row.as_chunks::<DEPTH>().0);
    let mut sums = [[0_i32; LANES]; T];
    for (column, w) in product.panel(panel).as_chunks::<{ LANES * DEPTH }>().0.iter().enumerate() {
        let even: [i32; LANES] = std::array::from_fn(|lane| i32::from(w[lane * DEPTH].cast_signed()));
        let odd: [i32; LANES] = std::array::from_fn(|lane| i32::from(w[lane * DEPTH + 1].cast_signed()));
        for (sums, x) in sums.iter_mut().zip(x) {
            let [first, second] = x[column].map(i32::from);
            for lane in 0..LANES {
                sums[lane] += even[lane] * first + odd[lane] * second;
            }
        }
    }
    for (t, sums) in sums.into_iter().enumerate() {
        finish(product, y, output, at + t, panel * LANES, &sums);
    }
}

/// From sums of codes to numbers, for row `at` of the activations and the rows of weights from `row` on.
pub(super) fn finish(
    product: &Product<'_>,
    y: &mut [f32],
    output: Output,
    at: usize,
    row: usize,
    sums: &[i32],
) {
    let Product { rows, epilogue, x, .. } = product;
    let (scales, bias, of_weights) = (&epilogue.scales[row..], &epilogue.bias[row..], &epilogue.sums[row..]);
    let y = &mut y[at * rows..][..*rows][row..];
    for (lane, (y, sum)) in y.iter_mut().zip(sums).enumerate() {
        let sum = sum - x.zero_points[at] * of_weights[lane];
        let value = sum as f32 * (scales[lane] * x.scales[at]) + bias[lane];
        *y = if output == Output::Accumulate { *y + value } else { value };
    }
}
