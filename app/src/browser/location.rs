//! The URL's fragment and the session history.

use gloo::events::EventListener;
use wasm_bindgen::JsValue;

/// How a new fragment enters the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A new entry: "back" returns to the one before.
    New,
    /// The current entry changes.
    Same,
}

/// The current fragment with its `#`, percent-encoded; empty if there is none.
pub fn fragment() -> String {
    web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// The whole address, fragment and all.
pub fn address() -> String {
    web_sys::window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// Sets the fragment (without `#`); nothing is sent to the server.
pub fn set_fragment(fragment: &str, entry: Entry) {
    let Some(window) = web_sys::window() else { return };
    let (Ok(history), Ok(path), Ok(search)) =
        (window.history(), window.location().pathname(), window.location().search())
    else {
        return;
    };
    // In somebody else's page "back" leads through that one's steps, not through ours.
    let entry = if is_framed() { Entry::Same } else { entry };
    let hash = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
    let url = format!("{path}{search}{hash}");
    let set = match entry {
        Entry::New => history.push_state_with_url(&JsValue::NULL, "", Some(&url)),
        Entry::Same => history.replace_state_with_url(&JsValue::NULL, "", Some(&url)),
    };
    // Browsers refuse when asked too often (a map that is dragged about); the next change brings the URL up to
    // date.
    let _next_change_will_do = set;
}

/// Whether the page is in a frame of another one.
pub fn is_framed() -> bool {
    let own = web_sys::window();
    let parent = own.as_ref().and_then(|own| own.parent().ok().flatten());
    own.zip(parent).is_some_and(|(own, parent)| !js_sys::Object::is(&own, &parent))
}

/// Loads the page again.
pub fn reload() {
    if let Some(window) = web_sys::window() {
        // Where it may not be loaded again it stays as it is.
        let _stays = window.location().reload();
    }
}

/// Goes back to the entry before, as the browser's button does.
pub fn go_back() {
    if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
        // Where there is no way back the page stays as it is.
        let _stays = history.back();
    }
}

/// Calls `moved` when the fragment changes by "back", "forward" or by hand, for as long as the page lives.
pub fn on_moved(moved: impl Fn() + 'static) {
    let Some(window) = web_sys::window() else { return };
    EventListener::new(&window, "popstate", move |_| moved()).forget();
}

/// The value of a parameter after the `?` of the page's address.
pub fn parameter(name: &str) -> Option<String> {
    web_sys::Url::new(&address()).ok()?.search_params().get(name)
}

/// The page's origin as browsers write it.
pub fn origin() -> Option<String> {
    web_sys::window()?.location().origin().ok()
}

/// Leaves for another address, which may be relative to the page.
pub fn go(url: &str) {
    if let Some(window) = web_sys::window() {
        // Where it may not be left it stays as it is.
        let _stays = window.location().assign(url);
    }
}

/// `relative` as an absolute URL, seen from the page.
pub fn absolute(relative: &str) -> Option<String> {
    let base = web_sys::window()?.document()?.base_uri().ok()??;
    Some(web_sys::Url::new_with_base(relative, &base).ok()?.href())
}
