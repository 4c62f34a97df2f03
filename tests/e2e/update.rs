//! A catalog that changes while a page is open: the page takes the new one over, and nothing is missing meanwhile.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use clip_rs_catalog::TileId;
use clip_rs_tests::land::{Land, Pyramid};
use clip_rs_tests::{Artifacts, Chromium, Site};

use crate::DESKTOP;
use crate::anywhere::index;

/// What a person does who comes back to the tab.
const COME_BACK: &str = "document.dispatchEvent(new Event('visibilitychange'))";

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn an_open_page_goes_on_with_a_new_catalog_and_the_old_pictures_stay_for_a_while() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    let first = TileId::new(16, 18_744, 25_072)?;
    let land = Land::new(16, 18_744, 25_072, 4);
    Pyramid::of(land).write_block(&tiles, first, 3, 2)?;
    index(&artifacts, "--tiles", &tiles, &out, &[])?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    assert_eq!(page.search("a field")?.len(), 6);

    // Another part of the land, and one tile that shows something else.
    Pyramid::of(land).write_block(&tiles, first.neighbour(0, 2).expect("a tile"), 3, 2)?;
    let changed = first.neighbour(1, 1).expect("a tile");
    let elsewhere = Pyramid::of(Land::new(16, 18_743, 25_071, 8)).draw(changed);
    elsewhere.save(tiles.join(format!("{changed}.jpg")))?;
    index(&artifacts, "--tiles", &tiles, &out, &[])?;

    // Whoever still has the old catalog finds its files.
    page.eval::<serde_json::Value>(
        "document.querySelectorAll('.leaflet-tile').forEach(tile => tile.remove())",
    )?;
    assert_eq!(page.search("a road")?.len(), 6);
    page.eval::<serde_json::Value>(COME_BACK)?;
    page.wait_until(
        "the page has the new catalog's results",
        "document.querySelectorAll('[data-testid=result]').length === 12",
    )?;
    assert_eq!(page.count("[data-testid=notice]")?, 0, "nothing is said to be missing");

    // What is past its time goes, and the page does not miss it.
    let output = Command::new(&artifacts.clip_rs).arg("prune").arg(&out).arg("--now").output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again = chromium.open(&site.url("#q=a%20field"), DESKTOP.0, DESKTOP.1)?;
    again.wait_for_state("results unlikely")?;
    again.show_nearest()?;
    assert_eq!(again.results()?.len(), 12);
    assert!(fs::read_dir(&out)?.count() > 5);
    Ok(())
}
