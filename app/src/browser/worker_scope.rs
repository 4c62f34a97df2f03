//! The worker's own end of its messages: texts that come in and go out.

use gloo::events::EventListener;
use wasm_bindgen::JsCast as _;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// Sends `text` to the page.
pub fn post(text: &str) {
    if let Some(scope) = scope() {
        // A string can always be cloned to the page, which is the one way this could fail.
        let _never_fails = scope.post_message(&text.into());
    }
}

/// Calls `heard` with each text that the page sends, for as long as the worker lives. False outside a worker.
pub fn listen(heard: impl Fn(String) + 'static) -> bool {
    let Some(scope) = scope() else { return false };
    EventListener::new(&scope, "message", move |event| {
        if let Some(text) = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string()) {
            heard(text);
        }
    })
    .forget();
    true
}
