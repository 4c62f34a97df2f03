//! Marks that mean something: what is not there is not found, and a line parts likely results from the others.

use anyhow::Result;

use crate::Visit;

/// JavaScript: the marks of the results as numbers, in their order.
const MARKS: &str = "[...document.querySelectorAll('[data-testid=result] meter')].map(meter => meter.value)";
/// JavaScript: how many results stand above the line; all if there is none.
const ABOVE: &str = "(() => { const rows = [...document.querySelectorAll('.results > li')]; \
                     const at = rows.findIndex(row => row.dataset.testid === 'cutoff-line'); return at < 0 ? rows.length : at; })()";

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_is_not_there_is_said_and_the_nearest_are_shown_when_asked_for() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    for words in ["asdfghjkl", "飞机场", "a giraffe"] {
        page.type_words(words)?;
        page.press("Enter")?;
        page.wait_for_state("unlikely")?;
        let said = page.text("[data-testid=nothing-likely]")?;
        assert!(said.contains(&format!("Nothing here looks like “{words}”")), "{said}");
        assert_eq!(page.count("[data-testid=result]")?, 0, "{words}");
        assert_eq!(page.count("[data-testid=footprint]")?, 0, "{words}");
    }
    page.click("[data-testid=show-nearest]")?;
    page.wait_for_state("results")?;
    assert_eq!(page.count("[data-testid=result]")?, 20);
    assert_eq!(page.count("[data-testid=result].unlikely")?, 20, "all of them are below the line");
    let focused: String = page.eval("document.activeElement.id")?;
    assert_eq!(focused, "results", "the button is gone, the focus is where the results are");
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_line_parts_likely_results_from_the_others_and_can_be_moved() -> Result<()> {
    let visit = Visit::ready("")?;
    let page = &visit.page;
    page.search("storage tanks")?;
    let marks: Vec<f64> = page.eval(MARKS)?;
    assert!(marks.is_sorted_by(|a, b| a >= b) && marks[0] >= 0.8, "{marks:?}");
    let likely = marks.iter().filter(|mark| **mark >= 0.5).count();
    assert_eq!(page.eval::<usize>(ABOVE)?, likely, "{marks:?}");
    assert_eq!(page.count("[data-testid=result].unlikely")?, 20 - likely);
    assert!(page.text("[data-testid=similarity]")?.starts_with("very likely, "));
    // A line between the marks, as near to the middle one as the slider goes.
    let cutoff: f64 = page.eval(&format!(
        "(() => {{ const slider = document.querySelector('[data-testid=cutoff]'); slider.value = {}; \
         slider.dispatchEvent(new Event('input', {{ bubbles: true }})); return slider.value / 100; }})()",
        marks[10] * 100.0
    ))?;
    let above = marks.iter().filter(|mark| **mark >= cutoff).count();
    assert!((1..20).contains(&above), "{above} of {marks:?} are above {cutoff}");
    page.wait_until("the line has moved", &format!("{ABOVE} === {above}"))?;
    assert_eq!(page.count("[data-testid=result].unlikely")?, 20 - above);
    assert!(page.text("[data-testid=status]")?.contains(&format!("{above} likely of 20")));
    // For pictures there is no such chance, and no line.
    page.click("[data-testid=like-button]")?;
    page.wait_until("it is about a picture", "location.hash.startsWith('#like=')")?;
    page.wait_until(
        "there is no line",
        "document.querySelectorAll('[data-testid=result]').length === 20 && !document.querySelector('[data-testid=cutoff]')",
    )?;
    visit.expect_quiet_console();
    Ok(())
}
