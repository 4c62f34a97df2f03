//! The whole screen for one element, where the browser offers that.

use gloo::events::EventListener;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Element;

use super::page;

#[wasm_bindgen]
extern "C" {
    // The same elements and document, but with the promises, whose refusals somebody must take.
    type Asked;
    #[wasm_bindgen(method, catch, js_name = requestFullscreen)]
    fn request(this: &Asked) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = exitFullscreen)]
    fn exit(this: &Asked) -> Result<JsValue, JsValue>;
}

/// Whether this browser, and the page that embeds this one, let elements fill the screen.
pub fn is_offered() -> bool {
    page::document().is_some_and(|document| document.fullscreen_enabled())
}

/// Whether `element` fills the screen.
pub fn is_filled_by(element: &Element) -> bool {
    page::document().and_then(|document| document.fullscreen_element()).as_ref() == Some(element)
}

/// Lets `element` fill the screen. Where that is refused, the page stays as it is.
pub fn fill(element: &Element) {
    settle(element.unchecked_ref::<Asked>().request());
}

/// Gives the screen back.
pub fn leave() {
    if let Some(document) = page::document() {
        settle(document.unchecked_ref::<Asked>().exit());
    }
}

/// Calls `changed` when an element begins or ceases to fill the screen, for as long as the page lives.
pub fn on_change(changed: impl Fn() + 'static) {
    if let Some(document) = page::document() {
        EventListener::new(&document, "fullscreenchange", move |_| changed()).forget();
    }
}

fn settle(asked: Result<JsValue, JsValue>) {
    if let Ok(Ok(promise)) = asked.map(JsCast::dyn_into::<Promise>) {
        spawn_local(async move {
            let _stays_as_it_is = JsFuture::from(promise).await;
        });
    }
}
