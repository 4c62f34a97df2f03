//! The words of a command line that ask for a catalog, and what is told of it: for `clip-rs index` and whatever else indexes.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use clip_rs_catalog::Date;
use clip_rs_imagery::Scheme;
use clip_rs_package::Processor;
use clip_rs_stage::StageError;
use clip_rs_stage::progress::counted;

use crate::given::Given;
use crate::index::{HasCells, Indexed, Request};

/// Pictures that are named one by one where some could not be read.
const NAMED: usize = 20;

/// What to index, and where to.
#[derive(Args)]
pub struct Index {
    /// Where pictures come from.
    #[command(flatten)]
    pub source: Source,
    /// How the rows of tiles are counted [default: as the source says, else xyz]
    #[arg(long, value_enum, conflicts_with = "images")]
    pub scheme: Option<Rows>,
    /// Search windows of these ground resolutions too: metres a pixel as the model sees them, such as 0.5,2 [default: tiles
    /// as they are; large pictures with windows of .6 of their shorter side]
    #[arg(long, value_name = "M,M..", value_delimiter = ',', value_parser = scale)]
    pub scales: Vec<f64>,
    /// Leave the pictures of --images out of the catalog, but for their thumbnails
    #[arg(long, conflicts_with = "tiles")]
    pub no_originals: bool,
    /// CSV with the columns name, longitude, latitude for --images
    #[arg(long, value_name = "CSV", conflicts_with = "tiles")]
    pub locations: Option<PathBuf>,
    /// Address points: CSV with the columns longitude, latitude, address, GeoJSON (both packed or not), or GeoParquet
    #[arg(long, value_name = "FILE")]
    pub addresses: Option<PathBuf>,
    /// Take the embeddings of items from this Parquet table (columns id and embedding) instead of computing them
    #[cfg(feature = "export")]
    #[arg(long, value_name = "FILE")]
    pub from_parquet: Option<PathBuf>,
    /// How far the nearest address may be, in metres [default: 250]
    #[arg(long, value_name = "METRES", requires = "addresses", value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub address_distance: Option<u32>,
    /// The day of the pictures whose source tells none
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub captured: Option<Date>,
    /// Memory that decoding may take, in megabytes [default: a quarter of the machine's, at most 2048]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(16..))]
    pub memory: Option<u32>,
    /// Whether items lie in cells, of which a search fetches a part by range
    #[arg(long, value_enum, default_value = "auto")]
    pub cells: CellsChoice,
    /// What pictures are embedded on; cuda and metal where the command was built with that feature
    #[arg(long, value_enum, default_value = "cpu")]
    pub device: Device,
    /// Folder of the model package
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Folder of the catalog
    #[arg(long, value_name = "CATALOG")]
    pub out: PathBuf,
    /// Folder for embeddings that are kept between runs [default: CATALOG.work]
    #[arg(long, value_name = "DIR")]
    pub work: Option<PathBuf>,
    /// The area's name
    #[arg(long)]
    pub title: Option<String>,
    /// Who made the imagery
    #[arg(long)]
    pub attribution: Option<String>,
    /// The imagery's licence
    #[arg(long)]
    pub licence: Option<String>,
    /// Short name for links: letters, digits, - and _
    #[arg(long)]
    pub id: Option<String>,
}

/// Where pictures come from.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Source {
    /// Imagery as a map: folders z/x/y.jpg, PMTiles, MBTiles, GeoTIFF, TileJSON, WMTS, STAC, or a sample area
    #[arg(long, value_name = "SRC", num_args = 1..)]
    pub tiles: Vec<PathBuf>,
    /// Pictures that are no map: folders, files, or STAC
    #[arg(long, value_name = "SRC", num_args = 1..)]
    pub images: Vec<PathBuf>,
}

/// How the rows of tiles are counted.
#[derive(Clone, Copy, ValueEnum)]
pub enum Rows {
    /// From the north
    Xyz,
    /// From the south
    Tms,
}

impl From<Rows> for Scheme {
    fn from(rows: Rows) -> Self {
        match rows {
            Rows::Xyz => Self::Xyz,
            Rows::Tms => Self::Tms,
        }
    }
}

/// Whether items lie in cells.
#[derive(Clone, Copy, Default, ValueEnum)]
pub enum CellsChoice {
    /// In a catalog of more than 8 MiB to load
    #[default]
    Auto,
    /// In any catalog
    Always,
    /// In none, for hosts that hand out no ranges
    Never,
}

impl From<CellsChoice> for HasCells {
    fn from(choice: CellsChoice) -> Self {
        match choice {
            CellsChoice::Auto => Self::IfLarge,
            CellsChoice::Always => Self::Always,
            CellsChoice::Never => Self::Never,
        }
    }
}

/// What pictures are embedded on.
#[derive(Clone, Copy, ValueEnum)]
pub enum Device {
    /// This machine's processor
    Cpu,
    /// An NVIDIA graphics processor
    Cuda,
    /// An Apple one
    Metal,
}

impl From<Device> for Processor {
    fn from(device: Device) -> Self {
        match device {
            Device::Cpu => Self::Cpu,
            Device::Cuda => Self::Cuda,
            Device::Metal => Self::Metal,
        }
    }
}

impl Index {
    /// The request that this is; an error where embeddings are given that cannot be read.
    pub fn request(self) -> Result<Request, StageError> {
        let given = given(&self)?;
        Ok(Request {
            tiles: self.source.tiles,
            images: self.source.images,
            scheme: self.scheme.map(Into::into),
            scales: self.scales,
            no_originals: self.no_originals,
            locations: self.locations,
            addresses: self.addresses,
            given,
            address_distance_m: self.address_distance.map(f64::from),
            captured: self.captured,
            memory_bytes: self.memory.map(|megabytes| u64::from(megabytes) << 20),
            cells: self.cells.into(),
            divider: None,
            processor: self.device.into(),
            model: self.model,
            out: self.out,
            work: self.work,
            title: self.title,
            attribution: self.attribution,
            licence: self.licence,
            id: self.id,
        })
    }
}

/// Says what was read and what was not.
pub fn tell(request: &Request, indexed: &Indexed) {
    for note in &indexed.notes {
        eprintln!("{note}");
    }
    for skipped in indexed.skipped.iter().take(NAMED) {
        eprintln!("skipped {}: {}", skipped.subject, skipped.why);
    }
    println!(
        "{}: {}, {} embedded now, {} skipped; {} shown, {} of them empty, {}",
        request.out.display(),
        counted(indexed.items, "item", "items"),
        indexed.computed,
        indexed.skipped.len(),
        indexed.shown,
        indexed.empty,
        counted(indexed.duplicates, "duplicate", "duplicates"),
    );
}

/// The embeddings that are given.
#[cfg(feature = "export")]
fn given(args: &Index) -> Result<Option<Arc<Given>>, StageError> {
    let read = args.from_parquet.as_deref().map(crate::tables::embeddings::read).transpose()?;
    Ok(read.map(Arc::new))
}

/// This build cannot read any.
#[cfg(not(feature = "export"))]
fn given(_: &Index) -> Result<Option<Arc<Given>>, StageError> {
    Ok(None)
}

/// Metres a pixel.
fn scale(text: &str) -> Result<f64, String> {
    let scale = text.trim().parse().ok().filter(|scale: &f64| scale.is_finite() && *scale > 0.0);
    scale.ok_or_else(|| "metres a pixel, above 0, such as 0.5".to_owned())
}
