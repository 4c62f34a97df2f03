//! The commands `clip-rs` and `clip-rs-server`, and the catalogs of sample areas that they make.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cache;
use crate::paths;
use crate::process;
use crate::setup;
use crate::stamp::Stamp;
use crate::steps::{self, Step};

/// The embedded model.
const MODEL: &str = "models/rs-small";
/// How often the large area repeats the county, each way: 1,016,064 tiles.
const TIMES: &str = "21";
/// What decides how a sample area looks.
const SAMPLE_SOURCES: [&str; 2] = ["Cargo.lock", "crates/sample/src"];
/// What decides what a catalog holds, beyond its imagery.
const INDEX_SOURCES: [&str; 8] = [
    MODEL,
    "crates/catalog/src",
    "crates/imagery/src",
    "crates/locate/src",
    "crates/package/src",
    "crates/pipeline/src",
    "crates/search/src",
    "crates/stage/src",
];

/// The two commands, built.
pub struct Commands {
    pub clip_rs: PathBuf,
    pub server: PathBuf,
}

impl Commands {
    /// Where cargo puts them for a profile whose folder is `profile`.
    pub fn of(profile: &str) -> Self {
        Self { clip_rs: paths::built(profile, "clip-rs"), server: paths::built(profile, "clip-rs-server") }
    }
}

/// Builds both in release.
pub fn build_release() -> Result<Commands> {
    build("cargo build --release of clip-rs and clip-rs-server", &[])
}

/// As [`build_release`], but without what makes, measures and teaches models: half of what there is to compile.
pub fn build_for_use() -> Result<Commands> {
    build(
        "cargo build --release of clip-rs, without training, and clip-rs-server",
        &["--no-default-features"],
    )
}

fn build(what: &str, features: &[&str]) -> Result<Commands> {
    let step = Step::start("commands", what);
    let mut cargo = setup::cargo();
    cargo.args(["build", "--release", "-p", "clip-rs-pipeline", "-p", "clip-rs-server"]).args(features);
    process::quiet(&mut cargo, &paths::target().join("xtask/commands.log"))?;
    step.done("up to date");
    Ok(Commands::of("release"))
}

/// A sample area with its catalog.
pub struct Area {
    pub sample: PathBuf,
    pub catalog: PathBuf,
}

/// Makes the sample area of `seed` (none: the default one) and its catalog in `folder`, where they are not
/// there already, made from the same sources.
pub fn area(clip_rs: &Path, seed: Option<u64>, folder: &Path) -> Result<Area> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let area = Area { sample: folder.join("sample"), catalog: folder.join("catalog") };
    let words = seed.map(|seed| vec!["--seed".to_owned(), seed.to_string()]).unwrap_or_default();

    let stamp =
        Stamp::of(&words.join(" ")).sources(&SAMPLE_SOURCES)?.kept_in(folder.join("sample.made-from"));
    if stamp.is_current() && area.sample.is_dir() {
        steps::skipped("sample area", "up to date");
    } else {
        let step = Step::start("sample area", "drawing a synthetic county");
        stamp.clear()?;
        cache::remove(&area.sample)?;
        let mut draw = Command::new(clip_rs);
        draw.arg("sample").arg("--out").arg(&area.sample).args(&words);
        process::quiet(&mut draw, &folder.join("sample.log"))?;
        stamp.write()?;
        step.done("drawn");
    }

    let made_from =
        Stamp::of(stamp.digest()).sources(&INDEX_SOURCES)?.kept_in(folder.join("catalog.made-from"));
    if made_from.is_current() && area.catalog.join("catalog.json").is_file() {
        steps::skipped("catalog", "up to date");
    } else {
        let step = Step::start("catalog", "embedding every tile and indexing them");
        made_from.clear()?;
        cache::remove(&area.catalog)?;
        let mut index = index(clip_rs, &area);
        index.arg("--addresses").arg(area.sample.join("addresses.csv"));
        process::quiet(&mut index, &folder.join("index.log"))?;
        made_from.write()?;
        step.done("made");
    }
    Ok(area)
}

/// Makes an area of a million tiles out of `county` and its catalog in `folder`, where they are not there already.
pub fn repeated(clip_rs: &Path, county: &Area, folder: &Path) -> Result<Area> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let area = Area { sample: folder.join("sample"), catalog: folder.join("catalog") };
    let made_from = Stamp::of(TIMES)
        .sources(&SAMPLE_SOURCES)?
        .sources(&INDEX_SOURCES)?
        .kept_in(folder.join("catalog.made-from"));
    if made_from.is_current() && area.catalog.join("catalog.json").is_file() {
        steps::skipped("large catalog", "up to date");
        return Ok(area);
    }
    let step = Step::start("large area", "laying the county side by side");
    made_from.clear()?;
    cache::remove(&area.sample)?;
    cache::remove(&area.catalog)?;
    let mut repeat = Command::new(clip_rs);
    repeat
        .arg("sample")
        .arg("--repeat")
        .arg(&county.sample)
        .args(["--times", TIMES])
        .arg("--out")
        .arg(&area.sample);
    process::quiet(&mut repeat, &folder.join("sample.log"))?;
    step.done("laid");
    let step = Step::start("large catalog", "embedding every picture and indexing a million tiles");
    process::quiet(&mut index(clip_rs, &area), &folder.join("index.log"))?;
    made_from.write()?;
    step.done("made");
    Ok(area)
}

/// The command that makes an area's catalog with the embedded model.
fn index(clip_rs: &Path, area: &Area) -> Command {
    let mut index = Command::new(clip_rs);
    index.arg("index").arg("--tiles").arg(&area.sample);
    index.arg("--model").arg(paths::repository().join(MODEL)).arg("--out").arg(&area.catalog);
    index
}
