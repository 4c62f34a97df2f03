//! Everything can be reached by the Tab key alone, in the order in which it is read, and one always sees where one is.

use anyhow::Result;
use serde::Deserialize;

use crate::Visit;

/// What Tab leads to, in this order, with other things between.
const ORDER: [&str; 21] = [
    ".skip",
    "[data-testid=search-input]",
    "[data-testid=add]",
    "[data-testid=search-button]",
    "[data-testid=theme-toggle]",
    "[data-testid=tab-results]",
    "[data-testid=tab-here]",
    "[data-testid=tab-saved]",
    "[data-testid=in-view]",
    "[data-testid=layer]",
    "[data-testid=save]",
    "[data-testid=order]",
    "[data-testid=print]",
    "[data-testid=cutoff]",
    "#result-1",
    "[data-rank='0'] [data-testid=details-button]",
    "#result-20",
    "[data-testid=show-more]",
    "#keys",
    "[data-testid=map]",
    "[data-testid=tool-draw]",
];

/// More than there are elements to reach: who presses Tab that often is trapped.
const ENOUGH: usize = 400;

/// The element with the focus.
#[derive(Debug, Deserialize)]
struct Stop {
    /// Its beginning as HTML.
    html: String,
    /// Which of [`ORDER`] it is.
    at: Option<usize>,
    /// Whether it has an outline of 2 pixels or more.
    is_outlined: bool,
    /// Whether it is within the window, at least in part.
    is_in_sight: bool,
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn tab_leads_through_the_whole_page_in_its_order_and_the_focus_is_always_seen() -> Result<()> {
    let visit = Visit::ready("#q=storage%20tanks")?;
    let page = &visit.page;
    page.wait_for_state("results")?;
    page.wait_until("the tools are there", "document.querySelector('[data-testid=tool-draw]')")?;
    let order = serde_json::to_string(&ORDER)?;
    let stop = format!(
        "(() => {{ const at = document.activeElement; if (!at || at === document.body) return null; \
         const style = getComputedStyle(at), edges = at.getBoundingClientRect(), found = {order}.findIndex(one => at.matches(one)); \
         return {{ html: at.outerHTML.slice(0, 120), at: found < 0 ? null : found, \
         is_outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, \
         is_in_sight: edges.width > 0 && edges.bottom > 0 && edges.right > 0 && edges.top < innerHeight && edges.left < innerWidth }}; }})()"
    );
    let mut reached = Vec::new();
    for _ in 0..ENOUGH {
        page.press("Tab")?;
        // Behind the last element comes the browser itself, or the first one again.
        let Some(stop) = page.eval::<Option<Stop>>(&stop)? else { break };
        if stop.at == Some(0) && !reached.is_empty() {
            break;
        }
        assert!(stop.is_outlined, "the focus is not seen on {}", stop.html);
        assert!(stop.is_in_sight, "the focus is out of sight on {}", stop.html);
        reached.extend(stop.at.map(|at| ORDER[at]));
    }
    assert_eq!(reached, ORDER);
    visit.expect_quiet_console();
    Ok(())
}
