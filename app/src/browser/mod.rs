//! Thin adapters to what browsers offer, one file each. No state of the page lives here.

pub mod blob;
pub mod cache_storage;
pub mod canvas;
pub mod clipboard;
pub mod clock;
pub mod download;
pub mod fetch;
pub mod fullscreen;
pub mod geolocation;
pub mod layout;
pub mod leaflet;
pub mod location;
pub mod locks;
pub mod page;
pub mod pixels;
pub mod service_worker;
pub mod storage;
pub mod theme;
pub mod worker;
pub mod worker_scope;

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

/// What a thrown JavaScript value says, for people.
pub fn reason(thrown: &JsValue) -> String {
    if let Some(error) = thrown.dyn_ref::<js_sys::Error>() {
        return String::from(error.message());
    }
    thrown.as_string().unwrap_or_else(|| "unknown error".to_owned())
}

/// A JavaScript object of these properties.
pub fn options(properties: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in properties {
        // Setting a property of a fresh plain object cannot fail.
        let _cannot_fail = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object
}
