//! `clip-rs area`: from a place to a catalog, fetching and indexing as one, with one progress over all of it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use clip_rs_catalog::Date;
use clip_rs_pipeline::index::Request;
use clip_rs_stage::files;
use clip_rs_stage::progress::{say, whole};

use super::{fetch, index};

/// The long steps, as fetching and indexing call them, with about how long each takes: an hour of fetching at a polite pace goes
/// with some minutes of embedding on a machine of this time, and seconds of the rest.
const STEPS: [(&str, f64); 4] = [
    ("Fetching tiles", 60.0),
    ("Embedding tiles", 30.0),
    ("Making overviews", 5.0),
    ("Building the index", 5.0),
];

#[derive(Args)]
pub struct Area {
    #[command(flatten)]
    pub from: fetch::From,
    /// Folder of the catalog; the tiles lie beside it, in CATALOG.pmtiles
    #[arg(long, value_name = "CATALOG")]
    pub out: PathBuf,
    /// Folder of the model package
    #[arg(long, value_name = "DIR", default_value = "models/rs-small")]
    pub model: PathBuf,
    /// Address points: CSV with the columns longitude, latitude, address, GeoJSON (both packed or not), or GeoParquet
    #[arg(long, value_name = "FILE")]
    pub addresses: Option<PathBuf>,
    /// The day on which the imagery was captured, where it is known
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub captured: Option<Date>,
    /// The area's name [default: that of the place with the service's]
    #[arg(long)]
    pub title: Option<String>,
}

/// Fetches what is not there yet, then indexes it. Each of them goes on where an earlier run ended.
pub fn run(args: Area) -> Result<ExitCode> {
    whole(&STEPS);
    let tiles = files::beside(&args.out, "pmtiles")?;
    if tiles.exists() && !args.from.refresh {
        say(&format!("The tiles are there: {}. Add --refresh to ask for what changed.", tiles.display()));
    } else if !args.from.fetch(&tiles)? {
        return Ok(ExitCode::SUCCESS);
    }
    index::run_request(&Request {
        tiles: vec![tiles],
        model: args.model,
        out: args.out,
        addresses: args.addresses,
        captured: args.captured,
        title: args.title,
        ..Request::default()
    })
}
