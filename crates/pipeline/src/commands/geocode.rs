//! `clip-rs geocode`: addresses of a catalog's places from an online geocoder, as a table that `index --addresses` reads. No other
//! command asks one.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use clip_rs_fetch::{Client, Geocoder};
use clip_rs_pipeline::catalog::Catalog;
use clip_rs_stage::progress::{counted, say};
use indicatif::HumanDuration;

/// More places than this are asked for on `--yes` only.
const MANY: usize = 1000;

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
    /// Your address, which the operators of the public Nominatim ask for
    #[arg(long, value_name = "MAIL OR URL")]
    contact: Option<String>,
    /// Ask this origin, http://host:port, such as a Nominatim of your own
    #[arg(long, value_name = "ORIGIN")]
    at: Option<String>,
    /// Requests a second at most [default: what the service allows]
    #[arg(long, value_name = "N")]
    pace: Option<NonZeroU32>,
    /// Ask for many places without being asked
    #[arg(long)]
    yes: bool,
}

/// Asks for each place, and says what was found.
pub fn run(args: &Geocode) -> Result<ExitCode> {
    ensure!(!args.out.exists(), "{} is already there: give another name, or remove it", args.out.display());
    let mut geocoder = Geocoder::named(&args.service, args.at.as_deref())?;
    ensure!(
        !geocoder.is_shared || args.contact.is_some(),
        "{} is run for everybody, and its operators ask to know who asks: add --contact you@example.org",
        geocoder.name
    );
    if let Some(pace) = args.pace {
        ensure!(
            !geocoder.is_shared || pace <= geocoder.requests_a_second,
            "{} allows {} request a second; a server of your own (--at) may be asked faster",
            geocoder.name,
            geocoder.requests_a_second
        );
        geocoder.requests_a_second = pace;
    }
    let catalog = Catalog::open(&args.catalog)?;
    let mut positions = Vec::new();
    for shard in &catalog.manifest.shards {
        let items = catalog.items(shard)?;
        positions.extend((0..items.len()).filter_map(|ordinal| items.centre(ordinal)));
    }
    ensure!(!positions.is_empty(), "{}: nothing in it has a position", args.catalog.display());
    let places = counted(positions.len(), "place", "places");
    let seconds = positions.len() as u64 / u64::from(geocoder.requests_a_second.get());
    say(&format!(
        "{}: the positions of {places} are sent to it, which takes at least {}. Its terms say whether you may: {}",
        geocoder.name,
        HumanDuration(Duration::from_secs(seconds)),
        geocoder.terms
    ));
    ensure!(
        positions.len() <= MANY || args.yes,
        "these are many places: add --yes if you want them, and if the terms allow it; address points from a file (--addresses) \
         need no service"
    );
    let told = geocoder.write(&Client::new(args.contact.as_deref()), &positions, &args.out)?;
    println!(
        "{}: {} for {places}; {} asked for now. {}",
        args.out.display(),
        counted(told.addresses, "address", "addresses"),
        told.asked,
        geocoder.attribution
    );
    Ok(ExitCode::SUCCESS)
}
