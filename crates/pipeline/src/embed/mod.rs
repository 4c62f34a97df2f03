//! Items to vectors, as many at once as there are processors, keeping what is done. Each picture's bytes go on into the
//! catalog while they are at hand.
//!
//! | module | what it does |
//! |---|---|
//! | [`tiles`], [`pictures`] | a pass over all tiles and their windows, or over all pictures and their squares |
//! | [`collect`] | what became of each, and the vectors that are missing, batch by batch |
//! | [`remarks`] | what was noted on the way, counted |

pub mod collect;
pub mod pictures;
pub mod remarks;
pub mod tiles;

use clip_rs_catalog::{ListedFile, ListedTile};
use clip_rs_imagery::decode::Decoder;
use clip_rs_imagery::{Entry, Skipped, Source};
use clip_rs_search::Embedding;
use clip_rs_search::model::{ImagePixels, ImageTower, ModelError};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;
use image::{Rgb, RgbImage};

use crate::cut::item::Item;
use crate::cut::made::Made;
use crate::publish::Edition;

/// What the passes need, shared by all threads.
pub struct Tools<'a> {
    /// Where pictures come from.
    pub source: &'a dyn Source,
    /// What decodes them.
    pub decoder: &'a Decoder,
    /// What turns them into vectors.
    pub encoder: &'a dyn ImageTower,
    /// The catalog that is being written; none where nothing but vectors is wanted, for another run.
    pub catalog: Option<Catalog<'a>>,
}

/// What writing a catalog needs besides.
#[derive(Clone, Copy)]
pub struct Catalog<'a> {
    /// Where pictures that are shown are written to.
    pub edition: &'a Edition,
    /// Overviews and thumbnails that were made before.
    pub made: &'a Made,
}

impl Tools<'_> {
    /// Begins a step; a part of another run's items is none to tell of.
    fn progress(&self, what: &str, total: usize) -> Progress {
        if self.catalog.is_some() { Progress::start(what, total) } else { Progress::hidden(total) }
    }
}

/// What became of the imagery.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// What is searched, neighbours on the ground near each other.
    pub items: Vec<Item>,
    /// What can be shown.
    pub shown: Shown<'a>,
    /// What cannot be read, with the reason.
    pub skipped: Vec<Skipped>,
    /// Number of vectors that were computed now; the others were kept from before.
    pub computed: usize,
    /// Tiles that are shown and not searched, because there is nothing on them.
    pub empty: usize,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// What can be shown, with its files.
#[derive(Debug)]
pub enum Shown<'a> {
    /// Map tiles.
    Tiles {
        /// Every tile, overviews included.
        listed: Vec<ListedTile>,
        /// The searched zoom.
        zoom: u8,
        /// Edge of a tile, pixels.
        edge: u32,
    },
    /// Pictures that are no tiles, in the order of their items.
    Pictures(Vec<ShownPicture<'a>>),
}

/// A picture that can be shown.
#[derive(Debug, Clone)]
pub struct ShownPicture<'a> {
    /// Where the source has it.
    pub entry: &'a Entry,
    /// What the catalog calls it.
    pub name: String,
    /// Width and height of the upright picture, pixels.
    pub size: (u32, u32),
    /// The picture as it was given, unless originals are left out.
    pub original: Option<ListedFile>,
    /// Its thumbnails, by the sizes of [`pictures::THUMBNAILS`].
    pub thumbnails: Vec<Option<ListedFile>>,
}

/// Vector of a fixed picture: tells whether a store was filled by an engine that computes alike.
pub fn probe(encoder: &dyn ImageTower) -> Result<Embedding, ModelError> {
    let paint = |x: u32, y: u32| Rgb([(x * 2) as u8, (y * 2) as u8, (x * y / 64) as u8]);
    let picture = RgbImage::from_fn(128, 128, paint);
    encoder.encode_pixels(&ImagePixels::from_rgb(encoder.config(), &picture)?)
}

/// Why a tile or picture does not become an item.
enum Left {
    /// It cannot be read.
    Broken(String),
    /// Nothing can go on.
    Fatal(StageError),
}

impl From<StageError> for Left {
    fn from(error: StageError) -> Self {
        Self::Fatal(error)
    }
}
