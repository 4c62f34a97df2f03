//! More than the first twenty, only what the map shows, and results taken away as files.

use anyhow::Result;
use clip_rs_tests::ResultCard;
use serde_json::Value;

use crate::{DESKTOP, Visit};

/// Keeps what a page is about to save, as texts in the order of saving.
const CATCH: &str = "(() => { window.saved = []; const make = URL.createObjectURL; \
     URL.createObjectURL = blob => { if (/json|csv|kml/.test(blob.type)) window.saved.push(blob.text()); return make(blob); }; \
     return true; })()";

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn more_results_follow_the_first_twenty_without_moving_the_map() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let first = page.search("storage tanks")?;
    assert_eq!(first.len(), 20);
    page.wait_until("the map has come to rest", "location.hash.includes('map=')")?;
    let before: String = page.eval("location.hash")?;
    page.show_more(80)?;
    let all = page.results()?;
    assert_eq!(
        all[..20].iter().map(|card| &card.id).collect::<Vec<_>>(),
        first.iter().map(|card| &card.id).collect::<Vec<_>>()
    );
    assert_eq!(page.eval::<String>("location.hash")?, before);
    // Another search begins with twenty again.
    assert_eq!(page.search("golf course")?.len(), 20);
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn results_side_by_side_can_be_one_and_keys_follow_the_list_as_it_is_ordered() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("dense forest")?;
    page.show_more(80)?;
    let choose = |testid: &str, name: &str| {
        page.eval::<Value>(&format!(
            "(() => {{ const select = document.querySelector('[data-testid={testid}]'); select.value = '{name}'; \
             select.dispatchEvent(new Event('change', {{ bubbles: true }})); return null; }})()"
        ))
    };
    choose("grouping", "One of those side by side")?;
    page.wait_until(
        "fewer are listed",
        "Number(document.querySelector('[data-testid=result]').ariaSetSize) < 80",
    )?;
    page.wait_for_state("results")?;
    let listed = page.listed()?;
    page.eval::<Value>("(document.querySelector('.card-main').focus(), null)")?;
    let mut beside = 0;
    let mut kept: Vec<(u32, u32)> = Vec::new();
    for position in 0..listed {
        // Scrolled to, so that it is made.
        page.walk_to(position)?;
        let (id, others): (String, usize) = page.eval(
            "(() => { const card = document.activeElement.closest('[data-testid=result]'); \
             return [card.dataset.id, parseInt(card.querySelector('[data-testid=beside]')?.innerText ?? '0')]; })()",
        )?;
        beside += others;
        let tile: clip_rs_catalog::TileId = id.parse()?;
        assert!(
            kept.iter().all(|(x, y)| tile.x().abs_diff(*x) > 1 || tile.y().abs_diff(*y) > 1),
            "{id} touches one before it"
        );
        kept.push((tile.x(), tile.y()));
    }
    assert_eq!(listed + beside, 80, "each is listed or counted");
    visit.expect_quiet_console();
    Ok(())
}

/// The cards that are in sight, by position, and how much of the panel no card covers, pixels.
const SIGHT: &str = "(() => { const panel = document.querySelector('#results').getBoundingClientRect(); \
     const seen = [...document.querySelectorAll('[data-testid=result]')].map(card => [Number(card.dataset.position), card.getBoundingClientRect()]) \
       .filter(([, edges]) => edges.bottom > panel.top && edges.top < panel.bottom); \
     const covered = seen.reduce((sum, [, edges]) => sum + Math.min(edges.bottom, panel.bottom) - Math.max(edges.top, panel.top), 0); \
     return { positions: seen.map(([at]) => at), bare: panel.height - covered, \
              top: seen.length ? seen[0][1].top : 0 }; })()";

#[derive(Debug, serde::Deserialize)]
struct Sight {
    positions: Vec<usize>,
    bare: f64,
    top: f64,
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn of_thousands_of_results_only_those_near_are_on_the_page_and_keys_and_wheel_reach_all() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("dense forest")?;
    let all: usize = page.eval(
        "fetch('catalog/catalog.json').then(r => r.json()).then(m => m.shards.reduce((sum, s) => sum + s.count, 0))",
    )?;
    for count in [80, 320, 1280] {
        page.show_more(count.min(all))?;
    }
    let count = page.listed()?;
    assert!(count >= 1000, "there are {count} results of {all}");
    let cards = || page.count("[data-testid=result]");
    assert!(cards()? <= 60, "{} cards are on the page", cards()?);

    let has_focus = |rank: usize| {
        format!(
            "(() => {{ const at = document.activeElement, edges = at.getBoundingClientRect(); \
             return at.id === 'result-{rank}' && edges.top >= 0 && edges.bottom <= innerHeight; }})()"
        )
    };
    let scroll = |to: &str| {
        page.eval::<Value>(&format!(
            "(() => {{ const panel = document.querySelector('#results'); panel.scrollTop = {to}; return null; }})()"
        ))
    };
    scroll("0")?;
    page.wait_until("the first one is on the page", "document.querySelector('#result-1')")?;
    page.eval::<Value>("(document.querySelector('#result-1').focus(), null)")?;
    page.press("End")?;
    page.wait_until("the last one has the focus and is in sight", &has_focus(count))?;
    page.wait_for_state("results")?;
    assert!(cards()? <= 60, "{} cards are on the page at the end", cards()?);
    page.press("ArrowUp")?;
    page.wait_until("the one before it has the focus", &has_focus(count - 1))?;
    page.press("Home")?;
    page.wait_until("the first one has the focus", &has_focus(1))?;

    // What was never seen comes into sight without a gap, and without moving what is seen.
    scroll("panel.scrollHeight / 2")?;
    page.wait_until("cards are made there", &format!("{SIGHT}.positions.length > 1"))?;
    page.wait_for_state("results")?;
    let mut before: Sight = page.eval(SIGHT)?;
    for _ in 0..12 {
        scroll("panel.scrollTop - 240")?;
        page.wait_for_state("results")?;
        let now: Sight = page.eval(SIGHT)?;
        assert!(now.bare < 120.0, "{now:?}");
        let (first, last) = (now.positions[0], now.positions[now.positions.len() - 1]);
        assert_eq!(now.positions, (first..=last).collect::<Vec<_>>(), "one after the other");
        assert!(first <= before.positions[0] && before.positions[0] - first <= 3, "{before:?} {now:?}");
        before = now;
    }
    assert!(before.top.is_finite());
    // Who had the focus far from here goes on from there.
    page.press("ArrowDown")?;
    page.wait_until("the second one has the focus", &has_focus(2))?;
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_search_can_be_held_to_what_the_map_shows_and_a_link_to_it_says_so() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let everywhere = page.search("dense forest")?;
    let id = &everywhere[3].id;
    page.click(&format!("[data-testid=result][data-id='{id}'] [data-testid=result-image]"))?;
    page.wait_until(
        "the map shows the chosen one",
        &format!(
            "(() => {{ const f = document.querySelector(\"[data-testid=footprint][data-id='{id}']\")?.getBoundingClientRect(); \
             return f && f.width > 60; }})()"
        ),
    )?;
    page.map().zoom(false)?;
    page.click("[data-testid=in-view]")?;
    page.wait_until("the link says where", "location.hash.includes('in=')")?;
    page.wait_until("the area is outlined", "document.querySelector('.searched')")?;
    page.wait_for_state("results")?;
    let edges: Vec<f64> =
        page.eval("decodeURIComponent(location.hash.match(/in=([^&]*)/)[1]).split(',').map(Number)")?;
    let inside = "[...document.querySelectorAll('[data-testid=result] [data-testid=coordinates]')].map(c => c.innerText.split(',').map(Number))";
    let places: Vec<[f64; 2]> = page.eval(inside)?;
    assert!(!places.is_empty());
    for [lng, lat] in &places {
        assert!(
            (edges[0]..=edges[2]).contains(lng) && (edges[1]..=edges[3]).contains(lat),
            "{lng}, {lat} in {edges:?}"
        );
    }
    let here = page.results()?;
    let is_new = |card: &ResultCard| everywhere.iter().all(|other| other.id != card.id);
    assert!(here.iter().any(is_new), "what is further down everywhere is found here");

    let fragment: String = page.eval("location.hash")?;
    page.click("[data-testid=in-view]")?;
    page.wait_until(
        "everything is searched again",
        "!location.hash.includes('in=') && !document.querySelector('.searched')",
    )?;
    page.wait_until(
        "the results are those of before",
        &format!("document.querySelector('[data-testid=result]')?.dataset.id === '{}'", everywhere[0].id),
    )?;

    // A tab behind another draws nothing, so this comes last.
    let other = visit.chromium.open(&visit.site.url(&fragment), DESKTOP.0, DESKTOP.1)?;
    other.wait_for_state("results")?;
    let same: Vec<String> = other.results()?.into_iter().map(|card| card.id).collect();
    assert_eq!(same, here.into_iter().map(|card| card.id).collect::<Vec<_>>());
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn results_are_taken_away_as_geojson_and_csv() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.eval::<bool>(CATCH)?;
    let shown = page.search("storage tanks")?;
    for kind in ["geojson", "csv", "kml"] {
        page.click("[data-testid=save]")?;
        page.click(&format!("[data-testid=save-{kind}]"))?;
        assert_eq!(
            page.eval::<String>("document.activeElement.id")?,
            "save",
            "the focus is where the list was"
        );
    }
    page.wait_until("all are saved", "window.saved.length === 3")?;
    let saved: Vec<String> = page.eval("Promise.all(window.saved)")?;
    let collection: Value = serde_json::from_str(&saved[0])?;
    let features = collection["features"].as_array().cloned().unwrap_or_default();
    let ids: Vec<&str> = features.iter().filter_map(|feature| feature["id"].as_str()).collect();
    assert_eq!(ids, shown.iter().map(|card| card.id.as_str()).collect::<Vec<_>>());
    for feature in &features {
        assert_eq!(feature["geometry"]["type"], "Polygon");
        assert!(feature["properties"]["mark"].as_f64().is_some_and(|mark| (0.0..=1.0).contains(&mark)));
        assert!(feature["properties"]["place"].is_string());
    }
    let rows: Vec<&str> = saved[1].trim_end().split("\r\n").collect();
    assert_eq!(rows.len(), 21, "a header and a row each");
    assert_eq!(saved[2].matches("<Placemark>").count(), 20);
    assert!(rows[1].starts_with(&format!("1,{},-77.", shown[0].id)), "{}", rows[1]);
    visit.expect_quiet_console();
    Ok(())
}
