//! The document: its body's state, focus, scrolling, and what the person's system prefers.

use gloo::events::EventListener;
use js_sys::Reflect;
use wasm_bindgen::JsCast as _;
use web_sys::{
    Document, Element, Event, FocusEvent, FocusOptions, HtmlElement, HtmlInputElement, ScrollBehavior,
    ScrollIntoViewOptions, ScrollLogicalPosition,
};

/// The document, if there is one.
pub fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Shows the page's state on the body as `data-state`, for styles and tests.
pub fn set_state(state: &str) {
    if let Some(body) = document().and_then(|document| document.body()) {
        // `data-state` is a valid attribute name: this cannot be refused.
        let _valid_name = body.set_attribute("data-state", state);
    }
}

/// The window's title.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// The element with this id.
pub fn element(id: &str) -> Option<HtmlElement> {
    document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// Removes the element with this id, if it is there.
pub fn remove(id: &str) {
    if let Some(element) = element(id) {
        element.remove();
    }
}

/// Gives the keyboard focus to the element with this id.
pub fn focus(id: &str) {
    if let Some(element) = element(id) {
        // An element that cannot be focused leaves the focus where it is.
        let _stays_where_it_is = element.focus();
    }
}

/// Gives the keyboard focus to an element without scrolling to it.
pub fn focus_in_place(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // An element that cannot be focused leaves the focus where it is.
    let _stays_where_it_is = element.focus_with_options(&options);
}

/// The element with the keyboard focus; none where nothing has it.
pub fn focused() -> Option<HtmlElement> {
    let active: HtmlElement = document()?.active_element()?.dyn_into().ok()?;
    (active.tag_name() != "BODY").then_some(active)
}

/// Whether the focused element shows that it is: it was reached by keys.
pub fn is_focus_seen() -> bool {
    let active = document().and_then(|document| document.active_element());
    active.is_some_and(|element| element.matches(":focus-visible").unwrap_or(false))
}

/// Whether the keyboard focus is in a field that takes text.
pub fn is_typing() -> bool {
    let active = document().and_then(|document| document.active_element());
    active.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || element.has_attribute("contenteditable")
    })
}

/// Whether the keyboard focus is in the element with this id.
pub fn has_focus(id: &str) -> bool {
    let active = document().and_then(|document| document.active_element());
    element(id).is_some_and(|element| element.contains(active.as_deref()))
}

/// How far the element with this id is scrolled down, pixels.
pub fn scrolled(id: &str) -> i32 {
    element(id).map_or(0, |element| element.scroll_top())
}

/// Scrolls the element with this id so far down, pixels.
pub fn set_scrolled(id: &str, pixels: i32) {
    if let Some(element) = element(id) {
        element.set_scroll_top(pixels);
    }
}

/// Opens the browser's dialog for printing the page.
pub fn print() {
    if let Some(window) = web_sys::window() {
        // Where a browser does not print, its own menu does not either.
        let _without_printer = window.print();
    }
}

/// Scrolls the list item that holds the element with this id into view, as little as needed.
pub fn scroll_to(id: &str) {
    let Some(element) = element(id) else { return };
    let item = element.closest("li").ok().flatten();
    let element = item.unwrap_or_else(|| element.into());
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    options.set_behavior(if prefers_less_motion() {
        ScrollBehavior::Instant
    } else {
        ScrollBehavior::Smooth
    });
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Whether the person asked their system for less motion.
pub fn prefers_less_motion() -> bool {
    prefers("(prefers-reduced-motion: reduce)")
}

/// Whether a media query holds.
pub fn prefers(query: &str) -> bool {
    let matched = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    matched.is_some_and(|list| list.matches())
}

/// Calls `changed` when a media query begins or ceases to hold, for as long as the page lives.
pub fn on_preference(query: &str, changed: impl Fn() + 'static) {
    let list = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    if let Some(list) = list {
        EventListener::new(&list, "change", move |_| changed()).forget();
    }
}

/// Calls `shown` each time that the page comes to be seen again, for as long as it lives.
pub fn on_shown(shown: impl Fn() + 'static) {
    let Some(document) = document() else { return };
    let seen = document.clone();
    EventListener::new(&document, "visibilitychange", move |_| {
        if !seen.hidden() {
            shown();
        }
    })
    .forget();
}

/// Calls `connected` each time that the network comes back, for as long as the page lives.
pub fn on_connected(connected: impl Fn() + 'static) {
    if let Some(window) = web_sys::window() {
        EventListener::new(&window, "online", move |_| connected()).forget();
    }
}

/// Pixels of the screen for one of the page's.
pub fn pixel_ratio() -> f64 {
    web_sys::window().map_or(1.0, |window| window.device_pixel_ratio())
}

/// The value of the attribute `name` of the focused element or of the nearest around it that has it.
pub fn focused_attribute(name: &str) -> Option<String> {
    let holder = document()?.active_element()?.closest(&format!("[{name}]")).ok()??;
    holder.get_attribute(name)
}

/// Whether the focus that something lost goes to something within the same element, which a selector finds.
pub fn stays_within(event: &FocusEvent, selector: &str) -> bool {
    let next = event.related_target().and_then(|target| target.dyn_into::<Element>().ok());
    next.is_some_and(|next| next.closest(selector).is_ok_and(|found| found.is_some()))
}

/// The text of the field with this id.
pub fn value(id: &str) -> Option<String> {
    Some(element(id)?.dyn_into::<HtmlInputElement>().ok()?.value())
}

/// Sets the value of the field that `event` is of.
pub fn set_value(event: &Event, value: &str) {
    if let Some(field) = event.target() {
        // Whatever has no value gets one that nobody reads.
        let _is_a_field = Reflect::set(&field, &"value".into(), &value.into());
    }
}

/// Scrolls the element with this id to its beginning, at once.
pub fn scroll_to_start(id: &str) {
    if let Some(element) = element(id) {
        element.set_scroll_top(0);
    }
}

/// Presses the element with this id.
pub fn press(id: &str) {
    if let Some(element) = element(id) {
        element.click();
    }
}

/// Says in the page that its program broke, in place of what no longer answers: nothing else can.
pub fn say_broken(why: &str) {
    let Some(document) = document() else { return };
    let (Some(body), Ok(note)) = (document.body(), document.create_element("div")) else { return };
    let said = format!(
        "This page broke and can no longer answer. Reload it; the link keeps what you asked. ({why})"
    );
    note.set_text_content(Some(&said));
    // Names and values are fixed.
    let _valid_names = note.set_attribute("class", "broken");
    let _valid_names = note.set_attribute("role", "alert");
    let _valid_names = note.set_attribute("data-testid", "broken");
    let _cannot_fail = body.append_child(&note);
}
