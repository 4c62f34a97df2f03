//! A tower's file as candle's models ask for it: tensors by name, in f32, on a device.

use std::collections::HashMap;

use candle_core::{DType, Tensor};
use candle_nn::VarBuilder;
use clip_rs_search::model::{Concepts, GgufTensors, ModelConfig, ModelError, TensorSpec, TensorTable};

use crate::tensors::{self, Tower};
use crate::{Device, computing};

/// The tensors of a tower.
pub(crate) struct Weights {
    tensors: HashMap<String, Tensor>,
    device: Device,
}

/// The tensors of a text tower, and what else is in its file.
pub(crate) struct TextWeights {
    pub(crate) weights: Weights,
    /// Name of the table of tokens, `(vocab_size, width)`.
    pub(crate) table_name: &'static str,
    /// The table itself, which is not among the weights.
    pub(crate) table: TensorTable,
    pub(crate) concepts: Option<Concepts>,
}

impl Weights {
    /// Those of `image.gguf`.
    pub(crate) fn of_image(config: &ModelConfig, gguf: Vec<u8>, device: &Device) -> Result<Self, ModelError> {
        let specs = tensors::image(config);
        let file = GgufTensors::open(gguf, &tensors::kind(config, Tower::Image), &specs)?;
        Self::read(&file, &specs, device)
    }

    /// Those of `text.gguf`.
    pub(crate) fn of_text(config: &ModelConfig, gguf: Vec<u8>) -> Result<TextWeights, ModelError> {
        let mut specs = tensors::text(config);
        let table_name = tensors::token_table(config);
        let mut file = GgufTensors::open(gguf, &tensors::kind(config, Tower::Text), &specs)?;
        let concepts = file.concepts(config.embed_dim)?;
        let table = file.table(table_name)?;
        specs.retain(|spec| spec.name != table_name);
        let weights = Self::read(&file, &specs, &Device::cpu())?;
        Ok(TextWeights { weights, table_name, table, concepts })
    }

    fn read(file: &GgufTensors, specs: &[TensorSpec], device: &Device) -> Result<Self, ModelError> {
        let mut read = HashMap::with_capacity(specs.len());
        for spec in specs {
            let numbers = file.numbers(&spec.name)?;
            let tensor = Tensor::from_vec(numbers, spec.shape.as_slice(), &device.0).map_err(computing)?;
            read.insert(spec.name.clone(), tensor);
        }
        Ok(Self { tensors: read, device: device.clone() })
    }

    /// The tensors, for a model to be built from.
    pub(crate) fn builder(&self) -> VarBuilder<'static> {
        self.with(None)
    }

    /// The tensors and one more.
    pub(crate) fn with(&self, more: Option<(&str, Tensor)>) -> VarBuilder<'static> {
        // A tensor is a reference to its numbers.
        let mut tensors = self.tensors.clone();
        tensors.extend(more.map(|(name, tensor)| (name.to_owned(), tensor)));
        VarBuilder::from_tensors(tensors, DType::F32, &self.device.0)
    }
}
