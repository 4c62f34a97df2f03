//! Module workers that are spoken to in text, with bytes where it takes them. The page's first script (`app/boot.js`) knows their
//! addresses, and has started the search worker already.

use std::rc::Rc;

use gloo::events::EventListener;
use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::reason;
use super::worker_scope::{EXPLORER, parts, with_bytes};

/// The general engine's start script.
const GENERAL: &str = "general_loader.js";

/// Which worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// The one that searches.
    Search,
    /// The one for what is asked of all items, which is loaded when it is first needed.
    Explorer,
    /// The one that keeps catalogs for use without a network, likewise.
    Keeper,
}

#[wasm_bindgen]
extern "C" {
    /// What `app/boot.js` leaves on the window.
    type SearchWorker;
    #[wasm_bindgen(method, getter)]
    fn script(this: &SearchWorker) -> String;
    #[wasm_bindgen(method, getter)]
    fn explorer(this: &SearchWorker) -> String;
    #[wasm_bindgen(method, getter)]
    fn keeper(this: &SearchWorker) -> String;
    #[wasm_bindgen(method, js_name = useGeneral)]
    fn use_general(this: &SearchWorker) -> bool;
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

/// From here on the search worker and the explorer are started with the general engine. False where they are already, or the page
/// was built without it.
pub fn use_general() -> bool {
    search_worker().is_ok_and(|known| known.use_general())
}

/// Absolute URLs of the general engine's files; none unless it is in use.
pub fn general_files() -> Vec<String> {
    let script = search_worker().map(|known| known.script()).unwrap_or_default();
    let stem = script.strip_suffix(GENERAL).map(|folder| format!("{folder}general"));
    stem.iter().flat_map(|stem| ["_loader.js", ".js", "_bg.wasm"].map(|end| format!("{stem}{end}"))).collect()
}

/// A running worker; it ends when this is dropped.
#[derive(Debug)]
pub struct TextWorker {
    worker: Worker,
    _listeners: [EventListener; 3],
}

impl TextWorker {
    /// The worker that the page has started, or else a new one. `heard` gets each text it posts with its bytes; `broke` the
    /// reason when it breaks.
    pub fn start(
        script: Script,
        heard: impl Fn(String, Vec<u8>) + 'static,
        broke: impl Fn(String) + 'static,
    ) -> Result<Self, String> {
        let known = search_worker()?;
        let name = if script == Script::Explorer { EXPLORER } else { "" };
        let (script, early) = match script {
            Script::Search => (known.script(), known.take()),
            Script::Explorer => (known.explorer(), None),
            Script::Keeper => (known.keeper(), None),
        };
        let (worker, said) = match early {
            Some(early) => (early.worker(), early.heard()),
            None => (new_worker(&script, name)?, Array::new()),
        };
        let (heard, broke) = (Rc::new(heard), Rc::new(broke));
        let (hear, unread) = (Rc::clone(&heard), Rc::clone(&broke));
        let on_message = EventListener::new(&worker, "message", move |event| {
            if let Some((text, bytes)) =
                event.dyn_ref::<MessageEvent>().and_then(|event| parts(&event.data()))
            {
                hear(text, bytes);
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
        said.iter().filter_map(|data| parts(&data)).for_each(|(text, bytes)| heard(text, bytes));
        Ok(Self { worker, _listeners: [on_message, on_unreadable, on_error] })
    }

    /// Sends `text` to the worker, with `bytes` unless there are none.
    pub fn post(&self, text: &str, bytes: &[u8]) -> Result<(), String> {
        self.worker.post_message(&with_bytes(text, bytes)).map_err(|thrown| reason(&thrown))
    }
}

fn new_worker(script: &str, name: &str) -> Result<Worker, String> {
    let options = WorkerOptions::new();
    options.set_name(name);
    options.set_type(WorkerType::Module);
    Worker::new_with_options(script, &options).map_err(|thrown| reason(&thrown))
}

impl Drop for TextWorker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
