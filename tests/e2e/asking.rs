//! What is asked: terms beside the words, with plus and minus; pictures; what the box says and what is searched for.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clip_rs_tests::{Artifacts, Page};
use serde_json::Value;

use crate::Visit;

/// JavaScript: ids of the results in their order.
const IDS: &str = "[...document.querySelectorAll('[data-testid=result]')].map(card => card.dataset.id)";

fn ids(page: &Page) -> Result<Vec<String>> {
    page.eval(IDS)
}

/// The file of a tile of the sample area.
pub fn tile(artifacts: &Artifacts, id: &str) -> Result<PathBuf> {
    let path = artifacts.sample.join("tiles").join(format!("{id}.jpg"));
    fs::metadata(&path).with_context(|| format!("the tile {}", path.display()))?;
    Ok(path)
}

/// JavaScript that gives the page a file as a person does who drops or pastes it.
pub fn giving(event: &str, bytes: &[u8], name: &str) -> String {
    format!(
        "(() => {{ const data = new DataTransfer(); \
         data.items.add(new File([new Uint8Array({bytes:?})], '{name}', {{ type: 'image/jpeg' }})); \
         const given = '{event}' === 'paste' ? new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true, cancelable: true }}) \
         : new DragEvent('{event}', {{ dataTransfer: data, bubbles: true, cancelable: true }}); \
         document.body.dispatchEvent(given); return given.defaultPrevented; }})()"
    )
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_minus_term_leaves_out_what_looks_like_it_and_everything_of_it_is_in_the_link() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("swimming pool")?;
    let all = ids(page)?;
    page.click("[data-testid=add]")?;
    page.click("[data-testid=add-not]")?;
    page.wait_until("the words are a term", "document.querySelectorAll('[data-testid=term]').length === 1")?;
    assert!(
        page.eval::<bool>("document.activeElement.id === 'query' && document.activeElement.value === ''")?
    );
    page.type_words("houses")?;
    page.press("Enter")?;
    page.wait_until("there are two terms", "document.querySelectorAll('[data-testid=term]').length === 2")?;
    page.wait_until(
        "the link says so",
        "location.hash.startsWith('#text=swimming%20pool&text=-0.5*houses')",
    )?;
    page.wait_for_state("results")?;
    let without = ids(page)?;
    assert_ne!(all, without, "a minus changes what is found");
    assert!(page.text("[data-testid=status]")?.ends_with("for “swimming pool” without “houses”"));

    // Turned round it is wanted.
    page.click("[data-testid=term].unwanted .term-sign")?;
    page.wait_until(
        "both are wanted",
        "location.hash.includes('text=houses') && !document.querySelector('.unwanted')",
    )?;
    // Its weight is in the link.
    page.click("[data-testid=term]:nth-of-type(2) [data-testid=term-weight]")?;
    page.eval::<Value>(
        "(() => { const slider = document.querySelector('[data-testid=term] input[type=range]'); slider.value = 0.3; \
         slider.dispatchEvent(new Event('change', { bubbles: true })); return null; })()",
    )?;
    page.wait_until("the weight is in the link", "location.hash.includes('text=0.3*houses')")?;

    // By keyboard it is removed, and the focus goes to what is left.
    page.eval::<Value>("document.getElementById('term-1').focus()")?;
    page.press("ArrowLeft")?;
    assert_eq!(page.eval::<String>("document.activeElement.id")?, "term-0");
    page.press("ArrowRight")?;
    page.press("Delete")?;
    page.wait_until("one is left", "document.querySelectorAll('[data-testid=term]').length === 1")?;
    assert_eq!(page.eval::<String>("document.activeElement.id")?, "term-0");
    page.press("Delete")?;
    page.wait_until("none is left", "!document.querySelector('[data-testid=term]')")?;
    assert_eq!(page.eval::<String>("document.activeElement.id")?, "query");
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_link_with_terms_asks_the_same_again() -> Result<()> {
    let visit = Visit::ready("#q=harbour&text=-0.5*large%20ships&like=0.4*17/37322/50208")?;
    let page = &visit.page;
    page.wait_for_state("results")?;
    assert_eq!(page.count("[data-testid=term]")?, 2);
    assert_eq!(page.eval::<String>("document.getElementById('query').value")?, "harbour");
    let hash: String = page.eval("location.hash")?;
    assert!(hash.starts_with("#q=harbour&text=-0.5*large%20ships&like=0.4*17/37322/50208"), "{hash}");
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_minus_before_words_is_a_minus_term() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("forest")?;
    page.type_words("-river")?;
    page.press("Enter")?;
    page.wait_until("the link says so", "location.hash.startsWith('#q=forest&text=-0.5*river')")?;
    assert_eq!(page.eval::<String>("document.getElementById('query').value")?, "forest");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_picture_finds_its_tile_however_it_is_given_and_its_model_is_loaded_once() -> Result<()> {
    // A service worker keeps the explorer for later as soon as the page is ready.
    let visit = Visit::alone("")?;
    let page = &visit.page;
    let seen = || visit.chromium.recorder().seen();
    let image = |url: &str| url.contains("/image.") || url.contains("explorer_bg");
    let early: Vec<String> = seen().into_iter().map(|request| request.url).filter(|url| image(url)).collect();
    assert!(early.is_empty(), "a first visit does without {early:?}");
    let id = "17/37322/50208";
    let bytes = fs::read(tile(&visit.artifacts, id)?)?;
    for (event, name) in [("drop", "a tile.jpg"), ("paste", "image.png")] {
        assert!(page.eval::<bool>(&giving(event, &bytes, name))?, "{event} is taken");
        page.wait_until(
            &format!("the {event} is searched for"),
            &format!("location.hash.includes(encodeURIComponent('~{name}').replace('%7E', '~'))"),
        )?;
        page.wait_for_state("results")?;
        page.wait_until("its tile is first", &format!("{IDS}[0] === '{id}'"))?;
    }
    assert_eq!(seen().iter().filter(|request| request.url.contains("/image.")).count(), 1);
    assert_eq!(page.count("[data-testid=term]")?, 1, "the second picture took the place of the first");

    // A part of it is another question, and so is the picture turned.
    let whole: String = page.eval("location.hash")?;
    page.eval::<Value>("document.querySelector('[data-testid=desk-frame]').focus()")?;
    page.press("-")?;
    page.wait_until(
        "a part is searched for",
        &format!("location.hash !== {whole:?} && !document.querySelector('[data-testid=exploring]')"),
    )?;
    let part: String = page.eval("location.hash")?;
    page.click("[data-testid=desk-whole]")?;
    page.wait_until(
        "all of it again",
        &format!("location.hash.split('&')[0] === {:?}", whole.split('&').next().unwrap_or_default()),
    )?;
    page.click("[data-testid=desk-turn]")?;
    page.wait_until("turned it is another", &format!("![{whole:?}, {part:?}].includes(location.hash) && !document.querySelector('[data-testid=exploring]')"))?;

    // The link alone is enough: the picture itself is not.
    let fragment: String = page.eval("location.hash")?;
    let found = ids(page)?;
    page.go("about:blank")?;
    page.go(&visit.site.url(&fragment))?;
    page.wait_for_state("results")?;
    assert_eq!(ids(page)?, found);
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_is_no_picture_is_said_and_changes_nothing() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let before = page.search("pond")?;
    assert!(page.eval::<bool>(&giving("drop", b"no picture", "notes.jpg"))?);
    page.wait_until(
        "it is said by name",
        "document.querySelector('[data-testid=exploring-failed]')?.innerText.includes('notes.jpg')",
    )?;
    assert_eq!(page.results()?, before);
    assert_eq!(page.count("[data-testid=term]")?, 0);
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn box_list_and_link_are_about_the_same_whatever_is_erased() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("pond")?;
    page.type_words("po")?;
    page.eval::<Value>("document.activeElement.blur()")?;
    page.wait_until("the box says what is asked", "document.getElementById('query').value === 'pond'")?;
    assert!(page.eval::<String>("location.hash")?.starts_with("#q=pond"));
    page.type_words("po")?;
    page.press("Enter")?;
    page.wait_until("Enter means it", "location.hash.startsWith('#q=po&') || location.hash === '#q=po'")?;
    page.click("#query")?;
    page.eval::<Value>("document.getElementById('query').select()")?;
    page.press("Delete")?;
    page.press("Enter")?;
    page.wait_for_state("ready")?;
    assert!(!page.eval::<String>("location.hash")?.contains("q="));
    // Signs that show nothing are no query.
    page.type_words("\u{200b}\u{feff}")?;
    page.press("Enter")?;
    assert_eq!(page.state()?, "ready");
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn enter_while_an_input_method_composes_is_no_search() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.type_words("gakko")?;
    page.wait_until("it is answered as a draft", "document.body.dataset.state !== 'ready'")?;
    let composing = "(() => { const box = document.getElementById('query'); \
         return box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true })) === false; })()";
    assert!(page.eval::<bool>(composing)?, "it submits no form");
    assert!(!page.eval::<String>("location.hash")?.contains("q="), "it is not confirmed");
    page.press("Enter")?;
    page.wait_until("the next one is", "location.hash.startsWith('#q=gakko')")?;
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_words_are_cut_to_is_said() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("a pond")?;
    assert_eq!(page.text("[data-testid=cut]")?, "");
    page.search("a wide river with a bridge and a road and a wood and a field and a farm and a barn and a pond and a park and a school and a church")?;
    page.wait_until(
        "that the model reads the beginning is said",
        "document.querySelector('[data-testid=cut]').innerText.includes('beginning')",
    )?;
    page.type_words(&"river ".repeat(100))?;
    page.wait_until(
        "that the box is cut is said",
        "document.querySelector('[data-testid=cut]').innerText.includes('500')",
    )?;
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn words_of_place_become_a_place_that_can_be_taken_off() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.wait_until("places are suggested", "document.querySelectorAll('#suggestions option').length > 0")?;
    let everywhere = {
        page.search("tennis courts")?;
        ids(page)?
    };
    let place: String = page.eval("document.querySelector('[data-testid=place]').innerText.split(',')[0]")?;
    page.type_words(&format!("tennis courts in {place}"))?;
    page.press("Enter")?;
    page.wait_until("the place is a chip", "document.querySelector('[data-testid=term-place]')")?;
    page.wait_until("the box has the words", "document.getElementById('query').value === 'tennis courts'")?;
    assert!(page.eval::<String>("location.hash")?.contains("&place=in%20"));
    page.wait_until("its outline is drawn", "document.querySelector('.searched')")?;
    page.wait_for_state("results")?;
    page.show_nearest()?;
    let here = ids(page)?;
    assert_ne!(here, everywhere);
    page.click("[data-testid=term-place] [data-testid=term-remove]")?;
    page.wait_until("everything is searched again", &format!("{IDS}[0] === '{}'", everywhere[0]))?;

    // A place alone is gone to.
    page.type_words(&place)?;
    page.press("Enter")?;
    page.wait_for_state("ready")?;
    page.wait_until(
        "the map shows it",
        "document.querySelector('.searched') && location.hash.includes('map=')",
    )?;
    // What names no place stays whole.
    page.search("bridge near water")?;
    assert!(page.eval::<String>("location.hash")?.starts_with("#q=bridge%20near%20water"));
    visit.expect_quiet_console();
    Ok(())
}
