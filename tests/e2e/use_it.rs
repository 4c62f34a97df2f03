//! Using the page: select, fly, link, copy, keyboard, phone.

use anyhow::Result;

use crate::{PHONE, Visit};

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_selected_result_and_its_footprint_go_together() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let results = page.search("storage tanks")?;
    page.wait_until(
        "every result has its footprint on the map",
        &format!("document.querySelectorAll('[data-testid=footprint]').length === {}", results.len()),
    )?;
    let (second, third) = (&results[1].id, &results[2].id);
    page.click(&format!("[data-testid=result][data-id='{second}'] [data-testid=result-image]"))?;
    page.wait_until("the result is selected", &selected(second))?;
    page.wait_until("the map flies to it", &in_the_map(second))?;
    page.eval::<serde_json::Value>(&format!(
        "document.querySelector(\"[data-testid=footprint][data-id='{third}']\").dispatchEvent(new MouseEvent('click', {{ bubbles: true }}))"
    ))?;
    page.wait_until("the footprint selects its result", &selected(third))?;
    page.wait_until("and brings it into view", &format!(
        "(() => {{ const r = document.querySelector(\"[data-testid=result][data-id='{third}']\").getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight + 1; }})()"
    ))?;
    visit.expect_quiet_console();
    Ok(())
}

fn selected(id: &str) -> String {
    format!(
        "(() => {{ const card = document.querySelector(\"[data-testid=result][data-id='{id}']\"); \
             return card.getAttribute('aria-current') === 'true' || card.querySelector('[aria-current=true]'); }})()"
    )
}

fn in_the_map(id: &str) -> String {
    format!(
        "(() => {{ const f = document.querySelector(\"[data-testid=footprint][data-id='{id}']\").getBoundingClientRect(); \
         const m = document.querySelector('[data-testid=map]').getBoundingClientRect(); \
         return f.width > 60 && f.left >= m.left && f.right <= m.right && f.top >= m.top && f.bottom <= m.bottom; }})()"
    )
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_link_brings_back_query_selection_and_map() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let results = page.search("tennis courts")?;
    page.click(&format!("[data-testid=result][data-id='{}'] [data-testid=result-image]", results[1].id))?;
    page.wait_until(
        "the map has come to rest",
        &format!("location.hash.includes('map=') && {}", in_the_map(&results[1].id)),
    )?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    let link: String = page.eval("location.href")?;
    let other = visit.chromium.open(&link, 1280, 800)?;
    other.wait_for_state("results")?;
    other.wait_until("the item is selected again", &selected(&results[1].id))?;
    other.wait_until("the map is there again", &in_the_map(&results[1].id))?;
    assert_eq!(ids(&other.results()?), ids(&results));
    assert_eq!(
        other.eval::<String>("document.querySelector('[data-testid=search-input]').value")?,
        "tennis courts"
    );
    visit.expect_quiet_console();
    Ok(())
}

fn ids(cards: &[clip_rs_tests::ResultCard]) -> Vec<&str> {
    cards.iter().map(|card| card.id.as_str()).collect()
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn going_back_brings_back_the_former_results() -> Result<()> {
    let visit = Visit::ready("")?;
    let first = visit.page.search("golf course")?;
    let second = visit.page.search("storage tanks")?;
    assert_ne!(ids(&first), ids(&second));
    visit.page.eval::<serde_json::Value>("history.back()")?;
    let back = format!("document.querySelector('[data-testid=result]')?.dataset.id === '{}'", first[0].id);
    visit.page.wait_until("the former results are back", &back)?;
    assert_eq!(
        visit.page.eval::<String>("document.querySelector('[data-testid=search-input]').value")?,
        "golf course"
    );
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_result_says_how_similar_and_where_it_is() -> Result<()> {
    let visit = Visit::ready("")?;
    let results = visit.page.search("swimming pools")?;
    let card = &results[0];
    assert!(card.text.contains('%'), "similarity in percent: {}", card.text);
    let coordinates: Vec<f64> = card
        .text
        .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '−'))
        .filter_map(|word| word.replace('−', "-").parse().ok())
        .collect();
    let bounds: [f64; 4] = {
        let tile: clip_rs_catalog::TileId = card.id.parse()?;
        tile.bounds().into()
    };
    assert!(coordinates.iter().any(|v| (bounds[0]..=bounds[2]).contains(v)), "longitude in {}", card.text);
    assert!(coordinates.iter().any(|v| (bounds[1]..=bounds[3]).contains(v)), "latitude in {}", card.text);
    assert!(card.text.contains("Virginia"), "a place: {}", card.text);
    assert_eq!(visit.page.count("[data-testid=synthetic-badge]")?.min(1), 1, "synthetic imagery says so");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_keyboard_is_enough() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.press("/")?;
    page.wait_until(
        "a slash leads to the search box",
        "document.activeElement?.dataset.testid === 'search-input'",
    )?;
    let results = page.search("solar panels")?;
    let mut reached = false;
    for _ in 0..40 {
        page.press("Tab")?;
        reached = page.eval("!!document.activeElement?.closest('[data-testid=result]')")?;
        if reached {
            break;
        }
    }
    assert!(reached, "Tab leads from the search box to the results");
    page.press("ArrowDown")?;
    page.press("Enter")?;
    page.wait_until("an arrow key and Enter select the second result", &selected(&results[1].id))?;
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_phone_shows_everything_without_sideways_scrolling() -> Result<()> {
    let visit = Visit::start("#q=baseball%20field", PHONE)?;
    visit.page.wait_for_state("results")?;
    let wide: u32 = visit.page.eval("document.documentElement.scrollWidth")?;
    assert!(wide <= PHONE.0, "the page is {wide} wide on a screen of {}", PHONE.0);
    for part in ["search-input", "map", "result", "synthetic-badge"] {
        assert!(visit.page.count(&format!("[data-testid={part}]"))? > 0, "{part} is missing");
    }
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_page_does_not_freeze_while_the_engine_works() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.eval::<bool>(
        "(() => { window.longest = 0; let last = performance.now(); const tick = () => { const now = performance.now(); \
         window.longest = Math.max(window.longest, now - last); last = now; setTimeout(tick, 0); }; tick(); return true; })()",
    )?;
    for query in ["golf course", "river", "houses", "storage tanks"] {
        page.search(query)?;
    }
    let longest: f64 = page.eval("window.longest")?;
    println!("longest pause of the page's thread: {longest:.0} ms");
    assert!(longest > 0.0, "the clock ticked");
    Ok(())
}
