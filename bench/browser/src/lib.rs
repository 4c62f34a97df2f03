//! The engine as JavaScript calls it, so that it can be timed beside its peers in one page.

mod candle;
mod encoders;
mod explore;
mod index;
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "SIMD loads of arrays, whose lengths are constants")]
mod peak;

use wasm_bindgen::JsError;

/// An error as JavaScript throws it.
fn thrown(error: impl std::error::Error) -> JsError {
    JsError::new(&error.to_string())
}
