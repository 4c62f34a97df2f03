//! Messages between windows: the word to the window around the page, the hello from it, and the port that the hello brings.
//!
//! Only the window directly around the page is heard. Once it has handed over a port, that port is the whole conversation: nobody
//! else can speak into it.

use gloo::events::EventListener;
use js_sys::{Array, JSON, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessageEvent, MessagePort, Window};

use crate::embedded::hello::{Hello, HelloError, listening};

/// The window around the page. It may belong to another site, which lets only its messages through.
fn around() -> Option<Window> {
    let own = web_sys::window()?;
    let parent = own.parent().ok()??;
    (!Object::is(&parent, &own)).then_some(parent)
}

/// Says that the page listens, and calls `heard` for each hello with its port, for as long as the page lives.
pub fn on_hello(heard: impl Fn(Result<Hello, HelloError>, MessagePort) + 'static) {
    let (Some(own), Some(parent)) = (web_sys::window(), around()) else { return };
    let from = parent.clone();
    EventListener::new(&own, "message", move |event| {
        let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
        if !event.source().is_some_and(|source| Object::is(&source, &from)) {
            return;
        }
        let port = event.ports().get(0).dyn_into::<MessagePort>().ok();
        if let (Some(hello), Some(port)) = (text(&event.data()).and_then(|text| Hello::parse(&text)), port) {
            heard(hello, port);
        }
    })
    .forget();
    // It says only that a page of ours is here, which whoever framed it knows.
    if let Ok(message) = JSON::parse(&listening()) {
        let _nobody_listens = parent.post_message(&message, "*");
    }
}

/// The JSON text of a message that is an object of ours. Hosts say many other things to windows.
fn text(data: &JsValue) -> Option<String> {
    if !data.is_object() || Reflect::get(data, &"clipRs".into()).ok()?.is_undefined() {
        return None;
    }
    // It throws for what is no JSON, such as a circle.
    JSON::stringify(data).ok()?.as_string()
}

/// The page's end of a conversation; it ends when this is dropped.
pub struct Port {
    port: MessagePort,
    _listener: EventListener,
}

impl Port {
    /// Calls `heard` with the text of each message, and with the file beside it if there is one.
    pub fn open(port: MessagePort, heard: impl Fn(String, Option<Blob>) + 'static) -> Self {
        let listener = EventListener::new(&port, "message", move |event| {
            let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
            let data = event.data();
            if let Some(text) = data.as_string() {
                heard(text, None);
            } else if let Some(parts) = data.dyn_ref::<Array>()
                && let Some(text) = parts.get(0).as_string()
            {
                heard(text, parts.get(1).dyn_into().ok());
            }
        });
        port.start();
        Self { port, _listener: listener }
    }

    /// Tells the other end.
    pub fn tell(&self, what: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(what) {
            // A port whose other end is gone takes what is posted all the same.
            let _nobody_listens = self.port.post_message(&text.into());
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.port.close();
    }
}
