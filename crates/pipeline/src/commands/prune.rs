//! `clip-rs prune`: removes what replaced catalogs left.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use clip_rs_pipeline::prune::{GRACE, prune};

use super::NAMED;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Args)]
pub struct Prune {
    /// The catalog's folder
    pub catalog: PathBuf,
    /// Remove everything that was replaced, even if pages that were opened before may still read it
    #[arg(long, conflicts_with = "keep")]
    pub now: bool,
    /// Days for which replaced files stay [default: 7]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(..=36_500))]
    pub keep: Option<u32>,
}

/// Removes, and says what was removed and what was left.
pub fn run(args: &Prune) -> Result<ExitCode> {
    let keep = match (args.now, args.keep) {
        (true, _) => Duration::ZERO,
        (false, Some(days)) => DAY * days,
        (false, None) => GRACE,
    };
    let pruned = prune(&args.catalog, keep)?;
    for stranger in pruned.strangers.iter().take(NAMED) {
        println!("left: {stranger}, which is not the catalog's");
    }
    println!(
        "{}: {} files removed, {:.1} MB; {} replaced catalogs are kept for up to {} days",
        args.catalog.display(),
        pruned.files,
        pruned.bytes as f64 / 1e6,
        pruned.kept,
        keep.as_secs() / DAY.as_secs(),
    );
    Ok(ExitCode::SUCCESS)
}
