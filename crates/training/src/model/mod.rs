//! Model packages: reading one, and making one from a checkpoint, of our own trainer or of others.

mod checkpoint;
pub(crate) mod concepts;
mod golden;
mod hub;
mod import;
mod info;
mod layout;
mod presets;
pub(crate) mod shorten;
pub(crate) mod spectrum;

pub use clip_rs_package::Package;
pub use golden::Agreement;
pub use hub::{Hub, Plan, Remote};
pub use import::{Imported, Quantization, import, import_as};
pub use info::describe;
pub use layout::Said;
pub use presets::{PRESETS, Preset};
