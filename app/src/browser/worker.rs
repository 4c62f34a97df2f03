//! A module worker that is spoken to in text.

use std::rc::Rc;

use gloo::events::EventListener;
use wasm_bindgen::JsCast as _;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::reason;

/// A running worker; it ends when this is dropped.
#[derive(Debug)]
pub struct TextWorker {
    worker: Worker,
    _listeners: [EventListener; 3],
}

impl TextWorker {
    /// Starts the module script at `url`. `heard` gets each text it posts; `broke` the reason when it breaks.
    pub fn start(
        url: &str,
        heard: impl Fn(String) + 'static,
        broke: impl Fn(String) + 'static,
    ) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(url, &options).map_err(|thrown| reason(&thrown))?;
        let broke = Rc::new(broke);
        let (unread, script) = (Rc::clone(&broke), url.to_owned());
        let on_message = EventListener::new(&worker, "message", move |event| {
            let data = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string());
            if let Some(text) = data {
                heard(text);
            }
        });
        let on_unreadable = EventListener::new(&worker, "messageerror", move |_| {
            unread("a message could not be read".into())
        });
        let on_error = EventListener::new(&worker, "error", move |event| {
            // A script that cannot be loaded gives a plain event without a message.
            let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message);
            broke(
                message
                    .filter(|text| !text.is_empty())
                    .unwrap_or_else(|| format!("{script} could not be started")),
            );
        });
        Ok(Self { worker, _listeners: [on_message, on_unreadable, on_error] })
    }

    /// Sends `text` to the worker.
    pub fn post(&self, text: &str) -> Result<(), String> {
        self.worker.post_message(&text.into()).map_err(|thrown| reason(&thrown))
    }
}

impl Drop for TextWorker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
