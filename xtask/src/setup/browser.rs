//! Chromium and its driver, for the tests in a browser: found, or installed by the system's package manager.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::apt;
use crate::paths;
use crate::steps;

const NAME: &str = "Chromium";
const CHROMIUM: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", MAC_CHROME];
const MAC_CHROME: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
/// Alone with a display, a sandbox and the network's attention: none of it is to be had on a build machine.
const ARGUMENTS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A browser and what drives it.
pub struct Browser {
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

impl Browser {
    /// Finds the browser, or installs it if that is possible without asking.
    pub fn set_up() -> Result<Self> {
        if let Some(found) = Self::find() {
            steps::skipped(NAME, &format!("found, {}", found.chromium.display()));
            return Ok(found);
        }
        let tried = apt::install(NAME, &["chromium", "chromium-driver"]);
        Self::find().with_context(|| {
            let tried = tried.err().map(|error| format!("\n\nTried: {error:#}")).unwrap_or_default();
            format!(
                "the tests need Chromium (or Chrome) and a chromedriver of the same version.\n\
                 On Debian:  apt-get install chromium chromium-driver\n\
                 On Ubuntu:  snap install chromium, which brings both\n\
                 On Fedora:  dnf install chromium chromedriver\n\
                 On macOS:   brew install --cask google-chrome chromedriver\n\
                 Elsewhere set CHROMIUM and CHROMEDRIVER to the two programs.{tried}"
            )
        })
    }

    fn find() -> Option<Self> {
        Some(Self {
            chromium: named("CHROMIUM", &CHROMIUM)?,
            driver: named("CHROMEDRIVER", &["chromedriver", "chromium.chromedriver"])?,
        })
    }

    /// Writes what wasm-bindgen's test runner should tell the driver. Returns the file.
    pub fn write_driver_settings(&self) -> Result<PathBuf> {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let arguments: Vec<_> = ARGUMENTS.iter().map(|argument| quoted(argument)).collect();
        let settings = format!(
            "{{\"goog:chromeOptions\": {{\"binary\": {}, \"args\": [{}]}}}}\n",
            quoted(&self.chromium.to_string_lossy()),
            arguments.join(", ")
        );
        let file = paths::target().join("xtask/webdriver.json");
        fs::create_dir_all(paths::target().join("xtask"))?;
        fs::write(&file, settings).with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    }
}

/// The program that the environment variable names, or the first of `names` on the PATH.
pub(super) fn named(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file()) {
        return Some(path);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let places: Vec<_> = env::split_paths(&path).collect();
    let in_places = |name: &&str| places.iter().map(|place| place.join(name)).find(|path| path.is_file());
    // An absolute name stays itself when joined to a folder.
    names.iter().find_map(in_places)
}
