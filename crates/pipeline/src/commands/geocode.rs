//! `clip-rs geocode`: addresses of a catalog's places from an online geocoder, as a table that `index --addresses` reads.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use clip_rs_fetch::{Client, Geocoder};
use clip_rs_pipeline::catalog::Catalog;
use clip_rs_stage::progress::{counted, say};

#[derive(Args)]
pub struct Geocode {
    /// Folder of the catalog
    catalog: PathBuf,
    /// nominatim, or mapbox (its key in MAPBOX_ACCESS_TOKEN)
    #[arg(long)]
    service: String,
    /// The table to be: longitude, latitude, address
    #[arg(long, value_name = "CSV")]
    out: PathBuf,
    /// Your address, which Nominatim's operators ask for
    #[arg(long, value_name = "MAIL OR URL")]
    contact: String,
    /// Ask this origin, http://host:port, such as a Nominatim of your own
    #[arg(long, value_name = "ORIGIN")]
    at: Option<String>,
}

/// Asks for each place, and says what was found.
pub fn run(args: &Geocode) -> Result<ExitCode> {
    ensure!(!args.out.exists(), "{} is already there: give another name, or remove it", args.out.display());
    let geocoder = Geocoder::named(&args.service, args.at.as_deref())?;
    let catalog = Catalog::open(&args.catalog)?;
    let mut positions = Vec::new();
    for shard in &catalog.manifest.shards {
        let items = catalog.items(shard)?;
        positions.extend((0..items.len()).filter_map(|ordinal| items.centre(ordinal)));
    }
    say(&format!(
        "{}: positions of the catalog's places are sent to it. Its terms: {}",
        geocoder.name, geocoder.terms
    ));
    let found = geocoder.write(&Client::new(Some(&args.contact)), &positions, &args.out)?;
    println!(
        "{}: {} for {}. {}",
        args.out.display(),
        counted(found, "address", "addresses"),
        counted(positions.len(), "place", "places"),
        geocoder.attribution
    );
    Ok(ExitCode::SUCCESS)
}
