//! Results follow the typing; the history, the link and the screen reader hear of it when it is done.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use clip_rs_tests::{COMPLETE, Page, ResultCard};

use crate::Visit;

/// Notes from now on what a screen reader is told.
const LISTEN: &str = "(() => { window.told = []; const line = document.querySelector('[role=status]'); \
     new MutationObserver(() => window.told.push(line.textContent)) \
         .observe(line, { childList: true, subtree: true, characterData: true }); return true; })()";

fn ids(cards: &[ResultCard]) -> Vec<&str> {
    cards.iter().map(|card| card.id.as_str()).collect()
}

/// Waits until the visible status line says that there are results for exactly `words`.
fn wait_for_results(page: &Page, words: &str) -> Result<Vec<ResultCard>> {
    let said = format!(
        "document.querySelector('[data-testid=status]')?.innerText.endsWith('for “{words}”') \
         && {COMPLETE}"
    );
    page.wait_until(&format!("there are results for {words:?}"), &said)?;
    page.results()
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn results_follow_the_typing_and_become_a_search_by_enter() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.eval::<bool>(LISTEN)?;
    let steps: u32 = page.eval("history.length")?;
    page.type_words("storage tanks")?;
    let typed = wait_for_results(page, "storage tanks")?;
    assert!(!typed.is_empty());
    assert_eq!(page.eval::<u32>("history.length")?, steps, "typing makes no step in the history");
    assert!(!page.eval::<String>("location.hash")?.contains("storage"), "nor a link");
    assert_eq!(page.eval::<Vec<String>>("window.told")?, Vec::<String>::new(), "nor is it announced");

    page.press("Enter")?;
    page.wait_until("the link holds the query", "location.hash.includes('q=storage%20tanks')")?;
    page.wait_for_state("results")?;
    assert_eq!(page.eval::<u32>("history.length")?, steps + 1, "one search, one step");
    assert_eq!(ids(&page.results()?), ids(&typed), "the same results");
    page.wait_until("the results are announced", "window.told.at(-1)?.endsWith('for “storage tanks”')")?;
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_last_words_typed_are_the_ones_that_are_answered() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let expected = page.search("golf course")?;
    for words in ["river", "storage tanks", "golf course"] {
        page.type_words(words)?;
    }
    assert_eq!(ids(&wait_for_results(page, "golf course")?), ids(&expected));
    thread::sleep(Duration::from_millis(500));
    assert_eq!(ids(&page.results()?), ids(&expected), "no late answer takes their place");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn two_letters_are_no_query_yet() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.type_words("go")?;
    thread::sleep(Duration::from_millis(700));
    assert_eq!(page.state()?, "ready");
    page.press("l")?;
    wait_for_results(page, "gol")?;
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn choosing_a_result_confirms_what_was_typed() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    let steps: u32 = page.eval("history.length")?;
    page.type_words("tennis courts")?;
    let typed = wait_for_results(page, "tennis courts")?;
    page.click(&format!("[data-testid=result][data-id='{}'] [data-testid=result-image]", typed[1].id))?;
    page.wait_until(
        "the link holds query and choice",
        &format!(
            "location.hash.includes('q=tennis%20courts') && location.hash.includes('sel={}')",
            typed[1].id
        ),
    )?;
    assert_eq!(page.eval::<u32>("history.length")?, steps + 1);
    page.eval::<serde_json::Value>("history.back()")?;
    page.wait_until("back leads to where nothing was searched", "!location.hash.includes('q=')")?;
    page.wait_for_state("ready")?;
    Ok(())
}
