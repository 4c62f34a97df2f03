//! Files that a person takes away.

use gloo::timers::callback::Timeout;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlAnchorElement;

use super::{blob, reason};

/// How long the bytes stay where the browser's download reads them, milliseconds.
const KEPT_MS: u32 = 60_000;

/// Saves text as a file of this name and media type, as a click on a link to it would; the error says why that was not possible.
pub fn save(name: &str, media_type: &str, text: &str) -> Result<(), String> {
    let document = web_sys::window().and_then(|window| window.document()).ok_or("no page")?;
    let url = blob::url(text.as_bytes(), media_type)?;
    let link = document.create_element("a").map_err(|thrown| reason(&thrown))?;
    let link: HtmlAnchorElement = link.dyn_into().map_err(|_| "no link can be made")?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Timeout::new(KEPT_MS, move || blob::revoke(&url)).forget();
    Ok(())
}
