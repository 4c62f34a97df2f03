//! The map on imagery unlike the sample area: other sizes of tiles, few zooms, holes, other countings, and any place on
//! Earth. Each test looks at pixels: below every footprint lies what belongs there, at several zooms.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clip_rs_catalog::{Bounds, ImageKind, TileId};
use clip_rs_tests::land::{Land, Pyramid, Rows, write_geotiff};
use clip_rs_tests::{Artifacts, Chromium, Site};

use crate::{DESKTOP, PHONE, expect_quiet};

/// Zoom, column and row of the north-west corner of the lands that lie in Northern Virginia.
const VIRGINIA: (u8, u32, u32) = (16, 18_744, 25_072);

/// Indexes what lies in `source` with the embedded model; `words` are more of the command line. Returns what was said.
pub fn index(artifacts: &Artifacts, kind: &str, source: &Path, out: &Path, words: &[&str]) -> Result<String> {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/rs-small");
    let mut command = Command::new(&artifacts.clip_rs);
    command.arg("index").arg(kind).arg(source).arg("--model").arg(model).arg("--out").arg(out).args(words);
    let output = command.output().context("starting clip-rs")?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "clip-rs index failed:\n{said}");
    Ok(said)
}

/// A way to look at the map: opens the catalog at `out`, searches, and compares what lies below the footprints with
/// `land` at the zoom that shows all hits, further out and further in.
pub fn look(artifacts: &Artifacts, out: &Path, land: Land, hits: usize) -> Result<()> {
    let site = Site::start(artifacts, out)?;
    let chromium = Chromium::start(artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    let results = page.search("a field")?;
    assert_eq!(results.len(), hits, "results");
    let map = page.map();
    map.wait_for_footprints(hits)?;
    assert_eq!(map.expect_land_below_footprints(land)?, hits, "all hits are in sight");
    map.zoom(false)?;
    map.expect_land_below_footprints(land)?;
    map.zoom(false)?;
    map.expect_land_below_footprints(land)?;
    let first = &results[0].id;
    page.click(&format!("[data-testid=result][data-id='{first}'] [data-testid=result-image]"))?;
    page.wait_until(
        "the map flies to the first result",
        &format!(
            "(() => {{ const f = document.querySelector(\"[data-testid=footprint][data-id='{first}']\").getBoundingClientRect(); \
             const m = document.querySelector('[data-testid=map]').getBoundingClientRect(); \
             return f.width > 60 && f.left >= m.left && f.right <= m.right && f.top >= m.top && f.bottom <= m.bottom; }})()"
        ),
    )?;
    map.expect_land_below_footprints(land)?;
    page.resize(PHONE.0, PHONE.1)?;
    page.wait_until(
        "a phone shows it without scrolling sideways",
        "document.documentElement.scrollWidth <= innerWidth",
    )?;
    map.expect_land_below_footprints(land).context("on a phone")?;
    for card in &results {
        page.wait_until(
            "every card has its picture",
            &format!(
                "[...document.querySelectorAll(\"[data-testid=result][data-id='{}'] img\")].some(i => i.complete && i.naturalWidth > 0)",
                card.id
            ),
        )?;
    }
    expect_quiet(&chromium);
    Ok(())
}

/// A land of four by four tiles of zoom 16, and the first of these.
pub fn land() -> (Land, TileId) {
    let (z, x, y) = VIRGINIA;
    (Land::new(z, x, y, 4), TileId::new(z, x, y).expect("a tile"))
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn tiles_of_512_and_of_128_pixels_lie_below_their_footprints() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    for edge in [512, 128] {
        let folder = tempfile::tempdir()?;
        let (land, first) = land();
        let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
        Pyramid { edge, ..Pyramid::of(land) }.write_block(&tiles, first, 4, 4)?;
        index(&artifacts, "--tiles", &tiles, &out, &[])?;
        look(&artifacts, &out, land, 16).with_context(|| format!("tiles of {edge} pixels"))?;
    }
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn tiles_named_at_2x_are_taken() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (land, first) = land();
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    Pyramid { edge: 512, suffix: "@2x", ..Pyramid::of(land) }.write_block(&tiles, first, 4, 4)?;
    index(&artifacts, "--tiles", &tiles, &out, &[])?;
    look(&artifacts, &out, land, 16)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_folder_of_one_zoom_can_be_looked_at_from_further_away() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (z, x, y) = VIRGINIA;
    let land = Land::new(z, x, y, 8);
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    Pyramid::of(land).write_block(&tiles, TileId::new(z, x, y)?, 8, 8)?;
    index(&artifacts, "--tiles", &tiles, &out, &[])?;
    look(&artifacts, &out, land, 20)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_pyramid_with_holes_a_deeper_patch_and_mixed_kinds_is_searched_and_shown() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (land, first) = land();
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    let pyramid = Pyramid::of(land);
    let kinds = [ImageKind::Jpeg, ImageKind::Png, ImageKind::Webp];
    let mut kept = 0;
    for (column, row) in (0..4).flat_map(|column| (0..4).map(move |row| (column, row))) {
        // Three of sixteen are missing.
        if (column, row) == (1, 1) || (column, row) == (2, 1) || (column, row) == (3, 3) {
            continue;
        }
        let tile = first.neighbour(column, row).context("a tile")?;
        pyramid.write(&tiles, tile, kinds[(column + row) as usize % kinds.len()])?;
        kept += 1;
    }
    for child in first.children().context("a deeper zoom")? {
        pyramid.write(&tiles, child, ImageKind::Png)?;
    }
    let said = index(&artifacts, "--tiles", &tiles, &out, &[])?;
    assert!(said.contains("zoom 16"), "the searched zoom is said: {said}");
    // The four deeper tiles take the place of the one that they fill.
    look(&artifacts, &out, land, kept + 3)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn rows_counted_from_the_south_land_where_they_belong() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (land, first) = land();
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    Pyramid { rows: Rows::South, ..Pyramid::of(land) }.write_block(&tiles, first, 4, 4)?;
    index(&artifacts, "--tiles", &tiles, &out, &["--scheme", "tms"])?;
    look(&artifacts, &out, land, 16)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn an_area_on_both_sides_of_the_antimeridian_opens_there() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    // Taveuni in Fiji lies on the 180th meridian.
    let (z, x, y) = (12, (1 << 12) - 2, 2_240);
    let land = Land::new(z, x, y, 4);
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    Pyramid::of(land).write_block(&tiles, TileId::new(z, x, y)?, 4, 4)?;
    index(&artifacts, "--tiles", &tiles, &out, &[])?;
    look(&artifacts, &out, land, 16)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_geotiff_becomes_a_map() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (z, x, y) = VIRGINIA;
    let land = Land::new(z, x, y, 4);
    let (raster, out) = (folder.path().join("area.tif"), folder.path().join("catalog"));
    let corners = [TileId::new(z, x, y)?, TileId::new(z, x + 3, y + 3)?].map(TileId::bounds);
    let bounds = Bounds::around(corners).context("an area")?;
    // As many pixels as the tiles of that zoom have.
    write_geotiff(&raster, land, bounds, 1024, 1024)?;
    index(&artifacts, "--tiles", &raster, &out, &[])?;
    look(&artifacts, &out, land, 16)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn windows_larger_and_smaller_than_a_tile_are_found_and_shown_where_they_are() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (land, first) = land();
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("catalog"));
    Pyramid::of(land).write_block(&tiles, first, 4, 4)?;
    let tile_m =
        40_075_016.686 / f64::from(1_u32 << first.z()) * first.bounds().centre().lat().to_radians().cos();
    let model_pixels = 112.0;
    // Twice as wide as a tile, and half as wide.
    let scales = format!("{:.3},{:.3}", 2.0 * tile_m / model_pixels, 0.5 * tile_m / model_pixels);
    let said = index(&artifacts, "--tiles", &tiles, &out, &["--scales", &scales])?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let large = "16/18745/25073+2";
    let small = "17/37489/50145";
    for id in [large, small] {
        // A tab of its own: another fragment alone loads nothing.
        let fragment = format!("#like={}", id.replace('+', "%2B"));
        let page = chromium.open(&site.url(&fragment), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("results").with_context(|| format!("{id} of {said}"))?;
        let results = page.results()?;
        assert_eq!(results[0].id, id);
        page.map().expect_land_below_footprints(land)?;
    }
    expect_quiet(&chromium);
    Ok(())
}
