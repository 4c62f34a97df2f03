//! Which kernels there are, and how each wants its operands: what the packing of weights, the quantisation of
//! activations and the products of both have to agree on.

use std::sync::OnceLock;

use super::Output;
use super::product::Product;

#[cfg(target_arch = "aarch64")]
use super::packed_arm::KERNELS;
use super::packed_portable::PORTABLE;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use super::packed_wasm::KERNELS;
#[cfg(target_arch = "x86_64")]
use super::packed_x86::KERNELS;
/// What this processor has besides plain Rust.
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
static KERNELS: [&Kernel; 0] = [];

/// Columns are filled up with zeros to a multiple of this.
pub(super) const COLUMN_MULTIPLE: usize = 16;

/// A way to multiply, and how it wants its operands.
pub(crate) struct Kernel {
    pub(super) name: &'static str,
    pub(super) layout: Layout,
    /// Whether this processor has the instructions.
    pub(super) runs: fn() -> bool,
    /// `x W^T + bias`. Only for kernels that run here.
    pub(super) multiply: fn(&Product<'_>, &mut [f32], Output),
}

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

impl Kernel {
    /// The fastest that runs here.
    pub(crate) fn best() -> &'static Self {
        #[cfg(test)]
        if let Some(kernel) = forcing::forced() {
            return kernel;
        }
        static BEST: OnceLock<&Kernel> = OnceLock::new();
        BEST.get_or_init(|| KERNELS.iter().copied().find(|kernel| (kernel.runs)()).unwrap_or(&PORTABLE))
    }

    /// All that run here, the fastest first.
    #[cfg(test)]
    pub(crate) fn available() -> Vec<&'static Self> {
        KERNELS.iter().copied().chain([&PORTABLE]).filter(|kernel| (kernel.runs)()).collect()
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Layout {
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

/// For tests: any kernel in the place of the best, plain loops compiled for no more than it needs.
#[cfg(test)]
pub(crate) mod forcing {
    use std::cell::Cell;

    use super::Kernel;

    thread_local! {
        static FORCED: Cell<Option<&'static Kernel>> = const { Cell::new(None) };
    }

    pub(super) fn forced() -> Option<&'static Kernel> {
        FORCED.get()
    }

    /// Whether plain loops may use the wider vectors that this processor has.
    #[cfg(target_arch = "x86_64")]
    pub(in crate::kernels) fn allows_wide_vectors() -> bool {
        FORCED.get().is_none_or(|kernel| *kernel != super::PORTABLE && kernel.name != "SSE2")
    }

    /// Runs `work` with `kernel` as the best one. What is packed meanwhile is for this kernel only.
    pub(crate) fn with<T>(kernel: &'static Kernel, work: impl FnOnce() -> T) -> T {
        let before = FORCED.replace(Some(kernel));
        let result = work();
        FORCED.set(before);
        result
    }
}
