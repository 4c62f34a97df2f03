//! How a person comes to each state: by clicks, keys and files, until the page says that it is there.

use anyhow::{Context, Result};
use clip_rs_tests::{Artifacts, Page};
use serde_json::{Value, json};

/// States in which a question is answered.
const ANSWERED: &str = "results unlikely empty";

/// Some of the files are here, and the others do not come.
pub fn half_loaded(page: &Page, _: &Artifacts) -> Result<()> {
    page.wait_until(
        "as much is here as comes",
        "/^2[.]5 MB of/m.test(document.querySelector('[data-testid=progress]')?.innerText)",
    )
}

pub fn ready(page: &Page, _: &Artifacts) -> Result<()> {
    page.wait_for_state("ready")
}

pub fn failed(page: &Page, _: &Artifacts) -> Result<()> {
    page.wait_for_state("failed")
}

/// What the link asks is answered.
pub fn answered(page: &Page, _: &Artifacts) -> Result<()> {
    page.wait_for_state(ANSWERED)?;
    page.show_nearest()
}

/// Half a word is answered already.
pub fn typing(page: &Page, _: &Artifacts) -> Result<()> {
    page.wait_for_state("ready")?;
    page.type_words("swimming po")?;
    page.wait_for_state(ANSWERED)
}

pub fn selected(page: &Page, artifacts: &Artifacts) -> Result<()> {
    answered(page, artifacts)?;
    page.click("[data-testid=result] [data-testid=result-image]")?;
    page.wait_until("it is selected", "document.querySelector('[data-testid=footprint].selected')")
}

pub fn nothing_likely(page: &Page, _: &Artifacts) -> Result<()> {
    page.wait_for_state("ready")?;
    page.type_words("a giraffe")?;
    page.press("Enter")?;
    page.wait_for_state("unlikely")
}

pub fn nearest(page: &Page, artifacts: &Artifacts) -> Result<()> {
    nothing_likely(page, artifacts)?;
    page.show_nearest()
}

pub fn add_menu(page: &Page, artifacts: &Artifacts) -> Result<()> {
    answered(page, artifacts)?;
    page.click("[data-testid=add]")?;
    page.wait_until("the list is open", "document.getElementById('add-list').offsetParent")
}

pub fn take_away(page: &Page, artifacts: &Artifacts) -> Result<()> {
    answered(page, artifacts)?;
    page.click("[data-testid=save]")?;
    page.wait_until("the list is open", "document.getElementById('save-list').offsetParent")
}

/// A tile of the sample area is dropped on the page.
pub fn picture(page: &Page, artifacts: &Artifacts) -> Result<()> {
    page.wait_for_state("ready")?;
    let found = page.search("parked airplanes")?;
    let tile = found.first().context("no airplanes in the sample area")?;
    let bytes = std::fs::read(artifacts.sample.join("tiles").join(format!("{}.jpg", tile.id)))?;
    page.click(".clear")?;
    page.wait_for_state("ready")?;
    page.eval::<Value>(&format!(
        "(() => {{ const data = new DataTransfer(); \
         data.items.add(new File([new Uint8Array({bytes:?})], 'airfield.jpg', {{ type: 'image/jpeg' }})); \
         document.body.dispatchEvent(new DragEvent('drop', {{ dataTransfer: data, bubbles: true, cancelable: true }})); return null; }})()"
    ))?;
    page.wait_until("it is on the desk", "document.querySelector('[data-testid=desk]')")?;
    page.eval::<Value>("(document.activeElement.blur(), null)")?;
    page.wait_for_state("results")
}

/// Chooses what to draw.
fn draw(page: &Page, choice: &str) -> Result<()> {
    page.click("[data-testid=tool-draw]")?;
    page.wait_until("the list is open", "document.getElementById('where-list').offsetParent")?;
    page.click(&format!("[data-testid={choice}]"))
}

/// An answer, and a map that has come to rest.
fn at_rest(page: &Page, artifacts: &Artifacts) -> Result<()> {
    answered(page, artifacts)?;
    page.wait_until(
        "the map has come to rest",
        "location.hash.includes('map=') && !document.querySelector('.leaflet-zoom-anim, .leaflet-pan-anim')",
    )
}

/// Three corners of a polygon.
pub fn drawing(page: &Page, artifacts: &Artifacts) -> Result<()> {
    at_rest(page, artifacts)?;
    draw(page, "draw-polygon")?;
    let map = page.map();
    for corner in [(0.3, 0.3), (0.7, 0.35), (0.6, 0.7)] {
        map.click(corner, 1)?;
    }
    page.wait_until("the outline is there", "document.querySelector('[data-testid=drawn]')")
}

/// Results inside a rectangle.
pub fn area(page: &Page, artifacts: &Artifacts) -> Result<()> {
    at_rest(page, artifacts)?;
    draw(page, "draw-rectangle")?;
    page.map().drag((0.3, 0.3), (0.6, 0.7))?;
    page.wait_until("the area is outlined", "document.querySelector('.searched')")?;
    answered(page, artifacts)
}

/// Words of place, with a place of the sample area.
pub fn place(page: &Page, artifacts: &Artifacts) -> Result<()> {
    page.wait_for_state("ready")?;
    page.wait_until("places are known", "document.querySelectorAll('#suggestions option').length > 0")?;
    page.search("tennis courts")?;
    let place: String = page.eval("document.querySelector('[data-testid=place]').innerText.split(',')[0]")?;
    page.type_words(&format!("tennis courts near {place}"))?;
    page.press("Enter")?;
    page.wait_until("the place is a term", "document.querySelector('[data-testid=term-place]')")?;
    page.wait_until("its outline is drawn", "document.querySelector('.searched')")?;
    answered(page, artifacts)
}

/// Marks as a file: the first results are what is meant, later ones are not.
pub fn concept(page: &Page, yes: usize, no: usize) -> Result<()> {
    page.wait_for_state(ANSWERED)?;
    page.show_nearest()?;
    let found = page.results()?;
    let (meant, others) = (found.iter().take(yes), found.iter().rev().take(no));
    let rows = meant.map(|card| (card, "yes")).chain(others.map(|card| (card, "no")));
    let marks = rows
        .fold("id,label\r\n".to_owned(), |text, (card, label)| text + &format!("{},{label}\r\n", card.id));
    page.click("[data-testid=tab-saved]")?;
    page.wait_until("files are taken", "document.querySelector('[data-testid=concept-file]')")?;
    page.eval::<Value>(&format!(
        "(() => {{ const input = document.querySelector('[data-testid=concept-file]'); const data = new DataTransfer(); \
         data.items.add(new File([{}], 'marks.csv')); input.files = data.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }})); return null; }})()",
        json!(marks)
    ))?;
    page.wait_until("the marks are searched for", "location.hash.includes('concept=')")?;
    page.click("[data-testid=tab-results]")?;
    page.wait_until(
        "the marks are counted",
        &format!("document.querySelector('[data-testid=strip-counts]')?.innerText === '{yes} yes, {no} no'"),
    )?;
    page.wait_for_state("results")
}

/// A concept and searches that the browser keeps.
pub fn saved(page: &Page, _: &Artifacts) -> Result<()> {
    concept(page, 5, 5)?;
    page.eval::<Value>("(document.querySelector('[data-testid=concept-name]').value = 'large tanks', null)")?;
    page.click("[data-testid=concept-save]")?;
    page.wait_until("the strip is gone", "!document.querySelector('[data-testid=strip]')")?;
    for words in ["golf course", "a river with a bridge", "boats in a marina"] {
        page.search(words)?;
    }
    page.click("[data-testid=tab-saved]")?;
    page.wait_until("it is listed", "document.querySelector('[data-testid=saved-concept]')")
}

pub fn here(page: &Page, _: &Artifacts) -> Result<()> {
    page.wait_for_state("ready")?;
    page.click("[data-testid=tab-here]")?;
    page.wait_until("there are groups", "document.querySelectorAll('[data-testid=group]').length > 6")
}

pub fn layer(page: &Page, artifacts: &Artifacts) -> Result<()> {
    answered(page, artifacts)?;
    page.click("[data-testid=layer]")?;
    page.wait_until("the layer is painted", "document.querySelector('.similarity-layer')?.complete")
}

/// Where a river is more likely than a road.
pub fn compare(page: &Page, artifacts: &Artifacts) -> Result<()> {
    layer(page, artifacts)?;
    // A phone keeps them folded.
    page.eval::<Value>("(document.querySelector('.legend details').open = true, null)")?;
    page.eval::<Value>("(document.querySelector('[data-testid=layer-against]').value = 'a road', null)")?;
    page.click("[data-testid=layer-compare]")?;
    page.wait_until(
        "it is a difference",
        "document.querySelector('[data-testid=legend]').innerText.includes('“a road”')",
    )
}

pub fn detail(page: &Page, artifacts: &Artifacts) -> Result<()> {
    answered(page, artifacts)?;
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", "document.querySelector('[data-testid=detail-mark]')")
}

pub fn where_in_it(page: &Page, artifacts: &Artifacts) -> Result<()> {
    detail(page, artifacts)?;
    page.click("[data-testid=where-button]")?;
    page.wait_until("there are colours", "document.querySelector('[data-testid=where-overlay]')")
}
