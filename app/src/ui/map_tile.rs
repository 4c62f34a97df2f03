//! One tile of the map: an image whose picture comes later, checked like every other.

use std::rc::Rc;

use clip_rs_catalog::TileId;
use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlImageElement;

use super::pictures::Pictures;
use super::session::Session;
use crate::browser::page;

/// The element of one tile; its picture comes later, and `done` tells Leaflet so.
pub fn create(
    session: Session,
    pictures: &Rc<Pictures>,
    at: &JsValue,
    done: Function,
) -> Option<HtmlImageElement> {
    let element: HtmlImageElement = page::document()?.create_element("img").ok()?.dyn_into().ok()?;
    element.set_alt("");
    let number = |name: &str| js_sys::Reflect::get(at, &name.into()).ok()?.as_f64();
    let tile = TileId::new(number("z")? as u8, number("x")? as u32, number("y")? as u32).ok();
    let key = tile.map(|tile| pictures.paths().key_of_tile(tile)).unwrap_or_default();
    let (pictures, image) = (Rc::clone(pictures), element.clone());
    spawn_local(async move {
        match pictures.get(&key).await {
            Some(Ok(url)) => {
                let (loaded, shown) = (image.clone(), Rc::clone(&url));
                let ready = Closure::once_into_js(move || {
                    drop(shown);
                    finish(&done, &JsValue::NULL, &loaded);
                });
                image.set_onload(Some(ready.unchecked_ref()));
                image.set_src(url.as_str());
            }
            Some(Err(error)) => {
                session.damaged(&error);
                image.set_class_name(&format!("{} damaged", image.class_name()));
                finish(&done, &js_sys::Error::new(&error.to_string()).into(), &image);
            }
            // Beyond the area there are no tiles.
            None => finish(&done, &JsValue::NULL, &image),
        }
    });
    Some(element)
}

fn finish(done: &Function, error: &JsValue, image: &HtmlImageElement) {
    // Leaflet's callback throws only where the map is already gone.
    let _map_is_gone = done.call2(&JsValue::UNDEFINED, error, image);
}
