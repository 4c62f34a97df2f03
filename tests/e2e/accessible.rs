//! Nothing on the page keeps anybody out, as far as axe-core (<https://github.com/dequelabs/axe-core>) can tell: its rules are
//! run in every state of the page, wide and narrow, light and dark.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use clip_rs_tests::{Artifacts, Chromium, Page, Site, axe};
use serde::Deserialize;
use serde_json::Value;

use crate::asking::{giving, tile};
use crate::{DESKTOP, PHONE};

/// A worker that tells how far it is, but never that it is done: loading lasts.
const NEVER_DONE: &str = "{ const Known = window.Worker; window.Worker = class extends Known { constructor(...given) { super(...given); \
     this.addEventListener('message', event => { if (String(event.data).includes('\"type\":\"answer\"')) event.stopImmediatePropagation(); }); } }; }";

/// JavaScript: runs axe on the page at rest, all cards laid out; what it finds as a list of rule and elements. `only` is a list
/// of rules, none for those that are on by themselves and two that are not. What differs in nothing but a number is told once.
fn found(only: &str) -> String {
    format!(
        "(async () => {{ document.getAnimations().forEach(one => one.finish()); \
         document.querySelectorAll('.card').forEach(card => card.style.contentVisibility = 'visible'); \
         const only = {only}; \
         const rules = {{ 'label-content-name-mismatch': {{ enabled: true }}, 'target-size': {{ enabled: true }} }}; \
         const options = only.length ? {{ runOnly: only }} : {{ rules }}; \
         const {{ violations }} = await axe.run(document, {{ ...options, resultTypes: ['violations'] }}); \
         const told = node => `${{node.target.join(' ')}}\\n    ${{node.html.slice(0, 200)}}\\n    \
         ${{[...node.any, ...node.all, ...node.none].map(check => check.message).join('; ')}}`; \
         const once = nodes => [...new Map(nodes.map(node => [node.target.join().replace(/[0-9]+/g, '#'), told(node)])).entries()]; \
         return violations.map(({{ id, help, nodes }}) => ({{ rule: `${{id}} (${{help}})`, elements: once(nodes) }})); }})()"
    )
}

/// What breaks a rule.
#[derive(Debug, Deserialize)]
struct Violation {
    /// Its name and what it asks for.
    rule: String,
    /// Selector without numbers, and what is wrong with the element.
    elements: Vec<(String, String)>,
}

/// The page in a browser, and all that was found on it.
struct Inspection {
    page: Page,
    artifacts: Artifacts,
    /// By rule and selector: what is wrong, and in which looks of the page.
    found: BTreeMap<(String, String), (String, Vec<String>)>,
}

impl Inspection {
    /// Runs axe on the page as it is, in both sizes and in both themes. Dark differs in nothing but colours.
    fn inspect(&mut self, state: &str) -> Result<()> {
        let looks = [
            (DESKTOP, "light", "[]"),
            (DESKTOP, "dark", "['color-contrast']"),
            (PHONE, "light", "[]"),
            (PHONE, "dark", "['color-contrast']"),
        ];
        for ((width, height), theme, rules) in looks {
            self.page.resize(width, height)?;
            self.page.prefer_all(&[("prefers-color-scheme", theme), ("prefers-reduced-motion", "reduce")])?;
            let look = format!("{state}, {theme}, {width} wide");
            let violations: Vec<Violation> =
                self.page.eval(&found(rules)).with_context(|| format!("inspecting {look}"))?;
            for Violation { rule, elements } in violations {
                for (selector, wrong) in elements {
                    let known = self.found.entry((rule.clone(), selector)).or_insert((wrong, Vec::new()));
                    known.1.push(look.clone());
                }
            }
        }
        self.page.resize(DESKTOP.0, DESKTOP.1)
    }

    /// Opens a link in the same document, and waits for one of the states.
    fn open(&self, fragment: &str, states: &str) -> Result<()> {
        self.page.eval::<Value>(&format!("(location.hash = {}, null)", serde_json::to_string(fragment)?))?;
        self.page.wait_for_state(states)
    }
}

/// How a state is reached from the one before it.
type Reach = fn(&Inspection) -> Result<()>;

/// Every state of the page that has loaded, in an order in which each leads to the next.
const STATES: [(&str, Reach); 12] = [
    ("ready", |_| Ok(())),
    ("results", |at| at.page.search("storage tanks").map(drop)),
    ("layer", |at| {
        at.page.click("[data-testid=layer]")?;
        at.page
            .wait_until("the layer lies on the map", "document.querySelector('.similarity-layer')?.complete")
    }),
    ("selected", |at| {
        at.page.click("[data-testid=layer]")?;
        at.page.click("#result-2")?;
        at.page.wait_until("one is selected", "document.querySelector('.card.selected')")
    }),
    ("details", |at| {
        at.page.click("[data-testid=details-button]")?;
        at.page.wait_until("the details are open", "document.querySelector('[data-testid=detail-mark]')")
    }),
    ("unlikely", |at| at.open("#q=qwxz%20plugh%20vrok", "unlikely")),
    ("a minus term", |at| {
        at.open("#q=harbour&text=-0.5*large%20ships", "results")?;
        at.page.click("[data-testid=add]")
    }),
    ("an area", |at| {
        let area = "(async () => { const all = (await (await fetch('catalog/catalog.json')).json()).bounds; \
             const [w, s, e, n] = Array.isArray(all) ? all : [all.west, all.south, all.east, all.north]; \
             return [w, s, (w + e) / 2, n].map(edge => edge.toFixed(4)).join(','); })()";
        let area: String = at.page.eval(area)?;
        at.open(&format!("#q=dense%20forest&in={area}"), "results")?;
        at.page.wait_until("it is outlined", "document.querySelector('.searched')")?;
        at.page.click("[data-testid=tool-draw]")
    }),
    ("a concept strip", |at| {
        at.page.search("buildings")?;
        at.page.click("[data-testid=result] [data-testid=yes]")?;
        at.page.wait_until(
            "it says what to mark next",
            "document.querySelectorAll('[data-testid=suggestion]').length === 3",
        )
    }),
    ("saved", |at| {
        at.page.eval::<Value>(
            "(document.querySelector('[data-testid=concept-name]').value = 'my halls', null)",
        )?;
        at.page.click("[data-testid=concept-save]")?;
        at.page.wait_until("the strip is gone", "!document.querySelector('[data-testid=strip]')")?;
        at.page.click("[data-testid=tab-saved]")?;
        at.page.wait_until("it is listed", "document.querySelector('[data-testid=saved-concept]')")
    }),
    ("groups", |at| {
        at.page.click("[data-testid=tab-here]")?;
        at.page.wait_until("there are groups", "document.querySelectorAll('[data-testid=group]').length > 6")
    }),
    ("a picture", |at| {
        at.open("", "ready results")?;
        let bytes = fs::read(tile(&at.artifacts, "17/37322/50208")?)?;
        at.page.eval::<bool>(&giving("drop", &bytes, "a tile.jpg"))?;
        at.page.wait_until("it is on the desk", "document.querySelector('[data-testid=desk-frame]')")?;
        at.page.wait_for_state("results")
    }),
];

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn axe_finds_nothing_in_any_state_at_any_size_in_any_theme() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let site = Site::start(&artifacts, &artifacts.catalog)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let axe = axe()?;
    let open = |scripts: &[&str]| -> Result<Page> {
        let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
        scripts.iter().try_for_each(|script| page.before_load(script))?;
        page.go(&site.url(""))?;
        Ok(page)
    };
    // A tab behind another draws nothing, so one follows the other.
    let page = open(&[&axe, NEVER_DONE])?;
    page.wait_until("files are listed", "document.querySelectorAll('[data-testid=progress] li').length > 2")?;
    let mut at = Inspection { page, artifacts: artifacts.clone(), found: BTreeMap::new() };
    at.inspect("loading")?;
    at.page.click("[data-testid=stop]")?;
    at.page.wait_for_state("failed")?;
    at.inspect("failed")?;
    at.page = open(&[&axe])?;
    at.page.wait_for_state("ready")?;
    for (state, reach) in STATES {
        reach(&at).with_context(|| format!("on the way to {state}"))?;
        at.inspect(state)?;
    }
    let told = |((rule, _), (wrong, looks)): (&(String, String), &(String, Vec<String>))| {
        format!("{rule}\n    {wrong}\n    in: {}", looks.join(" | "))
    };
    let found: Vec<String> = at.found.iter().map(told).collect();
    assert!(found.is_empty(), "{} kinds of elements break a rule:\n{}", found.len(), found.join("\n"));
    Ok(())
}
