//! The clock, what was fetched, and named spans that developer tools and tests can read (`performance.getEntriesByName`).

use futures::channel::oneshot;
use gloo::timers::callback::Timeout;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::Performance;

use super::options;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = performance)]
    fn measure(name: &str, options: &js_sys::Object) -> Result<JsValue, JsValue>;
}

fn performance() -> Option<Performance> {
    Reflect::get(&js_sys::global(), &"performance".into()).ok()?.dyn_into().ok()
}

/// Milliseconds since the page or worker started.
pub fn now_ms() -> f64 {
    performance().map_or_else(js_sys::Date::now, |performance| performance.now())
}

/// Waits this long, milliseconds.
pub async fn pause(ms: u32) {
    let (ring, rung) = oneshot::channel::<()>();
    let _timer = Timeout::new(ms, move || drop(ring));
    // It rings by being dropped.
    let _always_ends = rung.await;
}

/// The moment it is, ISO 8601 in UTC.
pub fn now_iso() -> String {
    String::from(js_sys::Date::new_0().to_iso_string())
}

/// A moment, ISO 8601, as the person's language writes it: day and time where they are.
pub fn told(iso: &str) -> String {
    let date = js_sys::Date::new(&iso.into());
    if date.get_time().is_nan() {
        return iso.to_owned();
    }
    let style = options(&[("dateStyle", "long".into()), ("timeStyle", "short".into())]);
    String::from(date.to_locale_string("default", &style))
}

/// Today's date where the person is, `YYYY-MM-DD`.
pub fn today() -> String {
    let now = js_sys::Date::new_0();
    format!("{}-{:02}-{:02}", now.get_full_year(), now.get_month() + 1, now.get_date())
}

/// Absolute URLs of what the page itself, without its workers, has fetched so far; browsers remember some hundreds (Resource
/// Timing, <https://www.w3.org/TR/resource-timing/>).
pub fn fetched() -> Vec<String> {
    let entries = performance().map(|performance| performance.get_entries_by_type("resource"));
    let name = |entry: JsValue| Reflect::get(&entry, &"name".into()).ok()?.as_string();
    entries.unwrap_or_default().iter().filter_map(name).collect()
}

/// Records a span called `name` that ended now and took `duration_ms`.
pub fn record(name: &str, duration_ms: f64) {
    let Some(performance) = performance() else { return };
    let end = performance.now();
    let span = options(&[("start", (end - duration_ms).max(0.0).into()), ("end", end.into())]);
    // Measures are for tools: a browser that has none loses nothing that people see.
    let _for_tools_only = measure(name, &span);
}
