//! The Cache API in a page or a worker (<https://w3c.github.io/ServiceWorker/#cache-interface>): answers by their URLs, which a
//! service worker hands out.

use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, CacheStorage, Headers, Request, Response, ResponseInit};

use super::reason;

/// Why a cache did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// The browser gives no more room.
    #[error("there is no more room")]
    Full,
    /// It is not there, forbidden, or broke.
    #[error("{0}")]
    Refused(String),
}

impl From<JsValue> for CacheError {
    fn from(thrown: JsValue) -> Self {
        let name = Reflect::get(&thrown, &"name".into()).ok().and_then(|name| name.as_string());
        match name.as_deref() {
            Some("QuotaExceededError") => Self::Full,
            _ => Self::Refused(reason(&thrown)),
        }
    }
}

/// One cache.
pub struct Answers(Cache);

impl Answers {
    /// The cache of this name, which is made if it is not there.
    pub async fn open(name: &str) -> Result<Self, CacheError> {
        Ok(Self(done(storage()?.open(name)).await?.dyn_into()?))
    }

    /// The URLs of all answers.
    pub async fn urls(&self) -> Result<Vec<String>, CacheError> {
        let keys: Array = done(self.0.keys()).await?.dyn_into()?;
        Ok(keys.iter().filter_map(|key| key.dyn_into::<Request>().ok()).map(|key| key.url()).collect())
    }

    /// The body of the answer at `url`, if there is one.
    pub async fn read(&self, url: &str) -> Result<Option<Vec<u8>>, CacheError> {
        let Some(answer) = self.answer(url).await? else { return Ok(None) };
        let bytes = done(answer.array_buffer()?).await?;
        Ok(Some(Uint8Array::new(&bytes).to_vec()))
    }

    /// Keeps an answer with this body and these headers.
    pub async fn write(&self, url: &str, bytes: &[u8], headers: &[(&str, &str)]) -> Result<(), CacheError> {
        self.put(url, &Uint8Array::from(bytes).into(), headers).await
    }

    /// Keeps an answer whose body is those of others, one behind the other. The browser puts them together without their being
    /// in memory.
    pub async fn join(
        &self,
        parts: &[String],
        url: &str,
        headers: &[(&str, &str)],
    ) -> Result<(), CacheError> {
        let bodies = Array::new();
        for part in parts {
            let missing = || CacheError::Refused(format!("{part} is gone"));
            bodies.push(&done(self.answer(part).await?.ok_or_else(missing)?.blob()?).await?);
        }
        self.put(url, &Blob::new_with_blob_sequence(&bodies)?.into(), headers).await
    }

    /// Takes an answer away, if it is there.
    pub async fn remove(&self, url: &str) -> Result<(), CacheError> {
        done(self.0.delete_with_str(url)).await.map(|_| ())
    }

    async fn answer(&self, url: &str) -> Result<Option<Response>, CacheError> {
        Ok(done(self.0.match_with_str(url)).await?.dyn_into().ok())
    }

    async fn put(&self, url: &str, body: &JsValue, headers: &[(&str, &str)]) -> Result<(), CacheError> {
        let init = ResponseInit::new();
        let named = Headers::new()?;
        for (name, value) in headers {
            named.set(name, value)?;
        }
        init.set_headers(&named);
        let answer = match body.dyn_ref::<Blob>() {
            Some(blob) => Response::new_with_opt_blob_and_init(Some(blob), &init)?,
            None => Response::new_with_opt_js_u8_array_and_init(body.dyn_ref(), &init)?,
        };
        done(self.0.put_with_str(url, &answer)).await.map(|_| ())
    }
}

/// Whether the browser offers caches to this page or worker.
pub fn is_offered() -> bool {
    storage().is_ok()
}

/// The names of all caches.
pub async fn names() -> Result<Vec<String>, CacheError> {
    let keys: Array = done(storage()?.keys()).await?.dyn_into()?;
    Ok(keys.iter().filter_map(|key| key.as_string()).collect())
}

/// Takes a cache away with all that is in it.
pub async fn delete(name: &str) -> Result<(), CacheError> {
    done(storage()?.delete(name)).await.map(|_| ())
}

fn storage() -> Result<CacheStorage, CacheError> {
    let offered = Reflect::get(&js_sys::global(), &"caches".into())?;
    offered.dyn_into().map_err(|_| CacheError::Refused("it is offered on secure pages only".to_owned()))
}

async fn done(promise: Promise) -> Result<JsValue, CacheError> {
    Ok(JsFuture::from(promise).await?)
}
