//! `fetch`, streamed, in a page or a worker; whole files or parts, and a server that falls silent is noticed.

use gloo::timers::callback::Timeout;
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, Request, RequestCache, RequestInit, Response};

use super::reason;

/// How long nothing may arrive, milliseconds.
const PATIENCE_MS: u32 = 20_000;
/// HTTP status of an answer that is the part that was asked for (RFC 9110, section 15.3.7).
const PARTIAL_CONTENT: u16 = 206;

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
    /// Nothing arrived any more.
    #[error("nothing came for {} seconds", PATIENCE_MS / 1000)]
    Silence,
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

/// Fetches `url` and adds its (decoded) bytes to `bytes`: all of them, or where the server gives parts, those of `range`, from the
/// first up to the last, or the end. Whether they are the part; a server that gives none has all of it fetched, and what
/// `bytes` holds is dropped. `arrived` is given each piece with the number of bytes in `bytes`; when it says false, no more is fetched.
pub async fn bytes(
    url: &str,
    caching: Caching,
    range: Option<(u64, Option<u64>)>,
    bytes: &mut Vec<u8>,
    arrived: &mut dyn FnMut(&[u8], u64) -> bool,
) -> Result<bool, FetchError> {
    let silence = Silence::new()?;
    let init = RequestInit::new();
    init.set_signal(Some(&silence.controller.signal()));
    init.set_cache(match caching {
        Caching::Default => RequestCache::Default,
        Caching::Revalidate => RequestCache::NoCache,
        Caching::Reload => RequestCache::Reload,
    });
    let request = Request::new_with_str_and_init(url, &init)?;
    if let Some((first, last)) = range {
        let last = last.map_or_else(String::new, |last| last.to_string());
        request.headers().set("Range", &format!("bytes={first}-{last}"))?;
    }
    let answer = silence.wait(global_fetch(&request)).await?;
    let response: Response = answer.dyn_into()?;
    if !response.ok() {
        return Err(FetchError::Status(response.status()));
    }
    let is_part = range.is_some() && response.status() == PARTIAL_CONTENT;
    if !is_part {
        bytes.clear();
    }
    let Some(body) = response.body() else { return Ok(is_part) };
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into().map_err(JsValue::from)?;
    loop {
        let step = silence.wait(reader.read()).await?;
        if Reflect::get(&step, &"done".into())?.is_truthy() {
            return Ok(is_part);
        }
        let chunk: Uint8Array = Reflect::get(&step, &"value".into())?.dyn_into()?;
        let from = bytes.len();
        bytes.resize(from + chunk.length() as usize, 0);
        let piece = bytes.get_mut(from..).unwrap_or_default();
        chunk.copy_to(piece);
        if !arrived(piece, (from + piece.len()) as u64) {
            // Nobody waits for what becomes of the rest.
            let _unheard = reader.cancel();
            return Ok(is_part);
        }
    }
}

/// Ends a request when nothing has arrived for [`PATIENCE_MS`], and when nobody waits for it any more.
struct Silence {
    controller: AbortController,
}

impl Drop for Silence {
    fn drop(&mut self) {
        // What has all arrived is not changed by this.
        self.controller.abort();
    }
}

impl Silence {
    fn new() -> Result<Self, FetchError> {
        Ok(Self { controller: AbortController::new()? })
    }

    async fn wait(&self, coming: Promise) -> Result<JsValue, FetchError> {
        let controller = self.controller.clone();
        let _alarm = Timeout::new(PATIENCE_MS, move || controller.abort());
        JsFuture::from(coming).await.map_err(|thrown| {
            if self.controller.signal().aborted() { FetchError::Silence } else { FetchError::from(thrown) }
        })
    }
}
