//! Catalogs that states are shown on: the sample area, and photographs without positions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clip_rs_tests::Artifacts;
use tempfile::TempDir;

/// Photographs in the catalog of photographs.
const PHOTOGRAPHS: usize = 48;

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// The sample area of the tests.
    Sample,
    /// Tiles of it as photographs that nobody knows the places of.
    Photographs,
    /// The photographs anew, in a folder that may be changed.
    Changing,
}

/// The catalogs, made when they are first needed.
pub struct Areas<'a> {
    artifacts: &'a Artifacts,
    photographs: Option<(TempDir, PathBuf)>,
    changing: Option<(TempDir, PathBuf)>,
}

impl<'a> Areas<'a> {
    /// None made yet.
    pub fn new(artifacts: &'a Artifacts) -> Self {
        Self { artifacts, photographs: None, changing: None }
    }

    /// Folder of an area's catalog.
    pub fn catalog(&mut self, area: Area) -> Result<&Path> {
        match area {
            Area::Sample => Ok(&self.artifacts.catalog),
            Area::Photographs => {
                if self.photographs.is_none() {
                    self.photographs = Some(photographs(self.artifacts)?);
                }
                let (_, catalog) = self.photographs.as_ref().context("no catalog of photographs")?;
                Ok(catalog)
            }
            Area::Changing => {
                let (_, catalog) = self.changing.insert(photographs(self.artifacts)?);
                Ok(catalog)
            }
        }
    }
}

/// Indexes some tiles of the sample area, evenly chosen, as photographs.
fn photographs(artifacts: &Artifacts) -> Result<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let images = folder.path().join("images");
    fs::create_dir(&images)?;
    let tiles = files(&artifacts.sample.join("tiles"))?;
    let step = (tiles.len() / PHOTOGRAPHS).max(1);
    for (number, tile) in tiles.iter().step_by(step).take(PHOTOGRAPHS).enumerate() {
        fs::copy(tile, images.join(format!("flight {:03}.jpg", number + 1)))?;
    }
    let catalog = folder.path().join("catalog");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/rs-small");
    let mut index = Command::new(&artifacts.clip_rs);
    index.arg("index").arg("--images").arg(&images).arg("--model").arg(model).arg("--out").arg(&catalog);
    index.args([
        "--title",
        "A flight without positions",
        "--attribution",
        "Synthetic pictures drawn by CLIP-RS",
    ]);
    let output = index.output().context("starting clip-rs")?;
    ensure!(output.status.success(), "clip-rs index failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok((folder, catalog))
}

/// All files below a folder, in the order of their paths.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
