//! Convolutions as matrix products (im2col): the neighbourhood of each output pixel becomes a row of activations.
//!
//! Maps are channels-last, so a neighbourhood's rows are runs of memory, and the product is channels-last again.

use super::activations::{Activations, quantise, quantise_wide};
use super::codes::Scale;
use super::kernel::Kernel;
use super::layout::{Encoding, Layout};

/// Which pixels of a square map a convolution looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// Pixels a side of the map.
    pub(crate) side: usize,
    /// Channels of the map.
    pub(crate) channels: usize,
    /// Pixels a side of the kernel; half of it is padded with zeros around the map.
    pub(crate) kernel: usize,
    /// Pixels between two places.
    pub(crate) stride: usize,
}

/// A map `(side, side, channels)` quantised to 8 bits, with one scale for all of it.
#[derive(Debug)]
pub(crate) struct QuantisedMap {
    layout: Layout,
    /// For the kernels that take bytes.
    codes: Vec<u8>,
    /// For those that take 16 bits.
    wide: Vec<i16>,
    scale: Scale,
}

impl Default for QuantisedMap {
    fn default() -> Self {
        Self { layout: Layout::NONE, codes: Vec::new(), wide: Vec::new(), scale: Scale::default() }
    }
}

impl QuantisedMap {
    /// Quantises `x`, in place of what was here before.
    pub(crate) fn quantise(&mut self, x: &[f32]) {
        self.layout = Kernel::best().layout;
        let encoding = self.layout.activations;
        self.codes.clear();
        self.wide.clear();
        if encoding == Encoding::Wide {
            self.wide.resize(x.len(), 0);
            quantise_wide(x, &mut self.scale, &mut self.wide);
        } else {
            self.codes.resize(x.len(), 0);
            quantise(x, encoding.offset(0), &mut self.scale, &mut self.codes);
        }
    }
}

impl Window {
    /// Pixels a side of what comes out.
    pub(crate) fn out_side(&self) -> usize {
        self.side.div_ceil(self.stride)
    }

    /// Numbers in a neighbourhood.
    pub(crate) fn length(&self) -> usize {
        self.kernel * self.kernel * self.channels
    }

    /// The neighbourhood's runs of memory for output pixel `at`: (first of the map, first of the row, length).
    fn runs(&self, at: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let Self { side, channels, kernel, stride } = *self;
        let (padding, out) = (kernel / 2, self.out_side());
        let (top, left) = (at / out * stride, at % out * stride);
        // The columns of the kernel that lie inside the map.
        let first = padding.saturating_sub(left);
        let last = kernel.min(side + padding - left);
        (0..kernel).filter_map(move |ky| {
            let y = (top + ky).checked_sub(padding).filter(|y| *y < side)?;
            let from = (y * side + left + first - padding) * channels;
            Some((from, (ky * kernel + first) * channels, (last - first) * channels))
        })
    }

    /// Writes the neighbourhoods of the output pixels from `first` on to `rows`, as many as it has room for, each in
    /// `stride` numbers. `rows` holds what stands for 0.
    fn gather<T: Copy>(&self, map: &[T], first: usize, rows: &mut [T], stride: usize) {
        for (at, row) in (first..).zip(rows.chunks_exact_mut(stride)) {
            for (from, to, length) in self.runs(at) {
                row[to..to + length].copy_from_slice(&map[from..from + length]);
            }
        }
    }

    /// The neighbourhoods of `count` output pixels from `first` on: `(count, length)`.
    pub(crate) fn rows(&self, map: &[f32], first: usize, count: usize, rows: &mut Vec<f32>) {
        rows.clear();
        rows.resize(count * self.length(), 0.0);
        self.gather(map, first, rows, self.length());
    }
}

impl Activations {
    /// The neighbourhoods of `count` output pixels of a map from `first` on, in place of what was here before.
    pub(crate) fn neighbourhoods(&mut self, map: &QuantisedMap, window: &Window, first: usize, count: usize) {
        self.clear(map.layout, window.length());
        (0..count).for_each(|_| self.push_row(map.scale));
        let zero = self.zero_points.first().copied().unwrap_or_default();
        self.make_room(count, zero);
        if map.layout.activations == Encoding::Wide {
            window.gather(&map.wide, first, &mut self.wide, self.columns);
        } else {
            window.gather(&map.codes, first, &mut self.codes, self.columns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbourhoods_are_those_that_counting_gives() {
        for (side, channels, kernel, stride) in
            [(4, 1, 3, 1), (5, 2, 3, 2), (6, 3, 1, 1), (3, 4, 5, 1), (7, 1, 3, 3)]
        {
            let window = Window { side, channels, kernel, stride };
            for lowest in [127.0, 0.0] {
                let map: Vec<f32> =
                    (0..side * side * channels).map(|i| ((i * 5 + 3) % 255) as f32 - lowest).collect();
                let out = window.out_side();
                let mut expected = Vec::new();
                for at in 0..out * out {
                    for ky in 0..kernel {
                        for kx in 0..kernel {
                            for channel in 0..channels {
                                let y = (at / out * stride + ky).wrapping_sub(kernel / 2);
                                let x = (at % out * stride + kx).wrapping_sub(kernel / 2);
                                let inside = y < side && x < side;
                                expected.push(if inside {
                                    map[(y * side + x) * channels + channel]
                                } else {
                                    0.0
                                });
                            }
                        }
                    }
                }
                let mut rows = Vec::new();
                window.rows(&map, 1, out * out - 1, &mut rows);
                assert_eq!(rows, expected[window.length()..]);

                let mut quantised = QuantisedMap::default();
                quantised.quantise(&map);
                let mut found = Activations::default();
                found.neighbourhoods(&quantised, &window, 0, out * out);
                for (row, expected) in expected.chunks(window.length()).enumerate() {
                    let numbers: Vec<f32> = (0..found.columns)
                        .map(|column| found.step(row, column) as f32 * found.scales[row])
                        .collect();
                    for (found, expected) in numbers.iter().zip(expected.iter().chain(&[0.0; 15])) {
                        assert!((found - expected).abs() <= 1.01, "{found}, {expected}");
                    }
                }
            }
        }
    }
}
