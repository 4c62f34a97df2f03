//! The worker's own end of its messages: texts that come in and go out, alone or with bytes (then a list of both).

use gloo::events::EventListener;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// What the worker is called that is to be the explorer.
pub const EXPLORER: &str = "explorer";

/// What the worker was called by whoever started it.
pub fn name() -> String {
    scope().map(|scope| scope.name()).unwrap_or_default()
}

/// Sends `text` to the page, with `bytes` unless there are none.
pub fn post(text: &str, bytes: &[u8]) {
    if let Some(scope) = scope() {
        // Strings and bytes can always be cloned to the page, which is the one way this could fail.
        let _never_fails = scope.post_message(&with_bytes(text, bytes));
    }
}

/// Calls `heard` with each text that the page sends, and the bytes that came with it, for as long as the worker lives. False
/// outside a worker.
pub fn listen(heard: impl Fn(String, Vec<u8>) + 'static) -> bool {
    let Some(scope) = scope() else { return false };
    EventListener::new(&scope, "message", move |event| {
        if let Some(event) = event.dyn_ref::<MessageEvent>()
            && let Some((text, bytes)) = parts(&event.data())
        {
            heard(text, bytes);
        }
    })
    .forget();
    true
}

/// A message as it is sent: the text, or a list of the text and the bytes.
pub fn with_bytes(text: &str, bytes: &[u8]) -> JsValue {
    let text = JsValue::from_str(text);
    if bytes.is_empty() { text } else { Array::of2(&text, &Uint8Array::from(bytes)).into() }
}

/// What a message consists of; none if it is no message.
pub fn parts(data: &JsValue) -> Option<(String, Vec<u8>)> {
    if let Some(text) = data.as_string() {
        return Some((text, Vec::new()));
    }
    let pair: &Array = data.dyn_ref()?;
    let bytes: Uint8Array = pair.get(1).dyn_into().ok()?;
    Some((pair.get(0).as_string()?, bytes.to_vec()))
}
