//! The command `clip-rs`: words of the command line to a stage, its outcome to sentences.

#![forbid(unsafe_code)]

mod commands;

use std::process::ExitCode;

use clap::Parser;

use commands::Cli;

/// The C library's allocator keeps an arena a thread, each as large as it ever was: with it memory grew with the number of
/// tiles.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run().unwrap_or_else(|error| {
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
