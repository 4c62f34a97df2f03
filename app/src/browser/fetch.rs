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

/// Fetches `url`; `arrived` is told the number of (decoded) bytes so far after each chunk.
pub async fn bytes(url: &str, caching: Caching, arrived: impl Fn(u64)) -> Result<Vec<u8>, FetchError> {
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
    let Some(body) = response.body() else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into().map_err(JsValue::from)?;
    let mut bytes = Vec::new();
    loop {
        let step = JsFuture::from(reader.read()).await?;
        if Reflect::get(&step, &"done".into())?.is_truthy() {
            return Ok(bytes);
        }
        let chunk: Uint8Array = Reflect::get(&step, &"value".into())?.dyn_into()?;
        let from = bytes.len();
        bytes.resize(from + chunk.length() as usize, 0);
        chunk.copy_to(&mut bytes[from..]);
        arrived(bytes.len() as u64);
    }
}
