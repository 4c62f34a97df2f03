//! An emulator of 64-bit ARM, with the linker of what it runs: their programs as Debian calls them.

use crate::process;

/// Runs programs for 64-bit ARM.
pub const EMULATOR: &str = "qemu-aarch64";
/// Links them.
pub const LINKER: &str = "aarch64-linux-gnu-gcc";

/// Whether this machine runs programs for 64-bit ARM: it is one, or has both.
pub fn is_run_here() -> bool {
    cfg!(target_arch = "aarch64") || missing().is_none()
}

/// Which of the two is not here.
pub fn missing() -> Option<&'static str> {
    [EMULATOR, LINKER].into_iter().find(|program| !process::exists(program))
}
