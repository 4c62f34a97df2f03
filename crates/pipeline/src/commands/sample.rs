//! `clip-rs sample`: draws the synthetic county.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use clap::Args;
use clip_rs_sample::{SampleOptions, generate};
use clip_rs_stage::progress::Progress;

#[derive(Args)]
pub struct Sample {
    /// Folder to write
    #[arg(long)]
    pub out: PathBuf,
    /// Decides the layout
    #[arg(long)]
    pub seed: Option<u64>,
    /// Tiles on a side at zoom 17
    #[arg(long, value_name = "TILES")]
    pub size: Option<u32>,
}

/// Draws it.
pub fn run(args: &Sample) -> Result<ExitCode> {
    let usual = SampleOptions::default();
    let options = SampleOptions {
        seed: args.seed.unwrap_or(usual.seed),
        size: args.size.unwrap_or(usual.size),
        ..usual
    };
    let progress = Progress::start("Drawing tiles", options.size.saturating_mul(options.size) as usize);
    // The generator tells how many are done, in no particular order; the bar wants steps.
    let most = AtomicUsize::new(0);
    let report = generate(&args.out, &options, &|done, _| {
        let before = most.fetch_max(done, Ordering::Relaxed);
        progress.advance(done.saturating_sub(before));
    })?;
    progress.finish();
    println!(
        "{}: {} tiles of zoom 17, {} pictures in all, {:.1} MB, {} addresses",
        report.folder.display(),
        report.tiles,
        report.pictures,
        report.picture_bytes as f64 / 1e6,
        report.addresses,
    );
    Ok(ExitCode::SUCCESS)
}
