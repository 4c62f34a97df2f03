//! Which kernels there are for this processor, and which is taken where none is named.

use std::sync::OnceLock;

use super::activations::Activations;
use super::kernel::Kernel;

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

impl Activations {
    /// Quantises `x`, `(count, columns)`, for the best kernel, in place of what was here before.
    pub(crate) fn quantise(&mut self, x: &[f32], columns: usize) {
        self.quantise_for(Kernel::best().layout, x, columns);
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
