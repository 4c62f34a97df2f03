//! The tensors of a GGUF file for other engines than ours, read as strictly: each is known to be there, of the right shape
//! and inside the file, before one is brought to f32.

use super::concepts::Concepts;
use super::gguf::{Stored, Weights};
use super::text::concepts_of;
use super::{ModelError, TensorSpec};

/// The tensors of a file.
pub struct GgufTensors(Weights);

impl GgufTensors {
    /// Checks a file, whose `general.architecture` has to be `architecture`, against the tensors that it should hold. More
    /// than these are fine.
    pub fn open(bytes: Vec<u8>, architecture: &str, specs: &[TensorSpec]) -> Result<Self, ModelError> {
        Weights::open(bytes, architecture, specs).map(Self)
    }

    /// The bank of concepts for vectors of `embed_dim` components, if the file has one.
    pub fn concepts(&mut self, embed_dim: usize) -> Result<Option<Concepts>, ModelError> {
        concepts_of(&mut self.0, embed_dim)
    }

    /// Whether there is such a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.0.stored(name).is_ok()
    }

    /// A tensor's numbers, the last dimension running fastest.
    pub fn numbers(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        self.0.numbers(name)
    }

    /// A table of which single rows will be asked for, kept as the file has it.
    pub fn table(&self, name: &str) -> Result<TensorTable, ModelError> {
        let stored = self.0.stored(name)?;
        let bytes = self.0.bytes().get(stored.bytes.clone()).unwrap_or_default().to_vec();
        Ok(TensorTable { stored: Stored { bytes: 0..bytes.len(), ..stored }, bytes })
    }
}

/// A matrix whose rows are brought to f32 when they are looked up.
pub struct TensorTable {
    stored: Stored,
    bytes: Vec<u8>,
}

impl TensorTable {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.stored.shape.first().copied().unwrap_or_default()
    }

    /// Adds a row's numbers to `numbers`; an error where there is no such row.
    pub fn push_row(&self, row: usize, numbers: &mut Vec<f32>) -> Result<(), ModelError> {
        let width = self.stored.shape.last().copied().unwrap_or_default();
        let start = numbers.len();
        numbers.resize(start + width, 0.0);
        let read = self.stored.read_row(&self.bytes, row, numbers.get_mut(start..).unwrap_or_default());
        read.ok_or_else(|| {
            ModelError::Vocabulary(format!("token {row} is not among the {} of the table", self.rows()))
        })
    }
}
