//! A tab, spoken of as a person would: search for words, read the results, press a button.
//!
//! Elements are found by `data-testid`, so that tests survive a change of looks but not of meaning.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::commands::Commands;
use crate::keys;

/// Longest wait for anything on the page; generous, as other work may share the machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// How far everything is that the page shows a progress of.
const PROGRESS: &str = "[...document.querySelectorAll('progress')].map(progress => progress.value).join()";

/// JavaScript: whether all cards of the list are made.
pub const COMPLETE: &str = "!document.querySelector('.results[aria-busy=true]')";

/// A result as the page shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ResultCard {
    /// Item id (`z/x/y`).
    pub id: String,
    /// All text of the card.
    pub text: String,
    /// Whether it is the selected one.
    pub selected: bool,
}

/// What a mouse does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    /// Moves without a button.
    Move,
    /// Moves with the left button down.
    Drag,
    /// Presses the left button.
    Press,
    /// Lets it go.
    Release,
}

/// An open tab.
pub struct Page {
    commands: Arc<Mutex<Commands>>,
    /// By which the browser knows the tab.
    session: String,
}

impl Page {
    pub(crate) fn new(commands: Arc<Mutex<Commands>>, session: &str) -> Result<Self> {
        let page = Self { commands, session: session.to_owned() };
        page.command("Page.enable", json!({}))?;
        Ok(page)
    }

    /// The result of a command of Chromium's developer protocol to this tab.
    fn command(&self, method: &str, params: Value) -> Result<Value> {
        let command = json!({ "method": method, "params": params, "sessionId": self.session });
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).give(command, |_told| {})
    }

    /// Loads `url` and waits until the document and what it names are there (not until the engine is ready).
    pub fn go(&self, url: &str) -> Result<()> {
        let answer = self.command("Page.navigate", json!({ "url": url }))?;
        if let Some(error) = answer["errorText"].as_str() {
            bail!("loading {url}: {error}");
        }
        self.wait_until("the document is there", "document.readyState === 'complete'")
    }

    /// Runs `script` in every document from now on, before anything of the document's own.
    pub fn before_load(&self, script: &str) -> Result<()> {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }))?;
        Ok(())
    }

    /// From now on no document can have a service worker: for what is to be seen of the browser's own cache.
    pub fn without_service_worker(&self) -> Result<()> {
        self.before_load("delete Navigator.prototype.serviceWorker;")
    }

    /// Why the browser would not install the page as an application; nothing if it would.
    pub fn installability_errors(&self) -> Result<Vec<String>> {
        let found = self.command("Page.getInstallabilityErrors", json!({}))?;
        let errors = found["installabilityErrors"].as_array().context("no list of errors")?;
        Ok(errors.iter().filter_map(|error| error["errorId"].as_str()).map(str::to_owned).collect())
    }

    /// Loads the page again, from whatever keeps it, and waits until the document is there; what it loads may never come.
    pub fn reload(&self) -> Result<()> {
        self.eval::<bool>("(window.isFormer = true)")?;
        // The answer may be lost with the document that was asked.
        let _lost = self.eval::<Value>("(location.reload(), null)");
        self.wait_until("the document is there again", "!window.isFormer && document.body")
    }

    /// Value of a JavaScript expression, which may be a promise.
    pub fn eval<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let wrapped = format!("(async () => JSON.stringify((await ({expression})) ?? null))()");
        let script = json!({ "expression": wrapped, "awaitPromise": true });
        let answer =
            self.command("Runtime.evaluate", script).with_context(|| format!("evaluating {expression}"))?;
        let Some(text) = answer["result"]["value"].as_str() else {
            bail!("{expression} failed: {}", answer["exceptionDetails"]["exception"]["description"])
        };
        serde_json::from_str(text).with_context(|| format!("{expression} gave {text}"))
    }

    /// Waits until a JavaScript expression, which may be a promise, is true; `what` names it when it never is. Long work that shows
    /// its progress is given up when it stands still, not when the machine is slow.
    pub fn wait_until(&self, what: &str, expression: &str) -> Result<()> {
        let mut progress = String::new();
        let mut start = Instant::now();
        loop {
            // An error here may be a page that is just being replaced.
            if self.eval::<bool>(&format!("(async () => !!(await ({expression})))()")).unwrap_or(false) {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                let now: String = self.eval(PROGRESS).unwrap_or_default();
                if now == progress {
                    break;
                }
                progress = now;
                start = Instant::now();
            }
            thread::sleep(Duration::from_millis(50));
        }
        let state = self.state().unwrap_or_else(|error| error.to_string());
        let text: String = self.eval("document.body.innerText").unwrap_or_default();
        bail!("waited in vain until {what}; the page is {state:?} and says:\n{text}")
    }

    /// The page's state (`loading`, `ready`, `searching`, `results`, `empty`, `unlikely`, `failed`).
    pub fn state(&self) -> Result<String> {
        self.eval("document.querySelector('[data-state]')?.dataset.state ?? 'none'")
    }

    /// Waits until the page is in one of the states (names with blanks between).
    pub fn wait_for_state(&self, states: &str) -> Result<()> {
        let condition = format!(
            "'{states}'.split(' ').includes(document.querySelector('[data-state]')?.dataset.state) && {COMPLETE}"
        );
        self.wait_until(&format!("the state is {states}"), &condition)
    }

    /// Types `words` into the search box as a person does, in the place of what is in it, without pressing Enter.
    pub fn type_words(&self, words: &str) -> Result<()> {
        self.click("[data-testid=search-input]")?;
        self.eval::<Value>("document.querySelector('[data-testid=search-input]').select()")?;
        words.chars().try_for_each(|character| self.press(&character.to_string()))
    }

    /// Types `query` into the search box as a person does, presses Enter, and waits for the results; where none is likely,
    /// asks for what comes nearest.
    pub fn search(&self, query: &str) -> Result<Vec<ResultCard>> {
        self.type_words(query)?;
        self.press("Enter")?;
        let literal = serde_json::to_string(query)?;
        let asked = format!(
            "decodeURIComponent(location.hash).includes({literal}) \
             && ['results', 'empty', 'unlikely'].includes(document.querySelector('[data-state]').dataset.state) && {COMPLETE}"
        );
        self.wait_until(&format!("there are results for {query:?}"), &asked)?;
        self.show_nearest()?;
        self.results()
    }

    /// Where no result is likely, asks for what comes nearest.
    pub fn show_nearest(&self) -> Result<()> {
        if self.state()? == "unlikely" {
            self.click("[data-testid=show-nearest]")?;
            self.wait_for_state("results")?;
        }
        Ok(())
    }

    /// The results in the order in which they are shown.
    pub fn results(&self) -> Result<Vec<ResultCard>> {
        self.eval(
            "[...document.querySelectorAll('[data-testid=result]')].map(card => ({ id: card.dataset.id, \
             text: card.innerText, selected: card.getAttribute('aria-current') === 'true' \
             || card.querySelector('[aria-current=true]') !== null }))",
        )
    }

    /// Number of results in the list, those included that are not on the page because they are far from what is seen.
    pub fn listed(&self) -> Result<usize> {
        self.eval("Number(document.querySelector('[data-testid=result]')?.ariaSetSize ?? 0)")
    }

    /// Asks for more results, and waits until there are so many.
    pub fn show_more(&self, count: usize) -> Result<()> {
        self.click("[data-testid=show-more]")?;
        let listed = "Number(document.querySelector('[data-testid=result]')?.ariaSetSize)";
        self.wait_until(&format!("there are {count} results"), &format!("{listed} === {count} && {COMPLETE}"))
    }

    /// Gives the focus to the list's row at this position (from 0), by its keys: from the first one down.
    pub fn walk_to(&self, position: usize) -> Result<()> {
        self.press(if position == 0 { "Home" } else { "ArrowDown" })?;
        let focused = format!("document.activeElement?.closest('[data-position=\"{position}\"]')");
        self.wait_until(&format!("row {position} has the focus"), &focused)
    }

    /// Number of elements that a selector finds.
    pub fn count(&self, selector: &str) -> Result<usize> {
        self.eval(&format!("document.querySelectorAll({}).length", serde_json::to_string(selector)?))
    }

    /// Visible text of the first element that a selector finds.
    pub fn text(&self, selector: &str) -> Result<String> {
        self.eval(&format!("document.querySelector({})?.innerText", serde_json::to_string(selector)?))
            .with_context(|| format!("there is no {selector}"))
    }

    /// Presses the mouse on the middle of the first element that a selector finds, once there is one; it is scrolled to.
    pub fn click(&self, selector: &str) -> Result<()> {
        let literal = serde_json::to_string(selector)?;
        let shown = format!("document.querySelector({literal})?.getClientRects().length > 0");
        self.wait_until(&format!("there is {selector}"), &shown)?;
        let middle: (f64, f64) = self.eval(&format!(
            "(element => {{ element.scrollIntoViewIfNeeded(); const [box] = element.getClientRects(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})(document.querySelector({literal}))"
        ))?;
        self.mouse(Mouse::Move, middle, 0)?;
        self.mouse(Mouse::Press, middle, 1)?;
        self.mouse(Mouse::Release, middle, 1)
    }

    /// Presses a key, by its name in DOM events (`Tab`, `Enter`, `ArrowDown`) or its character.
    pub fn press(&self, key: &str) -> Result<()> {
        for event in keys::stroke(key)? {
            self.command("Input.dispatchKeyEvent", event)?;
        }
        Ok(())
    }

    /// Sets the window's size in CSS pixels; below 600 wide it is a phone.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.command("Emulation.setDeviceMetricsOverride", size)?;
        Ok(())
    }

    /// Shows this tab before the others of its browser: hidden ones take no clicks.
    pub fn to_front(&self) -> Result<()> {
        self.command("Page.bringToFront", json!({}))?;
        Ok(())
    }

    /// Shows the page as it would be printed.
    pub fn show_as_printed(&self) -> Result<()> {
        self.command("Emulation.setEmulatedMedia", json!({ "media": "print" }))?;
        Ok(())
    }

    /// Sets a CSS media feature, such as `prefers-color-scheme` to `dark`, and no other.
    pub fn prefer(&self, feature: &str, value: &str) -> Result<()> {
        self.prefer_all(&[(feature, value)])
    }

    /// Sets these CSS media features, and no others.
    pub fn prefer_all(&self, features: &[(&str, &str)]) -> Result<()> {
        let feature = |&(name, value): &(&str, &str)| json!({ "name": name, "value": value });
        let features: Vec<_> = features.iter().map(feature).collect();
        self.command("Emulation.setEmulatedMedia", json!({ "features": features }))?;
        Ok(())
    }

    /// Moves, presses or lets go the left button of the mouse at a place of the window, CSS pixels. `clicks` counts presses
    /// at one place: the second one of a double click is 2.
    pub fn mouse(&self, does: Mouse, (x, y): (f64, f64), clicks: u32) -> Result<()> {
        let (kind, is_down) = match does {
            Mouse::Move => ("mouseMoved", false),
            Mouse::Drag => ("mouseMoved", true),
            Mouse::Press => ("mousePressed", true),
            Mouse::Release => ("mouseReleased", false),
        };
        let button = if does == Mouse::Move { "none" } else { "left" };
        let event = json!({
            "type": kind, "x": x, "y": y, "button": button, "buttons": u32::from(is_down), "clickCount": clicks,
        });
        self.command("Input.dispatchMouseEvent", event)?;
        Ok(())
    }

    /// Lets pages know that the device is at this longitude and latitude, or refuses to let them know.
    pub fn be_at(&self, place: Option<(f64, f64)>) -> Result<()> {
        let setting = if place.is_some() { "granted" } else { "denied" };
        let permission = json!({ "permission": { "name": "geolocation" }, "setting": setting });
        self.command("Browser.setPermission", permission)?;
        let place = place.map_or_else(
            || json!({}),
            |(lng, lat)| json!({ "longitude": lng, "latitude": lat, "accuracy": 20 }),
        );
        self.command("Emulation.setGeolocationOverride", place)?;
        Ok(())
    }

    /// Lets the site at `origin` keep so many bytes; as many as the browser likes where none are given.
    pub fn limit_storage(&self, origin: &str, bytes: Option<u32>) -> Result<()> {
        let mut quota = json!({ "origin": origin });
        if let Some(bytes) = bytes {
            quota["quotaSize"] = json!(bytes);
        }
        self.command("Storage.overrideQuotaForOrigin", quota)?;
        Ok(())
    }

    /// What is visible, as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>> {
        let answer = self.command("Page.captureScreenshot", json!({ "format": "png" }))?;
        let base64 = answer["data"].as_str().context("a screenshot without data")?;
        Ok(BASE64_STANDARD.decode(base64)?)
    }

    /// Writes what is visible to a PNG file.
    pub fn screenshot(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.png()?).with_context(|| format!("writing {}", path.display()))
    }
}
