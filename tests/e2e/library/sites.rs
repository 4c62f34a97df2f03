//! Three sites with maps of their own, tried out as a visitor does.

use anyhow::{Result, bail, ensure};
use clip_rs_tests::Page;
use serde_json::Value;

use super::Host;

/// Looks at the screen until something is seen there: more than the slowest machine needs.
const LOOKS: usize = 300;

/// Searches in an example as a visitor does, and looks at all that it shows.
fn try_out(example: &str) -> Result<()> {
    let host = Host::open("bare.html")?;
    let page = &host.page;
    page.go(&host.site.url(""))?;
    page.wait_for_state("ready")?;
    let own: Vec<String> = page.search("pond")?.into_iter().map(|card| card.id).collect();
    ensure!(own.len() >= 5, "the page itself lists {own:?}");
    page.go(&format!("{}/{example}", host.origin))?;
    page.wait_until("the area is open", "/2304 places/.test(document.querySelector('#said').textContent)")?;
    page.eval::<Value>("document.querySelector('[name=words]').value = 'pond'")?;
    page.click("#ask button")?;
    page.wait_until("there are results", "document.querySelectorAll('.hit').length === 20")?;
    let found: Vec<String> =
        page.eval("[...document.querySelectorAll('.hit')].map((row) => row.dataset.id)")?;
    assert_eq!(found[..own.len()], own, "the page itself finds the same");

    let on_map = "(() => { const map = document.querySelector('#map').getBoundingClientRect(); \
                  return [...document.querySelectorAll('#map .marker')].filter((marker) => { const { x, y } = marker.getBoundingClientRect(); \
                  return x > map.left - 30 && x < map.right && y > map.top - 30 && y < map.bottom; }).length; })()";
    page.wait_until("all markers are on the map", &format!("{on_map} === 20"))?;

    page.eval::<Value>(
        "document.querySelectorAll('.marker').forEach((marker) => (marker.style.visibility = 'hidden'))",
    )?;
    assert!(!is_yellow(below_first_marker(page)?), "a pond is no yellow square");
    page.click("#layer")?;
    page.wait_until("the layer is computed", "document.querySelector('#map').dataset.layer === '48 x 48'")?;
    let mut colour = below_first_marker(page)?;
    for _ in 0..LOOKS {
        if is_yellow(colour) {
            break;
        }
        colour = below_first_marker(page)?;
    }
    assert!(is_yellow(colour), "the place that fits best is not painted: {colour:?}");

    page.click(".hit button")?;
    page.wait_until("its picture is shown", "document.querySelector('#picture img').naturalWidth === 256")?;
    assert_eq!(page.eval::<String>("document.querySelector('#picture img').alt")?, found[0]);
    host.expect_quiet();
    Ok(())
}

/// The colour on the screen where the first marker stands.
fn below_first_marker(page: &Page) -> Result<[u8; 3]> {
    let (x, y): (f64, f64) = page.eval(
        "(() => { const marker = [...document.querySelectorAll('.marker')].find((marker) => marker.textContent === '1'); \
         const { x, y, width, height } = marker.getBoundingClientRect(); return [x + width / 2, y + height / 2]; })()",
    )?;
    let screen = image::load_from_memory(&page.png()?)?.to_rgb8();
    match screen.get_pixel_checked(x as u32, y as u32) {
        Some(pixel) => Ok(pixel.0),
        None => bail!("the marker is off the screen, at {x}, {y}"),
    }
}

/// Whether a colour is that of a high mark, over whatever lies below.
fn is_yellow([red, green, blue]: [u8; 3]) -> bool {
    red > 170 && green > 130 && i16::from(blue) < i16::from(green) - 30
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_site_with_leaflet_searches_marks_paints_and_shows() -> Result<()> {
    try_out("leaflet.html")
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_site_with_maplibre_searches_marks_paints_and_shows() -> Result<()> {
    try_out("maplibre.html")
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_site_with_openlayers_searches_marks_paints_and_shows() -> Result<()> {
    try_out("openlayers.html")
}
