//! What the browser keeps for this site: small texts by a key, and how much it keeps in all. Browsers throw where storage is
//! blocked or full; then things are remembered for this page only.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Storage, StorageManager};

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// The text under a key.
pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Keeps a text under a key. False if it was not kept.
pub fn set(key: &str, text: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, text).is_ok())
}

/// Asks the browser to keep what this site keeps even when room becomes short; whether it will.
pub async fn promise() -> bool {
    let Some(manager) = manager() else { return false };
    let Ok(promise) = manager.persist() else { return false };
    JsFuture::from(promise).await.is_ok_and(|kept| kept.is_truthy())
}

/// Whether it will.
pub async fn is_promised() -> bool {
    let Some(manager) = manager() else { return false };
    let Ok(promise) = manager.persisted() else { return false };
    JsFuture::from(promise).await.is_ok_and(|kept| kept.is_truthy())
}

/// Bytes that the browser still lets this site keep, if it says so.
pub async fn room() -> Option<u64> {
    let estimate = JsFuture::from(manager()?.estimate().ok()?).await.ok()?;
    let number = |name: &str| Reflect::get(&estimate, &name.into()).ok()?.as_f64();
    Some((number("quota")? - number("usage")?).max(0.0) as u64)
}

fn manager() -> Option<StorageManager> {
    let navigator = web_sys::window()?.navigator();
    is_offered(&navigator, "storage").then(|| navigator.storage())
}

fn is_offered(by: &JsValue, name: &str) -> bool {
    // Blocked storage may throw.
    Reflect::get(by, &name.into()).is_ok_and(|offered| offered.is_object())
}
