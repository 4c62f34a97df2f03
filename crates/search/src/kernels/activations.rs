//! Rows of activations, quantised for products with packed weights.

use super::codes::{self, Scale, round_to_even};
use super::layout::{COLUMN_MULTIPLE, Encoding, Layout};
use super::vectorised;

/// Rows of activations in codes, each with a scale and a zero point of its own ([`super::codes`]).
#[derive(Debug)]
pub(crate) struct Activations {
    pub(super) layout: Layout,
    /// Columns, filled up.
    pub(super) columns: usize,
    /// For the kernels that take bytes.
    pub(super) codes: Vec<u8>,
    /// For the kernels that take 16 bits.
    pub(super) wide: Vec<i16>,
    pub(super) scales: Vec<f32>,
    /// What is stored for 0.
    pub(super) zero_points: Vec<i32>,
}

impl Default for Activations {
    fn default() -> Self {
        Self {
            layout: Layout::NONE,
            columns: 0,
            codes: Vec::new(),
            wide: Vec::new(),
            scales: Vec::new(),
            zero_points: Vec::new(),
        }
    }
}

impl Activations {
    /// Quantises `x`, `(count, columns)`, for kernels of this layout, in place of what was here before.
    pub(super) fn quantise_for(&mut self, layout: Layout, x: &[f32], columns: usize) {
        let count = x.len() / columns.max(1);
        self.clear(layout, columns);
        self.make_room(count, 0);
        for (at, x) in x.chunks_exact(columns.max(1)).enumerate() {
            let place = at * self.columns..at * self.columns + columns;
            let mut scale = Scale::default();
            if layout.activations == Encoding::Wide {
                quantise_wide(x, &mut scale, &mut self.wide[place]);
            } else {
                let offset = layout.activations.offset(0);
                quantise(x, offset, &mut scale, &mut self.codes[place]);
            }
            self.push_row(scale);
        }
    }

    /// Makes this rows of `columns` for kernels of this layout, none so far.
    pub(super) fn clear(&mut self, layout: Layout, columns: usize) {
        self.layout = layout;
        self.columns = columns.next_multiple_of(COLUMN_MULTIPLE);
        self.codes.clear();
        self.wide.clear();
        self.scales.clear();
        self.zero_points.clear();
    }

    /// Makes room for the codes of `count` rows, all of them `code` so far.
    pub(super) fn make_room(&mut self, count: usize, code: i32) {
        if self.layout.activations == Encoding::Wide {
            self.wide.resize(count * self.columns, code as i16);
        } else {
            self.codes.resize(count * self.columns, code as u8);
        }
    }

    /// Adds how the next row is coded.
    pub(super) fn push_row(&mut self, Scale { scale, zero_point, .. }: Scale) {
        self.scales.push(scale);
        self.zero_points.push(zero_point - self.layout.activations.offset(zero_point));
    }

    /// Number of rows.
    pub(super) fn count(&self) -> usize {
        self.scales.len()
    }

    /// A code less its zero point.
    #[cfg(test)]
    pub(super) fn step(&self, row: usize, column: usize) -> i32 {
        let at = row * self.columns + column;
        let stored = match self.layout.activations {
            Encoding::Unsigned => i32::from(self.codes[at]),
            Encoding::Signed => i32::from(self.codes[at].cast_signed()),
            Encoding::Wide => i32::from(self.wide[at]),
        };
        stored - self.zero_points[row]
    }
}

vectorised! {
    /// Quantises numbers that share a scale, which is told, to bytes; `offset` less is stored.
    pub(super) fn quantise(x: &[f32], offset: i32, scale: &mut Scale, codes: &mut [u8]) {
        *scale = Scale::between(codes::extremes(x));
        let (inverse, zero) = (scale.inverse, scale.zero_point - offset);
        if inverse > 0.0 {
            for (code, x) in codes.iter_mut().zip(x) {
                *code = round_to_even(x * inverse).wrapping_add(zero) as u8;
            }
        } else {
            codes.fill(zero as u8);
        }
    }
}

vectorised! {
    /// Quantises numbers that share a scale, which is told, to 16 bits, less the zero point.
    pub(super) fn quantise_wide(x: &[f32], scale: &mut Scale, codes: &mut [i16]) {
        *scale = Scale::between(codes::extremes(x));
        let inverse = scale.inverse;
        if inverse > 0.0 {
            for (code, x) in codes.iter_mut().zip(x) {
                *code = round_to_even(x * inverse) as i16;
            }
        } else {
            codes.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    // In a browser these run as they do here.
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

    use super::super::codes::MAX_ACTIVATION;
    use super::super::kernel::Kernel;
    use super::*;

    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test_configure!(run_in_browser);

    #[test]
    fn rows_are_rounded_with_a_scale_of_their_own() {
        let x = [0.5, -1.0, 0.25, 0.0, 0.0, 0.0, 0.0, 3.0, 1.5];
        for kernel in Kernel::available() {
            let mut found = Activations::default();
            found.quantise_for(kernel.layout, &x, 3);
            let row = |row| [0, 1, 2].map(|column| found.step(row, column) as f32 * found.scales[row]);
            let steps = (MAX_ACTIVATION - 1) as f32;
            assert_eq!(found.scales, [1.5 / steps, 0.0, 3.0 / steps], "{kernel:?}");
            for (at, x) in x.chunks(3).enumerate() {
                let off = row(at).iter().zip(x).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(off <= found.scales[at] * 0.51, "{kernel:?}, row {at}: {:?}, {x:?}", row(at));
            }
            assert_eq!(found.step(2, 1), MAX_ACTIVATION - 1, "{kernel:?}");
        }
    }

    #[test]
    fn every_kernel_gets_the_same_codes() {
        let seed = 4;
        let mut state: u32 = seed;
        let x: Vec<f32> = (0..33 * 70)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32 - 0.3
            })
            .collect();
        let codes = |kernel: &'static Kernel| -> Vec<i32> {
            let mut found = Activations::default();
            found.quantise_for(kernel.layout, &x, 70);
            (0..33)
                .flat_map(|row| (0..70).map(move |column| (row, column)))
                .map(|(row, column)| found.step(row, column))
                .collect()
        };
        let expected = codes(Kernel::best());
        for kernel in Kernel::available() {
            assert_eq!(codes(kernel), expected, "seed {seed}, {kernel:?}");
        }
    }
}
