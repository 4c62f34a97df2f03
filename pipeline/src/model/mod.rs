//! Model packages: reading one, and making one from a trainer's reference folder.

mod golden;
mod import;
mod package;

pub use import::{Imported, Quantization, import};
pub use package::Package;
