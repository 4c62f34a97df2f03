//! `clip-rs sample`: draws the synthetic county.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use clap::Args;
use clip_rs_sample::{SampleError, SampleOptions, SampleReport, WAYS, generate, repeat};
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
    /// Instead of drawing: lay the sample area of this folder side by side, mirrored and turned, its pictures shared
    #[arg(long, value_name = "AREA", requires = "times", conflicts_with_all = ["seed", "size"])]
    pub repeat: Option<PathBuf>,
    /// How often it is laid, each way
    #[arg(long, requires = "repeat")]
    pub times: Option<u32>,
}

/// Draws it, or repeats what is drawn.
pub fn run(args: &Sample) -> Result<ExitCode> {
    if let (Some(county), Some(times)) = (&args.repeat, args.times) {
        return repeated(args, county, times);
    }
    let usual = SampleOptions::default();
    let options = SampleOptions {
        seed: args.seed.unwrap_or(usual.seed),
        size: args.size.unwrap_or(usual.size),
        ..usual
    };
    let report = watched("Drawing tiles", |report| generate(&args.out, &options, report))?;
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

/// Lays a county side by side.
fn repeated(args: &Sample, county: &Path, times: u32) -> Result<ExitCode> {
    let report = watched("Laying tiles", |report| repeat(county, &args.out, times, WAYS, report))?;
    println!(
        "{}: {} tiles of zoom 17, {} in all, which share {:.1} MB of pictures",
        report.folder.display(),
        report.tiles,
        report.pictures,
        report.picture_bytes as f64 / 1e6,
    );
    Ok(ExitCode::SUCCESS)
}

/// Shows how many tiles are done while `work` tells it.
fn watched(
    what: &str,
    work: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> Result<SampleReport, SampleError>,
) -> Result<SampleReport, SampleError> {
    let progress = OnceLock::new();
    // It is told how many are done, in no particular order; the bar wants steps.
    let most = AtomicUsize::new(0);
    let report = work(&|done, total| {
        let before = most.fetch_max(done, Ordering::Relaxed);
        progress.get_or_init(|| Progress::start(what, total)).advance(done.saturating_sub(before));
    })?;
    progress.into_inner().into_iter().for_each(|progress| progress.finish());
    Ok(report)
}
