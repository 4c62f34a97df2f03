//! Pictures to vectors, as many at once as there are processors, keeping what is done. Each picture's bytes go on into the
//! catalog while they are at hand, so that a source is read once.

use clip_rs_catalog::{Digest, ImageKind, ListedFile};
use clip_rs_search::Embedding;
use clip_rs_search::model::{ImageEncoder, ImagePixels, ModelError};
use image::{Rgb, RgbImage};
use rayon::prelude::*;

use crate::embeddings::EmbeddingStore;
use crate::publish::Edition;
use clip_rs_imagery::decode::{self, Decoder};
use clip_rs_imagery::{Entry, Skipped, Source, sniff};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;

/// Pictures between two writes to the store: what an interruption costs at most.
const STRIDE: usize = 64;
/// Pictures that go through the tower together.
const BATCH: usize = 8;

/// A picture of the source, and what is to become of it.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Where the source has it.
    pub entry: &'a Entry,
    /// What the catalog calls it: the picture's name; none for tiles, whose number is their name.
    pub name: Option<String>,
    /// Whether it is searched; the others are only shown.
    pub searched: bool,
}

impl Wanted<'_> {
    /// Path below the catalog's folder of tiles or pictures.
    fn path(&self, kind: ImageKind) -> String {
        match &self.name {
            Some(name) => format!("original/{name}"),
            None => format!("{}.{kind}", self.entry.id),
        }
    }
}

/// A picture that can be shown; it is in the catalog's folder.
#[derive(Debug)]
pub struct Kept<'a> {
    /// Which one it is.
    pub wanted: Wanted<'a>,
    /// How it is encoded, as its first bytes say.
    pub kind: ImageKind,
    /// Its file in the catalog.
    pub file: ListedFile,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// What the store has its vector under.
    pub key: Digest,
}

/// What became of a list of pictures.
#[derive(Debug, Default)]
pub struct Outcome<'a> {
    /// The pictures that can be read, in their order.
    pub kept: Vec<Kept<'a>>,
    /// Those that cannot, with the reason.
    pub skipped: Vec<Skipped>,
    /// Number of vectors that were computed now; the others were kept from before.
    pub computed: usize,
}

/// Vector of a fixed picture: tells whether a store was filled by an engine that computes alike.
pub fn probe(encoder: &ImageEncoder) -> Result<Embedding, ModelError> {
    let paint = |x: u32, y: u32| Rgb([(x * 2) as u8, (y * 2) as u8, (x * y / 64) as u8]);
    let picture = RgbImage::from_fn(128, 128, paint);
    encoder.encode_pixels(&ImagePixels::from_rgb(encoder.config(), &picture)?)
}

/// Reads every picture, skipping those that cannot be, puts it into the catalog, and sees that the store has the vectors of
/// those that are searched.
pub fn embed<'a>(
    source: &dyn Source,
    wanted: Vec<Wanted<'a>>,
    encoder: &ImageEncoder,
    store: &mut EmbeddingStore,
    edition: &Edition,
    decoder: &Decoder,
) -> Result<Outcome<'a>, StageError> {
    let progress = Progress::start("Embedding pictures", wanted.len());
    let mut outcome = Outcome::default();
    let mut searched = 0;
    let mut wanted = wanted.into_iter().peekable();
    while wanted.peek().is_some() {
        let stride: Vec<Wanted<'_>> = wanted.by_ref().take(STRIDE).collect();
        let reading = Reading { source, encoder, store, edition, decoder };
        let read: Vec<_> = stride.par_iter().map(|wanted| reading.read(wanted)).collect();
        let mut waiting = Waiting::default();
        progress.advance(stride.len());
        for (wanted, read) in stride.into_iter().zip(read) {
            match read {
                Ok(Read { kind, file, size, key, pixels }) => {
                    if let Some(pixels) = pixels {
                        waiting.push(key, &wanted, pixels);
                    }
                    searched += usize::from(wanted.searched);
                    outcome.kept.push(Kept { wanted, kind, file, size, key });
                }
                Err(Unreadable::Picture(why)) => {
                    outcome.skipped.push(Skipped { subject: wanted.entry.id.to_string(), why });
                }
                Err(Unreadable::Other(error)) => return Err(error),
            }
        }
        outcome.computed += waiting.compute(encoder, store)?;
    }
    progress.finish();
    if searched == 0 {
        let first = outcome.skipped.first().map(|skipped| format!("{}: {}", skipped.subject, skipped.why));
        let why = format!("no picture can be read; the first is {}", first.unwrap_or_default());
        return Err(StageError::Request(why));
    }
    Ok(outcome)
}

struct Read {
    kind: ImageKind,
    file: ListedFile,
    size: (u32, u32),
    key: Digest,
    /// What the tower is still to see.
    pixels: Option<ImagePixels>,
}

enum Unreadable {
    /// The picture is bad, and is skipped.
    Picture(String),
    /// Nothing can go on.
    Other(StageError),
}

impl Unreadable {
    fn picture(why: impl ToString) -> Self {
        Self::Picture(why.to_string())
    }
}

/// What reading a picture needs, shared by all threads.
struct Reading<'a> {
    source: &'a dyn Source,
    encoder: &'a ImageEncoder,
    store: &'a EmbeddingStore,
    edition: &'a Edition,
    decoder: &'a Decoder,
}

impl Reading<'_> {
    fn read(&self, wanted: &Wanted<'_>) -> Result<Read, Unreadable> {
        let content = self.source.read(wanted.entry).map_err(Unreadable::picture)?;
        let kind =
            sniff(&content).ok_or_else(|| Unreadable::picture("not a jpg, png, webp or avif picture"))?;
        let kind: ImageKind = kind.parse().map_err(Unreadable::picture)?;
        let key = Digest::of(&content);
        let is_known = wanted.searched && self.store.contains(&key);
        let mut pixels = None;
        if !is_known {
            let prepare =
                |decoded: decode::Picture| ImagePixels::from_rgb(self.encoder.config(), &decoded.rgb);
            let prepared = self.decoder.with_picture(&content, prepare).map_err(Unreadable::picture)?;
            pixels = Some(prepared.map_err(Unreadable::picture)?).filter(|_| wanted.searched);
        }
        let size = self.decoder.dimensions(&content).map_err(Unreadable::picture)?;
        let file = self.edition.put(&wanted.path(kind), &content).map_err(Unreadable::Other)?;
        let file = file.ok_or_else(|| Unreadable::picture("empty, or of 4 GiB or more"))?;
        Ok(Read { kind, file, size, key, pixels })
    }
}

/// Pictures whose vectors are missing.
#[derive(Default)]
struct Waiting {
    /// Digest and name of each, in the order of `pixels`.
    pictures: Vec<(Digest, String)>,
    pixels: Vec<ImagePixels>,
}

impl Waiting {
    /// Adds a picture, unless one with the same bytes waits already.
    fn push(&mut self, key: Digest, wanted: &Wanted<'_>, pixels: ImagePixels) {
        if self.pictures.iter().all(|(other, _)| *other != key) {
            self.pictures.push((key, wanted.entry.id.to_string()));
            self.pixels.push(pixels);
        }
    }

    /// Computes the vectors and adds them to the store; gives their number.
    fn compute(self, encoder: &ImageEncoder, store: &mut EmbeddingStore) -> Result<usize, StageError> {
        let batches = self.pictures.par_chunks(BATCH).zip(self.pixels.par_chunks(BATCH));
        let rows = batches.map(|(pictures, pixels)| {
            let subject = pictures.first().map(|(_, name)| name.clone()).unwrap_or_default();
            let vectors = encoder.encode_batch(pixels).map_err(StageError::engine(subject))?;
            let rows = pictures.iter().zip(vectors).map(|((key, _), vector)| (*key, vector));
            Ok(rows.collect::<Vec<_>>())
        });
        let rows: Vec<_> = rows.collect::<Result<Vec<_>, StageError>>()?.into_iter().flatten().collect();
        store.append(&rows)?;
        Ok(rows.len())
    }
}
