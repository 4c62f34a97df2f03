//! Scores as the engine has them: cosines less the pictures' relevance offsets, where a model knows concepts.

use clip_rs_search::Embedding;
use clip_rs_search::model::{Concepts, Marks};

use super::rank::scores;
use clip_rs_stage::StageError;

/// Pictures of a data set with their offsets.
pub struct Relevance<'a> {
    concepts: Option<&'a Concepts>,
    /// Unit vectors.
    pictures: &'a [Vec<f32>],
    offsets: Vec<f32>,
}

impl<'a> Relevance<'a> {
    /// Of a model's concepts, if it has any, and pictures' unit vectors.
    pub fn new(concepts: Option<&'a Concepts>, pictures: &'a [Vec<f32>]) -> Result<Self, StageError> {
        let offset = |vector: &Vec<f32>| -> Result<f32, StageError> {
            match concepts {
                Some(concepts) => Ok(concepts.offset(&direction(vector)?)),
                None => Ok(0.0),
            }
        };
        Ok(Self { concepts, pictures, offsets: pictures.iter().map(offset).collect::<Result<_, _>>()? })
    }

    /// The scores of all pictures for a text's unit vector.
    pub fn scores(&self, text: &[f32]) -> Vec<f32> {
        let cosines = scores(text, self.pictures);
        cosines.into_iter().zip(&self.offsets).map(|(cosine, offset)| cosine - offset).collect()
    }

    /// What makes marks of the scores of a text; none where the model knows no concepts.
    pub fn marks(&self, text: &[f32]) -> Result<Option<(Marks, f32)>, StageError> {
        let Some(concepts) = self.concepts else { return Ok(None) };
        Ok(Some((concepts.marks(), concepts.familiarity(&direction(text)?))))
    }
}

fn direction(vector: &[f32]) -> Result<Embedding, StageError> {
    Embedding::new(vector.to_vec()).map_err(StageError::engine("a vector"))
}
