//! One result in detail: opened and closed by hand and by keys, its numbers, its place in other maps, where in its picture.

use anyhow::{Context, Result};
use clip_rs_catalog::TileId;

use crate::{PHONE, Visit};

/// JavaScript: whether the details stand there, and the list is out of sight.
const OPEN: &str = "document.querySelector('[data-testid=detail] [data-testid=detail-mark]') \
                    && document.querySelector('[data-testid=result]').offsetParent === null";
/// JavaScript: whether the list is back, and nothing of the details left.
const CLOSED: &str = "!document.querySelector('[data-testid=detail]') \
                      && document.querySelector('[data-testid=result]')?.offsetParent !== null";

/// JavaScript: whether the card with this element id has the focus and is seen in the panel.
fn has_focus_and_is_seen(card: &str) -> String {
    format!(
        "document.activeElement?.id === '{card}' && (() => {{ const card = document.activeElement.getBoundingClientRect(); \
         const panel = document.getElementById('results').getBoundingClientRect(); \
         return card.bottom > panel.top && card.top < panel.bottom; }})()"
    )
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn details_are_opened_by_a_button_and_the_list_comes_back_as_it_was() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let results = page.search("storage tanks")?;
    let chosen = &results[7];
    page.click(&format!("[data-testid=result][data-id='{}'] [data-testid=details-button]", chosen.id))?;
    page.wait_until("the details are open", OPEN)?;
    page.wait_until(
        "the link says so",
        "location.hash.includes('sel=') && location.hash.includes('details=1')",
    )?;
    assert!(page.text("[data-testid=detail]")?.contains("Result 8 of 20"));
    let mark = page.text("[data-testid=detail-mark]")?;
    assert!(chosen.text.contains(&mark), "{mark} in {}", chosen.text);
    assert!(page.text("[data-testid=detail-facts]")?.contains(&chosen.id));
    page.wait_until(
        "its picture and what lies around it are there",
        "document.querySelector('[data-testid=detail] [data-testid=result-image]')?.naturalWidth > 0 \
         && document.querySelectorAll('[data-testid=detail-around] img').length > 0",
    )?;
    let link: String = page.eval("location.href")?;

    page.click("[data-testid=detail-back]")?;
    page.wait_until("the list is back", CLOSED)?;
    page.wait_until("its card has the focus", &has_focus_and_is_seen("result-8"))?;
    assert!(page.eval::<f64>("document.getElementById('results').scrollTop")? > 0.0, "scrolled as before");
    page.wait_until("the link follows", "!location.hash.includes('details')")?;
    let selected: Vec<String> =
        page.results()?.into_iter().filter(|card| card.selected).map(|card| card.id).collect();
    assert_eq!(selected, [chosen.id.as_str()]);
    // Opening and closing leave no step behind: the way back leads to what was before the search.
    page.eval::<serde_json::Value>("history.back()")?;
    page.wait_until("nothing is searched for again", "!location.hash.includes('q=')")?;
    page.wait_for_state("ready")?;

    // A tab behind another draws nothing, so this comes last.
    let other = visit.chromium.open(&link, 1280, 800)?;
    other.wait_for_state("results")?;
    other.wait_until("a link opens the details", OPEN)?;
    assert!(other.text("[data-testid=detail-facts]")?.contains(&chosen.id));
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn enter_opens_the_selected_card_escape_and_back_close_it() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("golf course")?;
    page.eval::<serde_json::Value>("document.getElementById('result-3').focus()")?;
    page.press("Enter")?;
    page.wait_until(
        "the card is selected",
        "document.getElementById('result-3').getAttribute('aria-current') === 'true'",
    )?;
    assert_eq!(page.count("[data-testid=detail]")?, 0, "Enter once only selects");
    page.press("Enter")?;
    page.wait_until("the details are open", OPEN)?;
    page.wait_until("they have the focus", "document.activeElement?.dataset.testid === 'detail'")?;
    page.press("Tab")?;
    let next: String = page.eval("document.activeElement.dataset.testid")?;
    assert_eq!(next, "detail-back", "the way back comes first");
    page.press("Escape")?;
    page.wait_until("the list is back", CLOSED)?;
    page.wait_until("its card has the focus", &has_focus_and_is_seen("result-3"))?;

    page.press("Enter")?;
    page.wait_until("the details are open again", OPEN)?;
    page.eval::<serde_json::Value>("history.back()")?;
    page.wait_until("the browser's back closes them too", CLOSED)?;

    // What is searched for from there is shown as a list.
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", OPEN)?;
    page.click("[data-testid=detail-add]")?;
    page.wait_until("it is a term", "location.hash.includes('like=') && location.hash.includes('q=golf')")?;
    page.wait_for_state("results")?;
    page.wait_until("the list is shown", CLOSED)?;
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_place_is_told_in_the_notation_chosen_and_opened_in_other_maps() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let tile: TileId = page.search("swimming pools")?[0].id.parse()?;
    let is_inside = |lng: f64, lat: f64| {
        let [west, south, east, north]: [f64; 4] = tile.bounds().into();
        (west..=east).contains(&lng) && (south..=north).contains(&lat)
    };
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", OPEN)?;
    let written = |notation: &str, shape: &str| -> Result<String> {
        choose(&visit, "detail-notation", notation)?;
        page.wait_until(
            &format!("the numbers are in {notation}"),
            &format!("/{shape}/.test(document.querySelector('[data-testid=detail-numbers]').innerText)"),
        )?;
        page.text("[data-testid=detail-numbers]")
    };
    let decimal = numbers(&written("Longitude, latitude", r"^-?\d+\.\d{5}, -?\d+\.\d{5}$")?);
    assert!(is_inside(decimal[0], decimal[1]), "{decimal:?} in {tile}");
    let dms = numbers(&written("Degrees, minutes, seconds", r"^\d+°.*N \d+°.*W$")?);
    let degrees = |of: &[f64]| of[0] + of[1] / 60.0 + of[2] / 3600.0;
    assert!((degrees(&dms[..3]) - decimal[1]).abs() < 1e-4 && (degrees(&dms[3..]) + decimal[0]).abs() < 1e-4);
    let utm = written("UTM", r"^18S \d{6} \d{7}$")?;
    let mgrs = written("MGRS", r"^18S [A-Z]{2} \d{5} \d{5}$")?;
    let last_five = |text: &str| -> Vec<String> {
        let words = text.split(' ').rev().take(2);
        words.map(|word| word.chars().skip(word.len() - 5).collect()).collect()
    };
    let near = |a: &str, b: &str| (a.parse::<i32>().unwrap_or(-9) - b.parse::<i32>().unwrap_or(9)).abs() <= 1;
    let (utm, mgrs) = (last_five(&utm), last_five(&mgrs));
    assert!(utm.iter().zip(&mgrs).all(|(a, b)| near(a, b)), "{utm:?} and {mgrs:?}");

    // The choice outlives the details, and search boxes have an order of their own.
    page.click("[data-testid=detail-back]")?;
    page.wait_until("the list is back", CLOSED)?;
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", OPEN)?;
    assert!(page.text("[data-testid=detail-numbers]")?.starts_with("18S "));
    let pasted = numbers(&page.text("[data-testid=detail-search-text]")?);
    assert!(is_inside(pasted[1], pasted[0]), "latitude first: {pasted:?}");
    choose(&visit, "detail-site", "This device's map")?;
    page.wait_until(
        "it is a geo address",
        "document.querySelector('[data-testid=detail-search-text]').innerText.startsWith('geo:')",
    )?;
    assert_eq!(page.count("[data-testid=detail-copy]")?, 2);

    let [href, target, rel]: [String; 3] = page.eval(
        "(link => [link.href, link.target, link.rel])(document.querySelector('[data-testid=detail-map-site]'))",
    )?;
    assert_eq!((target.as_str(), rel.as_str()), ("_blank", "noopener noreferrer"));
    let at = href.strip_prefix("https://www.openstreetmap.org/?mlat=").context(href.clone())?;
    let at = numbers(&at.replace("&mlon=", " "));
    assert!(is_inside(at[1], at[0]), "{href}");
    assert_eq!(at[2], f64::from(tile.z()), "{href}");
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn where_in_the_picture_is_shown_over_it_and_taken_off() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("tennis courts")?;
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", OPEN)?;
    page.click("[data-testid=where-button]")?;
    page.wait_until("there are colours over it", "document.querySelector('[data-testid=where-overlay]')")?;
    // The overlay's least and largest lightness, and whether it is half-transparent throughout.
    let [least, largest, hidden]: [f64; 3] = page.eval(
        "(canvas => { const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
         let [least, largest, hidden] = [999, 0, 0]; for (let at = 0; at < data.length; at += 4) { \
         const light = data[at] + data[at + 1] + data[at + 2]; least = Math.min(least, light); \
         largest = Math.max(largest, light); hidden = Math.max(hidden, Math.abs(data[at + 3] - 140)); } \
         return [least, largest, hidden]; })(document.querySelector('[data-testid=where-overlay]'))",
    )?;
    assert!(largest - least > 200.0 && hidden <= 6.0, "{least} to {largest}, {hidden}");
    assert!(page.text("[data-testid=where-legend]")?.contains("fits best"));
    let [over, under]: [[f64; 4]; 2] = page.eval(
        "['[data-testid=where-overlay]', '[data-testid=detail] .picture'].map(selector => { \
         const { left, top, width, height } = document.querySelector(selector).getBoundingClientRect(); \
         return [left, top, width, height]; })",
    )?;
    assert!(over.iter().zip(under).all(|(a, b)| (a - b).abs() < 1.0), "{over:?} over {under:?}");
    page.click("[data-testid=where-button]")?;
    page.wait_until("they are gone", "!document.querySelector('[data-testid=where-overlay]')")?;

    // A whole place has no part that could be shown.
    page.click("[data-testid=detail-like]")?;
    page.wait_until("it is about a picture", "location.hash.startsWith('#like=')")?;
    page.wait_until("the list is shown", CLOSED)?;
    page.wait_for_state("results")?;
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", OPEN)?;
    assert_eq!(page.count("[data-testid=where-button]")?, 0);
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn list_and_details_can_be_printed_and_fit_a_phone() -> Result<()> {
    let visit = Visit::start("#q=storage%20tanks", PHONE)?;
    let page = &visit.page;
    page.wait_for_state("results")?;
    page.eval::<serde_json::Value>(
        "(window.printed = 0, window.print = () => { window.printed += 1; }, null)",
    )?;
    page.click("[data-testid=print]")?;
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", OPEN)?;
    page.click("[data-testid=detail] [data-testid=print]")?;
    assert_eq!(page.eval::<u32>("window.printed")?, 2);
    let wide: u32 = page.eval("document.documentElement.scrollWidth")?;
    assert!(wide <= PHONE.0, "the page is {wide} wide on a screen of {}", PHONE.0);
    visit.expect_quiet_console();
    Ok(())
}

/// Chooses an option as a person does who opens the list.
fn choose(visit: &Visit, testid: &str, name: &str) -> Result<()> {
    let name = serde_json::to_string(name)?;
    visit.page.eval::<serde_json::Value>(&format!(
        "(select => {{ select.value = {name}; select.dispatchEvent(new Event('change', {{ bubbles: true }})); return null; }})\
         (document.querySelector('[data-testid={testid}]'))"
    ))?;
    Ok(())
}

/// The decimal numbers in a text.
fn numbers(text: &str) -> Vec<f64> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
    words.filter_map(|word| word.parse().ok()).collect()
}
