//! Gathers what became of items, and computes the vectors that are missing.

use clip_rs_catalog::Digest;
use clip_rs_imagery::decode::Picture;
use clip_rs_search::model::{ImagePixels, ImageTower};
use clip_rs_stage::StageError;
use rayon::prelude::*;

use crate::cut::item::{Item, What};
use crate::cut::look::Look;
use crate::embeddings::{Memory, Seen};

/// Pictures that go through the tower together.
const BATCH: usize = 8;
/// Items that show less than this share of themselves are empty.
const LEAST_SHOWN: f32 = 0.05;

/// What a thread found out about an item.
pub enum Sight {
    /// Its vector is kept from before; the hash of its look.
    Known(u64),
    /// It shows nothing; whether that is known from before.
    Empty(bool),
    /// What the tower is still to see.
    New(ImagePixels, Look),
    /// What the tower made of it just now.
    Done(Vec<f32>, Look),
}

/// The items of a run.
pub struct Collector<'a> {
    encoder: &'a dyn ImageTower,
    memory: &'a mut dyn Memory,
    /// What is searched.
    pub items: Vec<Item>,
    /// Vectors that were computed.
    pub computed: usize,
    /// Items that are empty.
    pub empty: usize,
    waiting: Vec<(Digest, ImagePixels, Look)>,
    rows: Vec<(Digest, Seen)>,
}

impl<'a> Collector<'a> {
    /// Collects into `memory`.
    pub fn new(encoder: &'a dyn ImageTower, memory: &'a mut dyn Memory) -> Self {
        Self {
            encoder,
            memory,
            items: Vec::new(),
            computed: 0,
            empty: 0,
            waiting: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// What is known of the item with this key; otherwise `picture` is looked at, and none means that it shows nothing.
    pub fn sight<E: From<StageError>>(
        &self,
        key: &Digest,
        picture: impl FnOnce() -> Result<Option<Sight>, E>,
    ) -> Result<Sight, E> {
        match self.memory.get(key)? {
            Some(Seen::Empty) => Ok(Sight::Empty(true)),
            Some(Seen::Full(_, look)) => Ok(Sight::Known(look.hash())),
            None => Ok(picture()?.unwrap_or(Sight::Empty(false))),
        }
    }

    /// What the tower is to see of a picture; none where it shows hardly anything, or one colour if that is `plain`.
    pub fn look_at(&self, picture: &Picture, plain_is_empty: bool) -> Result<Option<Sight>, StageError> {
        if picture.shown_share() < LEAST_SHOWN || (plain_is_empty && picture.is_single_coloured()) {
            return Ok(None);
        }
        let pixels = ImagePixels::from_rgb(self.encoder.config(), &picture.mirrored());
        let pixels = pixels.map_err(StageError::engine("preparing a picture for the model"))?;
        Ok(Some(Sight::New(pixels, Look::of(&picture.rgb))))
    }

    /// Lets the tower see what is new among `sights` at once, in the thread that has them.
    pub fn see(&self, sights: &mut [&mut Sight]) -> Result<(), StageError> {
        for batch in sights.chunks_mut(BATCH) {
            let pixels = batch.iter().filter_map(|sight| match sight {
                Sight::New(pixels, _) => Some(pixels.clone()),
                Sight::Known(_) | Sight::Empty(_) | Sight::Done(..) => None,
            });
            let pixels: Vec<ImagePixels> = pixels.collect();
            let vectors =
                self.encoder.encode_batch(&pixels).map_err(StageError::engine("embedding pictures"))?;
            let mut vectors = vectors.into_iter();
            for sight in batch {
                if let Sight::New(_, look) = &**sight {
                    let vector = vectors.next().map(|vector| vector.as_slice().to_vec());
                    **sight = Sight::Done(vector.unwrap_or_default(), look.clone());
                }
            }
        }
        Ok(())
    }

    /// Takes what was found out about an item.
    pub fn take(&mut self, what: What, key: Digest, sight: Sight) {
        let hash = match sight {
            Sight::Empty(known) => {
                self.empty += 1;
                if !known {
                    self.rows.push((key, Seen::Empty));
                }
                return;
            }
            Sight::Known(hash) => hash,
            Sight::Done(vector, look) => {
                let hash = look.hash();
                self.computed += 1;
                self.rows.push((key, Seen::Full(vector, look)));
                hash
            }
            Sight::New(pixels, look) => {
                let hash = look.hash();
                // One with the same content may wait already.
                if self.waiting.iter().all(|(other, _, _)| *other != key) {
                    self.waiting.push((key, pixels, look));
                }
                hash
            }
        };
        self.items.push(Item { what, key, hash });
    }

    /// Computes the vectors that are missing, and keeps what is new.
    pub fn compute(&mut self) -> Result<(), StageError> {
        let encoder = self.encoder;
        let batches = self.waiting.par_chunks(BATCH).map(|batch| {
            let pixels: Vec<ImagePixels> = batch.iter().map(|(_, pixels, _)| pixels.clone()).collect();
            let vectors = encoder.encode_batch(&pixels).map_err(StageError::engine("embedding pictures"))?;
            let seen =
                |((key, _, look), vector): (&(Digest, ImagePixels, Look), clip_rs_search::Embedding)| {
                    (*key, Seen::Full(vector.as_slice().to_vec(), look.clone()))
                };
            Ok(batch.iter().zip(vectors).map(seen).collect::<Vec<_>>())
        });
        let computed: Vec<_> =
            batches.collect::<Result<Vec<_>, StageError>>()?.into_iter().flatten().collect();
        self.computed += computed.len();
        self.waiting.clear();
        let rows = std::mem::take(&mut self.rows).into_iter().chain(computed).collect();
        self.memory.append(rows)
    }
}
