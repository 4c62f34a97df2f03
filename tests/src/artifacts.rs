//! Where the things under test are: named by the environment, because `cargo xtask test` builds them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// What `cargo xtask test` has built.
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// The command `clip-rs`.
    pub clip_rs: PathBuf,
    /// The command `clip-rs-server`.
    pub server: PathBuf,
    /// Folder of the built page.
    pub dist: PathBuf,
    /// Folder of a catalog of a sample area that the model was not trained on.
    pub catalog: PathBuf,
    /// Folder of that sample area, with its ground truth.
    pub sample: PathBuf,
    /// The browser.
    pub chromium: PathBuf,
}

impl Artifacts {
    /// Reads the environment; an error says which variable is missing or names nothing.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            clip_rs: existing("CLIP_RS_BIN")?,
            server: existing("CLIP_RS_SERVER_BIN")?,
            dist: existing("CLIP_RS_DIST")?,
            catalog: existing("CLIP_RS_CATALOG")?,
            sample: existing("CLIP_RS_SAMPLE")?,
            chromium: existing("CHROMIUM")?,
        })
    }
}

/// The script of axe-core, which looks for what keeps people out of a page; among the npm packages of the repository.
pub fn axe() -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/axe-core/axe.min.js");
    let hint = "run these tests with `cargo xtask test`, or `npm ci --ignore-scripts` first";
    std::fs::read_to_string(&path).with_context(|| format!("reading {}: {hint}", path.display()))
}

fn existing(variable: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable)
        .with_context(|| format!("{variable} is not set: run these tests with `cargo xtask test`"))?;
    let path = PathBuf::from(path);
    ensure!(path.exists(), "{variable} names {}, which does not exist", path.display());
    Ok(path)
}
