//! The command `clip-rs`: words of the command line to a stage, its outcome to sentences.

#![forbid(unsafe_code)]

mod cli;
mod run;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, Model};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Sample(args) => run::sample(&args),
        Command::Model(Model::Import { path, out, conversion }) => run::import(&path, &out, &conversion),
        Command::Model(Model::Pull(args)) => run::pull(&args),
        Command::Model(Model::Info { model }) => run::info(&model),
        Command::Index(args) => run::index(args),
        Command::Search(args) => run::search(args),
        Command::Encode { catalog, texts } => run::encode(&catalog, &texts),
        Command::Verify { catalog } => run::verify(&catalog),
        Command::Evaluate(args) => run::evaluate(args),
        Command::Train(args) => run::train(args),
        Command::FineTune(args) => run::fine_tune(args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("clip-rs: {}", sentence(&error));
        ExitCode::FAILURE
    })
}

/// An error with its causes, each said once: those of the stages say theirs themselves.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| {
        if told.contains(&cause) {
            told
        } else if told.is_empty() {
            cause
        } else {
            format!("{told}: {cause}")
        }
    })
}
