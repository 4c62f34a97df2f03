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
    page.click("[data-testid=show-more]")?;
    page.wait_until("there are eighty", "document.querySelectorAll('[data-testid=result]').length === 80")?;
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
