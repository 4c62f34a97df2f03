//! The one trait of all sources: what there is, without reading pixels, and the bytes of one picture.

use std::collections::BTreeMap;
use std::fmt;

use clip_rs_catalog::{Bounds, Date, LngLat, TileId};

use crate::{About, ImageryError};

/// A place where pictures come from. Sources are shared by threads.
pub trait Source: Send + Sync {
    /// What there is, found without reading pixels.
    fn inventory(&self) -> &Inventory;

    /// The encoded picture (JPEG, PNG, WebP or AVIF) of an entry of this source's inventory. Nothing is
    /// unpacked to disk. An error concerns this entry only.
    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError>;

    /// The name of the source that an entry comes from, where several are joined.
    fn origin(&self, entry: &Entry) -> Option<&str> {
        let _one_source = entry;
        None
    }
}

/// What a source holds and what it leaves out.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// Tiles first, deepest zoom first and in quadkey order; then pictures by name. No name comes twice.
    pub entries: Vec<Entry>,
    /// Entries that cannot be read, with the reason.
    pub skipped: Vec<Skipped>,
    /// Entries by kind, such as `.jpg`.
    pub kinds: BTreeMap<String, usize>,
    /// Files of kinds that are not read, by kind, such as `.tif`.
    pub unread: BTreeMap<String, Unread>,
    /// Hidden files and folders (names that begin with a dot); they are not read.
    pub hidden: usize,
    /// What else a person should know, one sentence each.
    pub notes: Vec<String>,
    /// Name, origin and terms of the imagery, as far as the source tells.
    pub about: About,
    /// The edge that most tiles have, pixels; none when there are no tiles.
    pub tile_size: Option<u32>,
}

impl Inventory {
    /// Puts the entries into their order; of two with one name the first stays. Returns how many went.
    pub(crate) fn sort(&mut self) -> usize {
        let before = self.entries.len();
        self.entries.sort_by(|a, b| a.id.cmp(&b.id));
        self.entries.dedup_by(|later, earlier| later.id == earlier.id);
        before - self.entries.len()
    }

    /// Notes an entry that cannot be read.
    pub(crate) fn skip(&mut self, subject: impl ToString, why: impl ToString) {
        self.skipped.push(Skipped { subject: subject.to_string(), why: why.to_string() });
    }

    /// Counts a file of a kind that is not read.
    pub(crate) fn leave(&mut self, kind: &str, name: &str) {
        let unread = self.unread.entry(kind.to_owned()).or_default();
        unread.count += 1;
        if unread.first.len() < Unread::NAMED {
            unread.first.push(name.to_owned());
        }
    }

    /// Counts an entry of a kind.
    pub(crate) fn count(&mut self, kind: &str) {
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
    }

    /// The zooms of the tiles, shallowest and deepest.
    pub fn zooms(&self) -> Option<(u8, u8)> {
        let zooms = || self.entries.iter().filter_map(|entry| entry.id.tile()).map(TileId::z);
        zooms().min().zip(zooms().max())
    }
}

/// An entry that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The file, tile or picture.
    pub subject: String,
    /// The reason, as part of a sentence.
    pub why: String,
}

/// Files of one kind that is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many there are.
    pub count: usize,
    /// The first of them by name, at most [`Unread::NAMED`].
    pub first: Vec<String>,
}

impl Unread {
    /// How many files of a kind are named.
    pub const NAMED: usize = 5;
}

/// A tile or a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What the source calls it.
    pub id: EntryId,
    /// Where the source finds it; of no meaning outside.
    pub handle: u64,
    /// The ground that a picture shows, or the point that it was taken from; none for tiles, see
    /// [`Entry::bounds`].
    pub footprint: Option<Bounds>,
    /// The day it was taken.
    pub captured: Option<Date>,
    /// Length of the encoded picture in bytes, where it is known beforehand.
    pub bytes: Option<u64>,
}

impl Entry {
    /// An entry without place and date.
    pub(crate) fn new(id: EntryId, handle: u64) -> Self {
        Self { id, handle, footprint: None, captured: None, bytes: None }
    }

    /// The ground that it shows, degrees: a tile's own, a picture's footprint where it is known.
    pub fn bounds(&self) -> Option<Bounds> {
        self.id.tile().map(TileId::bounds).or(self.footprint)
    }
}

/// What a source calls an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntryId {
    /// A tile, in XYZ numbering whatever the source's own is.
    Tile(TileId),
    /// A picture by its path below the source, `/` between parts.
    Picture(String),
}

impl EntryId {
    /// The tile, if it is one.
    pub fn tile(&self) -> Option<TileId> {
        match self {
            Self::Tile(tile) => Some(*tile),
            Self::Picture(_) => None,
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile(tile) => tile.fmt(f),
            Self::Picture(name) => f.write_str(name),
        }
    }
}

impl Ord for EntryId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |tile: &TileId| (std::cmp::Reverse(tile.z()), tile.quadkey());
        match (self, other) {
            (Self::Tile(a), Self::Tile(b)) => key(a).cmp(&key(b)),
            (Self::Tile(_), Self::Picture(_)) => std::cmp::Ordering::Less,
            (Self::Picture(_), Self::Tile(_)) => std::cmp::Ordering::Greater,
            (Self::Picture(a), Self::Picture(b)) => a.cmp(b),
        }
    }
}

impl PartialOrd for EntryId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A position in words that a person can check on any map: `38.8895 N, 77.0353 W`.
pub(crate) fn spoken(at: LngLat) -> String {
    let side = |v: f64, positive, negative| if v < 0.0 { negative } else { positive };
    let (lat, lng) = (at.lat(), at.lng());
    format!("{:.4} {}, {:.4} {}", lat.abs(), side(lat, "N", "S"), lng.abs(), side(lng, "E", "W"))
}
