//! What a kernel is: a way to multiply with a layout of its operands.

use super::Output;
use super::layout::Layout;
use super::product::Product;

/// A way to multiply, and how it wants its operands.
pub(crate) struct Kernel {
    pub(super) name: &'static str,
    pub(super) layout: Layout,
    /// Whether this processor has the instructions.
    pub(super) runs: fn() -> bool,
    /// `x W^T + bias`. Only for kernels that run here.
    pub(super) multiply: fn(&Product<'_>, &mut [f32], Output),
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
