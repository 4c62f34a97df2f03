//! The sample area: a synthetic county drawn by ourselves, so that everything can be tried with no download.
//!
//! A seed decides everything. The plan ([`layout`]) lays out river, roads and quarters; the sites
//! ([`sites`]) fill them with things; a tile ([`tile`]) paints what touches it, in world coordinates, so
//! that neighbours meet without a seam, and knows what each of its pixels is.

#![forbid(unsafe_code)]

mod addresses;
mod airport;
mod basins;
mod captions;
mod car_park;
pub mod class;
mod draw;
mod geometry;
mod grounds;
mod industry;
mod labels;
mod layout;
mod nature;
mod output;
mod packing;
mod paint;
mod palette;
mod pyramid;
mod rail;
mod repeat;
mod residential;
mod scene;
mod site;
mod sites;
mod sport;
mod streets;
#[cfg(test)]
mod tests;
mod texture;
mod tile;
mod town;
mod transport;
mod trees;
mod water;
mod words;

use std::path::{Path, PathBuf};

pub use repeat::{WAYS, repeat};

use output::Output;
use paint::METRES_PER_PIXEL;
use pyramid::Grid;
use scene::{Scene, Stage};
use texture::Texture;

/// Zoom of the finest tiles: about 0.93 m a pixel where the area lies.
pub const ZOOM: u8 = 17;
/// The north-west tile at [`ZOOM`], in Northern Virginia: multiples of 64, so that the pyramid is tidy.
const NORTH_WEST: (u32, u32) = (37_312, 50_176);
/// The largest area, tiles on a side.
pub const MAX_SIZE: u32 = 512;
/// How often a county may be laid side by side, each way.
pub const MAX_TIMES: u32 = 64;

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOptions {
    /// Decides the county: the same seed and size give the same bytes.
    pub seed: u64,
    /// Tiles on a side at [`ZOOM`], 1..=[`MAX_SIZE`].
    pub size: u32,
    /// JPEG quality of the finest tiles, 1..=100.
    pub quality: u8,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self { seed: 7, size: 48, quality: 60 }
    }
}

/// What was generated.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleReport {
    /// Where it lies.
    pub folder: PathBuf,
    /// Tiles at [`ZOOM`].
    pub tiles: usize,
    /// Tiles of all zooms.
    pub pictures: usize,
    /// Bytes of all pictures.
    pub picture_bytes: u64,
    /// Rows of `addresses.csv`.
    pub addresses: usize,
    /// West, south, east, north in degrees.
    pub bounds: [f64; 4],
}

/// Why no sample area came to be.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// An option is out of its range.
    #[error("{option} must be between {low} and {high}, not {value}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What was asked for.
        value: u64,
        /// The least it may be.
        low: u64,
        /// The most it may be.
        high: u64,
    },
    /// Something is already there.
    #[error("{} already exists and is not a sample area; choose another folder", folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Something else than the folder of one county.
    #[error("{} is not a sample area that can be repeated: make one with clip-rs sample", folder.display())]
    NoCounty {
        /// The folder.
        folder: PathBuf,
    },
    /// A picture could not be drawn or encoded.
    #[error("cannot draw tile {tile}")]
    Draw {
        /// Its zoom/column/row.
        tile: String,
    },
}

/// Generates a sample area into the folder `out`.
///
/// The folder appears under its name when everything in it is complete; a sample area that was there
/// before is replaced. `progress` is told how many of the finest tiles are done, and of how many, in no
/// particular order, from several threads.
pub fn generate(
    out: &Path,
    options: &SampleOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<SampleReport, SampleError> {
    let check = |option, value: u64, low, high| {
        let fine = (low..=high).contains(&value);
        if fine { Ok(()) } else { Err(SampleError::Option { option, value, low, high }) }
    };
    check("size", options.size.into(), 1, MAX_SIZE.into())?;
    check("quality", options.quality.into(), 1, 100)?;
    let output = Output::begin(out)?;
    let grid = grid(options.size);
    let (scene, addresses) = county(options);
    let texture = Texture::new(options.seed);
    let total = (options.size * options.size) as usize;
    let report = output.write(&grid, options, &scene, &texture, &addresses, &|done| progress(done, total))?;
    output.finish(report)
}

/// Where the area of some size lies.
fn grid(size: u32) -> Grid {
    let levels = (32 - (size.max(2) - 1).leading_zeros()).min(u32::from(ZOOM)) as u8;
    Grid { zoom: ZOOM, min_zoom: ZOOM - levels, left: NORTH_WEST.0, top: NORTH_WEST.1, side: size }
}

/// Plans and builds the county.
fn county(options: &SampleOptions) -> (Scene, Vec<scene::Address>) {
    let side = options.size as usize;
    let tile_m = tile::TILE as f64 * METRES_PER_PIXEL;
    let mut plan = layout::Plan::new(options.seed, side as f64 * tile_m);
    let mut stage = Stage::new(options.seed);
    sites::build(&mut stage, &mut plan);
    let addresses = std::mem::take(&mut stage.addresses);
    let margin = tile::MARGIN as f64 * METRES_PER_PIXEL;
    let scene = Scene::new(stage, plan.sun, options.seed, side, tile_m, margin);
    (scene, addresses)
}
