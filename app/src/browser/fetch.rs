//! `fetch`, streamed, in a page or a worker.

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Request, RequestCache, RequestInit, Response};

use super::reason;

/// How the browser's cache is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// As the server's headers say.
    Default,
    /// Ask the server whether the cached copy still holds.
    Revalidate,
    /// Past the cache, and replace what is in it.
    Reload,
}

/// Why a body did not arrive.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// The server's answer was no success.
    #[error("the server answered {0}")]
    Status(u16),
    /// No answer, or it broke off.
    #[error("{0}")]
    Network(String),
}

impl From<JsValue> for FetchError {
    fn from(thrown: JsValue) -> Self {
        Self::Network(format!("could not be fetched ({})", reason(&thrown)))
    }
}

#[wasm_bindgen]
extern "C" {
    // The global function, which windows and workers both have.
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &Request) -> Promise;
}

/// Fetches `url`, and adds its (decoded) bytes to `bytes`, which may have room for them already. `arrived` is
/// given each piece with the number of bytes so far; when it says false, no more is fetched.
pub async fn bytes(
    url: &str,
    caching: Caching,
    mut bytes: Vec<u8>,
    mut arrived: impl FnMut(&[u8], u64) -> bool,
) -> Result<Vec<u8>, FetchError> {
    let init = RequestInit::new();
    init.set_cache(match caching {
        Caching::Default => RequestCache::Default,
        Caching::Revalidate => RequestCache::NoCache,
        Caching::Reload => RequestCache::Reload,
    });
    let request = Request::new_with_str_and_init(url, &init)?;
    let response: Response = JsFuture::from(global_fetch(&request)).await?.dyn_into()?;
    if !response.ok() {
        return Err(FetchError::Status(response.status()));
    }
    let Some(body) = response.body() else { return Ok(bytes) };
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into().map_err(JsValue::from)?;
    loop {
        let step = JsFuture::from(reader.read()).await?;
        if Reflect::get(&step, &"done".into())?.is_truthy() {
            return Ok(bytes);
        }
        let chunk: Uint8Array = Reflect::get(&step, &"value".into())?.dyn_into()?;
        let from = bytes.len();
        bytes.resize(from + chunk.length() as usize, 0);
        chunk.copy_to(&mut bytes[from..]);
        if !arrived(&bytes[from..], bytes.len() as u64) {
            // Nobody waits for what becomes of the rest.
            let _unheard = reader.cancel();
            return Ok(bytes);
        }
    }
}
