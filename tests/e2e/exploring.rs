//! The whole area at once: the similarity layer, concepts taught by yes and no, groups of what is here.

use anyhow::Result;
use serde_json::Value;

use crate::Visit;

/// Keeps what a page is about to save, as texts in the order of saving.
const CATCH: &str = "(() => { window.saved = []; const make = URL.createObjectURL; \
     URL.createObjectURL = blob => { if (/json|csv|kml/.test(blob.type)) window.saved.push(blob.text()); return make(blob); }; \
     return true; })()";
/// JavaScript: ids of the results in their order.
const IDS: &str = "[...document.querySelectorAll('[data-testid=result]')].map(card => card.dataset.id)";

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_layer_scores_every_place_and_its_brightest_cells_are_the_first_results() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.eval::<bool>(CATCH)?;
    let found = page.search("storage tanks")?;
    page.click("[data-testid=layer]")?;
    page.wait_until("the layer lies on the map", "document.querySelector('.similarity-layer')?.complete")?;
    let said = page.text("[data-testid=layer-counts]")?;
    assert!(said.contains("2,304 places scored"), "{said}");
    page.click("[data-testid=save]")?;
    page.click("[data-testid=layer-geojson]")?;
    page.wait_until("it is saved", "window.saved.length === 1")?;
    let saved: Vec<String> = page.eval("Promise.all(window.saved)")?;
    let collection: Value = serde_json::from_str(&saved[0])?;
    let mark = |feature: &Value| feature["properties"]["mark"].as_f64().unwrap_or_default();
    let features = collection["features"].as_array().cloned().unwrap_or_default();
    let best = features.iter().max_by(|a, b| mark(a).total_cmp(&mark(b))).cloned().unwrap_or_default();
    let corner = best["geometry"]["coordinates"][0][0].clone();
    let tile = found[0].id.parse::<clip_rs_catalog::TileId>();
    let bounds = tile.map(|tile| tile.bounds())?;
    let (west, south) = (corner[0].as_f64().unwrap_or_default(), corner[1].as_f64().unwrap_or_default());
    assert!(
        (west - bounds.west()).abs() < 1e-4 && (south - bounds.south()).abs() < 1e-4,
        "{west}, {south}, {bounds:?}"
    );

    // A higher threshold paints less; another question another layer.
    let url = "document.querySelector('.similarity-layer').src";
    let before: String = page.eval(url)?;
    page.eval::<Value>(
        "(() => { const slider = document.querySelector('[data-testid=layer-threshold]'); slider.value = 0.9; \
         slider.dispatchEvent(new Event('input', { bubbles: true })); return null; })()",
    )?;
    page.wait_until("it is painted anew", &format!("{url} !== {before:?}"))?;
    let before: String = page.eval(url)?;
    page.search("golf course")?;
    page.wait_until(
        "it follows the question",
        &format!("document.querySelector('.similarity-layer') && {url} !== {before:?}"),
    )?;

    // Against other words it is a difference.
    page.eval::<Value>(
        "(() => { document.querySelector('[data-testid=layer-against]').value = 'river'; return null; })()",
    )?;
    page.click("[data-testid=layer-compare]")?;
    page.wait_until(
        "the legend says which",
        "document.querySelector('[data-testid=legend]').innerText.includes('“river”')",
    )?;
    page.eval::<Value>("document.getElementById('results').focus()")?;
    page.press("l")?;
    page.wait_until("a key takes it off", "!document.querySelector('.similarity-layer')")?;
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_concept_is_taught_by_marks_kept_shared_and_forgotten() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.eval::<bool>(CATCH)?;
    page.search("buildings")?;
    let before: Vec<String> = page.eval(IDS)?;
    page.click("[data-testid=result] [data-testid=yes]")?;
    page.wait_until("it is what is searched for", "location.hash.includes('concept=')")?;
    page.wait_until(
        "the first mark is counted",
        "document.querySelector('[data-testid=strip-counts]').innerText === '1 yes, 0 no'",
    )?;
    page.wait_until(
        "it says what to mark next",
        "document.querySelectorAll('[data-testid=suggestion]').length === 3",
    )?;
    for _ in 0..3 {
        let suggested: String = page.eval("document.querySelector('[data-testid=suggestion]').dataset.id")?;
        page.click("[data-testid=suggestion] [data-testid=no]")?;
        page.wait_until(
            "another one is suggested",
            &format!("![...document.querySelectorAll('[data-testid=suggestion]')].some(one => one.dataset.id === '{suggested}')"),
        )?;
    }
    assert_eq!(page.text("[data-testid=strip-counts]")?, "1 yes, 3 no");
    let taught: Vec<String> = page.eval(IDS)?;
    assert_eq!(taught[0], before[0], "what was marked yes is first");
    page.click("[data-testid=undo]")?;
    page.wait_until(
        "the last mark is off",
        "document.querySelector('[data-testid=strip-counts]').innerText === '1 yes, 2 no'",
    )?;
    page.click("[data-testid=marks-csv]")?;
    page.wait_until("the marks are saved", "window.saved.length === 1")?;
    let marks: Vec<String> = page.eval("Promise.all(window.saved)")?;
    page.click("[data-testid=marks-kml]")?;
    page.wait_until("the marks are saved for globes", "window.saved.length === 2")?;
    let kml: String = page.eval("window.saved[1]")?;
    assert_eq!(kml.matches("<Polygon>").count(), 3, "every mark where it is: {kml}");
    assert!(marks[0].starts_with("id,label\r\n") && marks[0].matches(",no\r\n").count() == 2, "{}", marks[0]);

    page.eval::<Value>(
        "(() => { document.querySelector('[data-testid=concept-name]').value = 'my halls'; return null; })()",
    )?;
    page.click("[data-testid=concept-save]")?;
    page.wait_until("it is searched for by its name", "location.hash.includes('~my%20halls')")?;
    page.wait_until("the strip is gone", "!document.querySelector('[data-testid=strip]')")?;
    // The browser keeps it.
    page.go("about:blank")?;
    page.go(&visit.site.url(""))?;
    page.wait_for_state("ready")?;
    page.eval::<bool>(CATCH)?;
    page.click("[data-testid=tab-saved]")?;
    page.wait_until(
        "it is listed",
        "document.querySelector('[data-testid=saved-concept]').innerText.includes('my halls')",
    )?;
    page.click("[data-testid=concept-share]")?;
    page.wait_until("it is a file", "window.saved.length === 1")?;
    let files: Vec<String> = page.eval("Promise.all(window.saved)")?;
    page.click("[data-testid=concept-forget]")?;
    page.wait_until("it is forgotten", "!document.querySelector('[data-testid=saved-concept]')")?;
    // And comes back from the file; another model's is refused.
    let give = |text: &str, name: &str| {
        format!(
            "(() => {{ const input = document.querySelector('[data-testid=concept-file]'); const data = new DataTransfer(); \
             data.items.add(new File([{}], '{name}')); input.files = data.files; \
             input.dispatchEvent(new Event('change', {{ bubbles: true }})); return null; }})()",
            serde_json::json!(text)
        )
    };
    page.eval::<Value>(&give(&files[0].replace("\"model\":\"", "\"model\":\"other-"), "other.json"))?;
    page.wait_until(
        "another model's is refused",
        "document.querySelector('[data-testid=exploring-failed]')?.innerText.includes('other-')",
    )?;
    page.eval::<Value>(&give(&files[0], "my-halls.json"))?;
    page.wait_until("it is searched for", "location.hash.includes('~my%20halls')")?;
    page.wait_for_state("results")?;

    // Marks come in, and what is none is said by its row.
    page.click("[data-testid=tab-saved]")?;
    page.wait_until("the list is there", "document.querySelector('[data-testid=concept-file]')")?;
    page.eval::<Value>(&give(&format!("{}17/1/1,perhaps\r\n", marks[0]), "marks.csv"))?;
    page.wait_until(
        "the row is named",
        "document.querySelector('[data-testid=exploring-failed]')?.innerText.includes('row 5')",
    )?;
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_is_here_is_told_in_groups_that_can_be_searched_for() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.click("[data-testid=tab-here]")?;
    page.wait_until("there are groups", "document.querySelectorAll('[data-testid=group]').length > 6")?;
    let names: Vec<String> =
        page.eval("[...document.querySelectorAll('[data-testid=group-name]')].map(name => name.innerText)")?;
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len(), "{names:?}");
    assert!(names.iter().any(|name| name.contains("forest")), "a county with woods: {names:?}");
    let count: usize = page.eval(
        "[...document.querySelectorAll('.group-main > .soft')].map(count => parseInt(count.innerText.replace(',', ''))).reduce((a, b) => a + b)",
    )?;
    assert_eq!(count, 2304, "every place is in one group");
    page.click("[data-testid=group] button")?;
    page.wait_until("it is searched for", "location.hash.includes('concept=')")?;
    page.wait_for_state("results")?;
    assert_eq!(page.count("[data-testid=result]")?, 20);
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_worker_that_dies_is_started_again_and_the_question_is_answered() -> Result<()> {
    let visit = Visit::start("", crate::DESKTOP)?;
    let page = &visit.page;
    // The page's workers, so that one can be made to break.
    page.before_load(
        "window.made = []; const Known = window.Worker; \
         window.Worker = class extends Known { constructor(...given) { super(...given); window.made.push(this); } };",
    )?;
    page.go("about:blank")?;
    page.go(&visit.site.url("#q=pond"))?;
    page.wait_for_state("results")?;
    let before: Vec<String> = page.eval(IDS)?;
    let breaking = "(() => { const worker = window.made.at(-1); worker.terminate(); \
         worker.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' })); return window.made.length; })()";
    let workers: usize = page.eval(breaking)?;
    page.wait_until("there is another worker", &format!("window.made.length === {}", workers + 1))?;
    page.wait_for_state("results")?;
    assert_eq!(page.eval::<Vec<String>>(IDS)?, before);
    // Once more over the same question, and it is a failure that says what to do.
    page.eval::<usize>(breaking)?;
    page.wait_for_state("failed")?;
    assert!(page.text("[data-testid=error]")?.contains("out of memory"));
    page.click("[data-testid=retry]")?;
    page.wait_for_state("results")?;
    Ok(())
}

/// Visits of which a task must be long in each to count: other work on the machine makes any task long now and then.
const VISITS: usize = 4;
/// What a person notices, milliseconds (<https://www.w3.org/TR/longtasks-1/>).
const LONG_MS: f64 = 50.0;
/// JavaScript: how many times as long as alone the same work takes now, while others use the processors, too.
const PRESSURE: &str = "(async () => { const times = []; for (let round = 0; round < 60; round++) { \
     const start = performance.now(); let sum = 0; for (let at = 0; at < 3e6; at++) sum += at % 7; \
     times.push(performance.now() - start + sum * 0); await new Promise(done => setTimeout(done, 5)); } \
     times.sort((a, b) => a - b); return Math.max(1, times[54] / times[0]); })()";

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn nothing_holds_up_the_page_for_long() -> Result<()> {
    let mut shortest: Vec<(&str, f64)> = Vec::new();
    for _ in 0..VISITS {
        let longest = longest_tasks()?;
        println!("longest tasks, ms: {longest:?}");
        if shortest.is_empty() {
            shortest = longest;
        } else {
            for ((_, least), (_, now)) in shortest.iter_mut().zip(longest) {
                *least = least.min(now);
            }
        }
        if shortest.iter().all(|(_, longest)| *longest <= LONG_MS) {
            return Ok(());
        }
    }
    panic!("tasks of more than {LONG_MS} ms in each of {VISITS} visits: {shortest:?}");
}

/// The longest task in each part of a visit, milliseconds, as it would be alone on the machine; 0 where none is long.
fn longest_tasks() -> Result<Vec<(&'static str, f64)>> {
    let visit = Visit::start("", crate::DESKTOP)?;
    let page = &visit.page;
    page.before_load(
        "window.long = []; new PerformanceObserver(list => list.getEntries().forEach(entry => window.long.push(entry.duration))) \
         .observe({ type: 'longtask', buffered: true });",
    )?;
    page.go("about:blank")?;
    page.go(&visit.site.url(""))?;
    page.wait_for_state("ready")?;
    let longest = || -> Result<f64> {
        let all: Vec<f64> =
            page.eval("new Promise(done => setTimeout(() => done(window.long.splice(0)), 400))")?;
        let pressure: f64 = page.eval(PRESSURE)?;
        page.eval::<Value>("(() => { window.long.splice(0); return null; })()")?;
        Ok(all.into_iter().fold(0.0, f64::max) / pressure)
    };
    let mut parts = vec![("loading", longest()?)];
    page.search("storage tanks")?;
    parts.push(("search", longest()?));
    page.click("[data-testid=layer]")?;
    page.wait_until("the layer lies on the map", "document.querySelector('.similarity-layer')")?;
    parts.push(("layer", longest()?));
    page.show_more(80)?;
    page.show_more(320)?;
    parts.push(("more results", longest()?));
    page.click("[data-testid=tab-here]")?;
    page.wait_until("there are groups", "document.querySelectorAll('[data-testid=group]').length > 6")?;
    parts.push(("groups", longest()?));
    Ok(parts)
}
