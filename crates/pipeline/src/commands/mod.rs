//! The commands of `clip-rs`, one a file: its arguments, its run, its words.

#[cfg(feature = "fetch")]
mod addresses;
#[cfg(feature = "fetch")]
mod area;
mod encode;
#[cfg(feature = "export")]
mod export;
#[cfg(feature = "fetch")]
mod fetch;
#[cfg(feature = "fetch")]
mod geocode;
mod index;
mod pack;
mod prune;
mod sample;
mod search;
#[cfg(feature = "training")]
mod training;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use clip_rs_pipeline::arguments::Index;

/// Pictures, files and the like that are named one by one; the rest are counted.
const NAMED: usize = 20;

/// From imagery to a map that can be searched with words.
#[derive(Parser)]
#[command(name = "clip-rs", version, arg_required_else_help = true)]
#[cfg_attr(
    not(all(feature = "export", feature = "fetch", feature = "training")),
    command(
        after_help = "Built without all features: some of export, fetch, area, addresses, geocode, model, evaluate, train and fine-tune are left out."
    )
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw a synthetic sample area: tiles, labels, captions, addresses
    Sample(sample::Sample),
    #[cfg(feature = "fetch")]
    /// Fetch the map tiles of an area from a service into a PMTiles archive
    Fetch(fetch::Fetch),
    #[cfg(feature = "fetch")]
    /// From a place to a catalog: fetch and index as one
    Area(Box<area::Area>),
    #[cfg(feature = "fetch")]
    /// Download address points and keep those of an area, as a table that `index --addresses` reads
    Addresses(addresses::Addresses),
    #[cfg(feature = "fetch")]
    /// Ask an online geocoder for the addresses of a catalog's places
    Geocode(geocode::Geocode),
    /// Embed imagery and write a catalog
    Index(Box<Index>),
    /// Search a catalog
    Search(search::Search),
    /// Print the vectors of texts, as JSON: what the page's engine computes, for comparing and for other tools
    Encode(encode::Encode),
    #[cfg(feature = "export")]
    /// Write a catalog for other tools: GeoParquet, STAC, GeoJSON, CSV, KML, PMTiles
    Export(export::Export),
    /// Check every file of a catalog; exits 1 on any fault
    Verify(verify::Verify),
    /// Remove what replaced catalogs and interrupted runs left in a catalog's folder
    Prune(prune::Prune),
    /// Put the page and a catalog into one folder or zip file that any static server can hand out
    Pack(pack::Pack),
    #[cfg(feature = "training")]
    #[command(flatten)]
    Training(training::Training),
}

impl Cli {
    /// Carries out the command.
    pub fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Sample(args) => sample::run(&args),
            #[cfg(feature = "fetch")]
            Command::Fetch(args) => fetch::run(&args),
            #[cfg(feature = "fetch")]
            Command::Area(args) => area::run(*args),
            #[cfg(feature = "fetch")]
            Command::Addresses(args) => addresses::run(&args),
            #[cfg(feature = "fetch")]
            Command::Geocode(args) => geocode::run(&args),
            Command::Index(args) => index::run(*args),
            Command::Search(args) => search::run(args),
            Command::Encode(args) => encode::run(&args),
            #[cfg(feature = "export")]
            Command::Export(args) => export::run(&args),
            Command::Verify(args) => verify::run(&args),
            Command::Prune(args) => prune::run(&args),
            Command::Pack(args) => pack::run(args),
            #[cfg(feature = "training")]
            Command::Training(command) => training::run(command),
        }
    }
}
