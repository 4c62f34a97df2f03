//! The commands of `clip-rs`, one a file: its arguments, its run, its words.

mod encode;
mod evaluate;
mod fine_tune;
mod index;
mod model;
mod pack;
mod prune;
mod sample;
mod search;
mod train;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use clip_rs_training::LeftOut;

/// Pictures, files and the like that are named one by one; the rest are counted.
const NAMED: usize = 20;

/// From imagery to a map that can be searched with words.
#[derive(Parser)]
#[command(name = "clip-rs", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw a synthetic sample area: tiles, labels, captions, addresses
    Sample(sample::Sample),
    /// Make and inspect model packages
    #[command(subcommand)]
    Model(model::Model),
    /// Embed imagery and write a catalog
    Index(index::Index),
    /// Search a catalog
    Search(search::Search),
    /// Print the vectors of texts, as JSON: what the page's engine computes, for comparing and for other tools
    Encode(encode::Encode),
    /// Check every file of a catalog; exits 1 on any fault
    Verify(verify::Verify),
    /// Remove what replaced catalogs and interrupted runs left in a catalog's folder
    Prune(prune::Prune),
    /// Put the page and a catalog into one folder or zip file that any static server can hand out
    Pack(pack::Pack),
    /// Measure and compare models: retrieval, classes, like pictures, open words, size and speed
    Evaluate(evaluate::Evaluate),
    /// Train the compact model from scratch (needs Python)
    Train(train::Train),
    /// Teach a model your own pictures, from captions or class folders
    FineTune(fine_tune::FineTune),
}

impl Cli {
    /// Carries out the command.
    pub fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Sample(args) => sample::run(&args),
            Command::Model(command) => model::run(&command),
            Command::Index(args) => index::run(args),
            Command::Search(args) => search::run(args),
            Command::Encode(args) => encode::run(&args),
            Command::Verify(args) => verify::run(&args),
            Command::Prune(args) => prune::run(&args),
            Command::Pack(args) => pack::run(args),
            Command::Evaluate(args) => evaluate::run(args),
            Command::Train(args) => train::run(args),
            Command::FineTune(args) => fine_tune::run(args),
        }
    }
}

/// Says which pictures of a data set could not be read.
fn name_left_out(pictures: &[LeftOut]) {
    pictures.iter().take(NAMED).for_each(|picture| eprintln!("{picture}"));
    if pictures.len() > NAMED {
        eprintln!("and {} more", pictures.len() - NAMED);
    }
}
