//! Pictures to vectors, as many at once as there are processors, keeping what is done.

use std::path::PathBuf;

use clip_rs_catalog::{Digest, ListedFile};
use clip_rs_search::Embedding;
use clip_rs_search::model::{ImageEncoder, ImagePixels, ModelError};
use image::{Rgb, RgbImage};
use rayon::prelude::*;

use crate::embeddings::EmbeddingStore;
use clip_rs_imagery::Picture;
use clip_rs_imagery::decode::{self, Decoder};
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};

/// Pictures between two writes to the store: what an interruption costs at most.
const STRIDE: usize = 64;
/// Pictures that go through the tower together.
const BATCH: usize = 8;

/// A picture that can be shown, with its vector when it is an item.
#[derive(Debug)]
pub struct Embedded {
    /// The picture.
    pub picture: Picture,
    /// Length and digest of its file.
    pub listed: ListedFile,
    /// Its vector; none for tiles that are only shown.
    pub vector: Option<Embedding>,
}

/// What became of a list of pictures.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The pictures that can be read, in their order.
    pub kept: Vec<Embedded>,
    /// Those that cannot, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
    /// Number of vectors that were computed now; the others were kept from before.
    pub computed: usize,
}

/// Vector of a fixed picture: tells whether a store was filled by an engine that computes alike.
pub fn probe(encoder: &ImageEncoder) -> Result<Embedding, ModelError> {
    let paint = |x: u32, y: u32| Rgb([(x * 2) as u8, (y * 2) as u8, (x * y / 64) as u8]);
    let picture = RgbImage::from_fn(128, 128, paint);
    encoder.encode_pixels(&ImagePixels::from_rgb(encoder.config(), &picture)?)
}

/// Reads every picture, skipping those that cannot be, and finds or computes the vectors of the items.
pub fn embed(
    pictures: Vec<Picture>,
    encoder: &ImageEncoder,
    store: &mut EmbeddingStore,
    decoder: &Decoder,
) -> Result<Outcome, StageError> {
    let progress = Progress::start("Embedding pictures", pictures.len());
    let mut outcome = Outcome::default();
    for stride in pictures.chunks(STRIDE) {
        let read: Vec<Result<Read, Unreadable>> =
            stride.par_iter().map(|picture| read(picture, encoder, store, decoder)).collect();
        let mut kept = Vec::new();
        for (picture, read) in stride.iter().zip(read) {
            match read {
                Ok(read) => kept.push((picture.clone(), read)),
                Err(Unreadable::Picture(why)) => outcome.skipped.push((picture.source.clone(), why)),
                Err(Unreadable::Other(error)) => return Err(error),
            }
        }
        outcome.computed += compute(&mut kept, encoder, store)?;
        outcome.kept.extend(kept.into_iter().map(|(picture, read)| Embedded {
            picture,
            listed: read.listed,
            vector: read.vector,
        }));
        progress.advance(stride.len());
    }
    progress.finish();
    if outcome.kept.iter().all(|embedded| embedded.vector.is_none()) {
        let first = outcome.skipped.first().map(|(path, why)| format!("{}: {why}", path.display()));
        let why = format!("no picture can be read; the first is {}", first.unwrap_or_default());
        return Err(StageError::Request(why));
    }
    Ok(outcome)
}

struct Read {
    listed: ListedFile,
    digest: Digest,
    vector: Option<Embedding>,
    /// What the tower is still to see.
    pixels: Option<ImagePixels>,
}

enum Unreadable {
    /// The picture is bad, and is skipped.
    Picture(String),
    /// Nothing can go on.
    Other(StageError),
}

fn read(
    picture: &Picture,
    encoder: &ImageEncoder,
    store: &EmbeddingStore,
    decoder: &Decoder,
) -> Result<Read, Unreadable> {
    let content = files::read(&picture.source).map_err(Unreadable::Other)?;
    let listed = ListedFile::of(&content)
        .ok_or_else(|| Unreadable::Picture("a picture of 4 GiB or more".to_owned()))?;
    let digest = Digest::of(&content);
    let known = store.get(&digest).filter(|_| picture.item.is_some());
    let vector = known.and_then(|vector| Embedding::new(vector.to_vec()).ok());
    let mut pixels = None;
    if vector.is_none() {
        let prepare = |decoded: decode::Picture| ImagePixels::from_rgb(encoder.config(), &decoded.rgb);
        let prepared = decoder.with_picture(&content, prepare);
        let prepared = prepared.map_err(|error| Unreadable::Picture(error.to_string()))?;
        let prepared = prepared.map_err(|error| Unreadable::Picture(error.to_string()))?;
        pixels = picture.item.is_some().then_some(prepared);
    }
    Ok(Read { listed, digest, vector, pixels })
}

/// Computes the vectors that are missing and adds them to the store; gives their number.
fn compute(
    kept: &mut [(Picture, Read)],
    encoder: &ImageEncoder,
    store: &mut EmbeddingStore,
) -> Result<usize, StageError> {
    let mut waiting: Vec<&mut (Picture, Read)> =
        kept.iter_mut().filter(|(_, read)| read.pixels.is_some()).collect();
    waiting.par_chunks_mut(BATCH).try_for_each(|batch| {
        let pixels: Vec<ImagePixels> = batch.iter_mut().filter_map(|(_, read)| read.pixels.take()).collect();
        let subject = batch.first().map(|(picture, _)| picture.source.display().to_string());
        let vectors =
            encoder.encode_batch(&pixels).map_err(StageError::engine(subject.unwrap_or_default()))?;
        for ((_, read), vector) in batch.iter_mut().zip(vectors) {
            read.vector = Some(vector);
        }
        Ok::<(), StageError>(())
    })?;
    let row =
        |(_, read): &&mut (Picture, Read)| Some((read.digest, read.vector.as_ref()?.as_slice().to_vec()));
    let rows: Vec<_> = waiting.iter().filter_map(row).collect();
    let count = rows.len();
    store.append(rows)?;
    Ok(count)
}
