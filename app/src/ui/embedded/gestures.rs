//! Wheel and fingers on the map of a page in another page: by themselves they scroll that page, and a word on the map says how the
//! map is moved. In full screen there is nothing else to scroll, and the map has them all.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions, EventListenerPhase};
use gloo::timers::callback::Timeout;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, TouchEvent, WheelEvent};

use crate::browser::page;

/// What Leaflet listens on.
const MAP: &str = ".map";
/// What the word is laid over.
const FRAME: &str = ".map-frame";
/// How long it stays, milliseconds.
const SAID_MS: u32 = 1600;
const BY_WHEEL: &str = "Ctrl or ⌘ with the wheel zooms the map";
const BY_TOUCH: &str = "Two fingers move the map";

thread_local! {
    /// Whether it was done: listeners stay as long as the page.
    static DONE: Cell<bool> = const { Cell::new(false) };
}

/// Leaves to the host's page what is not plainly meant for the map, from now on.
pub fn cooperate() {
    let Some(window) = web_sys::window() else { return };
    if DONE.replace(true) {
        return;
    }
    let said = Rc::new(RefCell::new(None));
    // On the way to the map, before it sees them. Nothing is prevented, so the browser may scroll at once.
    let options = EventListenerOptions { phase: EventListenerPhase::Capture, passive: true };
    let listen = |kind: &'static str, meant: fn(&Event) -> bool, words: &'static str| {
        let said = Rc::clone(&said);
        EventListener::new_with_options(&window, kind, options, move |event| {
            let map = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let map = map.and_then(|target| target.closest(MAP).ok().flatten());
            if let Some(map) = map
                && !meant(event)
                && !is_fullscreen()
            {
                event.stop_propagation();
                *said.borrow_mut() = say(&map, words);
            }
        })
        .forget();
    };
    let wheel: fn(&Event) -> bool =
        |event| event.dyn_ref::<WheelEvent>().is_none_or(|event| event.ctrl_key() || event.meta_key());
    let touch: fn(&Event) -> bool =
        |event| event.dyn_ref::<TouchEvent>().is_none_or(|event| event.touches().length() > 1);
    listen("wheel", wheel, BY_WHEEL);
    listen("touchmove", touch, BY_TOUCH);
    // Without a word: it may become a tap.
    EventListener::new_with_options(&window, "touchstart", options, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let on_map = target.is_some_and(|target| target.closest(MAP).is_ok_and(|map| map.is_some()));
        if on_map && !touch(event) && !is_fullscreen() {
            event.stop_propagation();
        }
    })
    .forget();
}

fn is_fullscreen() -> bool {
    page::document().is_some_and(|document| document.fullscreen_element().is_some())
}

/// Says it on the map for a moment; what is returned ends that moment when it runs out or is dropped.
fn say(map: &Element, words: &str) -> Option<Timeout> {
    let frame = map.closest(FRAME).ok()??;
    let said = match frame.query_selector(".map-hint").ok()? {
        Some(said) => said,
        None => {
            let said = page::document()?.create_element("p").ok()?;
            // Names and values are fixed. It is for eyes: with keys the map moves as it is.
            let _valid_names = said.set_attribute("class", "map-hint");
            let _valid_names = said.set_attribute("data-testid", "map-hint");
            let _valid_names = said.set_attribute("aria-hidden", "true");
            frame.append_child(&said).ok()?;
            said
        }
    };
    said.set_text_content(Some(words));
    let _valid_names = said.remove_attribute("hidden");
    Some(Timeout::new(SAID_MS, move || {
        let _valid_names = said.set_attribute("hidden", "");
    }))
}
