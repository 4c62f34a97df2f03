//! `clip-rs train`: trains the compact model.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::model::sizes;

#[derive(Args)]
pub struct Train {
    /// Data sets: folders (sample areas among them), .tar or .tar.gz
    #[arg(long, num_args = 1.., required = true)]
    pub data: Vec<PathBuf>,
    /// Folder of the model package
    #[arg(long)]
    pub out: PathBuf,
    /// Length of the run in minutes
    #[arg(long, conflicts_with_all = ["epochs", "standard_minutes"])]
    pub minutes: Option<f64>,
    /// Length in minutes of the two processor cores that the recipe was written on: as many steps, whatever they take here
    #[arg(long, conflicts_with = "epochs")]
    pub standard_minutes: Option<f64>,
    /// Length of the run in passes over the photographs, which does not depend on the machine
    #[arg(long)]
    pub epochs: Option<f64>,
    /// Name of the model [default: rs-small]
    #[arg(long)]
    pub name: Option<String>,
    /// Use neither teacher features nor WordNet, though they lie beside the data
    #[arg(long)]
    pub no_teachers: bool,
    /// Go on from the last checkpoint
    #[arg(long)]
    pub resume: bool,
}

/// Trains it.
pub fn run(args: Train) -> Result<ExitCode> {
    let out = args.out.clone();
    let imported = clip_rs_training::train::train(&clip_rs_training::train::Request {
        data: args.data,
        out: args.out,
        minutes: args.minutes,
        standard_minutes: args.standard_minutes,
        epochs: args.epochs,
        name: args.name.clone(),
        no_teachers: args.no_teachers,
        resume: args.resume,
    })?;
    println!("{}: {}", out.display(), sizes(&imported));
    Ok(ExitCode::SUCCESS)
}
