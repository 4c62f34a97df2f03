//! Nothing jumps while the page fills: what comes later has its room from the beginning (Layout Instability,
//! <https://wicg.github.io/layout-instability/>).

use anyhow::Result;
use clip_rs_tests::{Artifacts, Chromium, Page, Site};
use serde::Deserialize;

use crate::{DESKTOP, PHONE};

/// Largest sum of shifts that is not seen as jumping; a good page stays below 0.1 (<https://web.dev/articles/cls>).
const MOST: f64 = 0.05;
/// Keeps every shift that follows no input, with the elements that moved and where from and to.
const WATCH: &str = "window.shifts = []; new PerformanceObserver(list => list.getEntries().forEach(entry => { \
     if (!entry.hadRecentInput) window.shifts.push({ value: entry.value, moved: entry.sources.map(source => { \
     const edges = at => `${Math.round(at.left)},${Math.round(at.top)} ${Math.round(at.width)}x${Math.round(at.height)}`; \
     const node = source.node?.nodeType === 1 ? source.node : source.node?.parentElement; \
     return `${node?.tagName}#${node?.id}.${node?.getAttribute('class')} from ${edges(source.previousRect)} to ${edges(source.currentRect)}`; }) }); \
     })).observe({ type: 'layout-shift', buffered: true });";

/// A layout shift.
#[derive(Debug, Deserialize)]
struct Shift {
    /// Share of the window that moved times how far, 0 to 1.
    value: f64,
    #[expect(dead_code, reason = "printed when it is too much")]
    moved: Vec<String>,
}

/// What has shifted since the document was opened, in two frames' time.
fn shifts(page: &Page) -> Result<Vec<Shift>> {
    page.eval(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.shifts)))))",
    )
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn nothing_jumps_from_the_first_paint_to_the_first_results() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    for (width, height) in [DESKTOP, PHONE] {
        for (fragment, states) in [("", "ready"), ("#q=storage%20tanks", "results")] {
            // A browser of its own, as the first visit is the one in which most comes late.
            let chromium = Chromium::start(&artifacts, &site)?;
            let page = chromium.open("about:blank", width, height)?;
            page.before_load(WATCH)?;
            page.go(&site.url(fragment))?;
            page.wait_for_state(states)?;
            page.wait_until("the map is drawn", "document.querySelector('.leaflet-tile-loaded')")?;
            if states == "ready" {
                page.search("golf course")?;
            }
            page.wait_until(
                "the pictures are there",
                "document.querySelector('[data-testid=result-image]')?.naturalWidth > 0",
            )?;
            let shifts = shifts(&page)?;
            let sum: f64 = shifts.iter().map(|shift| shift.value).sum();
            println!("{width} wide, {fragment:?}: {sum:.4}");
            assert!(sum < MOST, "{width} wide, {fragment:?}: {sum:.4} in {shifts:#?}");
        }
    }
    Ok(())
}
