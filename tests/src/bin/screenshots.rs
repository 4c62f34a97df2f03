//! Takes the pictures of the README: `cargo xtask screenshots` builds what is needed and runs this.
//!
//! Usage: `screenshots OUT_FOLDER`, with the environment that [`Artifacts`] describes.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use clip_rs_tests::{Artifacts, Chromium, Site};

/// File name, URL fragment, colour scheme, width and height in CSS pixels.
const PICTURES: [(&str, &str, &str, u32, u32); 4] = [
    ("desktop.png", "#q=storage%20tanks", "light", 1440, 900),
    ("desktop-dark.png", "#q=baseball%20field", "dark", 1440, 900),
    ("phone.png", "#q=river%20with%20a%20bridge", "light", 390, 844),
    ("phone-dark.png", "#q=marina", "dark", 390, 844),
];

fn main() -> Result<()> {
    let out = std::env::args_os().nth(1).context("usage: screenshots OUT_FOLDER")?;
    std::fs::create_dir_all(&out)?;
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    for (name, fragment, scheme, width, height) in PICTURES {
        let chromium = Chromium::start(&artifacts, &site)?;
        let page = chromium.open("about:blank", width, height)?;
        page.prefer("prefers-color-scheme", scheme)?;
        page.go(&site.url(fragment))?;
        page.wait_for_state("ready results empty failed")?;
        // Tiles fade in; a picture half way there shows nobody anything.
        std::thread::sleep(Duration::from_secs(3));
        let path = Path::new(&out).join(name);
        page.screenshot(&path)?;
        println!("{}", path.display());
    }
    Ok(())
}
