//! Pictures and texts of a data set as vectors, through the browser's engine.

use std::collections::HashMap;

use clip_rs_imagery::decode::{Decoder, Picture};
use clip_rs_search::model::{ImagePixels, ImageTower, TextTower};
use clip_rs_search::{Code, Embedding};
use rayon::prelude::*;

use super::dataset::Example;
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;

/// Pictures that go through the tower together.
const BATCH: usize = 8;

/// Vectors as a catalog holds them, that is, rounded to 8 bits: (pictures, embedding dimension).
pub(super) fn of_pictures(
    encoder: &dyn ImageTower,
    examples: &[Example],
    decoder: &Decoder,
) -> Result<Vec<Vec<f32>>, StageError> {
    let progress = Progress::start("Embedding pictures", examples.len());
    let batches: Vec<Vec<Vec<f32>>> = examples
        .par_chunks(BATCH)
        .map(|batch| {
            let pixels = batch.iter().map(|example| {
                let prepare = |picture: Picture| ImagePixels::from_rgb(encoder.config(), &picture.mirrored());
                let prepared = decoder.with_picture(&example.content, prepare);
                let prepared = prepared.map_err(StageError::engine(&example.name))?;
                prepared.map_err(StageError::engine(&example.name))
            });
            let pixels = pixels.collect::<Result<Vec<_>, _>>()?;
            let first = batch.first().map_or("", |example| &example.name);
            let vectors = encoder.encode_batch(&pixels).map_err(StageError::engine(first))?;
            progress.advance(batch.len());
            vectors.iter().map(|vector| rounded(first, vector)).collect()
        })
        .collect::<Result<_, StageError>>()?;
    progress.finish();
    Ok(batches.into_iter().flatten().collect())
}

fn rounded(subject: &str, vector: &Embedding) -> Result<Vec<f32>, StageError> {
    let code = Code::new(vector).map_err(StageError::engine(subject))?;
    Ok(code.embedding().map_err(StageError::engine(subject))?.into())
}

/// Vectors of texts in their order; a text that is there many times is encoded once.
pub(super) fn of_texts(
    text: &dyn TextTower,
    what: &str,
    texts: &[&str],
) -> Result<Vec<Vec<f32>>, StageError> {
    let mut numbers = HashMap::new();
    let mut distinct = Vec::new();
    for text in texts {
        numbers.entry(*text).or_insert_with(|| {
            distinct.push(*text);
            distinct.len() - 1
        });
    }
    let progress = Progress::start(what, distinct.len());
    let vectors: Vec<Vec<f32>> = distinct
        .par_iter()
        .map(|sentence| {
            let vector = text.encode(sentence).map_err(StageError::engine(sentence))?;
            progress.advance(1);
            Ok(vector.into())
        })
        .collect::<Result<_, StageError>>()?;
    progress.finish();
    Ok(texts.iter().map(|text| vectors[numbers[text]].clone()).collect())
}
