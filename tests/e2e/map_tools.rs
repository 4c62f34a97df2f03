//! The map's tools: where to search is drawn, the own place is shown or refused in words, lines where there is no imagery, and
//! many footprints as one.

use std::fs;

use anyhow::Result;
use clip_rs_tests::{Artifacts, Chromium, Page, Site};

use crate::anywhere::index;
use crate::{DESKTOP, Visit, expect_quiet};

/// Somewhere in Frankfurt am Main: longitude, latitude.
const FAR: (f64, f64) = (8.68, 50.11);

/// The corners of the area that the link names: longitude, latitude; four numbers are the edges of a box.
fn area(page: &Page) -> Result<Vec<f64>> {
    page.eval("decodeURIComponent(location.hash.match(/in=([^&]*)/)[1]).split(',').map(Number)")
}

/// Longitude and latitude of every result.
fn places(page: &Page) -> Result<Vec<[f64; 2]>> {
    page.eval(
        "[...document.querySelectorAll('[data-testid=result] [data-testid=coordinates]')].map(c => c.innerText.split(',').map(Number))",
    )
}

/// Opens the choice of where to search, and chooses.
fn choose(page: &Page, testid: &str) -> Result<()> {
    page.click("[data-testid=tool-draw]")?;
    page.wait_until(
        "the choice is open",
        &format!("document.querySelector('[data-testid={testid}]').offsetParent"),
    )?;
    page.click(&format!("[data-testid={testid}]"))
}

fn searched(page: &Page) -> Result<()> {
    page.wait_until("the link says where", "location.hash.includes('in=')")?;
    page.wait_until("the area is outlined", "document.querySelector('.searched')")?;
    page.wait_until(
        "the results are there",
        "['results', 'unlikely', 'empty'].includes(document.querySelector('[data-state]').dataset.state)",
    )?;
    page.show_nearest()
}

/// A search with the whole area on the map, at rest.
fn searching() -> Result<Visit> {
    let visit = Visit::ready("")?;
    visit.page.search("dense forest")?;
    visit.page.wait_until("the map has come to rest", "location.hash.includes('map=')")?;
    visit.page.wait_until(
        "nothing moves",
        "!document.querySelector('.leaflet-zoom-anim') && !document.querySelector('.leaflet-pan-anim')",
    )?;
    Ok(visit)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_drawn_rectangle_holds_the_results_inside_and_the_map_stays() -> Result<()> {
    let visit = searching()?;
    let page = &visit.page;
    let before: String = page.eval("location.hash.match(/map=[^&]*/)[0]")?;
    choose(page, "draw-rectangle")?;
    assert!(page.text("[data-testid=draw-help]")?.contains("rectangle"));
    page.map().drag((0.3, 0.3), (0.6, 0.7))?;
    searched(page)?;
    let edges = area(page)?;
    assert_eq!(edges.len(), 4, "a box: {edges:?}");
    assert!(edges[0] < edges[2] && edges[1] < edges[3], "{edges:?}");
    let inside = places(page)?;
    assert!(!inside.is_empty());
    for [lng, lat] in inside {
        assert!(
            (edges[0]..=edges[2]).contains(&lng) && (edges[1]..=edges[3]).contains(&lat),
            "{lng}, {lat} in {edges:?}"
        );
    }
    assert_eq!(page.eval::<String>("location.hash.match(/map=[^&]*/)[0]")?, before, "the map did not pan");
    assert_eq!(page.text("[data-testid=draw-help]")?, "");
    choose(page, "draw-everywhere")?;
    page.wait_until(
        "everything is searched again",
        "!location.hash.includes('in=') && !document.querySelector('.searched')",
    )?;
    choose(page, "draw-view")?;
    searched(page)?;
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_polygon_is_closed_by_a_double_click_that_does_not_zoom_and_holds_the_results_inside() -> Result<()> {
    let visit = searching()?;
    let page = &visit.page;
    let before: String = page.eval("location.hash.match(/map=[^&]*/)[0]")?;
    choose(page, "draw-polygon")?;
    let map = page.map();
    map.click((0.3, 0.3), 1)?;
    map.click((0.7, 0.35), 1)?;
    page.wait_until("the outline follows", "document.querySelector('[data-testid=drawn]')")?;
    map.click((0.85, 0.8), 1)?;
    // The last corner was a slip.
    page.press("Backspace")?;
    map.click((0.65, 0.75), 1)?;
    map.click((0.25, 0.7), 2)?;
    searched(page)?;
    let numbers = area(page)?;
    let ring: Vec<[f64; 2]> = numbers.chunks_exact(2).map(|corner| [corner[0], corner[1]]).collect();
    assert_eq!(ring.len(), 4, "{ring:?}");
    assert!(ring[1][0] > ring[0][0] && ring[2][1] < ring[1][1] && ring[3][0] < ring[2][0], "{ring:?}");
    let inside = places(page)?;
    assert!(!inside.is_empty());
    for [lng, lat] in inside {
        // The quadrilateral is convex and goes around clockwise: inside is on the right of each edge.
        for (from, to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let turn = (to[0] - from[0]) * (lat - from[1]) - (to[1] - from[1]) * (lng - from[0]);
            assert!(turn <= 1e-6, "{lng}, {lat} lies outside {ring:?}");
        }
    }
    assert_eq!(page.eval::<String>("location.hash.match(/map=[^&]*/)[0]")?, before, "the map did not move");
    assert_eq!(page.count("[data-testid=drawn]")?, 0);
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn escape_lets_go_of_an_outline_and_keys_alone_can_draw_one() -> Result<()> {
    let visit = searching()?;
    let page = &visit.page;
    choose(page, "draw-polygon")?;
    page.map().click((0.4, 0.4), 1)?;
    page.press("Escape")?;
    page.wait_until(
        "nothing is drawn",
        "!document.querySelector('[data-testid=drawn], [data-testid=draw-surface]')",
    )?;
    assert_eq!(page.text("[data-testid=draw-help]")?, "");
    assert!(!page.eval::<bool>("location.hash.includes('in=')")?);

    page.eval::<serde_json::Value>("document.querySelector('[data-testid=tool-draw]').focus()")?;
    page.press("Enter")?;
    page.press("Tab")?;
    page.press("Enter")?;
    page.wait_until("the cross is shown", "document.querySelector('[data-testid=draw-cross]')")?;
    page.press("Enter")?;
    page.wait_until("a corner is set", "document.querySelector('[data-testid=drawn]')")?;
    for key in ["ArrowRight", "ArrowDown"] {
        let before: String = page.eval("location.hash")?;
        page.press(key)?;
        page.wait_until(
            "the map has moved",
            &format!("location.hash !== {}", serde_json::to_string(&before)?),
        )?;
    }
    page.press("Enter")?;
    searched(page)?;
    let edges = area(page)?;
    assert!(edges.len() == 4 && edges[0] < edges[2] && edges[1] < edges[3], "{edges:?}");
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_own_place_is_shown_far_away_or_refused_in_words_and_the_map_stays_where_it_is() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let said = "document.querySelector('[data-testid=locate-said]').innerText";
    page.be_at(None)?;
    page.click("[data-testid=tool-locate]")?;
    page.wait_until("it is refused", &format!("{said}.includes('may not know where you are')"))?;
    assert_eq!(page.count("[data-testid=here]")?, 0);
    let bounds = "(() => { const t = [...document.querySelectorAll('.leaflet-tile[data-tile]')].map(t => t.dataset.tile); return t.sort().join(' '); })()";
    let before: String = page.eval(bounds)?;
    page.be_at(Some(FAR))?;
    page.click("[data-testid=tool-locate]")?;
    page.wait_until(
        "it is told how far away",
        &format!("/You are [0-9],[0-9]+ km from this area/.test({said})"),
    )?;
    assert_eq!(page.eval::<String>(bounds)?, before, "the map did not move");
    // In the middle of the area.
    let middle: [f64; 2] = page.eval(
        "(async () => { const b = (await (await fetch('catalog/catalog.json')).json()).bounds; \
         return Array.isArray(b) ? [(b[0] + b[2]) / 2, (b[1] + b[3]) / 2] : [(b.west + b.east) / 2, (b.south + b.north) / 2]; })()",
    )?;
    page.be_at(Some((middle[0], middle[1])))?;
    page.click("[data-testid=tool-locate]")?;
    page.wait_until("a dot shows it", "document.querySelector('[data-testid=here]')")?;
    page.wait_until("nothing is said", &format!("{said} === ''"))?;
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn without_imagery_the_map_shows_lines_of_longitude_and_latitude() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let images = folder.path().join("images");
    fs::create_dir(&images)?;
    for number in 0..3_u32 {
        let picture = image::RgbImage::from_fn(160, 120, |x, y| {
            image::Rgb([(x * (number + 2)) as u8, (y * 2) as u8, (number * 60) as u8])
        });
        picture.save(images.join(format!("{number}.png")))?;
    }
    let table = folder.path().join("where.csv");
    fs::write(
        &table,
        "sep=;\nName;Latitude;Longitude\n0.png;39.10;-77.56\n1.png;39.14;-77.50\n2.png;39.12;-77.53\n",
    )?;
    let artifacts = Artifacts::from_env()?;
    let out = folder.path().join("catalog");
    index(&artifacts, "--images", &images, &out, &["--locations", &table.to_string_lossy()])?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    page.wait_until(
        "the lines stand out, for there is nothing else",
        "document.querySelector('[data-testid=graticule].alone')",
    )?;
    let labels = "[...document.querySelectorAll('[data-testid=graticule] text')].map(t => t.textContent)";
    let first: Vec<String> = page.eval(labels)?;
    assert!(first.iter().any(|label| label.starts_with("39.") && label.ends_with("° N")), "{first:?}");
    assert!(first.iter().any(|label| label.starts_with("77.") && label.ends_with("° W")), "{first:?}");
    let outlined: f64 = page.eval("document.querySelector('[data-testid=area-outline]').getBBox().width")?;
    assert!(outlined > 50.0, "the area is outlined: {outlined}");
    page.map().zoom(true)?;
    page.wait_until(
        "closer lines follow",
        &format!("{labels}.join() !== {}", serde_json::to_string(&first.join(","))?),
    )?;
    expect_quiet(&chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn many_small_footprints_are_circles_with_their_number_which_open_at_a_click() -> Result<()> {
    let visit = searching()?;
    let page = &visit.page;
    page.show_more(80)?;
    page.show_more(320)?;
    let map = page.map();
    while !page.eval::<bool>("!!document.querySelector('.leaflet-control-zoom-out.leaflet-disabled')")? {
        map.zoom(false)?;
    }
    page.wait_until("there are clusters", "document.querySelector('[data-testid=hit-cluster]')")?;
    let sum = "[...document.querySelectorAll('[data-testid=hit-cluster]')].reduce((sum, c) => sum + Number(c.dataset.count), 0) \
               + document.querySelectorAll('[data-testid=footprint]').length";
    assert_eq!(page.eval::<usize>(sum)?, 320, "every hit is drawn, by itself or in a cluster");
    // The selected one is drawn by itself.
    let id = page.results()?[0].id.clone();
    page.eval::<serde_json::Value>(
        "document.querySelector('[data-testid=hit-cluster]').dispatchEvent(new MouseEvent('click', { bubbles: true }))",
    )?;
    page.wait_until(
        "the map has come closer",
        "!document.querySelector('.leaflet-control-zoom-out.leaflet-disabled')",
    )?;
    page.click(&format!("[data-testid=result][data-id='{id}'] [data-testid=result-image]"))?;
    page.wait_until(
        "the selected one is marked",
        &format!("document.querySelector(\"[data-testid=footprint][data-id='{id}'].selected\")"),
    )?;
    while !page.eval::<bool>("!!document.querySelector('.leaflet-control-zoom-out.leaflet-disabled')")? {
        map.zoom(false)?;
    }
    page.wait_until(
        "it is still drawn by itself among the clusters",
        &format!(
            "document.querySelector('[data-testid=hit-cluster]') \
             && document.querySelector(\"[data-testid=footprint][data-id='{id}'].selected\")"
        ),
    )?;
    assert_eq!(page.eval::<usize>(sum)?, 320);
    visit.expect_quiet_console();
    Ok(())
}
