//! Embeddings made elsewhere, which a catalog takes in the place of those that its model would make.

use std::collections::HashMap;

use clip_rs_catalog::{Digest, Digester};
use clip_rs_search::Embedding;
use clip_rs_search::model::{ImageConfig, ImagePixels, ImageTower, ModelConfig, ModelError};
use clip_rs_stage::StageError;

/// Vectors by the names of items.
#[derive(Debug, Clone)]
pub struct Given {
    /// Where they are from, for messages.
    source: String,
    dim: usize,
    rows: HashMap<String, usize>,
    vectors: Vec<f32>,
}

impl Given {
    /// None so far, of `dim` components each; `source` is what they are read from.
    pub fn new(source: impl Into<String>, dim: usize) -> Self {
        Self { source: source.into(), dim, rows: HashMap::new(), vectors: Vec::new() }
    }

    /// Adds the vector of the item called `id`. One that has no direction, or a name that is there already, is an error.
    pub fn push(&mut self, id: &str, vector: Vec<f32>) -> Result<(), StageError> {
        let refuse = |why: String| StageError::content(&self.source, format!("the row of {id}: {why}"));
        if vector.len() != self.dim {
            return Err(refuse(format!("{} numbers, where others have {}", vector.len(), self.dim)));
        }
        let vector = Embedding::new(vector).map_err(|error| refuse(error.to_string()))?;
        let row = self.rows.len();
        if self.rows.insert(id.to_owned(), row).is_some() {
            return Err(StageError::content(&self.source, format!("there are two rows of {id}")));
        }
        self.vectors.extend_from_slice(vector.as_slice());
        Ok(())
    }

    /// The vector of an item.
    pub fn get(&self, id: &str) -> Option<&[f32]> {
        let row = *self.rows.get(id)?;
        self.vectors.get(row * self.dim..(row + 1) * self.dim)
    }

    /// Where they are from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Digest of what they are, for what is kept between runs.
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::default();
        digester.update(b"embeddings made elsewhere");
        digester.update(&self.dim.to_le_bytes());
        digester.finish()
    }

    /// A tower that prepares pictures as the model's does and looks at none of them. Vectors of another length than the model's
    /// are an error: its text tower could not be compared with them.
    pub fn tower(&self, model: &ModelConfig) -> Result<Box<dyn ImageTower>, StageError> {
        if self.dim != model.embed_dim {
            let why = format!(
                "its vectors have {} numbers and those of the model {} have {}: name the model that made them with --model",
                self.dim, model.name, model.embed_dim
            );
            return Err(StageError::content(&self.source, why));
        }
        Ok(Box::new(Blind { dim: self.dim, config: model.image.clone() }))
    }
}

/// Gives every picture the same vector.
struct Blind {
    dim: usize,
    config: ImageConfig,
}

impl ImageTower for Blind {
    fn dim(&self) -> usize {
        self.dim
    }

    fn config(&self) -> &ImageConfig {
        &self.config
    }

    fn encode_batch(&self, pictures: &[ImagePixels]) -> Result<Vec<Embedding>, ModelError> {
        let one =
            || Embedding::new(vec![1.0; self.dim]).map_err(|error| ModelError::Compute(error.to_string()));
        pictures.iter().map(|_| one()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_found_by_name_and_brought_to_length_1() {
        let mut given = Given::new("a table", 2);
        given.push("17/1/2", vec![3.0, -4.0]).expect("a vector");
        assert_eq!(given.get("17/1/2"), Some(&[0.6, -0.8][..]));
        assert_eq!(given.get("17/1/3"), None);
        for (id, vector, word) in [
            ("17/1/2", vec![1.0, 0.0], "two rows"),
            ("b", vec![1.0], "1 numbers"),
            ("c", vec![0.0, 0.0], "c"),
            ("d", vec![f32::NAN, 1.0], "d"),
        ] {
            let said = given.push(id, vector).expect_err(id).to_string();
            assert!(said.contains(word) && said.contains("a table"), "{said}");
        }
    }
}
