//! Arithmetic that the engine spends its time in, by the fastest way the processor at hand has.
//!
//! All ways compute the same: integers from the same codes ([`codes`]), and floats in the same order. So a text or a picture has
//! the same vector, bit for bit, on every processor and in every browser, and a link shows the same list to everybody.
//!
//! Each kernel has a definition in plain Rust that the tests hold it against for every shape and tail, natively and in a
//! browser. Which way is taken is decided once: natively by asking the processor, in wasm when it is compiled, as a module
//! with an unknown instruction does not load at all.
//!
//! `unsafe` of this crate is in this folder and nowhere else: loads, stores and instructions of vectors. What loads rely on is
//! checked once a product. `cargo xtask test --sanitizer` runs the tests under an address sanitizer, which builds everything
//! anew; those for ARM run in an emulator where there is one (`xtask/src/arm.rs`).

mod activations;
mod choice;
mod codes;
mod dot;
mod float;
mod kernel;
mod layout;
mod neighbourhoods;
mod packed;
#[cfg(target_arch = "aarch64")]
mod packed_arm;
mod packed_portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod packed_wasm;
#[cfg(target_arch = "x86_64")]
mod packed_x86;
mod product;
mod row_dots;
mod rows;

pub(crate) use activations::Activations;
pub use choice::compute_by;
pub(crate) use dot::dot;
pub(crate) use float::FloatMatrix;
pub(crate) use neighbourhoods::{QuantisedMap, Window};
pub(crate) use packed::{Codes, PackedMatrix, Packing};
pub(crate) use product::Mismatch;
pub(crate) use row_dots::{ROWS_TOGETHER, RowDots};
pub(crate) use rows::{Attention, attention, gelu, layer_norm, quick_gelu, relu};

/// What a product does with the numbers that are where its result goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// Overwrites them.
    Overwrite,
    /// Adds to them.
    Accumulate,
}

/// Compiles a function of plain loops once more for the wider vectors of most x86-64 processors, and takes that one
/// where they are there.
macro_rules! vectorised {
    ($(#[$attribute:meta])* $visible:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$attribute])*
        $visible fn $name($($arg: $type),*) {
            #[inline(always)]
            fn loops($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn wide($($arg: $type),*) { loops($($arg),*) }
                if super::has_wide_vectors() {
                    // SAFETY: both features were just found to be there.
                    return unsafe { wide($($arg),*) };
                }
            }
            loops($($arg),*)
        }
    };
}
use vectorised;

/// Whether plain loops may be those that were compiled for wider vectors.
#[cfg(target_arch = "x86_64")]
#[inline]
fn has_wide_vectors() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && kernel::Kernel::allows_wide_vectors()
}

/// Whether the processor multiplies 64 bytes at a time and adds up the products.
#[cfg(target_arch = "x86_64")]
#[inline]
fn has_vnni() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni")
}

/// Whether [`prefetch`] does anything: the other processors have no such instruction, or Rust has none for it.
pub(crate) const PREFETCHES: bool = cfg!(target_arch = "x86_64");

/// Has memory fetched that is read soon.
#[inline]
pub(crate) fn prefetch(soon: &[i8]) {
    #[cfg(target_arch = "x86_64")]
    for line in soon.chunks(CACHE_LINE) {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: all of x86-64 has the instruction, which reads nothing and fails for no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = soon;
}

/// Bytes that come from memory together.
#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;

#[cfg(test)]
mod agreement_tests;
