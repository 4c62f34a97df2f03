//! `clip-rs pack`: the page with its catalogs in one folder or zip file, for any static server.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use clip_rs_catalog::ListedCatalog;
use clip_rs_page::given::{NamedFolder, elsewhere, placed};
use clip_rs_pipeline::pack::{Request, pack};
use clip_rs_stage::progress::counted;

#[derive(Args)]
pub struct Pack {
    /// A catalog's folder; of several each but one has a NAME of letters, digits, - and _. The one without, else the first,
    /// is what the page begins with
    #[arg(value_name = "[NAME=]CATALOG", required = true)]
    pub catalogs: Vec<NamedFolder>,
    /// The catalog.json of a catalog on another site that the page may show, too; that site has to let the pack's read it
    #[arg(long, value_name = "[TITLE=]URL", value_parser = elsewhere)]
    pub catalog_from: Vec<ListedCatalog>,
    /// The built page's folder, as `cargo xtask dist` makes it
    #[arg(long, value_name = "DIR")]
    pub app: PathBuf,
    /// The folder to make, or a zip file if the name ends in .zip; an earlier pack is replaced, and nothing else
    #[arg(long, value_name = "FOLDER|FILE.zip")]
    pub out: PathBuf,
}

/// Packs, and says what came of it.
pub fn run(args: Pack) -> Result<ExitCode> {
    let Pack { catalogs, catalog_from: elsewhere, app, out } = args;
    let catalogs = placed(catalogs, elsewhere.len()).context("these catalogs cannot be packed together")?;
    let packed = pack(&Request { catalogs, elsewhere, app, out: out.clone() })?;
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
