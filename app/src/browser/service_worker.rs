//! The service worker (`sw.js`, made by `xtask/service_worker.mjs`): it keeps the page, and what was seen of catalogs, without
//! the network, and brings new versions of the page (Service Workers, <https://www.w3.org/TR/service-workers/>).

use std::cell::Cell;
use std::rc::Rc;

use gloo::events::EventListener;
use js_sys::{Array, Date, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MessageEvent, ServiceWorkerContainer, ServiceWorkerRegistration};

use super::{clock, location, options, page};

/// Its script, beside the page. It is for all addresses below, of which the page is the only one that it answers.
const SCRIPT: &str = "sw.js";
/// Least time between two looks for a new version while the page stays open, milliseconds.
const LOOK_EVERY_MS: f64 = 3_600_000.0;

/// Where the last `catalog.json` came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogSource {
    /// From the server, just now.
    Network,
    /// A copy: the server could not be reached.
    Copy {
        /// When it was had, in the words of the reader's country; none where the server said nothing of that.
        date: Option<String>,
    },
}

/// Whether the browser lets this page have one.
pub fn is_offered() -> bool {
    container().is_some()
}

/// The browser's side of service workers. None in a page that came by an insecure way, which may have none.
fn container() -> Option<ServiceWorkerContainer> {
    let navigator = web_sys::window()?.navigator();
    let offered = Reflect::get(&navigator, &"serviceWorker".into()).ok()?;
    offered.dyn_into().ok()
}

/// Calls `heard` each time that the service worker tells where the `catalog.json` with this absolute URL came from, for as long
/// as the page lives.
pub fn on_catalog(url: String, heard: impl Fn(CatalogSource) + 'static) {
    let Some(container) = container() else { return };
    EventListener::new(&container, "message", move |event| {
        let Some(said) = event.dyn_ref::<MessageEvent>().map(MessageEvent::data) else { return };
        let word = |name: &str| Reflect::get(&said, &name.into()).ok().and_then(|value| value.as_string());
        if word("type").as_deref() != Some("catalog") || word("url").as_ref() != Some(&url) {
            return;
        }
        heard(match word("from").as_deref() {
            Some("network") => CatalogSource::Network,
            _ => CatalogSource::Copy { date: word("date").map(|date| clock::told(&date)) },
        });
    })
    .forget();
}

/// The page's service worker with its next version. Clones are handles to the same.
#[derive(Debug, Clone)]
pub struct ServiceWorker {
    registration: ServiceWorkerRegistration,
    /// Whether the next version was asked to take over.
    asked: Rc<Cell<bool>>,
}

impl ServiceWorker {
    /// Registers the service worker, and calls `offered` when a new version waits or has taken over for another tab. `loaded`
    /// gives absolute URLs of files that the page has loaded, which a first service worker is to keep. None where there can be
    /// no service worker; the page does without.
    pub async fn register(
        loaded: impl FnOnce() -> Vec<String>,
        offered: impl Fn() + 'static,
    ) -> Option<Self> {
        if location::is_framed() {
            return None;
        }
        let container = container()?;
        let was_controlled = container.controller().is_some();
        // A host that does not have it, or one that holds files of two builds: the page does without.
        let registration = JsFuture::from(container.register(SCRIPT)).await.ok()?.dyn_into().ok()?;
        let worker = Self { registration, asked: Rc::default() };
        worker.watch(&container, was_controlled, Rc::new(offered));
        if !was_controlled {
            worker.keep(&container, loaded).await;
        }
        Some(worker)
    }

    /// Waits for new versions for as long as the page lives.
    fn watch(&self, container: &ServiceWorkerContainer, was_controlled: bool, offered: Rc<dyn Fn()>) {
        let look = {
            let (worker, container, offered) = (self.clone(), container.clone(), Rc::clone(&offered));
            // The first version of all waits for nobody.
            move || {
                if worker.registration.waiting().is_some() && container.controller().is_some() {
                    offered();
                }
            }
        };
        let follow = {
            let (worker, look) = (self.clone(), look.clone());
            move || {
                if let Some(coming) = worker.registration.installing() {
                    let look = look.clone();
                    EventListener::new(&coming, "statechange", move |_| look()).forget();
                }
            }
        };
        look();
        follow();
        EventListener::new(&self.registration, "updatefound", move |_| follow()).forget();
        let (asked, had_one) = (Rc::clone(&self.asked), Cell::new(was_controlled));
        EventListener::new(container, "controllerchange", move |_| {
            match (asked.get(), had_one.replace(true)) {
                (true, _) => location::reload(),
                // Another tab asked.
                (false, true) => offered(),
                (false, false) => {}
            }
        })
        .forget();
        let (registration, looked_ms) = (self.registration.clone(), Cell::new(Date::now()));
        page::on_shown(move || {
            if Date::now() - looked_ms.get() >= LOOK_EVERY_MS {
                looked_ms.set(Date::now());
                let Ok(looking) = registration.update() else { return };
                spawn_local(async move {
                    // Without the network there is no new version.
                    let _later = JsFuture::from(looking).await;
                });
            }
        });
    }

    /// Tells the first service worker, as soon as there is one, what the page loaded before.
    async fn keep(&self, container: &ServiceWorkerContainer, loaded: impl FnOnce() -> Vec<String>) {
        let Ok(ready) = container.ready() else { return };
        if JsFuture::from(ready).await.is_err() {
            return;
        }
        let urls: Array = loaded().into_iter().map(JsValue::from).collect();
        let message = options(&[("type", "keep".into()), ("urls", urls.into())]);
        if let Some(active) = self.registration.active() {
            // Plain text can be sent.
            let _cannot_fail = active.post_message(&message);
        }
    }

    /// Changes to the new version: the page is loaded again as soon as it has taken over.
    pub fn take_over(&self) {
        match self.registration.waiting() {
            Some(waiting) => {
                self.asked.set(true);
                let message = options(&[("type", "SKIP_WAITING".into())]);
                // Plain text can be sent.
                let _cannot_fail = waiting.post_message(&message);
            }
            // It has taken over already, for another tab.
            None => location::reload(),
        }
    }
}
