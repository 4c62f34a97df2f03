//! `clip-rs pack`: the page with a catalog in one folder or zip file, for any static server.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use clip_rs_pipeline::pack::{Request, pack};
use clip_rs_stage::progress::counted;

#[derive(Args)]
pub struct Pack {
    /// The catalog's folder
    pub catalog: PathBuf,
    /// The built page's folder, as `cargo xtask dist` makes it
    #[arg(long, value_name = "DIR")]
    pub app: PathBuf,
    /// The folder to make, or a zip file if the name ends in .zip; an earlier pack is replaced, and nothing else
    #[arg(long, value_name = "FOLDER|FILE.zip")]
    pub out: PathBuf,
}

/// Packs, and says what came of it.
pub fn run(args: Pack) -> Result<ExitCode> {
    let Pack { catalog, app, out } = args;
    let packed = pack(&Request { catalog, app, out: out.clone() })?;
    let marker = &packed.marker;
    println!(
        "{}: {}, {:.1} MB, with {}{}; README.txt in it says how to serve it",
        out.display(),
        counted(marker.files, "file", "files"),
        marker.bytes as f64 / 1e6,
        counted(marker.pictures, "picture", "pictures"),
        if packed.replaced { ", in place of an earlier pack" } else { "" },
    );
    Ok(ExitCode::SUCCESS)
}
