//! The commands that make, measure and teach models, which the feature `training` adds.

mod evaluate;
mod fine_tune;
mod model;
mod train;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use clip_rs_training::LeftOut;

use super::NAMED;

#[derive(Subcommand)]
pub enum Training {
    /// Make and inspect model packages
    #[command(subcommand)]
    Model(model::Model),
    /// Measure and compare models: retrieval, classes, like pictures, open words, size and speed
    Evaluate(evaluate::Evaluate),
    /// Train the compact model from scratch (needs Python)
    Train(train::Train),
    /// Teach a model your own pictures, from captions or class folders
    FineTune(fine_tune::FineTune),
}

/// Carries out the command.
pub fn run(command: Training) -> Result<ExitCode> {
    match command {
        Training::Model(command) => model::run(&command),
        Training::Evaluate(args) => evaluate::run(args),
        Training::Train(args) => train::run(args),
        Training::FineTune(args) => fine_tune::run(args),
    }
}

/// Says which pictures of a data set could not be read.
fn name_left_out(pictures: &[LeftOut]) {
    pictures.iter().take(NAMED).for_each(|picture| eprintln!("{picture}"));
    if pictures.len() > NAMED {
        eprintln!("and {} more", pictures.len() - NAMED);
    }
}
