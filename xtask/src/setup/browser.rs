//! The browser of the tests, Chromium or one made of it, with the driver that fits it: what they are called on each system.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::find::named;
use crate::paths;

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
    make: &'static Make,
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

/// A make of browser. A driver drives its own make alone.
struct Make {
    /// What names its program.
    variable: &'static str,
    /// What its program is called on a system.
    names: fn(&str) -> &'static [&'static str],
    /// What names its driver, to us and to wasm-bindgen's test runner.
    driver_variable: &'static str,
    drivers: &'static [&'static str],
    /// What its driver calls its options.
    options: &'static str,
}

const MAKES: [Make; 2] = [
    Make {
        variable: "CHROMIUM",
        names: chromium,
        driver_variable: "CHROMEDRIVER",
        drivers: &["chromedriver", "chromium.chromedriver"],
        options: "goog:chromeOptions",
    },
    Make {
        variable: "EDGE",
        names: edge,
        driver_variable: "MSEDGEDRIVER",
        drivers: &["msedgedriver"],
        options: "ms:edgeOptions",
    },
];

fn chromium(os: &str) -> &'static [&'static str] {
    match os {
        "macos" => &[
            "Google Chrome.app/Contents/MacOS/Google Chrome",
            "Chromium.app/Contents/MacOS/Chromium",
            "chromium",
        ],
        "windows" => &["Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe"],
        _ => &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    }
}

fn edge(os: &str) -> &'static [&'static str] {
    match os {
        "macos" => &["Microsoft Edge.app/Contents/MacOS/Microsoft Edge"],
        "windows" => &["Microsoft/Edge/Application/msedge.exe"],
        _ => &["microsoft-edge", "microsoft-edge-stable"],
    }
}

impl Browser {
    /// Finds a browser that has its driver beside it.
    pub fn find() -> Option<Self> {
        MAKES.iter().find_map(|make| {
            Some(Self {
                make,
                chromium: named(make.variable, (make.names)(env::consts::OS))?,
                driver: named(make.driver_variable, make.drivers)?,
            })
        })
    }

    /// Tells wasm-bindgen's test runner, which `cargo` will start, of this browser.
    pub fn hand_to(&self, cargo: &mut Command) -> Result<()> {
        cargo
            .env(self.make.driver_variable, &self.driver)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", self.write_driver_settings()?);
        Ok(())
    }

    /// Writes what the test runner should tell the driver. Returns the file.
    fn write_driver_settings(&self) -> Result<PathBuf> {
        let file = paths::target().join("xtask/webdriver.json");
        fs::create_dir_all(paths::target().join("xtask"))?;
        fs::write(&file, self.driver_settings()).with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    }

    fn driver_settings(&self) -> String {
        let options = serde_json::json!({ "binary": self.chromium.to_string_lossy(), "args": ARGUMENTS });
        format!("{}\n", serde_json::json!({ self.make.options: options }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_what_each_system_calls_them() {
        let [chromium, edge] = &MAKES;
        for (os, name) in [
            ("linux", "google-chrome"),
            ("macos", "Google Chrome.app/Contents/MacOS/Google Chrome"),
            ("windows", "Google/Chrome/Application/chrome.exe"),
        ] {
            assert!((chromium.names)(os).contains(&name), "{os}");
        }
        assert_eq!((edge.names)("windows"), ["Microsoft/Edge/Application/msedge.exe"]);
    }

    #[test]
    fn a_driver_is_told_the_program_under_the_key_of_its_make() {
        let path = "C:\\Program Files\\\"Edge\"\\msedge.exe";
        let browser = Browser { make: &MAKES[1], chromium: path.into(), driver: "msedgedriver".into() };
        let told: serde_json::Value = serde_json::from_str(&browser.driver_settings()).expect("JSON");
        assert_eq!(told["ms:edgeOptions"]["binary"], path);
        assert_eq!(told["ms:edgeOptions"]["args"][0], "--headless");
    }
}
