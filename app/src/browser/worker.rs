//! A module worker that is spoken to in text. The page's first script (`app/boot.js`) knows which, and has started
//! one already.

use std::rc::Rc;

use gloo::events::EventListener;
use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::reason;

#[wasm_bindgen]
extern "C" {
    /// What `app/boot.js` leaves on the window.
    type SearchWorker;
    #[wasm_bindgen(method, getter)]
    fn script(this: &SearchWorker) -> String;
    #[wasm_bindgen(method)]
    fn take(this: &SearchWorker) -> Option<Early>;

    /// A worker that was started before this program could listen to it.
    type Early;
    #[wasm_bindgen(method, getter)]
    fn worker(this: &Early) -> Worker;
    /// What it has said so far.
    #[wasm_bindgen(method, getter)]
    fn heard(this: &Early) -> Array;
}

fn search_worker() -> Result<SearchWorker, String> {
    let found = Reflect::get(&js_sys::global(), &"searchWorker".into()).map_err(|thrown| reason(&thrown))?;
    if found.is_object() { Ok(found.unchecked_into()) } else { Err("the page names no worker".to_owned()) }
}

/// A running worker; it ends when this is dropped.
#[derive(Debug)]
pub struct TextWorker {
    worker: Worker,
    _listeners: [EventListener; 3],
}

impl TextWorker {
    /// The worker that the page has started, or else a new one. `heard` gets each text it posts; `broke` the
    /// reason when it breaks.
    pub fn start(heard: impl Fn(String) + 'static, broke: impl Fn(String) + 'static) -> Result<Self, String> {
        let search_worker = search_worker()?;
        let script = search_worker.script();
        let (worker, said) = match search_worker.take() {
            Some(early) => (early.worker(), early.heard()),
            None => (new_worker(&script)?, Array::new()),
        };
        let (heard, broke) = (Rc::new(heard), Rc::new(broke));
        let (hear, unread) = (Rc::clone(&heard), Rc::clone(&broke));
        let on_message = EventListener::new(&worker, "message", move |event| {
            let data = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string());
            if let Some(text) = data {
                hear(text);
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
        said.iter().filter_map(|text| text.as_string()).for_each(&*heard);
        Ok(Self { worker, _listeners: [on_message, on_unreadable, on_error] })
    }

    /// Sends `text` to the worker.
    pub fn post(&self, text: &str) -> Result<(), String> {
        self.worker.post_message(&text.into()).map_err(|thrown| reason(&thrown))
    }
}

fn new_worker(script: &str) -> Result<Worker, String> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    Worker::new_with_options(script, &options).map_err(|thrown| reason(&thrown))
}

impl Drop for TextWorker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
