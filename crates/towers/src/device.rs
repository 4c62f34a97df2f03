//! What candle computes on.

use clip_rs_search::model::ModelError;

/// A processor that candle knows.
#[derive(Debug, Clone)]
pub struct Device(pub(crate) candle_core::Device);

impl Device {
    /// The machine's own processor.
    pub fn cpu() -> Self {
        Self(candle_core::Device::Cpu)
    }

    /// The first NVIDIA graphics processor; an error where there is none, or the build was made without the feature `cuda`.
    pub fn cuda() -> Result<Self, ModelError> {
        candle_core::Device::new_cuda(0).map(Self).map_err(|error| missing("cuda", &error))
    }

    /// The first Apple graphics processor; an error where there is none, or the build was made without the feature `metal`.
    pub fn metal() -> Result<Self, ModelError> {
        candle_core::Device::new_metal(0).map(Self).map_err(|error| missing("metal", &error))
    }
}

fn missing(feature: &str, error: &candle_core::Error) -> ModelError {
    let why = format!(
        "no graphics processor can be used ({error}); on a machine with one, build with the feature {feature}, else use cpu"
    );
    ModelError::Compute(why)
}
