//! The page in a second browser engine: what it is for works there as well, and nothing is complained of.

use std::fs;

use anyhow::Result;
use clip_rs_tests::{Artifacts, Firefox, Site};
use serde_json::Value;

use crate::asking::{giving, tile};

/// JavaScript: ids of the results in their order.
const IDS: &str = "[...document.querySelectorAll('[data-testid=result]')].map(card => card.dataset.id)";

/// JavaScript: whether the page is in this state.
fn is_in(state: &str) -> String {
    format!("document.body.dataset.state === '{state}'")
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn firefox_finds_words_and_a_picture_shows_the_layer_and_has_nothing_to_complain_of() -> Result<()> {
    let Some(program) = Firefox::program() else {
        println!(
            "SKIPPED: there is no Firefox here, so the page was not tried in it. FIREFOX names the program."
        );
        return Ok(());
    };
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let mut firefox = Firefox::start(&program, &site)?;
    firefox.go(&site.url(""))?;
    firefox.wait_until("it is ready", &is_in("ready"))?;

    // As typed: Firefox has input events and a form of its own.
    firefox.eval::<Value>(
        "(box => { box.focus(); box.value = 'storage tanks'; \
         box.dispatchEvent(new InputEvent('input', { bubbles: true })); box.form.requestSubmit(); return null; })\
         (document.getElementById('query'))",
    )?;
    firefox.wait_until("there are results", &is_in("results"))?;
    firefox.wait_until("the link says so", "location.hash.includes('q=storage%20tanks')")?;
    firefox.wait_until("all cards are made", &format!("{IDS}.length === 20"))?;
    firefox.wait_until(
        "their pictures are there",
        "document.querySelector('[data-testid=result-image]')?.naturalWidth > 0",
    )?;
    firefox.wait_until(
        "the map is there, with their footprints",
        "document.querySelectorAll('.leaflet-tile-loaded').length > 0 && document.querySelector('[data-testid=footprint]')",
    )?;

    firefox.eval::<Value>("document.querySelector('[data-testid=layer]').click()")?;
    firefox
        .wait_until("the layer lies on the map", "document.querySelector('.similarity-layer')?.complete")?;
    firefox.eval::<Value>("document.querySelector('[data-testid=details-button]').click()")?;
    firefox.wait_until("the details are open", "document.querySelector('[data-testid=detail]')")?;

    // A picture by itself, and not beside the words.
    firefox.eval::<Value>("(location.hash = '', null)")?;
    firefox.wait_until("nothing is asked", &is_in("ready"))?;
    let id = "17/37322/50208";
    let bytes = fs::read(tile(&artifacts, id)?)?;
    assert!(firefox.eval::<bool>(&giving("drop", &bytes, "a tile.jpg"))?, "a picture is taken");
    firefox.wait_until("its tile is first", &format!("{IDS}[0] === '{id}'"))?;

    assert_eq!(firefox.complaints(), [""; 0]);
    Ok(())
}
