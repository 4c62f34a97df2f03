//! Other people's readers of exports, in a Python environment of their own in the cache folder: DuckDB, GeoPandas and the like.
//! Only the tests of `clip-rs export` ask them, and pass over them where they are not.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{paths, process, steps};

/// The packages, in the versions that the tests were written with.
const PACKAGES: [&str; 7] = [
    "duckdb==2.0.1",
    "geopandas==1.2.0",
    "geoparquet-validator==0.2.0",
    "jsonschema==4.26.0",
    "pmtiles==3.8.1",
    "pyarrow==26.0.1",
    "pystac==1.15.2",
];

/// The Python that has them; installed, if `install`, where it is not there. None, with the reason said, where there is none.
pub fn set_up(install: bool) -> Result<Option<PathBuf>> {
    let folder = paths::cache()?.join("readers-1");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let whole = folder.join("whole");
    if whole.exists() {
        steps::skipped("Readers of exports", &format!("installed before, in {}", folder.display()));
        return Ok(Some(python));
    }
    if !install {
        steps::skipped(
            "Readers of exports",
            "not here, so exports are read by nobody else; to have them: --install",
        );
        return Ok(None);
    }
    let log = paths::target().join("xtask/readers.log");
    let step = steps::Step::start("Readers of exports", "python3 -m venv, pip install");
    let made = process::quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder), &log)
        .and_then(|()| {
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet"]).args(PACKAGES);
            process::quiet(&mut pip, &log)
        });
    match made {
        Ok(()) => {
            std::fs::write(&whole, PACKAGES.join("\n"))?;
            step.done("installed");
            Ok(Some(python))
        }
        // Without the network, or without Python's venv: the tests say what they leave out.
        Err(error) => {
            step.done(&format!("not to be had: {error:#}"));
            Ok(None)
        }
    }
}
