//! `clip-rs verify`: checks a catalog.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::NAMED;

#[derive(Args)]
pub struct Verify {
    /// The catalog's folder
    pub catalog: PathBuf,
}

/// Checks, and names each fault.
pub fn run(args: &Verify) -> Result<ExitCode> {
    let Verify { catalog } = args;
    let verdict = clip_rs_pipeline::verify::verify(catalog)?;
    for fault in &verdict.faults {
        println!("FAULT {}: {}", fault.file, fault.why);
    }
    for stranger in verdict.strangers.iter().take(NAMED) {
        println!("note: {stranger} does not belong to the catalog");
    }
    println!(
        "{}: {} items, {} files, {} pictures, {} faults",
        catalog.display(),
        verdict.items,
        verdict.files,
        verdict.pictures,
        verdict.faults.len(),
    );
    Ok(if verdict.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
