//! `clip-rs export`: a catalog for everybody else's tools.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use clip_rs_pipeline::export::{Component, Format, export};
use clip_rs_stage::progress::counted;

#[derive(Args)]
pub struct Export {
    /// Folder of the catalog
    catalog: PathBuf,
    /// What to write
    #[arg(long, value_enum)]
    format: As,
    /// Store embeddings in half precision
    #[arg(long)]
    half: bool,
    /// The new file, or folder for stac
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
}

/// What a catalog is written as.
#[derive(Clone, Copy, ValueEnum)]
enum As {
    /// A table with footprints and embeddings, for DuckDB, GeoPandas, QGIS
    Geoparquet,
    /// A folder: a STAC collection with GeoParquet files
    Stac,
    /// Footprints
    Geojson,
    /// Centres and edges
    Csv,
    /// Footprints, for Google Earth and others
    Kml,
    /// The imagery
    Pmtiles,
}

impl From<As> for Format {
    fn from(format: As) -> Self {
        match format {
            As::Geoparquet => Self::GeoParquet,
            As::Stac => Self::Stac,
            As::Geojson => Self::GeoJson,
            As::Csv => Self::Csv,
            As::Kml => Self::Kml,
            As::Pmtiles => Self::PmTiles,
        }
    }
}

/// Exports, and says what was written.
pub fn run(args: &Export) -> Result<ExitCode> {
    let component = if args.half { Component::Half } else { Component::Single };
    let exported = export(&args.catalog, args.format.into(), component, &args.out)?;
    let what = match args.format {
        As::Pmtiles => counted(exported.count, "tile", "tiles"),
        _ => counted(exported.count, "item", "items"),
    };
    let lost = match (exported.without_place, args.format) {
        (0, _) => String::new(),
        (count, As::Kml) => format!(", {} without a position left out", counted(count, "item", "items")),
        (count, _) => format!(", {} without a position", counted(count, "item", "items")),
    };
    println!("{}: {what}{lost}", args.out.display());
    Ok(ExitCode::SUCCESS)
}
