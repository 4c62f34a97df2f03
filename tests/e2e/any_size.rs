//! The page suits people who enlarge it, touch it, want no motion, or hear it.

use anyhow::Result;
use clip_rs_tests::{Artifacts, Chromium, Mouse, Page, Site};
use serde_json::Value;

use crate::{DESKTOP, PHONE, Visit};

/// The narrowest window that must do, which is also a desktop one at 400 % (WCAG 2.2, 1.4.10), CSS pixels.
const NARROWEST: (u32, u32) = (320, 640);
/// The desktop's window at 200 %, CSS pixels.
const TWICE: (u32, u32) = (DESKTOP.0 / 2, DESKTOP.1 / 2);
/// Least edge of what is touched (WCAG 2.2, 2.5.8), CSS pixels.
const LEAST: u32 = 24;
/// Least height of what is touched most, CSS pixels (WCAG 2.2, 2.5.5).
const MAIN: u32 = 44;

/// JavaScript: everything to press, write in or choose from that is shown and not off. The map's own drawings are in the list too.
const CONTROLS: &str = "[...document.querySelectorAll('button, input, select, summary, a[href], [role=button]')].filter(one => \
     one.checkVisibility({ visibilityProperty: true }) && !one.disabled && !one.closest('.out-of-sight, .skip, svg') && one.type !== 'file')";

/// The page with results, with details, with what was saved, with groups, and with nothing asked: in each, `look`.
fn in_each_view(page: &Page, mut look: impl FnMut(&str) -> Result<()>) -> Result<()> {
    page.wait_for_state("ready")?;
    look("ready")?;
    page.search("storage tanks")?;
    look("results")?;
    page.click("[data-testid=layer]")?;
    page.wait_until("the layer lies on the map", "document.querySelector('.similarity-layer')?.complete")?;
    look("layer")?;
    page.click("[data-testid=details-button]")?;
    page.wait_until("the details are open", "document.querySelector('[data-testid=detail-mark]')")?;
    look("details")?;
    page.click("[data-testid=tab-saved]")?;
    page.wait_until("the searches are listed", "document.querySelector('[data-testid=history]')")?;
    look("saved")?;
    page.click("[data-testid=tab-here]")?;
    page.wait_until("there are groups", "document.querySelectorAll('[data-testid=group]').length > 6")?;
    look("groups")
}

/// What JavaScript that gives a list of texts finds wrong.
fn wrong(page: &Page, found: &str) -> Result<Vec<String>> {
    let name = "const name = one => one.outerHTML.slice(0, 110)";
    page.eval(&format!("(() => {{ {name}; return {found}; }})()"))
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn nothing_is_lost_at_320_pixels_nor_at_200_percent() -> Result<()> {
    for (width, height) in [NARROWEST, TWICE] {
        let visit = Visit::start("", (width, height))?;
        let page = &visit.page;
        in_each_view(page, |view| {
            let wide: u32 = page.eval("document.documentElement.scrollWidth")?;
            assert!(wide <= width, "{view}: {wide} pixels on a screen of {width}");
            // Scrolled to, every control lies between the window's edges.
            let lost = wrong(
                page,
                &format!(
                    "{CONTROLS}.filter(one => {{ one.scrollIntoView({{ block: 'nearest', inline: 'nearest' }}); \
                     const at = one.getBoundingClientRect(); return at.left < -1 || at.right > {width} + 1 || at.top < -1 \
                     || at.bottom > {height} + 1 && at.height < {height} / 2; }}).map(name)"
                ),
            )?;
            assert!(lost.is_empty(), "{view}, {width} wide: out of reach: {lost:#?}");
            Ok(())
        })?;
        visit.expect_quiet_console();
    }
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_is_touched_is_large_enough() -> Result<()> {
    let visit = Visit::start("", PHONE)?;
    let page = &visit.page;
    in_each_view(page, |view| {
        // What a label is around is touched with it.
        let small = wrong(
            page,
            &format!(
                "{CONTROLS}.filter(one => {{ const at = (one.closest('label') ?? one).getBoundingClientRect(); \
                 return (at.width < {LEAST} || at.height < {LEAST}) && !one.closest('.leaflet-control-attribution'); }}).map(name)"
            ),
        )?;
        assert!(small.is_empty(), "{view}: less than {LEAST} pixels: {small:#?}");
        let main = "#query, [data-testid=search-button], [data-testid=add], .tabs button, .card-main, .tool, .show-more";
        let low = wrong(
            page,
            &format!(
                "{CONTROLS}.filter(one => one.matches('{main}') && one.getBoundingClientRect().height < {MAIN}) \
                 .map(one => `${{one.getBoundingClientRect().height}} ${{name(one)}}`)"
            ),
        )?;
        assert!(low.is_empty(), "{view}: lower than {MAIN} pixels: {low:#?}");
        Ok(())
    })
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn who_wants_less_motion_sees_none() -> Result<()> {
    let visit = Visit::start("", DESKTOP)?;
    let page = &visit.page;
    // A document asks once, when the map is made.
    page.prefer("prefers-reduced-motion", "reduce")?;
    page.eval::<Value>("(location.reload(), null)").ok();
    page.wait_until(
        "it is the new document",
        "performance.getEntriesByType('navigation')[0].type === 'reload'",
    )?;
    let moving = "[...document.querySelectorAll('*')].filter(one => ['', '::before', '::after'].some(part => { \
         const style = getComputedStyle(one, part || null); \
         return [...style.transitionDuration.split(','), ...style.animationDuration.split(',')].some(time => parseFloat(time) > 0.01); })) \
         .map(name)";
    in_each_view(page, |view| {
        let moving = wrong(page, moving)?;
        assert!(moving.is_empty(), "{view}: {moving:#?}");
        Ok(())
    })?;
    // Who does not mind sees some: the rule looks at what there is.
    page.prefer("prefers-reduced-motion", "no-preference")?;
    assert!(!wrong(page, moving)?.is_empty());
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_screen_reader_hears_progress_and_counts() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
    page.before_load(
        "window.heard = new Set(); new MutationObserver(() => \
         document.querySelectorAll('[role=status], [role=alert], [aria-live]').forEach(one => window.heard.add(one.textContent.trim()))) \
         .observe(document, { childList: true, subtree: true, characterData: true });",
    )?;
    page.go(&site.url(""))?;
    page.wait_for_state("ready")?;
    page.search("golf course")?;
    page.click("[data-testid=layer]")?;
    page.wait_until("the layer lies on the map", "document.querySelector('.similarity-layer')?.complete")?;
    page.click("[data-testid=result] [data-testid=yes]")?;
    page.wait_until("a mark is counted", "document.querySelector('[data-testid=strip-counts]')")?;
    page.click("[data-testid=tab-here]")?;
    page.wait_until("there are groups", "document.querySelectorAll('[data-testid=group]').length > 6")?;
    let heard: Vec<String> = page.eval("[...window.heard]")?;
    let expected = [
        "Loading the search engine…",
        "Ready: 2,304 pictures to search.",
        " for “golf course”",
        "2,304 places scored",
        "1 yes, 0 no",
        "groups",
    ];
    for expected in expected {
        let is_heard = heard.iter().any(|text| text.contains(expected));
        assert!(is_heard, "{expected:?} is not in {heard:#?}");
    }
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn on_a_phone_a_thumb_gives_the_results_a_line_a_half_or_the_whole_page() -> Result<()> {
    let visit = Visit::start("", PHONE)?;
    let page = &visit.page;
    page.wait_for_state("ready")?;
    page.search("storage tanks")?;
    let height = || page.eval::<f64>("document.getElementById('results').getBoundingClientRect().height");
    let draw = |by: i32| -> Result<()> {
        let at: (f64, f64) = page.eval(
            "(() => { const at = document.querySelector('[data-testid=grip]').getBoundingClientRect(); \
             return [at.left + at.width / 2, at.top + at.height / 2]; })()",
        )?;
        page.mouse(Mouse::Press, at, 1)?;
        page.mouse(Mouse::Drag, (at.0, at.1 + f64::from(by) / 2.0), 0)?;
        page.mouse(Mouse::Release, (at.0, at.1 + f64::from(by)), 1)
    };
    let share = |name: &str| format!("document.querySelector('.stage').dataset.share === '{name}'");
    let half = height()?;
    draw(-120)?;
    page.wait_until("it takes nearly all", &share("whole"))?;
    assert!(height()? > half * 1.3, "{} after {half}", height()?);
    // What is chosen is seen on the map, too.
    page.click("[data-testid=result] .card-main")?;
    page.wait_until("the map is back", &share("half"))?;
    draw(120)?;
    page.wait_until("it is a line", &share("line"))?;
    assert!(height()? < half * 0.5, "{} after {half}", height()?);
    assert!(page.text(".status-line")?.contains("storage tanks"));
    page.eval::<Value>("(document.querySelector('[data-testid=grip]').focus(), null)")?;
    page.press("ArrowUp")?;
    page.wait_until("a key gives it a half", &share("half"))?;
    // A tap is not also one on what comes below the finger.
    page.click("[data-testid=grip]")?;
    page.wait_until("a tap gives it the whole", &share("whole"))?;
    page.click("[data-testid=grip]")?;
    page.wait_until("another one a half", &share("half"))?;
    let tiles = "[...document.querySelectorAll('.leaflet-tile-loaded')].length > 1";
    page.wait_until("the map is drawn", tiles)?;
    visit.expect_quiet_console();
    Ok(())
}
