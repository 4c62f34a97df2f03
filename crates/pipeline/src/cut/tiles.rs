//! Tiles read and decoded when they are first needed, and kept while their neighbours need them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use clip_rs_catalog::{Digest, ImageKind, ListedFile, TileId};
use clip_rs_imagery::decode::{DecodeError, Decoder, Picture};
use clip_rs_imagery::{Source, sniff};

use super::pyramid::Pyramid;

/// Why a tile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// It shows nothing; it is on the map and not searched.
    Empty,
    /// It cannot be read, with the reason; it is left out.
    Broken(String),
}

/// A tile's file, and its pixels once somebody has asked for them.
pub struct Tile {
    /// The encoded picture.
    pub bytes: Vec<u8>,
    /// Digest of the file.
    pub digest: Digest,
    /// Length and digest of the file.
    pub listed: ListedFile,
    /// How it is encoded.
    pub kind: ImageKind,
    picture: OnceLock<Result<Arc<Picture>, Unusable>>,
}

impl Tile {
    /// The file `bytes`, or why it is none of a tile.
    pub fn new(bytes: Vec<u8>) -> Result<Self, String> {
        let listed = ListedFile::of(&bytes, 0).ok_or("the file is empty, or has 4 GiB or more")?;
        // What is no picture is told by the decoder.
        let kind = sniff(&bytes).and_then(|ending| ending.parse().ok()).unwrap_or(ImageKind::Jpeg);
        Ok(Self { digest: Digest::of(&bytes), bytes, listed, kind, picture: OnceLock::new() })
    }

    /// The pixels.
    pub fn picture(&self, decoder: &Decoder) -> Result<Arc<Picture>, Unusable> {
        let decode = || match decoder.decode(&self.bytes) {
            Ok(picture) => Ok(Arc::new(picture)),
            Err(DecodeError::NoData) => Err(Unusable::Empty),
            Err(other) => Err(Unusable::Broken(other.to_string())),
        };
        self.picture.get_or_init(decode).clone()
    }

    /// Whether all of it can be shown; its pixels are not kept.
    pub fn check(&self, decoder: &Decoder) -> Result<(), String> {
        decoder.check(&self.bytes).map_err(|error| error.to_string())
    }

    /// Memory that it takes, bytes.
    fn cost(&self) -> u64 {
        let pixels = match self.picture.get() {
            Some(Ok(picture)) => picture.rgb.len() + picture.shown.as_ref().map_or(0, |shown| shown.len()),
            _ => 0,
        };
        (self.bytes.len() + pixels) as u64
    }
}

/// The tiles of a source, of which those used last are kept.
pub struct Tiles<'a> {
    source: &'a dyn Source,
    pyramid: Pyramid<'a>,
    /// What decodes them.
    pub decoder: &'a Decoder,
    kept: Mutex<HashMap<usize, Kept>>,
    most_bytes: u64,
}

struct Kept {
    tile: Result<Arc<Tile>, String>,
    round: u64,
}

impl<'a> Tiles<'a> {
    /// The tiles of `source`, which has the entries of `pyramid`; about `most_bytes` of them are kept at once.
    pub fn new(source: &'a dyn Source, pyramid: Pyramid<'a>, decoder: &'a Decoder, most_bytes: u64) -> Self {
        Self { source, pyramid, decoder, kept: Mutex::default(), most_bytes }
    }

    /// What there is.
    pub fn pyramid(&self) -> &Pyramid<'a> {
        &self.pyramid
    }

    /// The tile, or why it cannot be read; none if the source has no such tile.
    pub fn get(&self, tile: TileId, round: u64) -> Option<Result<Arc<Tile>, String>> {
        let at = self.pyramid.find(tile)?;
        if let Some(kept) = self.kept().get_mut(&at) {
            kept.round = round;
            return Some(kept.tile.clone());
        }
        // Two threads may read the same tile at once; either result is right.
        let read = self.read(at);
        self.kept().entry(at).or_insert(Kept { tile: read.clone(), round });
        Some(read)
    }

    /// The file of the entry with this number.
    pub fn bytes(&self, at: usize) -> Result<Vec<u8>, String> {
        self.source.read(&self.pyramid.entries()[at]).map_err(|error| error.to_string())
    }

    /// The tile of the entry with this number, which is not kept.
    pub fn read(&self, at: usize) -> Result<Arc<Tile>, String> {
        Ok(Arc::new(Tile::new(self.bytes(at)?)?))
    }

    /// Lets go of tiles until the others take no more than what is allowed, those unused for longest first.
    pub fn let_go(&self) {
        let mut kept = self.kept();
        let cost = |kept: &Kept| kept.tile.as_ref().map_or(0, |tile| tile.cost());
        let mut all: u64 = kept.values().map(cost).sum();
        if all <= self.most_bytes {
            return;
        }
        let mut by_age: Vec<(u64, usize, u64)> =
            kept.iter().map(|(at, kept)| (kept.round, *at, cost(kept))).collect();
        by_age.sort_unstable();
        for (_, at, cost) in by_age {
            // Half is let go of at once: this need not be done each round.
            if 2 * all <= self.most_bytes {
                break;
            }
            kept.remove(&at);
            all -= cost;
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<usize, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
