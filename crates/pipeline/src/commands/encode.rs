//! `clip-rs encode`: vectors of texts.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

#[derive(Args)]
pub struct Encode {
    /// The catalog's folder
    pub catalog: PathBuf,
    /// Any texts
    #[arg(required = true)]
    pub texts: Vec<String>,
}

/// Prints a list of vectors.
pub fn run(args: &Encode) -> Result<ExitCode> {
    println!("{}", serde_json::to_string(&clip_rs_pipeline::query::encode(&args.catalog, &args.texts)?)?);
    Ok(ExitCode::SUCCESS)
}
