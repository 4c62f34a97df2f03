//! The clipboard, which browsers offer on secure pages only.

use js_sys::Reflect;
use wasm_bindgen_futures::JsFuture;

use super::reason;

/// Copies `text`; the error says why that was not possible.
pub async fn copy(text: &str) -> Result<(), String> {
    let navigator = web_sys::window().ok_or("no window")?.navigator();
    // On plain http the property is absent, and asking it for anything would throw.
    let offered = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    if !offered {
        return Err("this browser lets only secure pages copy".to_owned());
    }
    let copied = JsFuture::from(navigator.clipboard().write_text(text)).await;
    copied.map(|_| ()).map_err(|thrown| reason(&thrown))
}
